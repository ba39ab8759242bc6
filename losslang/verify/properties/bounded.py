"""``bounded``: the loss lies between two numbers."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, divergence, local, multiclass, score, structure, tilted

PROPERTY = Property(
    "bounded",
    "the loss lies between two numbers",
    (
        *divergence.BOUNDED,
        *local.BOUNDED,
        *multiclass.BOUNDED,
        *score.BOUNDED,
        *tilted.BOUNDED,
        *curve.BOUNDED,
        *structure.BOUNDED,
    ),
)
