"""``proper``: the label's own probabilities minimise the expected loss."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import local_proper, pooled, probability, profile, score, sets

PROPERTY = Property(
    "proper",
    "the label's own probabilities minimise the expected loss",
    (
        *local_proper.PROPER,
        *pooled.PROPER,
        *score.PROPER,
        *profile.PROPER,
        *probability.PROPER,
        *sets.PROPER,
    ),
    means=sets.has_probabilities,
)
