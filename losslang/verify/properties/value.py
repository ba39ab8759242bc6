"""``value``: what the loss is at given inputs."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import at_a_point

PROPERTY = Property(
    "value",
    "the loss at inputs such as `logits=[0, 0], target=1`, a formula in its hyperparameters",
    (*at_a_point.VALUE,),
    arguments=("point",),
    means=at_a_point.names_a_point,
)
