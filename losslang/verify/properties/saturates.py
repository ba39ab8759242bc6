"""The property ``saturates``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import far

PROPERTY = Property(
    "saturates",
    "as an input moves off, all entries by one growing number, the loss tends to the value",
    (*far.SATURATES,),
    arguments=("input",),
    means=far.moves,
)
