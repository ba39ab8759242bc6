"""``raising_tail``: the slope dies out faster than a power of the margin above 1, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import tails

PROPERTY = Property(
    "raising_tail",
    "the slope dies out faster than a power of the margin above 1, the value",
    (*tails.RAISING_TAIL,),
)
