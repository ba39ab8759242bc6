"""Convexity in two inputs at once."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr

from losslang.ir.derive import derivative
from losslang.verify.readings import Curve
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import opened, smooth
from losslang.verify.theorems.pieces import Pieces, Silent, defined, one_piece
from losslang.verify.theorems.premises import continuous, lies_in, sign, stated


def _two_inputs(case: Case) -> tuple[Pieces, sympy.Symbol, sympy.Symbol]:
    """The loss along the first of two named inputs, and the symbols of both."""
    reading: Curve = case.reading
    names = case.question.arguments
    others = [s for s in reading.region.symbols if s.name in names[1:2]]
    if len(names) != 2 or reading.input != names[0] or len(others) != 1:
        raise Silent
    p = smooth(reading.function, reading.variable, reading.bounds, reading.region)
    return one_piece(p), reading.variable, others[0]


def _hessian(p: Pieces, a: sympy.Symbol, b: sympy.Symbol) -> tuple[Expr, Expr, Expr]:
    in_a, in_b = (derivative(p.formula(0), s) for s in (a, b))
    return derivative(in_a, a), derivative(in_a, b), derivative(in_b, b)


def convex_in_both(p: Pieces, a: sympy.Symbol, b: sympy.Symbol) -> Iterator[Premise]:
    """The only piece has a positive semidefinite Hessian in its variable ``a`` and in ``b``."""
    aa, ab, bb = _hessian(p, a, b)
    where = p.where(0)
    yield from continuous(p)
    yield sign(f"convex in {a}", aa, ">=", where)
    yield sign(f"convex in {b}", bb, ">=", where)
    yield sign("the determinant of the Hessian", aa * bb - ab**2, ">=", where)


@stated
def _jointly_convex(case: Case) -> Iterator[Premise]:
    yield from convex_in_both(*_two_inputs(case))


@stated
def _not_jointly_convex(case: Case) -> Iterator[Premise]:
    p, a, b = _two_inputs(case)
    guess, region = case.guess, p.region
    aa, ab, bb = _hessian(p, a, b)
    rule = {s: guess[f"at {s.name}"] for s in (a, *region.symbols) if f"at {s.name}" in guess}
    u, v = guess["first"], guess["second"]
    bend = defined(u**2 * aa + 2 * u * v * ab + v**2 * bb, rule)
    left = region.having(a, p.bounds)
    for symbol, value in rule.items():
        bounds = left.bounds(symbol)
        if bounds is None or not value.is_Rational:
            raise Silent
        yield from lies_in("the point is inside", value, opened(bounds), region.setting(rule))
    if not set(rule) & {a} or not set(rule) & {b}:
        raise Silent
    yield sign("the second derivative in a direction", bend, "<", region.setting(rule))


JOINTLY_CONVEX = Theorem(
    "jointly-convex",
    "jointly_convex",
    Curve,
    "the Hessian in the two inputs is positive semidefinite everywhere",
    "Boyd and Vandenberghe 2004, Convex Optimization, section 3.1.4",
    _jointly_convex,
)

NOT_JOINTLY_CONVEX = Theorem(
    "not-jointly-convex",
    "jointly_convex",
    Curve,
    "the second derivative in some direction is negative somewhere",
    "Boyd and Vandenberghe 2004, Convex Optimization, section 3.1.4",
    _not_jointly_convex,
    holds=False,
)

THEOREMS = (JOINTLY_CONVEX, NOT_JOINTLY_CONVEX)
