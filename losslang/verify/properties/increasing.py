"""``increasing``: the loss never falls as a hyperparameter or an input grows."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import tendency

PROPERTY = Property(
    "increasing",
    "the loss never falls as the hyperparameter or any entry of the input grows",
    (*tendency.INCREASING,),
    arguments=("quantity",),
    means=tendency.is_quantity,
)
