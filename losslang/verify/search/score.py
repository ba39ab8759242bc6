"""How to show properties of losses on the simplex: which theorems, with which guesses."""

from __future__ import annotations

from collections.abc import Iterable

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.property import Strategy
from losslang.verify.readings.score import Score
from losslang.verify.search.grids import wrong_order
from losslang.verify.theorem import Guess, Question, about
from losslang.verify.theorems import mixtures, normalised, score
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.sums import Sums, sums_of

SIGNS = (S.One, S.NegativeOne)


def _one_sum(reading: Score) -> tuple[Sums, sympy.Symbol, Expr] | None:
    """The loss, its only sum, and the summand."""
    try:
        found = sums_of(reading)
    except Silent:
        return None
    if len(found.sums) != 1:
        return None
    return found, *found.sums[0]


def _powers(reading: Score, question: Question) -> Iterable[Guess]:
    found = _one_sum(reading)
    if found is None:
        return
    loss, total, body = found
    base = substitute(loss.h, {loss.z: S.Zero})
    exponent = body.as_base_exp()[1]
    weight = base - substitute(loss.h, {loss.z: S.One, total: S.One})
    yield {"power": exponent, "weight": sympy.expand(weight), "base": base}


def _mixtures(reading: Score, question: Question) -> Iterable[Guess]:
    found = _one_sum(reading)
    if found is None:
        return
    loss, total, body = found
    own = derivative(substitute(loss.h, {total: S.Zero}), loss.z)
    ratio = sympy.simplify(own / derivative(body, loss.z))
    yield from ({"sign": sign, "weight": sign * ratio} for sign in SIGNS)


def _fractions(reading: Score, question: Question) -> Iterable[Guess]:
    """active f(q_y) / sum - passive q_y + rest: read off where the sum is infinite."""
    found = _one_sum(reading)
    if found is None:
        return
    loss, total, body = found
    inverse = sympy.Dummy("u", positive=True)
    h = sympy.expand(substitute(loss.h, {total: 1 / inverse}))
    far = sympy.expand(substitute(h, {inverse: S.Zero}))
    passive = -sympy.simplify(derivative(far, loss.z))
    active = sympy.simplify((h - far) / (body * inverse))
    yield from ({"sign": s, "active": active, "passive": passive} for s in SIGNS)


def _of(prop: str) -> tuple[Strategy, ...]:
    """The strategies for a property of the order of classes."""
    return (
        *(Strategy(t) for t in about(prop, score.SEPARABLE + score.THRESHOLDS)),
        *(Strategy(t, _powers) for t in about(prop, score.SPHERICAL)),
        *(Strategy(t, _mixtures) for t in about(prop, mixtures.SMOOTHED)),
        *(
            Strategy(t, _mixtures, wrong_order)
            for t in about(prop, mixtures.OVERSMOOTHED + mixtures.OVERSHARPENED)
        ),
        *(Strategy(t, _fractions) for t in about(prop, normalised.NORMALISED_TWO)),
        *(Strategy(t, _fractions, wrong_order) for t in about(prop, normalised.NORMALISED)),
    )


CALIBRATED = (*_of("calibrated"), Strategy(normalised.ACTIVE_PASSIVE, _fractions))
ORDER_PRESERVING = (
    *_of("order_preserving"),
    Strategy(normalised.ACTIVE_PASSIVE_THREE, _fractions),
    Strategy(normalised.ACTIVE_PASSIVE_FOUR, _fractions, wrong_order),
)
STRICTLY_PROPER = _of("strictly_proper")
PROPER = _of("proper")
SYMMETRIC = (Strategy(normalised.CONSTANT_SUM, _fractions),)


def _frames(reading: Score, question: Question) -> Iterable[Guess]:
    yield from ({"low": S(-bound), "high": S(bound)} for bound in (1, 10, 100))


BOUNDED = (Strategy(score.BOUNDED, _frames),)
