"""Every property the verifier knows, in the order in which reports list them."""

from __future__ import annotations

from losslang.verify.properties import (
    batch_permutation_invariant,
    bounded_influence,
    bregman,
    elicits,
    error_monotone,
    f_divergence,
    homogeneous,
    jointly_convex,
    minimiser,
    permutation_equivariant,
    redescending,
    relabel_invariant,
    scale_invariant,
    shift_invariant,
)
from losslang.verify.property import Property

ALL: tuple[Property, ...] = (
    shift_invariant.PROPERTY,
    scale_invariant.PROPERTY,
    permutation_equivariant.PROPERTY,
    batch_permutation_invariant.PROPERTY,
    relabel_invariant.PROPERTY,
    elicits.PROPERTY,
    minimiser.PROPERTY,
    bounded_influence.PROPERTY,
    redescending.PROPERTY,
    error_monotone.PROPERTY,
    homogeneous.PROPERTY,
    bregman.PROPERTY,
    f_divergence.PROPERTY,
    jointly_convex.PROPERTY,
)

PROPERTIES: dict[str, Property] = {known.name: known for known in ALL}
"""By the name that claims use."""
