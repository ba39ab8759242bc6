"""``exponential_tail``: the slope dies out like an exponential with a rate, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import tails

PROPERTY = Property(
    "exponential_tail",
    "the slope dies out like an exponential with a rate, the value",
    (*tails.EXPONENTIAL_TAIL,),
)
