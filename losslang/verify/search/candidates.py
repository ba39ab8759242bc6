"""Numbers worth trying: limits, critical points, places of the unit interval, bounds.

Nothing here is trusted: what a theorem needs of a number it asks for in its premises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.heads import Branch
from losslang.verify import solving
from losslang.verify.statement import Region

UNUSABLE = (S.NaN, S.ComplexInfinity, S.ImaginaryUnit)
PLACES = tuple(Rational(n) for n in ("1/4", "1/3", "3/4", "1/8", "2/5", "7/8", "1/16", "15/16"))


def usable(value: Any) -> bool:
    """Whether a guess may be this: a real expression, or plus or minus infinity."""
    if not isinstance(value, Expr) or value.has(*UNUSABLE, sympy.Limit, sympy.AccumBounds):
        return False
    if any(power.base.is_zero for power in value.atoms(sympy.Pow)):  # 0**gamma, whatever gamma is
        return False
    infinite = value.has(S.Infinity, S.NegativeInfinity)
    return not infinite or value in (S.Infinity, S.NegativeInfinity)


def limit(expr: Expr, symbol: sympy.Symbol, at: Expr, side: str) -> Expr | None:
    """The limit as SymPy sees it; ``None`` where it sees none."""
    if symbol not in expr.free_symbols:
        return expr
    direct = _put(expr, symbol, at)
    if direct is not None and direct.is_finite is not False:
        return direct
    try:
        found = sympy.limit(expr, symbol, at, side)
    except (NotImplementedError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return found if usable(found) else None


def _put(expr: Expr, symbol: sympy.Symbol, at: Expr) -> Expr | None:
    """The value at a place, where no part of the formula is singular."""
    try:
        parts = sympy.preorder_traversal(expr)
        if any(not usable(substitute(e, {symbol: at})) for e in parts if isinstance(e, Expr)):
            return None
        found = sympy.powsimp(substitute(expr, {symbol: at}))
    except (ValueError, TypeError, RecursionError, ZeroDivisionError):
        return None
    return found if usable(found) and not found.is_infinite else None


def solutions(expr: Expr, symbol: sympy.Symbol) -> Iterator[Expr]:
    """Real roots that SymPy can write down."""
    for form in variants(expr):
        for shape in (form, sympy.factor(form)):
            if _is_mixed(shape, symbol):
                shape = sympy.Mul(
                    *(f for f in shape.as_ordered_factors() if not _is_mixed(f, symbol))
                )
            if symbol not in shape.free_symbols:
                continue
            try:
                found = solving.solve(shape, symbol)
            except (NotImplementedError, ValueError, TypeError, AttributeError, RecursionError):
                continue
            if found:
                yield from (r for r in found if usable(r) and r.is_real is not False)
                break


def _is_mixed(expr: Expr, symbol: sympy.Symbol) -> bool:
    """Whether logarithms of a symbol stand beside the symbol itself: such roots have no name."""
    logs = [e for e in expr.atoms(sympy.log) if symbol in e.free_symbols]
    names = {log: sympy.Dummy() for log in logs}
    return bool(logs) and symbol in expr.xreplace(names).free_symbols


def variants(expr: Expr) -> Iterator[Expr]:
    """The formulas that branches on hyperparameters lead to."""
    branches = [e for e in sympy.preorder_traversal(expr) if isinstance(e, Branch)]
    if not branches:
        yield expr
        return
    for choice in branches[0].args[2:0:-1]:
        yield from variants(substitute(expr, {branches[0]: choice}))


def function_of(expr: Expr, symbol: sympy.Symbol) -> Callable[[float], float] | None:
    """``expr`` in floats, where nothing else is free; NaN where it has no value."""
    if expr.free_symbols - {symbol} or expr.has(Branch):
        return None
    compiled = sympy.lambdify(symbol, expr, "mpmath")

    def value(x: float) -> float:
        try:
            return float(compiled(mpmath.mpf(x)))
        except (ValueError, TypeError, ZeroDivisionError, OverflowError):
            return float("nan")

    return value


_NEAR_ZERO = [2.0**-n for n in range(9, 40, 3)]
GRID = tuple(sorted([k / 256 for k in range(1, 256)] + _NEAR_ZERO + [1 - x for x in _NEAR_ZERO]))
"""Places of the unit interval, dense at its ends."""


def greatest(
    function: Callable[[float], float], places: Sequence[float] = GRID
) -> tuple[float, float]:
    """Where a function of the unit interval is greatest, and its value there, nearly."""
    best = max(range(len(places)), key=lambda n: _number(function(places[n])))
    low, high = places[max(0, best - 1)], places[min(len(places) - 1, best + 1)]
    for _ in range(90):
        left, right = low + (high - low) * 0.382, low + (high - low) * 0.618
        if _number(function(left)) < _number(function(right)):
            low = left
        else:
            high = right
    middle = (low + high) / 2
    return middle, max(_number(function(middle)), _number(function(places[best])))


def _number(value: float) -> float:
    return value if value == value else float("-inf")


def slightly_above(value: float, slack: float = 4e-7) -> Expr:
    """A rational number just above a positive one."""
    return Rational(Fraction(value * (1 + slack)).limit_denominator(10**9))


def nearest(value: float) -> Expr:
    """A simple rational number close to another."""
    return Rational(Fraction(value).limit_denominator(1000))


def powers(expr: Expr, base: Expr) -> list[Expr]:
    """The exponents with which ``base`` stands in a formula."""
    found = [
        e.exp for e in sympy.preorder_traversal(expr) if isinstance(e, sympy.Pow) and e.base == base
    ]
    return list(dict.fromkeys(found))


def own(region: Region, expr: Expr) -> bool:
    """Whether a formula speaks of the region's variables alone."""
    return bool(expr.free_symbols <= set(region.symbols))
