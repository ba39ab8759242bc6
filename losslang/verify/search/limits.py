"""Limits that depend on hyperparameters, with their range made known to SymPy."""

from __future__ import annotations

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.search.candidates import usable
from losslang.verify.statement import Bounds
from losslang.verify.theorems.pieces import Pieces
from losslang.verify.watchdog import within

LIMIT_SECONDS = 2.0


def ranged_limit(expr: Expr, p: Pieces, at: Expr, side: str) -> Expr | None:
    """A limit, with hyperparameters named by positive numbers so that SymPy knows their range."""
    there = {s: _image(s, b) for s, b in p.region.variables if not s.is_integer}
    plain = sympy.simplify(substitute(expr, {s: image for s, (image, _, _) in there.items()}))
    found = within(LIMIT_SECONDS, lambda: sympy.limit(plain, p.variable, at, side))
    if not usable(found):
        return None
    return substitute(found, {new: back for _, (_, new, back) in there.items()})


def _image(symbol: sympy.Symbol, bounds: Bounds) -> tuple[Expr, sympy.Symbol, Expr]:
    """``symbol`` as a function of a positive number, that number, and how it comes back."""
    new = sympy.Dummy(symbol.name, positive=True)
    low, high = bounds.low, bounds.high
    if low.is_finite and high.is_finite:
        return (low + high * new) / (1 + new), new, (symbol - low) / (high - symbol)
    if low.is_finite:
        return low + new, new, symbol - low
    if high.is_finite:
        return high - new, new, high - symbol
    real = sympy.Dummy(symbol.name, real=True)
    return real, real, symbol
