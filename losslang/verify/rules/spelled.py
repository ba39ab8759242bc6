"""Functions that are made of exponentials, logarithms and roots."""

from __future__ import annotations

import sympy
from sympy import Expr

from losslang.ir.primitives import operands, primitive_of


def spelled(e: Expr) -> Expr | None:
    """Functions that are made of exponentials, logarithms and roots."""
    row = primitive_of(e)
    if row is None or row.arity != 1:
        return None
    x = operands(e)[0]
    match row.name:
        case "sigmoid":
            return 1 / (1 + sympy.exp(-x))
        case "softplus":
            return sympy.log(1 + sympy.exp(x))
        case "tanh":
            return (sympy.exp(2 * x) - 1) / (sympy.exp(2 * x) + 1)
        case "sinh":
            return (sympy.exp(x) - sympy.exp(-x)) / 2
        case "cosh":
            return (sympy.exp(x) + sympy.exp(-x)) / 2
        case "asinh":
            return sympy.log(x + sympy.sqrt(1 + x**2))
        case "atanh":
            return sympy.log((1 + x) / (1 - x)) / 2
        case "acosh":
            return sympy.log(x + sympy.sqrt(x**2 - 1))
    return None
