"""Formulas and numbers at which an answer is likely to change."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy
from sympy import Expr, Rational, S

from losslang.verify import solving
from losslang.verify.statement import Bounds, Region, Sign
from losslang.verify.thresholds.settings import ends, within


def simple_forms(symbol: sympy.Symbol) -> tuple[Expr, ...]:
    """Formulas in a hyperparameter at which an answer about another is likely to change."""
    return (symbol, -symbol, 1 - symbol, 1 + symbol, 1 / symbol)


def rational(value: Expr) -> Expr:
    """A rational number close to another."""
    return value if value.is_Rational else Rational(Fraction(float(value)).limit_denominator(10**6))


def simplest(low: Expr, high: Expr) -> Iterator[Expr]:
    """The simplest rational numbers between two."""
    for denominator in range(1, 13):
        first = sympy.ceiling(low * denominator)
        if low < first / S(denominator) < high:
            yield first / S(denominator)


def likelihood(candidate: Expr) -> tuple[int, int, str]:
    """Roots that depend on other hyperparameters first: they can be right for all of them."""
    kind = 0 if candidate.free_symbols else 1 if candidate.is_Rational else 2
    return (kind, int(candidate.count_ops()), str(candidate))


def roots(formula: Sign, symbol: sympy.Symbol, region: Region) -> Iterator[Expr]:
    """Where ``formula`` vanishes, as a function of the other hyperparameters."""
    if symbol not in formula.expr.free_symbols:
        return
    inner = [(s, b) for s, b in formula.region.variables if s not in region and s != symbol]
    for expr in _special(formula.expr, inner):
        if symbol not in expr.free_symbols:
            continue
        numerator = sympy.together(expr).as_numer_denom()[0]
        try:
            solved = solving.solve(numerator, symbol)
        except (NotImplementedError, ValueError, TypeError):
            continue
        for root in solved:
            if isinstance(root, Expr) and root.free_symbols <= set(region.symbols):
                yield root


def _special(expr: Expr, inner: list[tuple[sympy.Symbol, Bounds]]) -> Iterator[Expr]:
    """``expr`` with its inner variables at ends, in the middle, and in the limit."""
    if not inner:
        yield expr
        return
    (symbol, bounds), rest = inner[0], inner[1:]
    if symbol not in expr.free_symbols:
        yield from _special(expr, rest)
        return
    values = [*ends(bounds), *within(bounds), S.Zero, S.One]
    for value in dict.fromkeys(values):
        inside = expr.subs(symbol, value)
        if not inside.has(S.NaN, S.Infinity, S.NegativeInfinity, S.ComplexInfinity):
            yield from _special(inside, rest)
    for end, side in ((bounds.low, "+"), (bounds.high, "-")):
        try:
            limit = sympy.limit(expr, symbol, end, side)
        except (NotImplementedError, ValueError, TypeError, AttributeError):
            continue
        if isinstance(limit, Expr) and limit.is_finite is not False:
            yield from _special(limit, rest)
