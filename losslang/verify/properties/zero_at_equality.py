"""The property ``zero_at_equality``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import alike

PROPERTY = Property(
    "zero_at_equality",
    "the loss is 0 where its two inputs, such as prediction and target, are equal",
    (*alike.ZERO_AT_EQUALITY,),
    means=alike.has_twins,
)
