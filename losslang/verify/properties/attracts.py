"""``attracts``: the loss falls with the scores of positives, and rises with all others."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import attraction

PROPERTY = Property(
    "attracts",
    "the label's score, or the similarity of a pair that belongs together, never raises the loss, "
    "and no other ever lowers it, as gradients flow",
    (*attraction.ATTRACTS,),
    means=attraction.has_scores,
    listed=lambda reading, question: False,
)
