"""``bounded``: the loss lies between two numbers."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import (
    apart,
    curve,
    divergence,
    local_shape,
    multiclass,
    score,
    simplex,
    structure,
    summands,
    tilted,
)

PROPERTY = Property(
    "bounded",
    "the loss lies between two numbers",
    (
        *divergence.BOUNDED,
        *local_shape.BOUNDED,
        *multiclass.BOUNDED,
        *score.BOUNDED,
        *tilted.BOUNDED,
        *apart.BOUNDED,
        *simplex.BOUNDED,
        *curve.BOUNDED,
        *structure.BOUNDED,
        *summands.of("bounded"),
        *structure.NOT_BOUNDED,
    ),
)
