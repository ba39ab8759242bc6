"""``range``: the infimum and the supremum of the loss, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import apart, curve, divergence, local_shape, sets, simplex

PROPERTY = Property(
    "range",
    "the infimum and the supremum of the loss, the value",
    (
        *divergence.RANGE,
        *local_shape.RANGE,
        *apart.RANGE,
        *simplex.RANGE,
        *curve.RANGE,
        *sets.RANGE,
    ),
    means=lambda reading, question: (
        sets.has_range(reading, question) or simplex.has_range(reading, question)
    ),
)
