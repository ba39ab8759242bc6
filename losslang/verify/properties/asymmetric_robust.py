"""``asymmetric_robust``: robust to label noise that depends on the label."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import local

PROPERTY = Property(
    "asymmetric_robust",
    "whatever the weights of the labels, the weighted loss is least with all mass on the greatest",
    (*local.ASYMMETRIC_ROBUST,),
)
