"""``strictly_proper``: the own probabilities alone minimise the expected loss."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import local_proper, pooled, probability, profile, score

PROPERTY = Property(
    "strictly_proper",
    "the label's own probabilities are the only minimiser of the expected loss",
    (
        *local_proper.STRICTLY_PROPER,
        *pooled.STRICTLY_PROPER,
        *score.STRICTLY_PROPER,
        *profile.STRICTLY_PROPER,
        *probability.STRICTLY_PROPER,
    ),
)
