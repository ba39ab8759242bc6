"""Weights of slopes in a prediction and in a predicted variance."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import S

from losslang.verify.property import Strategy
from losslang.verify.readings import Regression
from losslang.verify.theorem import Guess, Question
from losslang.verify.theorems import moments
from losslang.verify.theorems.pieces import Silent


def weights(reading: Regression, question: Question) -> Iterator[Guess]:
    """What the slopes are multiples of the errors by."""
    f, y = reading.prediction, reading.target
    try:
        v = moments.variance(reading)
        in_f, in_v = (p.formula(0, 1) for p in moments.slopes(reading))
    except Silent:
        return
    yield {
        "weight of the mean": sympy.simplify(in_f / (f - y)),
        "weight of the variance": sympy.simplify(in_v / (v - (f - y) ** 2)),
    }


def inputs(reading: Regression, question: Question) -> Iterator[Guess]:
    """In which input the slope may be other than 0."""
    yield {"in": S.One}
    yield {"in": S.Zero}


def has_variance(reading: object, question: Question) -> bool:
    """Whether a positive number is predicted beside a real one."""
    try:
        return isinstance(reading, Regression) and bool(moments.variance(reading))
    except Silent:
        return False


ELICITS_VARIANCE = (
    Strategy(moments.MOMENTS, weights),
    Strategy(moments.OTHER_MOMENTS, inputs),
)
