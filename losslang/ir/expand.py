"""Series of a formula: Taylor coefficients, and a loss in the basis of a polynomial expansion."""

from __future__ import annotations

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.binders import substitute, tree_size
from losslang.ir.derive import derivative
from losslang.source import Span

MAX_ORDER = 20
MAX_TREE = 5_000


def series(
    formula: Expr, variable: sympy.Symbol, at: Expr, order: int, span: Span | None = None
) -> list[Expr]:
    """Coefficients of ``(variable - at)**n`` for ``n`` from 0 to ``order``."""
    coefficients: list[Expr] = []
    for n in range(order + 1):
        coefficients.append(substitute(formula, {variable: at}) / sympy.factorial(n))
        if n < order:
            formula = derivative(formula, variable)
        if tree_size(formula) > MAX_TREE:
            fail(
                "formula-too-large",
                f"the derivative of order {n + 1} has more than {MAX_TREE} parts",
                span,
                help="expand to a lower order, or in a simpler name",
            )
    return coefficients
