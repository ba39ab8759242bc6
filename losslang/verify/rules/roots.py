"""Signs of quotients of polynomials in one variable, decided exactly by counting real roots.

Coefficients are rational, or rational combinations of square roots; roots are counted by Sturm's
theorem. The ends of the interval may be any numbers: others than rational ones are rounded outward.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import sympy
from sympy import Expr, Poly, Rational, S

from losslang.ir.binders import walk
from losslang.verify.compose import spread
from losslang.verify.interval import rational
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import sign_statement, variable
from losslang.verify.statement import Bounds, Region, Sign, Statement

MAX_DEGREE = 200

MAX_ROOTS = 2
"""The most square roots among the coefficients."""


def _roots(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    symbol = variable(data, goal.region)
    if goal.expr.free_symbols - {symbol}:
        raise Rejected(f"{goal.expr} is about more than {symbol}")
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    if not holds(goal, symbol, bounds):
        raise Rejected(f"{goal} is false, or not about polynomials")
    return ()


def holds(goal: Sign, symbol: sympy.Symbol, bounds: Bounds) -> bool:
    """Whether a quotient of polynomials has the sign all over an interval between numbers."""
    outer = _outward(bounds)
    if outer is None:
        return False
    bounds = outer
    parts = polynomials(goal.expr, symbol)
    if parts is None:
        return False
    top, bottom = parts
    if not all(_nonzero(base, symbol, bounds) for base in _denominators(goal.expr)):
        return False
    product = top * bottom
    if goal.relation == "==":
        return bool(product.is_zero)
    if goal.relation == "!=":
        return not product.is_zero and not _vanishes(product, bounds, touching=True)
    if goal.relation in ("<", "<="):
        product = -product
    if product.is_zero:
        return goal.relation in (">=", "<=")
    if goal.relation in (">", "<") and _vanishes(product, bounds, touching=True):
        return False
    if _vanishes(product, bounds, touching=False):
        return False
    return _positive_somewhere(product, bounds)


def _outward(bounds: Bounds) -> Bounds | None:
    """An interval with rational or infinite ends around one."""
    low, high = bounds.low, bounds.high
    if not (low.is_Rational or low.is_infinite):
        known = spread(low, Region())
        if known is None or not known.hull.low.is_finite():
            return None
        low = Rational(str(rational(known.hull.low)))
    if not (high.is_Rational or high.is_infinite):
        known = spread(high, Region())
        if known is None or not known.hull.high.is_finite():
            return None
        high = Rational(str(rational(known.hull.high)))
    return replace(bounds, low=low, high=high)


def _denominators(expr: Expr) -> Iterator[Expr]:
    for part in walk(expr):
        if isinstance(part, sympy.Pow) and part.exp.is_negative:
            yield part.base


def _nonzero(base: Expr, symbol: sympy.Symbol, bounds: Bounds) -> bool:
    parts = polynomials(base, symbol)
    return parts is not None and not _vanishes(parts[0], bounds, touching=True)


def polynomials(expr: Expr, symbol: sympy.Symbol) -> tuple[Poly, Poly] | None:
    """Numerator and denominator with rational coefficients, not cancelled; ``None`` if not so."""
    top, bottom = sympy.fraction(sympy.together(expr))
    if not (top.is_polynomial(symbol) and bottom.is_polynomial(symbol)):
        return None
    made = [_polynomial(part, symbol) for part in (top, bottom)]
    if made[0] is None or made[1] is None:
        return None
    return made[0], made[1]


def _polynomial(expr: Expr, symbol: sympy.Symbol) -> Poly | None:
    roots = {part for part in expr.atoms(sympy.Pow) if not part.exp.is_Integer}
    if len(roots) > MAX_ROOTS or any(not _is_root(part) for part in roots):
        return None
    poly = Poly(expr, symbol, extension=True) if roots else Poly(expr, symbol)
    known = poly.domain in (sympy.ZZ, sympy.QQ) or poly.domain.is_AlgebraicField
    return poly if known and poly.degree() <= MAX_DEGREE else None


def _is_root(part: sympy.Pow) -> bool:
    return (
        bool(part.base.is_Rational and part.base > 0 and part.exp.is_Rational) and part.exp.q == 2
    )


def _vanishes(poly: Poly, bounds: Bounds, *, touching: bool) -> bool:
    """Whether it is 0 somewhere in the interval; ``touching`` counts zeros without a sign change.

    A zero at an end of the interval is no sign change.
    """
    _, factors = poly.sqf_list()
    for factor, power in factors:
        if not touching and power % 2 == 0:
            continue
        low, high = bounds.low, bounds.high
        count = _count(factor, low, high)
        for end, closed in ((low, bounds.low_closed), (high, bounds.high_closed)):
            if not end.is_infinite and factor.eval(end) == 0 and not (touching and closed):
                count -= 1
                if low == high:
                    break
        if count > 0:
            return True
    return False


def _count(poly: Poly, low: Expr, high: Expr) -> int:
    """The number of distinct real roots from ``low`` to ``high``, both ends included."""
    if not poly.domain.is_AlgebraicField:
        ends = (None if end.is_infinite else end for end in (low, high))
        return int(poly.count_roots(*ends))
    if low == high:
        return int(poly.eval(low) == 0)
    chain = poly.sturm()
    reached = not low.is_infinite and poly.eval(low) == 0
    return _changes(chain, low) - _changes(chain, high) + int(reached)


def _changes(chain: list[Poly], at: Expr) -> int:
    """How often the sign changes along a Sturm chain; zeros are left out."""
    signs = [s for s in (_sign_at(poly, at) for poly in chain) if s]
    return sum(one != other for one, other in pairwise(signs))


def _sign_at(poly: Poly, at: Expr) -> int:
    if at.is_infinite:
        flip = at == S.NegativeInfinity and poly.degree() % 2
        return -_sign(poly.LC()) if flip else _sign(poly.LC())
    return _sign(poly.eval(at))


def _sign(number: Expr) -> int:
    """The sign of a number that is 0 only if it is written so."""
    if number.is_Rational:
        return int(bool(number > 0)) - int(bool(number < 0))
    known = spread(number, Region())
    if known is None or not known.nonzero:
        raise Rejected(f"the sign of {number} is not known")
    return 1 if known.positive else -1


def _positive_somewhere(poly: Poly, bounds: Bounds) -> bool:
    """Whether a polynomial without a sign change inside is positive at some point inside."""
    degree = poly.degree() + 1
    low, high = bounds.low, bounds.high
    if low == high:
        return _sign(poly.eval(low)) >= 0
    for n in range(1, degree + 2):
        if low.is_infinite and high.is_infinite:
            point = S(n)
        elif low.is_infinite:
            point = high - n
        elif high.is_infinite:
            point = low + n
        else:
            point = low + (high - low) * n / (degree + 2)
        value = poly.eval(point)
        if value != 0:
            return _sign(value) > 0
    return False


ROOT_RULES: tuple[Rule, ...] = (
    Rule("roots", "counting the real roots settles the sign of a polynomial", _roots),
)
