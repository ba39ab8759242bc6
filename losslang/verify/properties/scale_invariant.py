"""The property ``scale_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance, summands

PROPERTY = Property(
    "scale_invariant",
    "multiplying all of an example's entries by a positive number changes nothing",
    (*invariance.SCALE_INVARIANT, *summands.of("scale_invariant")),
    arguments=("input",),
    means=invariance.has_arrays,
    listed=invariance.has_norms,
)
