"""Predictions at which a loss is seen to be no likelihood."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Integer, Rational

from losslang.verify.property import Strategy
from losslang.verify.readings import Regression
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import likelihood
from losslang.verify.theorems.pieces import Silent

PREDICTIONS = (Integer(1), Integer(-2), Rational(1, 2))


def predictions(reading: Regression, question: Question) -> Iterator[Guess]:
    """Small numbers for the target 2, or 2 as the scale."""
    for f in PREDICTIONS:
        for scale in (1, 2) if reading.others else (1,):
            others = {symbol.name: Integer(scale) for symbol in reading.others}
            yield {reading.prediction.name: f, reading.target.name: Integer(2), **others}


def predicts(reading: object, question: Question) -> bool:
    """Whether a law of that name may have such parameters."""
    if not isinstance(reading, Regression):
        return False
    try:
        return bool(likelihood.gap(Case(reading, question)))
    except Silent:
        return False


LIKELIHOOD = (
    Strategy(likelihood.LIKELIHOOD),
    Strategy(likelihood.NO_LIKELIHOOD, predictions),
)
