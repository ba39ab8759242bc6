"""``canonical_link``: the score is, up to scale, what the loss's own link makes of the probability, and its gradient the error."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import composite

PROPERTY = Property(
    "canonical_link",
    "the score is, up to scale, what the loss's own link makes of the probability, and its gradient the error",
    (*composite.CANONICAL_LINK,),
)
