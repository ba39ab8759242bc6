"""``smooth``: the gradient changes at most so many times as fast as an input, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, local

PROPERTY = Property(
    "smooth",
    "the gradient changes at most so many times as fast as an input, the value",
    (
        *local.SMOOTH,
        *curve.SMOOTH,
    ),
    arguments=("input",),
)
