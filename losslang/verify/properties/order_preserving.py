"""``order_preserving``: minimising the risk sorts the classes by their probabilities."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import local, multiclass, pairwise, pooled, probability, score, tilted

PROPERTY = Property(
    "order_preserving",
    "scores that minimise the risk are in the order of the class probabilities, strictly",
    (
        *local.ORDER_PRESERVING,
        *multiclass.ORDER_PRESERVING,
        *pairwise.ORDER_PRESERVING,
        *tilted.ORDER_PRESERVING,
        *pooled.ORDER_PRESERVING,
        *score.ORDER_PRESERVING,
        *probability.ORDER_PRESERVING,
    ),
)
