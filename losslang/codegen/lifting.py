"""Parts of a formula that know of two indices only their sum, computed once for every sum.

In ``sum(g[a] * (x[h + a] - y[h + a])**2 for a in range(n))`` the square is the same wherever
``h + a`` is. It is computed for each such place, and windows of the result are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

import sympy
from sympy import Basic, Expr

from losslang.codegen import reading
from losslang.codegen.affine import affine
from losslang.codegen.plan import Array
from losslang.ir.binders import Binder, free_indices, fresh
from losslang.ir.heads import At, Axis, Index, Size, Tensor

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner

Form = frozenset[tuple[Index, int]]
"""How often each index counts at one place where something is read; one index alone stands bare."""

Pair = tuple[tuple[Index, int], tuple[Index, int]]


def lifted(planner: Planner, e: Expr) -> Array | None:
    """The array of an expression that knows of two indices only their sum, or ``None``."""
    if isinstance(e, At | Index | Tensor | Axis) or not e.args:
        return None
    pair = shared(e)
    if pair is None:
        return None
    (first, one), (second, other) = pair
    extent = one * (Size(first.axis) - 1) + other * (Size(second.axis) - 1) + 1
    place = fresh(Axis(first.axis.name, sympy.expand(extent)))
    array = planner.plan(_at(e, pair, place))
    return reading.read_at(planner, array, place, one * first + other * second)


def grouped(factors: Iterable[Expr]) -> list[Expr]:
    """The factors of a product; those that know only the same sum are one factor."""
    groups: dict[object, list[Expr]] = {}
    for n, factor in enumerate(factors):
        groups.setdefault(shared(factor) or n, []).append(factor)
    return [sympy.Mul(*group) for group in groups.values()]


@lru_cache(maxsize=1 << 14)
def shared(e: Expr) -> Pair | None:
    """Two indices of which only one sum is known, as in ``2 * h + a``."""
    forms = [dict(form) for form in _forms(e)]
    for form in forms:
        indices = sorted(form, key=str)
        for n, first in enumerate(indices):
            for second in indices[n + 1 :]:
                one, other = form[first], form[second]
                whole = gcd(one, other)
                same = all(f.get(first, 0) * other == f.get(second, 0) * one for f in forms)
                if same and one > 0 and other > 0:
                    return (first, one // whole), (second, other // whole)
    return None


@lru_cache(maxsize=1 << 16)
def _forms(e: Basic) -> frozenset[Form]:
    """The free indices of an expression as they stand together."""
    if isinstance(e, Index):
        return frozenset((frozenset(((e, 1),)),))
    found: set[Form] = set()
    for arg in e.args:
        form = affine(arg) if isinstance(e, At) and isinstance(arg, Expr) else None
        found |= _forms(arg) if form is None else {frozenset(form.factors.items())}
    if isinstance(e, Binder):
        found = {frozenset(p for p in form if p[0] not in e.binders) for form in found}
        found.discard(frozenset())
    return frozenset(found)


def _at(e: Basic, pair: Pair, place: Index) -> Expr:
    """An expression at the place that is the sum of two indices."""
    (first, one), (second, _) = pair
    if isinstance(e, At):
        moved = []
        for index in e.indices:
            form = affine(index)
            factors = {} if form is None else form.factors
            taken = sympy.Add(*(n * i for i, n in factors.items() if i in (first, second)))
            moved.append(sympy.expand(index - taken + factors.get(first, 0) // one * place))
        return At(e.tensor, *moved)
    if not e.args or free_indices(e).isdisjoint((first, second)):
        return e
    if isinstance(e, Binder):
        indices, guard, body = e.open()
        rest = [_at(a, pair, place) for a in e.rest]
        return e.func(e.op, indices, _at(guard, pair, place), _at(body, pair, place), *rest)
    return e.func(*(_at(a, pair, place) for a in e.args))
