"""``range``: the infimum and the supremum of the loss, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, divergence, local, sets

PROPERTY = Property(
    "range",
    "the infimum and the supremum of the loss, the value",
    (
        *divergence.RANGE,
        *local.RANGE,
        *curve.RANGE,
        *sets.RANGE,
    ),
    means=sets.has_range,
)
