"""``convex``: the loss is convex in an input."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, local, multiclass

PROPERTY = Property(
    "convex",
    "the loss is convex in an input",
    (
        *local.CONVEX,
        *multiclass.CONVEX,
        *curve.CONVEX,
    ),
    arguments=("input",),
)
