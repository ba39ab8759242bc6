"""Every theorem, by its name: what may turn statements about formulas into properties."""

from __future__ import annotations

from losslang.verify.theorem import Theorem
from losslang.verify.theorems import (
    apart,
    at_a_point,
    attraction,
    bounded_scores,
    bregman,
    centred,
    contrastive,
    difference,
    divergence,
    elicitation,
    entries,
    excess,
    homogeneity,
    invariance,
    joint,
    likelihood,
    local,
    local_noise,
    local_order,
    local_proper,
    local_range,
    local_risk,
    local_shape,
    local_steep,
    local_sum,
    mixtures,
    moments,
    normalised,
    not_elicited,
    one_vs_all,
    pairwise,
    profile,
    ranked,
    regression,
    renumbering,
    requirements,
    score,
    separate,
    sets,
    sharpness,
    simplex,
    structure,
    summands,
    tendency,
)
from losslang.verify.theorems.alike import ALIKE
from losslang.verify.theorems.approached import APPROACHED
from losslang.verify.theorems.composite import COMPOSITE
from losslang.verify.theorems.curve import CURVE
from losslang.verify.theorems.far import FAR
from losslang.verify.theorems.margin import MARGIN
from losslang.verify.theorems.multiclass import MULTICLASS
from losslang.verify.theorems.pooled import POOLED
from losslang.verify.theorems.probability import PROBABILITY
from losslang.verify.theorems.ranking import RANKING
from losslang.verify.theorems.replication import REPLICATION
from losslang.verify.theorems.tails import TAILS
from losslang.verify.theorems.tilted import TILT

ALL: tuple[Theorem, ...] = (
    *invariance.THEOREMS,
    *renumbering.THEOREMS,
    *ALIKE,
    *APPROACHED,
    *FAR,
    *REPLICATION,
    *CURVE,
    *MARGIN,
    *excess.THEOREMS,
    *bounded_scores.H_CONSISTENT,
    *COMPOSITE,
    *TAILS,
    *PROBABILITY,
    *RANKING,
    *local.THEOREMS,
    *local_order.THEOREMS,
    *local_noise.THEOREMS,
    *local_proper.THEOREMS,
    *local_sum.THEOREMS,
    *local_risk.THEOREMS,
    *local_shape.THEOREMS,
    *local_steep.THEOREMS,
    *local_range.THEOREMS,
    *score.THEOREMS,
    *mixtures.THEOREMS,
    *normalised.THEOREMS,
    *POOLED,
    *one_vs_all.THEOREMS,
    *centred.THEOREMS,
    *MULTICLASS,
    *pairwise.THEOREMS,
    *separate.THEOREMS,
    *simplex.THEOREMS,
    *apart.THEOREMS,
    *profile.THEOREMS,
    *TILT,
    *elicitation.THEOREMS,
    *not_elicited.THEOREMS,
    *moments.THEOREMS,
    *likelihood.THEOREMS,
    *regression.THEOREMS,
    *homogeneity.THEOREMS,
    *bregman.THEOREMS,
    *joint.THEOREMS,
    *divergence.THEOREMS,
    *sets.THEOREMS,
    *entries.THEOREMS,
    *contrastive.THEOREMS,
    *attraction.THEOREMS,
    *sharpness.THEOREMS,
    *difference.THEOREMS,
    *at_a_point.THEOREMS,
    *tendency.THEOREMS,
    *structure.THEOREMS,
    *ranked.CONVEX,
    *requirements.WELL_DEFINED,
    *summands.THEOREMS,
)

THEOREMS: dict[str, Theorem] = {known.name: known for known in ALL}
"""By the name that certificates use."""
