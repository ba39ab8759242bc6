"""``f_divergence``: the loss is an f-divergence that tells distributions apart."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import divergence

PROPERTY = Property(
    "f_divergence",
    "f is convex, f(1) = 0, and the divergence is 0 for equal distributions alone",
    (*divergence.F_DIVERGENCE,),
)
