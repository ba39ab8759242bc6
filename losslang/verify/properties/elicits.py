"""``elicits``: which functional of the target the best prediction is, whatever its law."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import elicitation

PROPERTY = Property(
    "elicits",
    "the minimiser of the expected loss is the functional, or an increasing function of it",
    (*elicitation.ELICITS,),
    arguments=("word", "level"),
    words=("mean", "median", "quantile", "expectile"),
)
