"""``range``: the infimum and the supremum of the loss, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, local

PROPERTY = Property(
    "range",
    "the infimum and the supremum of the loss, the value",
    (
        *local.RANGE,
        *curve.RANGE,
    ),
)
