"""``error_monotone``: a larger error of the same sign never costs less."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import regression

PROPERTY = Property(
    "error_monotone",
    "a larger error of the same sign never costs less",
    (*regression.ERROR_MONOTONE,),
)
