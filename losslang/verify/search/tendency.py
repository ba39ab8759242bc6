"""How to show that a loss grows with something, or inputs and two values with which it does not."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Rational

from losslang.verify import instances
from losslang.verify.property import Strategy
from losslang.verify.readings.difference import opened
from losslang.verify.readings.structure import Structure
from losslang.verify.search import invariance
from losslang.verify.search.difference import kinds
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import tendency as theorems
from losslang.verify.theorems.pieces import Silent
from losslang.verify.verdict import Witness

DRAWS = 4
PAIRS = tuple(
    (Rational(low), Rational(high))
    for low, high in (("1/2", 1), (1, 2), ("1/4", "1/2"), (0, "1/2"), (-1, 1), (2, 4), (-2, -1))
)


def is_quantity(reading: Structure, question: Question) -> bool:
    """Whether the question names a number or an array of numbers."""
    return theorems.quantity(reading.loss, question.arguments) is not None


def _ways(reading: Structure, question: Question) -> Iterator[Guess]:
    yield {"whole": sympy.Integer(0)}
    yield {"whole": sympy.Integer(1)}


def _values(reading: Structure, question: Question) -> Iterator[Guess]:
    loss = opened(reading.loss)
    of = theorems.quantity(reading.loss, question.arguments)
    drawn = [found for seed in range(DRAWS) if (found := invariance.drawn(loss, seed))]
    for low, high in PAIRS:
        for inputs in drawn:
            data = inputs.data() | {"low": low, "high": high}
            if isinstance(of, sympy.Symbol):
                yield data
                continue
            for name, at in inputs.entries:
                if of is not None and name == of.name:
                    yield data | {"entry": sympy.Symbol(" ".join(map(str, (name, *at))))}


def _witness(case: Case) -> Witness | None:
    try:
        low, high = theorems.both(case)
    except (Silent, KeyError):
        return None
    arrays = instances.arrays(opened(case.reading.loss), instances.from_data(case.guess))
    (name,) = case.question.arguments
    falls = case.question.property == "increasing"
    fact = Sign(high - low, "<" if falls else ">")
    what = str(case.guess.get("entry", name))
    says = f"the loss {'falls' if falls else 'rises'} as {what} grows from low to high"
    numbers = {"low": case.guess["low"], "high": case.guess["high"]}
    values = {**arrays, **numbers, "before": low, "after": high}
    return Witness(values, (fact,), says)


INCREASING, DECREASING = (
    (Strategy(as_read, kinds), Strategy(slope, _ways), Strategy(other, _values, _witness))
    for slope, as_read, other in (theorems.INCREASING, theorems.DECREASING)
)
