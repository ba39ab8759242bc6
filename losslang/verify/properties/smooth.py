"""``smooth``: the gradient changes at most so many times as fast as an input, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.readings import Structure
from losslang.verify.search import curve, local_shape, separate, structure

PROPERTY = Property(
    "smooth",
    "the gradient changes at most so many times as fast as an input, the value",
    (
        *local_shape.SMOOTH,
        *separate.SMOOTH,
        *curve.SMOOTH,
        *structure.SMOOTH,
    ),
    arguments=("input",),
    listed=lambda reading, question: not isinstance(reading, Structure),
)
