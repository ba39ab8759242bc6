"""What the searches for losses of the label's probability share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from sympy import Expr, Rational, S

from losslang.ir.derive import derivative
from losslang.verify.geometric import closed
from losslang.verify.readings.local import Local
from losslang.verify.search.candidates import PLACES, limit, own
from losslang.verify.search.limits import limit_of
from losslang.verify.statement import UNIT
from losslang.verify.theorem import Guess, Question

HALF = Rational(1, 2)

Guesses: TypeAlias = Callable[[Local, Question], Iterable[Guess]]


def slope_of(reading: Local) -> Expr:
    """The derivative of f."""
    return closed(derivative(reading.f, reading.p), reading.region.having(reading.p, UNIT))


def ends_of(reading: Local, formula: Expr) -> tuple[Expr | None, Expr | None]:
    """Limits at 0 and 1, as formulas of the hyperparameters."""

    def found(at: Expr, side: str) -> Expr | None:
        value = limit(formula, reading.p, at, side)
        if value is None:  # it may need the ranges of the hyperparameters, which takes longer
            value = limit_of(formula, reading.p, at, side, reading.region)
        return value if value is not None and own(reading.region, value) else None

    return found(S.Zero, "+"), found(S.One, "-")


def told(*values: Expr | None) -> Iterator[Expr]:
    """The finite ones, each once."""
    yield from dict.fromkeys(v for v in values if v is not None and v.is_finite is not False)


def some_places(reading: Local, question: Question) -> Iterable[Guess]:
    """Probabilities at which something may be seen."""
    return ({"place": place} for place in PLACES)


def formula_of(reading: Local) -> Expr:
    """f itself."""
    return reading.f
