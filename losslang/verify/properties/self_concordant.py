"""``self_concordant``: the third derivative is at most the value times the second."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve

PROPERTY = Property(
    "self_concordant",
    "the third derivative is at most the value times the second",
    (*curve.SELF_CONCORDANT,),
    arguments=("input",),
)
