"""The property ``strongly_convex``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve

PROPERTY = Property(
    "strongly_convex",
    "the loss is convex in an input with a curvature of at least a positive number, the value",
    (*curve.STRONGLY_CONVEX,),
    arguments=("input",),
)
