"""How to show the order of the classes for sums of convex functions of differences of logits."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Integer, S

from losslang.verify.property import Strategy
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.search.candidates import limit
from losslang.verify.search.distributions import tied_classes
from losslang.verify.search.numbers import sign_of
from losslang.verify.theorem import Guess, Question, about
from losslang.verify.theorems import pairwise as theorems
from losslang.verify.theorems.multiclass import pairwise
from losslang.verify.theorems.pieces import Pieces, Silent, jump


def _phi(reading: Multiclass) -> Pieces | None:
    try:
        return pairwise(reading)
    except Silent:
        return None


def falling(reading: Multiclass, question: Question) -> Iterable[Guess]:
    """Which piece holds 0, and lower bounds."""
    phi = _phi(reading)
    if phi is None:
        return
    end = limit(phi.formula(len(phi) - 1), phi.variable, S.Infinity, "-")
    floors = dict.fromkeys((S.Zero, *((end,) if end is not None and end.is_finite else ())))
    for piece in range(len(phi)):
        yield from ({"piece": Integer(piece), "floor": floor} for floor in floors)


def kinks(reading: Multiclass, question: Question) -> Iterable[Guess]:
    """Joints where the slope seems to rise."""
    phi = _phi(reading)
    for n in range(0 if phi is None else len(phi) - 1):
        assert phi is not None
        if sign_of(jump(phi, n), phi.region) > 0:
            yield {"joint": Integer(n)}


def _both(prop: str) -> tuple[Strategy, ...]:
    return (
        *(Strategy(t, falling) for t in about(prop, theorems.OF_TWO)),
        *(Strategy(t, kinks, tied_classes) for t in about(prop, theorems.KINK)),
    )


CALIBRATED = _both("calibrated")
ORDER_PRESERVING = (Strategy(theorems.ORDER, falling), *_both("order_preserving"))
