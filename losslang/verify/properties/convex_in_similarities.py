"""``convex_in_similarities``: a contrastive loss is convex in the similarities."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import contrastive

PROPERTY = Property(
    "convex_in_similarities",
    "the loss is convex in the similarities",
    (*contrastive.CONVEX_IN_SIMILARITIES,),
    means=contrastive.is_contrast,
)
