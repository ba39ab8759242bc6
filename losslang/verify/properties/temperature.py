"""``temperature``: what multiplies the divergence in the worst-case reading of a soft maximum."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import contrastive

PROPERTY = Property(
    "temperature",
    "the worst case over reweightings of the candidates costs the value times their divergence",
    (*contrastive.TEMPERATURE,),
    means=contrastive.is_soft,
)
