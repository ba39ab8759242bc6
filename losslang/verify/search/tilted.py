"""How to show properties of cross-entropy with offsets for each class."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import mpmath
import sympy
from sympy import Rational, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.property import Strategy
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import tilted
from losslang.verify.theorems.pieces import Silent
from losslang.verify.verdict import Witness


def _classes(reading: Multiclass, question: Question) -> Iterable[Guess]:
    try:
        symbols, _ = tilted.instance(reading)
    except Silent:
        return ()
    return ({"class": S(k)} for k in range(len(symbols)))


def _stationary(case: Case) -> Witness | None:
    """The p for which z = 0 is optimal, and the pull on one logit there for uniform p."""
    symbols, losses = tilted.instance(case.reading)
    origin = dict.fromkeys(symbols, S.Zero)
    rates = [[substitute(derivative(loss, z), origin) for z in symbols] for loss in losses]
    if any(rate.free_symbols for row in rates for rate in row):
        return None
    count = len(symbols)
    system = mpmath.matrix(count, count)
    for y in range(count):
        for k in range(count):
            system[k, y] = float(sympy.N(rates[y][k]))
    for y in range(count):
        system[count - 1, y] = 1
    solved = mpmath.lu_solve(system, mpmath.matrix([0] * (count - 1) + [1]))
    p = tuple(Rational(str(round(float(x), 6))) for x in solved)
    pull = sum(row[int(case.guess["class"])] for row in rates)
    return Witness(
        {"p": p, "z": (S.Zero,) * count},
        (Sign(pull, "!="),),
        "equal logits are optimal for p, to six digits, and tie all classes",
    )


def _falling(case: Case) -> Witness | None:
    """What the first label costs as its logit falls and the others stay at 0."""
    bounds = case.reading.region.bounds(case.reading.classes)
    symbols, losses = case.reading.at(2 if bounds is None else int(bounds.low))
    logits = tuple(map(S, (0, -10, -100)))
    found = [
        substitute(losses[0], dict.fromkeys(symbols, S.Zero) | {symbols[0]: z}) for z in logits
    ]
    if any(loss.free_symbols for loss in found):
        return None
    return Witness(
        {"logit of the label": logits, "loss": tuple(found)},
        tuple(Sign(b - a, ">") for a, b in pairwise(found)),
        "the loss grows without bound as the label's logit falls",
    )


def _of(prop: str) -> tuple[Strategy, ...]:
    return (
        *(Strategy(t) for t in tilted.EVEN if t.property == prop),
        *(Strategy(t, _classes, _stationary) for t in tilted.TILTED if t.property == prop),
    )


CALIBRATED = _of("calibrated")
ORDER_PRESERVING = _of("order_preserving")
LIPSCHITZ = (Strategy(tilted.LIPSCHITZ),)
BOUNDED = (Strategy(tilted.UNBOUNDED, witness=_falling),)
