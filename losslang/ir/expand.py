"""Series of a formula: Taylor coefficients, and a loss in the basis of a polynomial expansion."""

from __future__ import annotations

import sympy
from sympy import Expr

from losslang.ir.derive import derivative
from losslang.ir.heads import substitute

MAX_ORDER = 20


def series(formula: Expr, variable: sympy.Symbol, at: Expr, order: int) -> list[Expr]:
    """Coefficients of ``(variable - at)**n`` for ``n`` from 0 to ``order``."""
    coefficients: list[Expr] = []
    for n in range(order + 1):
        coefficients.append(substitute(formula, {variable: at}) / sympy.factorial(n))
        if n < order:
            formula = derivative(formula, variable)
    return coefficients
