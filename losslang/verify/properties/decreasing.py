"""``decreasing``: the loss never rises as a hyperparameter or an input grows."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import tendency

PROPERTY = Property(
    "decreasing",
    "the loss never rises as the hyperparameter or any entry of the input grows",
    (*tendency.DECREASING,),
    arguments=("quantity",),
    means=tendency.is_quantity,
)
