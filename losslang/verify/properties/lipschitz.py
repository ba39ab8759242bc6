"""``lipschitz``: the loss changes at most so many times as fast as an input, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import (
    curve,
    local_shape,
    multiclass,
    separate,
    structure,
    summands,
    tilted,
)

PROPERTY = Property(
    "lipschitz",
    "the loss changes at most so many times as fast as an input, the value",
    (
        *local_shape.LIPSCHITZ,
        *multiclass.LIPSCHITZ,
        *tilted.LIPSCHITZ,
        *separate.LIPSCHITZ,
        *curve.LIPSCHITZ,
        *structure.LIPSCHITZ,
        *summands.of("lipschitz"),
    ),
    arguments=("input", "norm"),
    words=("inf", "1", "2"),
)
