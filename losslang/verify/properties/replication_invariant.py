"""The property ``replication_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance

PROPERTY = Property(
    "replication_invariant",
    "repeating every example of a batch changes nothing: the batch is averaged over",
    (*invariance.REPLICATION_INVARIANT,),
    means=invariance.has_examples,
    listed=invariance.has_batches,
)
