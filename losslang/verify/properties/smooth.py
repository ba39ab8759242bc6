"""``smooth``: the gradient changes at most so many times as fast as an input, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import local

PROPERTY = Property(
    "smooth",
    "the gradient changes at most so many times as fast as an input, the value",
    (*local.SMOOTH,),
    arguments=("input",),
)
