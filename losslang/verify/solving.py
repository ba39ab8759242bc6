"""What SymPy solves, unless it may not come to an end."""

from __future__ import annotations

import sympy
from sympy import Expr

LARGEST = 10**5


def solve(expr: Expr, symbol: sympy.Symbol) -> list[Expr]:
    """Where ``expr`` is 0.

    Raises ``NotImplementedError`` where SymPy does, and for large numbers in an equation that is
    not polynomial: SymPy works out powers of them, however long, and nothing can interrupt that.
    """
    if not expr.is_polynomial(symbol):
        numbers = expr.atoms(sympy.Rational)
        if any(max(abs(number.p), number.q) > LARGEST for number in numbers):
            raise NotImplementedError("an equation of functions with large numbers")
    return list(sympy.solve(expr, symbol))
