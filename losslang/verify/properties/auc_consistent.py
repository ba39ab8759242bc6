"""The property ``auc_consistent``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import ranking

PROPERTY = Property(
    "auc_consistent",
    "as a loss of the difference of two scores it ranks as well as can be",
    (*ranking.AUC_CONSISTENT,),
)
