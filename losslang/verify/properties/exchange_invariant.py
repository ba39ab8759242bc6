"""The property ``exchange_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import alike

PROPERTY = Property(
    "exchange_invariant",
    "swapping the two inputs, such as prediction and target, changes nothing",
    (*alike.EXCHANGE_INVARIANT,),
    means=alike.has_twins,
    listed=alike.is_plain,
)
