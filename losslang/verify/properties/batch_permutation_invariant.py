"""The property ``batch_permutation_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance

PROPERTY = Property(
    "batch_permutation_invariant",
    "the order of the examples in a batch changes nothing",
    (*invariance.BATCH_PERMUTATION_INVARIANT,),
    arguments=(),
    means=invariance.has_examples,
)
