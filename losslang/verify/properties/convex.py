"""``convex``: the loss is convex in an input."""

from __future__ import annotations

from losslang.verify.property import Property, Strategy
from losslang.verify.search import (
    bends,
    curve,
    entries,
    local_shape,
    multiclass,
    separate,
    structure,
)
from losslang.verify.theorems import ranked

PROPERTY = Property(
    "convex",
    "the loss is convex in an input",
    (
        *local_shape.CONVEX,
        *multiclass.CONVEX,
        *separate.CONVEX,
        *curve.CONVEX,
        *structure.CONVEX,
        *map(Strategy, ranked.CONVEX),
        *entries.CONVEX,
        *bends.NOT_CONVEX,
    ),
    arguments=("input",),
)
