"""The property ``translation_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance, summands

PROPERTY = Property(
    "translation_invariant",
    "adding one point to all real inputs changes nothing",
    (*invariance.TRANSLATION_INVARIANT, *summands.of("translation_invariant")),
    means=invariance.has_points,
)
