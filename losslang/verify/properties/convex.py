"""``convex``: the loss is convex in an input."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import (
    bends,
    curve,
    entries,
    local_shape,
    multiclass,
    separate,
    structure,
)

PROPERTY = Property(
    "convex",
    "the loss is convex in an input",
    (
        *local_shape.CONVEX,
        *multiclass.CONVEX,
        *separate.CONVEX,
        *curve.CONVEX,
        *structure.CONVEX,
        *entries.CONVEX,
        *bends.NOT_CONVEX,
    ),
    arguments=("input",),
)
