"""The property ``permutation_equivariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance, summands

PROPERTY = Property(
    "permutation_equivariant",
    "renumbering the classes, in scores and labels alike, changes nothing",
    (*invariance.PERMUTATION_EQUIVARIANT, *summands.of("permutation_equivariant")),
    arguments=(),
    means=invariance.has_classes,
)
