"""``symmetric``: the losses of all labels sum to a constant, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import local

PROPERTY = Property(
    "symmetric",
    "the losses of all labels sum to a constant, the value",
    (*local.SYMMETRIC,),
)
