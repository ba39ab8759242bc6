"""How to show what contrastive losses do to similarities: a guess is the temperature alone."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from losslang.verify.property import Strategy
from losslang.verify.readings import Structure
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import contrastive as theorems
from losslang.verify.theorems import sharpness
from losslang.verify.theorems.pieces import Silent


def is_contrast(reading: Structure, question: Question) -> bool:
    """Whether a loss compares candidates of the batch by a soft maximum."""
    try:
        theorems.contrast(reading.loss)
    except Silent:
        return False
    return True


def is_soft(reading: Structure, question: Question) -> bool:
    """Whether a loss compares similarities by soft maxima."""
    cases = (Case(reading, question, guess) for guess in _temperatures(reading, question))
    return is_contrast(reading, question) or any(
        sharpness.TEMPERATURES.premises(case) is not None for case in cases
    )


def _temperatures(reading: Structure, question: Question) -> Iterator[Guess]:
    for hyper in reading.loss.hyperparameters:
        if not hyper.axes and hyper.kind == "real":
            yield {"temperature": hyper.symbol}
            yield {"temperature": 1 / hyper.symbol}
    yield {"temperature": sympy.S.One}


HARDNESS: tuple[Strategy, ...] = (Strategy(theorems.HARDNESS),)
TEMPERATURE: tuple[Strategy, ...] = (
    Strategy(theorems.TEMPERATURE),
    Strategy(sharpness.TEMPERATURES, _temperatures),
)
CONVEX_IN_SIMILARITIES: tuple[Strategy, ...] = (Strategy(theorems.CONVEX_IN_SIMILARITIES),)
