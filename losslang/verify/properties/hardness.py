"""``hardness``: how the gradient of a contrastive loss is shared out among the negatives."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import contrastive

PROPERTY = Property(
    "hardness",
    "negatives are pushed off in proportion to the value, a softmax of their similarities",
    (*contrastive.HARDNESS,),
    means=contrastive.is_contrast,
)
