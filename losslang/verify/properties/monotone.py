"""``monotone``: the loss never rises as the score or the probability of the label grows."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, local_shape

PROPERTY = Property(
    "monotone",
    "the loss never rises as the score or the probability of the label grows",
    (
        *local_shape.MONOTONE,
        *curve.MONOTONE,
    ),
)
