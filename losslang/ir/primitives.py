"""The table of scalar primitives: one row each, and everything else follows from the rows.

A row gives the head that stands for the primitive in an expression, its value in mpmath, its
partial derivatives, and the condition under which it is defined. A primitive with a ``definition``
is a word of the language only: it is spelled out in older primitives while elaborating.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy
from sympy import Basic, Expr, S
from sympy.core.symbol import Str
from sympy.utilities.iterables import sift

from losslang.ir.heads import ONE, ZERO, Head, Max, Min
from losslang.ir.truth import And, Equal, Less, LessEqual, Or


class Apply(Head):
    """``name(args)`` for a primitive that has no SymPy class fit for us."""

    def __new__(cls, name: str | Str, *args: Expr) -> Expr:
        return Basic.__new__(cls, Str(str(name)), *args)

    @property
    def name(self) -> str:
        """The primitive's name."""
        return str(self.args[0])

    @property
    def operands(self) -> tuple[Expr, ...]:
        """What it is applied to."""
        return self.args[1:]

    def _eval_is_extended_positive(self) -> bool | None:
        return True if self.name in ("sigmoid", "softplus") else None

    def _eval_is_extended_nonnegative(self) -> bool | None:
        return True if self.name in ("sigmoid", "softplus") else None

    def _eval_is_integer(self) -> bool | None:
        return True if self.name in ("floor", "sign") else None

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}({', '.join(map(printer._print, self.operands))})"


@dataclass(frozen=True)
class Primitive:
    """One row. ``derivatives`` has an entry per argument, each a function of all arguments."""

    name: str
    build: Callable[..., Expr]
    value: Callable[..., Any]
    derivatives: tuple[Callable[..., Expr], ...]
    requires: Callable[..., Expr] = lambda *_: ONE
    arity: int = 1


@dataclass(frozen=True)
class Definition:
    """A word that is spelled out in primitives; ``requires`` as in :class:`Primitive`."""

    name: str
    build: Callable[..., Expr]
    requires: Callable[..., Expr] = lambda *_: ONE
    arity: int = 1


def _apply(name: str) -> Callable[..., Expr]:
    return lambda *args: Apply(name, *args)


def log(x: Expr) -> Expr:
    """The logarithm, of a product the sum over those factors that are known to be positive."""
    inside: list[Expr] = []
    total: list[Expr] = []
    for factor in sympy.Mul.make_args(x):
        base, exponent = factor.as_base_exp()
        if isinstance(factor, sympy.exp):
            total.append(factor.args[0])
        elif isinstance(factor, sympy.Pow) and base.is_extended_positive:
            total.append(exponent * sympy.log(base))
        else:
            inside.append(factor)
    return sympy.Add(*total, sympy.log(sympy.Mul(*inside)))


def absolute(x: Expr) -> Expr:
    """The magnitude; of an exponential itself, of which SymPy takes the real part first."""
    powers, rest = sift(sympy.Mul.make_args(x), lambda f: isinstance(f, sympy.exp), binary=True)
    return sympy.Mul(*powers, sympy.Abs(sympy.Mul(*rest)))


def _positive(x: Expr) -> Expr:
    return Less(ZERO, x)


def _within(low: int, high: int) -> Callable[[Expr], Expr]:
    return lambda x: And(LessEqual(S(low), x), LessEqual(x, S(high)))


def _softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x))


def _xlogy(x: Any, y: Any) -> Any:
    return mpmath.mpf(0) if x == 0 else x * mpmath.log(y)


PRIMITIVES: tuple[Primitive, ...] = (
    Primitive("exp", sympy.exp, mpmath.exp, (sympy.exp,)),
    Primitive("log", log, mpmath.log, (lambda x: 1 / x,), _positive),
    Primitive("sin", sympy.sin, mpmath.sin, (sympy.cos,)),
    Primitive("cos", sympy.cos, mpmath.cos, (lambda x: -sympy.sin(x),)),
    Primitive(
        "asin", sympy.asin, mpmath.asin, (lambda x: 1 / sympy.sqrt(1 - x**2),), _within(-1, 1)
    ),
    Primitive(
        "acos", sympy.acos, mpmath.acos, (lambda x: -1 / sympy.sqrt(1 - x**2),), _within(-1, 1)
    ),
    Primitive("atan", sympy.atan, mpmath.atan, (lambda x: 1 / (1 + x**2),)),
    Primitive("sinh", sympy.sinh, mpmath.sinh, (sympy.cosh,)),
    Primitive("cosh", sympy.cosh, mpmath.cosh, (sympy.sinh,)),
    Primitive("tanh", sympy.tanh, mpmath.tanh, (lambda x: 1 - sympy.tanh(x) ** 2,)),
    Primitive("asinh", sympy.asinh, mpmath.asinh, (lambda x: 1 / sympy.sqrt(1 + x**2),)),
    Primitive(
        "acosh",
        sympy.acosh,
        mpmath.acosh,
        (lambda x: 1 / sympy.sqrt(x**2 - 1),),
        lambda x: LessEqual(ONE, x),
    ),
    Primitive("atanh", sympy.atanh, mpmath.atanh, (lambda x: 1 / (1 - x**2),), _within(-1, 1)),
    Primitive(
        "erf", sympy.erf, mpmath.erf, (lambda x: 2 * sympy.exp(-(x**2)) / sympy.sqrt(sympy.pi),)
    ),
    Primitive("abs", absolute, abs, (lambda x: Apply("sign", x),)),
    Primitive("sign", _apply("sign"), mpmath.sign, (lambda x: ZERO,)),
    Primitive("floor", _apply("floor"), mpmath.floor, (lambda x: ZERO,)),
    Primitive(
        "sigmoid",
        _apply("sigmoid"),
        lambda x: 1 / (1 + mpmath.exp(-x)),
        (lambda x: Apply("sigmoid", x) * Apply("sigmoid", -x),),
    ),
    Primitive("softplus", _apply("softplus"), _softplus, (_apply("sigmoid"),)),
    Primitive("lgamma", _apply("lgamma"), mpmath.loggamma, (_apply("digamma"),), _positive),
    Primitive("digamma", _apply("digamma"), mpmath.digamma, (_apply("trigamma"),), _positive),
    Primitive(
        "trigamma", _apply("trigamma"), lambda x: mpmath.psi(1, x), (lambda x: S.NaN,), _positive
    ),
    Primitive(
        "xlogy",
        _apply("xlogy"),
        _xlogy,
        (lambda x, y: sympy.log(y), lambda x, y: x / y),
        lambda x, y: Or(Equal(ZERO, x), _positive(y)),
        arity=2,
    ),
)

DEFINITIONS: tuple[Definition, ...] = (
    Definition("log1p", lambda x: sympy.log(1 + x), lambda x: Less(-ONE, x)),
    Definition("expm1", lambda x: sympy.exp(x) - 1),
    Definition("sqrt", sympy.sqrt, lambda x: LessEqual(ZERO, x)),
    Definition("relu", lambda x: Max(x, ZERO)),
    Definition(
        "logit",
        lambda p: sympy.log(p) - sympy.log(1 - p),
        lambda p: And(_positive(p), Less(p, ONE)),
    ),
    Definition("tan", lambda x: sympy.sin(x) / sympy.cos(x)),
    Definition("clamp", lambda x, low, high: Min(Max(x, low), high), arity=3),
    Definition(
        "ramp",
        lambda t, start, end: start + (end - start) * Min(Max(t, ZERO), ONE),
        arity=3,
    ),
    Definition(
        "cosine_ramp",
        lambda t, start, end: (
            end + (start - end) * (1 + sympy.cos(sympy.pi * Min(Max(t, ZERO), ONE))) / 2
        ),
        arity=3,
    ),
)

BY_NAME: dict[str, Primitive | Definition] = {row.name: row for row in PRIMITIVES + DEFINITIONS}

_BY_CLASS: dict[type, str] = {
    row.build: row.name for row in PRIMITIVES if isinstance(row.build, type)
} | {sympy.log: "log", sympy.Abs: "abs"}


def primitive_of(expr: Basic) -> Primitive | None:
    """The row whose head ``expr`` has, or ``None``."""
    name = expr.name if isinstance(expr, Apply) else _BY_CLASS.get(type(expr))
    row = BY_NAME.get(name) if name else None
    return row if isinstance(row, Primitive) else None


def operands(expr: Basic) -> tuple[Expr, ...]:
    """The arguments of an expression that :func:`primitive_of` knows."""
    return expr.operands if isinstance(expr, Apply) else expr.args
