"""Limits that depend on hyperparameters, with their range made known to SymPy."""

from __future__ import annotations

from functools import lru_cache

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.search.candidates import limit
from losslang.verify.statement import Bounds, Region
from losslang.verify.watchdog import within

LIMIT_SECONDS = 2.0


@lru_cache(maxsize=256)
def limit_of(
    expr: Expr, variable: sympy.Symbol, at: Expr, side: str, region: Region
) -> Expr | None:
    """The limit for all settings of a region, if SymPy finds it soon."""
    images = {s: _image(s, b) for s, b in region.variables if _is_ranged(s, b)}
    there = {symbol: image for symbol, (image, _, _) in images.items()}
    plain, place = substitute(expr, there), substitute(at, there)
    found = within(LIMIT_SECONDS, lambda: limit(plain, variable, place, side))
    if found is None:
        return None
    return substitute(found, {new: back for _, new, back in images.values()})


def _is_ranged(symbol: sympy.Symbol, bounds: Bounds) -> bool:
    """Whether a parameter lies between numbers that its assumptions do not tell."""
    low, high = bounds.low, bounds.high
    if symbol.is_integer or not (low.is_number and high.is_number) or low == high:
        return False
    return bool(high.is_finite or (low.is_finite and not (symbol.is_positive and low == 0)))


def _image(symbol: sympy.Symbol, bounds: Bounds) -> tuple[Expr, sympy.Symbol, Expr]:
    """``symbol`` as a function of a positive number, that number, and how it comes back."""
    new = sympy.Dummy(symbol.name, positive=True)
    low, high = bounds.low, bounds.high
    if low.is_infinite:
        return high - new, new, high - symbol
    if high.is_infinite:
        return low + new, new, symbol - low
    return (low + high * new) / (1 + new), new, (symbol - low) / (high - symbol)
