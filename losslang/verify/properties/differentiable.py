"""``differentiable``: the loss has a derivative in an input everywhere."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import curve, structure, summands

PROPERTY = Property(
    "differentiable",
    "the loss has a derivative in an input everywhere",
    (*curve.DIFFERENTIABLE, *structure.DIFFERENTIABLE, *summands.of("differentiable")),
    arguments=("input",),
)
