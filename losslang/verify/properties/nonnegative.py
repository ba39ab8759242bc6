"""``nonnegative``: the loss is never below 0."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import (
    apart,
    curve,
    divergence,
    local_shape,
    multiclass,
    pooled,
    simplex,
    structure,
)

PROPERTY = Property(
    "nonnegative",
    "the loss is never below 0",
    (
        *divergence.NONNEGATIVE,
        *local_shape.NONNEGATIVE,
        *multiclass.NONNEGATIVE,
        *pooled.NONNEGATIVE,
        *apart.NONNEGATIVE,
        *simplex.NONNEGATIVE,
        *structure.PLAINLY_NONNEGATIVE,
        *curve.NONNEGATIVE,
        *structure.NONNEGATIVE,
    ),
)
