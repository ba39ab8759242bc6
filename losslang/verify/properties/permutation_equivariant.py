"""The property ``permutation_equivariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance

PROPERTY = Property(
    "permutation_equivariant",
    "renumbering the classes, in scores and labels alike, changes nothing",
    (*invariance.PERMUTATION_EQUIVARIANT,),
    arguments=(),
    means=invariance.has_classes,
)
