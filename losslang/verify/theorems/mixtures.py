"""Losses of probabilities that are mixed with those of all labels: smoothed and sharpened."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.readings.score import Score
from losslang.verify.statement import Limit
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY, at_least
from losslang.verify.theorems.pieces import Pieces, Silent
from losslang.verify.theorems.premises import Premises, premises, sign
from losslang.verify.theorems.score import entry, smooth_in
from losslang.verify.theorems.sums import Sums, sums_of


def _mixture(case: Case) -> Iterator[Premise]:
    """l_y = weight f(q_y) + share sum_k f(q_k) + constant, f(p) the summand of the only sum."""
    found, f = _mixed(case)
    p = f.variable
    change = derivative(_own(found, p), p) - case.guess["weight"] * f.formula(0, 1)
    yield sign("the own part is a multiple of the summand", change, "==", f.where(0))


def _own(found: Sums, p: sympy.Symbol) -> Expr:
    return substitute(substitute(found.h, {found.sums[0][0]: S.Zero}), {found.z: p})


def _mixed(case: Case) -> tuple[Sums, Pieces]:
    """The only sum, and its summand with the guessed sign."""
    found = sums_of(case.reading)
    if len(found.sums) != 1 or case.guess["sign"] not in (S.One, S.NegativeOne):
        raise Silent
    found.separate()
    p, (body,) = entry(found, found.sums[0][1])
    return found, smooth_in(found.region, p, body * case.guess["sign"])


def _share(case: Case, found: Sums) -> Expr:
    return sympy.expand(derivative(found.h, found.sums[0][0])) * case.guess["sign"]


@premises()
def _is_smoothed(case: Case) -> Iterator[Premise]:
    """f convex, falling and infinitely steep at 0, weight > 0, share >= 0."""
    found, f = _mixed(case)
    yield from _mixture(case)
    yield sign("weight > 0", case.guess["weight"], ">", found.region)
    yield sign("share >= 0", _share(case, found), ">=", found.region)
    yield sign("f'' >= 0", f.formula(0, 2), ">=", f.where(0))
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))
    steep = Limit(f.formula(0, 1), f.variable, S.Zero, "+", S.NegativeInfinity, found.region)
    yield Premise("f'(0) = -oo", steep)


@premises()
def _is_oversmoothed(case: Case) -> Iterator[Premise]:
    """weight <= 0: swapping a likely class with an unlikely one does no harm."""
    found, f = _mixed(case)
    yield from _mixture(case)
    yield sign("weight <= 0", case.guess["weight"], "<=", found.region)
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))


@premises()
def _is_oversharpened(case: Case) -> Iterator[Premise]:
    """share < 0 with f(0) = oo: a class that never occurs pulls the risk to minus infinity."""
    found, f = _mixed(case)
    yield at_least(3, case.reading)
    yield from _mixture(case)
    yield sign("share < 0", _share(case, found), "<", found.region)
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))
    pole = Limit(f.formula(0), f.variable, S.Zero, "+", S.Infinity, found.region)
    yield Premise("f(0) = oo", pole)


def _twice(name: str, says: str, conditions: Premises, *, holds: bool) -> tuple[Theorem, ...]:
    source = f"{THEORY}: Label smoothing"
    return tuple(
        Theorem(f"{name}-{word}", prop, Score, says, source, conditions, holds=holds)
        for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
    )


SMOOTHED = _twice(
    "score-smoothed",
    "the loss of a label mixed with all labels alike: the mixture keeps the order of p",
    _is_smoothed,
    holds=True,
)

OVERSMOOTHED = _twice(
    "score-oversmoothed",
    "the label counts no more than the others: a wrong order costs no more than the right one",
    _is_oversmoothed,
    holds=False,
)

OVERSHARPENED = _twice(
    "score-oversharpened",
    "the other labels count negatively, and the loss is unbounded: the risk of a label that is "
    "certain has no lower bound, also where another class wins",
    _is_oversharpened,
    holds=False,
)

THEOREMS = (*SMOOTHED, *OVERSMOOTHED, *OVERSHARPENED)
