"""``bounded_below``: the loss lies above a number."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import apart, approached, curve, local_shape, structure

PROPERTY = Property(
    "bounded_below",
    "the loss lies above a number",
    (
        *local_shape.BOUNDED_BELOW,
        *apart.BOUNDED_BELOW,
        *curve.BOUNDED_BELOW,
        *approached.INFIMUM,
        *structure.BOUNDED_BELOW,
    ),
)
