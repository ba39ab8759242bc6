"""Reductions over axes of known size, written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import sympy
from sympy import Basic, Expr, Integer

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, ZERO, Axis, Branch, Max, Min, Size
from losslang.ir.reduce import EMPTY, MAX_UNROLLED, Ordered, Reduce
from losslang.ir.truth import And, Not, Or


class Unknown(Exception):
    """A formula holds an operation that is not written out."""


Place = tuple[Expr, Expr]
"""A guard, and the value where it is 1."""


def written_out(expr: Expr, sizes: Mapping[Axis, int]) -> Expr:
    """``expr`` with every reduction over axes of known size as a finite formula.

    An axis has a known size if ``sizes`` tells it, or if its own is a number (at most 64).
    Raises :class:`Unknown` for ``argmax`` and for what is ordered along such an axis.
    """
    memo: dict[Basic, Basic] = {}

    def known(axis: Axis) -> int | None:
        if axis in sizes:
            return sizes[axis]
        size = axis.size
        small = size is not None and size.is_Integer and size <= MAX_UNROLLED
        return max(0, int(size)) if small and size is not None else None

    def visit(e: Basic) -> Basic:
        if not e.args:
            return e
        if e not in memo:
            memo[e] = rebuilt(e)
        return memo[e]

    def rebuilt(e: Basic) -> Basic:
        if isinstance(e, Size):
            size = known(e.axis)
            return e if size is None else Integer(size)
        if isinstance(e, Reduce):
            counts = [known(index.axis) for index in e.binders]
            if None not in counts:
                return fold(e, [range(n) for n in counts if n is not None])
            if any(n is not None for n in counts):
                raise Unknown("an axis of known size beside one of unknown size")
            indices, guard, body = e.open()
            return Reduce(e.op, indices, visit(guard), visit(body))
        if isinstance(e, Ordered):
            if any(known(index.axis) is not None for index in e.binders):
                raise Unknown(f"{e.op} along an axis")
            return e
        args = [visit(a) if isinstance(a, Expr) else a for a in e.args]
        return e if all(n is o for n, o in zip(args, e.args, strict=True)) else e.func(*args)

    def fold(e: Reduce, ranges: Sequence[range]) -> Basic:
        places: list[Place] = []
        for place in product(*ranges):
            rule = dict(zip(e.binders, map(Integer, place), strict=True))
            guard = visit(substitute(e.guard, rule))
            if guard != ZERO:
                places.append((guard, visit(substitute(e.body, rule))))
        return folded(e.op, places)

    return visit(expr)


def folded(op: str, places: Sequence[Place]) -> Expr:
    """``op`` of the values whose guards are 1. Raises :class:`Unknown`."""
    if not places:
        if op not in EMPTY:
            raise Unknown(f"{op} over nothing")
        return EMPTY[op]
    if op in _ALWAYS:
        return _ALWAYS[op](places)
    if op not in _UNGUARDED or any(guard != ONE for guard, _ in places):
        raise Unknown(f"{op} of values that may be left out")
    return _UNGUARDED[op]([value for _, value in places])


def _sum(places: Sequence[Place]) -> Expr:
    return sympy.Add(*(Branch(guard, value, ZERO) for guard, value in places))


def _mean(places: Sequence[Place]) -> Expr:
    guards = [guard for guard, _ in places]
    return Branch(Or(*guards), _sum(places) / sympy.Add(*guards), ZERO)


def _log_of_sum(values: Sequence[Expr]) -> Expr:
    return sympy.log(sympy.Add(*map(sympy.exp, values)))


_ALWAYS: dict[str, Callable[[Sequence[Place]], Expr]] = {
    "sum": _sum,
    "mean": _mean,
    "prod": lambda places: sympy.Mul(*(Branch(g, v, ONE) for g, v in places)),
    "any": lambda places: Or(*(And(g, v) for g, v in places)),
    "all": lambda places: And(*(Or(Not(g), v) for g, v in places)),
}

_UNGUARDED: dict[str, Callable[[Sequence[Expr]], Expr]] = {
    "max": lambda values: Max(*values),
    "min": lambda values: Min(*values),
    "logsumexp": _log_of_sum,
    "logmeanexp": lambda values: _log_of_sum(values) - sympy.log(len(values)),
}
