"""``proper_composite``: minimising the risk tells the probabilities."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import composite, local_proper, probability

PROPERTY = Property(
    "proper_composite",
    "the minimiser of the expected loss determines the probabilities, by the value",
    (
        *local_proper.PROPER_COMPOSITE,
        *composite.PROPER_COMPOSITE,
        *probability.PROPER_COMPOSITE,
    ),
)
