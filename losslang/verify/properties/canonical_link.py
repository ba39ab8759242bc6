"""The property ``canonical_link``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import composite

PROPERTY = Property(
    "canonical_link",
    "its link is the score up to scale, so that its gradient is the error",
    (*composite.CANONICAL_LINK,),
)
