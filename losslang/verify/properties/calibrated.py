"""``calibrated``: minimising the risk finds a most likely class."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import (
    local,
    margin,
    multiclass,
    pairwise,
    pooled,
    probability,
    score,
    tilted,
)

PROPERTY = Property(
    "calibrated",
    "a score that minimises the risk gives the greatest score to a most likely class, with a gap",
    (
        *local.CALIBRATED,
        *multiclass.CALIBRATED,
        *pairwise.CALIBRATED,
        *tilted.CALIBRATED,
        *pooled.CALIBRATED,
        *score.CALIBRATED,
        *margin.CALIBRATED,
        *probability.CALIBRATED,
    ),
)
