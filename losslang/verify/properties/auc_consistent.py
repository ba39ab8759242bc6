"""``auc_consistent``: as a loss of the difference of two scores it ranks positives above negatives as well as can be."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import ranking

PROPERTY = Property(
    "auc_consistent",
    "as a loss of the difference of two scores it ranks positives above negatives as well as can be",
    (*ranking.AUC_CONSISTENT,),
)
