"""``well_defined``: the loss has a value at all inputs in their domains."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import structure

PROPERTY = Property(
    "well_defined",
    "every operation of the loss is defined at all inputs in their domains",
    (*structure.WELL_DEFINED,),
)
