"""``redescending``: far outliers have no influence."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import regression

PROPERTY = Property(
    "redescending",
    "the derivative in the residual tends to 0 on both sides; it is 0 beyond the value",
    (*regression.REDESCENDING,),
)
