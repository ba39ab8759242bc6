"""The property ``strongly_convex``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.readings import Structure
from losslang.verify.search import curve, separate, structure

PROPERTY = Property(
    "strongly_convex",
    "the loss is convex in an input with a curvature of at least a positive number, the value",
    (
        *separate.STRONGLY_CONVEX,
        *curve.STRONGLY_CONVEX,
        *structure.STRONGLY_CONVEX,
    ),
    arguments=("input",),
    listed=lambda reading, question: not isinstance(reading, Structure),
)
