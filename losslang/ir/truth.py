"""Truth values: heads whose value is 0 or 1."""

from __future__ import annotations

from collections.abc import Iterable

import sympy
from sympy import Basic, Expr, Integer
from sympy.core.symbol import Str

from losslang.ir.heads import ONE, ZERO, Head


class Truth(Head):
    """A head whose value is 0 or 1."""

    is_integer = True
    is_nonnegative = True


class _Same(Truth):
    """Common part of :class:`Delta` and :class:`Equal`: the order of the two sides is no matter."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left == right:
            return ONE
        if left.is_Rational and right.is_Rational:
            return ZERO
        return Basic.__new__(cls, *sorted((left, right), key=sympy.default_sort_key))


class Delta(_Same):
    """1 where two indices are equal, else 0."""


class Equal(_Same):
    """1 where two numbers (or two labels) are equal, else 0."""


class Less(Truth):
    """1 where ``left < right``, else 0."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left.is_Rational and right.is_Rational:
            return Integer(int(bool(left < right)))
        return ZERO if left == right else Basic.__new__(cls, left, right)


class LessEqual(Truth):
    """1 where ``left <= right``, else 0."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left.is_Rational and right.is_Rational:
            return Integer(int(bool(left <= right)))
        return ONE if left == right else Basic.__new__(cls, left, right)


class Chosen(Truth):
    """1 where the hyperparameter ``name`` has the choice ``option``, else 0."""

    def __new__(cls, name: str | Str, option: str | Str) -> Expr:
        return Basic.__new__(cls, Str(str(name)), Str(str(option)))


def is_settled(test: Expr) -> bool:
    """Whether the choices of a call decide a condition, before any number is looked at."""
    if isinstance(test, And | Or | Not):
        return all(map(is_settled, test.args))
    return isinstance(test, Chosen)


def _flatten(cls: type[Truth], args: Iterable[Expr], neutral: Expr) -> list[Expr]:
    flat: dict[Expr, None] = {}
    for arg in args:
        for part in arg.args if isinstance(arg, cls) else (arg,):
            if part != neutral:
                flat[part] = None
    return list(flat)


class And(Truth):
    """1 where every argument is 1."""

    def __new__(cls, *args: Expr) -> Expr:
        flat = _flatten(cls, args, ONE)
        if ZERO in flat:
            return ZERO
        return flat[0] if len(flat) == 1 else Basic.__new__(cls, *flat) if flat else ONE


class Or(Truth):
    """1 where some argument is 1."""

    def __new__(cls, *args: Expr) -> Expr:
        flat = _flatten(cls, args, ZERO)
        if ONE in flat:
            return ONE
        return flat[0] if len(flat) == 1 else Basic.__new__(cls, *flat) if flat else ZERO


class Not(Truth):
    """1 where the argument is 0."""

    def __new__(cls, arg: Expr) -> Expr:
        if arg in (ZERO, ONE):
            return ONE - arg
        if isinstance(arg, Not):
            return arg.args[0]
        if isinstance(arg, Less):
            return LessEqual(arg.args[1], arg.args[0])
        if isinstance(arg, LessEqual):
            return Less(arg.args[1], arg.args[0])
        return Basic.__new__(cls, arg)


def conjuncts(*conditions: Expr) -> tuple[Expr, ...]:
    """The conditions one by one, those that always hold left out."""
    made = (c.args if isinstance(c, And) else (c,) for c in conditions)
    return tuple(part for parts in made for part in parts if part != ONE)
