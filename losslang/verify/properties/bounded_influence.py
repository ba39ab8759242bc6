"""``bounded_influence``: one observation pulls an estimate with bounded force."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import regression

PROPERTY = Property(
    "bounded_influence",
    "the derivative in the residual is bounded, by the value",
    (*regression.BOUNDED_INFLUENCE,),
)
