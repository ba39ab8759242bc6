"""Rules for angles of which the cosine is known, near 0 and pi, where ``acos`` is steep."""

from __future__ import annotations

import sympy
from sympy import Add, Expr, Mul, Pow, Rational

from losslang.ir.heads import ONE
from losslang.ir.primitives import Apply


def cos_of_acos(e: Expr) -> Expr | None:
    """``cos(acos(x) + m)`` is ``x cos(m) - sqrt(1 - x**2) sin(m)``, which has no acos near 1."""
    angle = e.args[0]
    for term in Add.make_args(angle):
        turned = term if isinstance(term, sympy.acos) else -term
        if isinstance(turned, sympy.acos):
            x, more = turned.args[0], angle - term
            return x * sympy.cos(more) - sympy.sqrt(1 - x**2) * sympy.sin(more) * (term / turned)
    return None


def cos_of_multiple(e: Expr) -> Expr | None:
    """``cos(n acos(x) + m)`` by a word for ``cos(n acos(x))``, whose slope at 1 is ``n**2``.

    What else remains has the angle by a word of its own, that has slope 0 at 1 and -1.
    """
    found = _multiple(e.args[0])
    if found is None:
        return None
    x, n, more = found
    sine = sympy.sin(n * Apply("angle", x)) * sympy.sin(more)
    return Apply("cos_of_multiple", x, n) * sympy.cos(more) - sine


def sine_of_acos(e: Expr) -> Expr | None:
    """``sqrt(1 - x**2)``, its slope 0 at 1 and -1; its reciprocal is 0 there."""
    if not isinstance(e.exp, Rational) or e.exp.q != 2:
        return None
    square = 1 - e.base
    if not (isinstance(square, Pow) and square.exp == 2):
        return None
    sine = Apply("sine_of_acos", square.base)
    return sine**e.exp.p if e.exp.p > 0 else Apply("reciprocal", sine) ** -e.exp.p


def ratio_of_sines(e: Expr) -> Expr | None:
    """``sin(n acos(x) + m) / sqrt(1 - x**2)`` by a word for the ratio without ``m``.

    That ratio is ``n`` at 1: it is the slope of ``cos(n acos(x))`` but for a factor of ``n``.
    """
    for sine in e.args:
        found = _multiple(sine.args[0]) if isinstance(sine, sympy.sin) else None
        if found is None:
            continue
        x, n, more = found
        inverse = Apply("reciprocal", Apply("sine_of_acos", x))
        for factor in e.args:
            base, exponent = factor.as_base_exp()
            if base == inverse and exponent.is_Integer and exponent > 0:
                ratio = Apply("ratio_of_sines", x, n) * sympy.cos(more)
                steep = sympy.cos(n * sympy.acos(x)) * sympy.sin(more) * inverse
                rest = (a for a in e.args if a not in (sine, factor))
                return (ratio + steep) * inverse ** (exponent - 1) * Mul(*rest)
    return None


def _multiple(angle: Expr) -> tuple[Expr, Expr, Expr] | None:
    """``x``, ``n`` and ``m`` of an angle ``n acos(x) + m``, unless ``n`` is 1 or -1."""
    for term in Add.make_args(angle):
        for factor in Mul.make_args(term):
            if isinstance(factor, sympy.acos) and term / factor not in (ONE, -ONE):
                return factor.args[0], term / factor, angle - term
    return None
