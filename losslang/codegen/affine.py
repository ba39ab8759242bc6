"""Indices as arithmetic on running indices: `2 * h + a + 1` is 2 of `h`, 1 of `a`, and 1 more."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Integer

from losslang.ir.binders import free_indices, occurs, walk
from losslang.ir.heads import At, Index
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce


@dataclass(frozen=True)
class Affine:
    """``sum(factor * index) + start``; the same ``start`` for every example, no factor 0."""

    factors: dict[Index, int]
    start: Expr


def affine(expr: Expr) -> Affine | None:
    """An expression as whole multiples of indices and a start that has none; or ``None``."""
    factors: dict[Index, int] = {}
    start: list[Expr] = []
    for term in sympy.Add.make_args(sympy.expand(expr)):
        number, rest = term.as_coeff_Mul()
        if isinstance(rest, Index) and number.is_Integer:
            factors[rest] = factors.get(rest, 0) + int(number)
        elif not free_indices(term) and not any(isinstance(e, At | Reduce) for e in walk(term)):
            start.append(term)
        else:
            return None
    return Affine({i: n for i, n in factors.items() if n}, sympy.Add(*start))


def is_shifted(expr: Expr, index: Index) -> bool:
    """Whether something is read at a place that is computed from ``index``."""
    return any(
        isinstance(e, At)
        and any(not isinstance(place, Index) and occurs(index, place) for place in e.indices)
        for e in walk(expr)
    )


def floor_of(expr: Expr, divisor: int) -> Expr:
    """The whole part of ``expr / divisor``: equal ones are written alike."""
    if divisor == 1:
        return expr
    number, rest = sympy.expand(expr).as_coeff_Add()
    whole, left = divmod(int(number), divisor)
    if rest == 0:
        return Integer(whole)
    divided = sympy.expand((rest + left) / divisor)
    return whole + (divided if divided.is_integer else Apply("floor", divided))
