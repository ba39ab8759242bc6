"""The property ``shift_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance, summands

PROPERTY = Property(
    "shift_invariant",
    "adding one number to all of an example's scores, or to all entries of two inputs, "
    "changes nothing",
    (*invariance.SHIFT_INVARIANT, *summands.of("shift_invariant")),
    arguments=("input", "input"),
    means=invariance.has_arrays,
    listed=invariance.has_scores,
)
