"""``convex``: the loss is convex in an input."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, local

PROPERTY = Property(
    "convex",
    "the loss is convex in an input",
    (
        *local.CONVEX,
        *curve.CONVEX,
    ),
    arguments=("input",),
)
