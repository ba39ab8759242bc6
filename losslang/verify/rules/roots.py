"""Signs of quotients of polynomials in one variable, decided exactly by counting real roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sympy
from sympy import Expr, Poly, S

from losslang.ir.binders import walk
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import sign_statement, variable
from losslang.verify.statement import Bounds, Sign, Statement

MAX_DEGREE = 200


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
    """Whether a quotient of polynomials has the sign; the ends must be rational or infinite."""
    if not all(end.is_Rational or end.is_infinite for end in (bounds.low, bounds.high)):
        return False
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
    made = [Poly(part, symbol, extension=None) for part in (top, bottom)]
    if not all(p.domain in (sympy.ZZ, sympy.QQ) and p.degree() <= MAX_DEGREE for p in made):
        return None
    return made[0], made[1]


def _vanishes(poly: Poly, bounds: Bounds, *, touching: bool) -> bool:
    """Whether it is 0 somewhere in the interval; ``touching`` counts zeros without a sign change.

    A zero at an end of the interval is no sign change.
    """
    _, factors = poly.sqf_list()
    for factor, power in factors:
        if not touching and power % 2 == 0:
            continue
        low, high = bounds.low, bounds.high
        count = factor.count_roots(
            None if low.is_infinite else low, None if high.is_infinite else high
        )
        for end, closed in ((low, bounds.low_closed), (high, bounds.high_closed)):
            if not end.is_infinite and factor.eval(end) == 0 and not (touching and closed):
                count -= 1
                if low == high:
                    break
        if count > 0:
            return True
    return False


def _positive_somewhere(poly: Poly, bounds: Bounds) -> bool:
    """Whether a polynomial without a sign change inside is positive at some point inside."""
    degree = poly.degree() + 1
    low, high = bounds.low, bounds.high
    if low == high:
        return bool(poly.eval(low) >= 0)
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
            return bool(value > 0)
    return False


ROOT_RULES: tuple[Rule, ...] = (
    Rule("roots", "counting the real roots settles the sign of a polynomial", _roots),
)
