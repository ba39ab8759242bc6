"""``convex``: the loss is convex in an input."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, entries, local, multiclass, structure

PROPERTY = Property(
    "convex",
    "the loss is convex in an input",
    (
        *local.CONVEX,
        *multiclass.CONVEX,
        *curve.CONVEX,
        *structure.CONVEX,
        *entries.CONVEX,
    ),
    arguments=("input",),
)
