"""``jointly_convex``: the loss is convex in two inputs together."""

from __future__ import annotations

from typing import Any

from losslang.verify.property import Property
from losslang.verify.readings import Divergence
from losslang.verify.search import divergence, regression
from losslang.verify.theorem import Question


def _has_two(reading: Any, question: Question) -> bool:
    """Two inputs are named, or the loss has no more."""
    if isinstance(reading, Divergence):
        return question.arguments in ((), reading.inputs[:1], reading.inputs)
    return len(question.arguments) == 2


PROPERTY = Property(
    "jointly_convex",
    "the loss is convex in two inputs together",
    (*divergence.JOINTLY_CONVEX, *regression.JOINTLY_CONVEX),
    arguments=("input", "input"),
    means=_has_two,
)
