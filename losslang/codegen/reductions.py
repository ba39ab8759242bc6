"""Folds over axes: guards become fills, sums of products become contractions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce as fold
from typing import TYPE_CHECKING

from sympy import Expr, Mul

from losslang.codegen import arithmetic, lifting
from losslang.codegen.plan import Array, DType, common_axes
from losslang.ir.heads import ONE, Index
from losslang.ir.inside import implied
from losslang.ir.loss import BATCH
from losslang.ir.recursion import Recursion
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Not, Or

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner

_FILL = {
    "sum": 0.0,
    "norm": 0.0,
    "mean": 0.0,
    "prod": 1.0,
    "max": float("-inf"),
    "min": float("inf"),
    "logsumexp": float("-inf"),
    "logmeanexp": float("-inf"),
    "argmax": float("-inf"),
    "argmin": float("inf"),
}

_TORCH_REDUCTION = {"max": "amax", "min": "amin", "logmeanexp": "logsumexp"}


def plan_reduce(planner: Planner, e: Reduce) -> Array:
    """The array of a fold."""
    if e.op in ("any", "all"):
        return _any_all(planner, e)
    if e.op == "root_mean_square":
        return _root_mean_square(planner, e)
    if e.op in ("sum", "mean"):
        contracted = _contraction(planner, e)
        if contracted is not None:
            return contracted
    body = planner.plan(e.body)
    if e.guard == ONE:
        if body.static:
            body = planner.as_tensor(body)
        array = planner.as_float(body)
        count: Array | None = None
    else:
        guard = planner.truth_tensor(planner.plan(e.guard))
        count = _count(planner, guard, e.binders)
        if e.body == ONE and e.op == "sum":
            return count
        array = filled(planner, guard, planner.as_float(body), _FILL[e.op])
    return _collapsed(planner, e, array, count)


def filled(planner: Planner, guard: Array, body: Array, value: float) -> Array:
    """``body`` with ``value`` where ``guard`` is 0."""
    return planner.map("fill", [guard, body], (value,))


def _count(planner: Planner, guard: Array, binders: tuple[Index, ...]) -> Array:
    present = tuple(b for b in binders if b in guard.axes)
    total = _collapse(planner, "sum", planner.as_float(guard), present)
    return _times_sizes(planner, total, [b for b in binders if b not in guard.axes])


def _times_sizes(planner: Planner, array: Array, missing: Sequence[Index]) -> Array:
    for index in missing:
        array = planner.map("mul", [array, Array(planner.axis_size(index.axis), static=True)])
    return array


def _collapse(planner: Planner, op: str, array: Array, binders: Sequence[Index]) -> Array:
    if not binders:
        return array
    rest = tuple(a for a in array.axes if a not in binders)
    dims = tuple(array.axes.index(b) - len(array.axes) for b in binders)
    dtype: DType = "int" if op.startswith("arg") else "bool" if op in ("any", "all") else "float"
    made = planner.node(op, (array.node,), dims, rest, dtype)
    return Array(made, rest, hypers=array.hypers)


def _collapsed(planner: Planner, e: Reduce, array: Array, count: Array | None) -> Array:
    present = [b for b in e.binders if b in array.axes]
    missing = [b for b in e.binders if b not in array.axes]
    op = _TORCH_REDUCTION.get(e.op, e.op)
    if op == "logsumexp" and (planner.rounds or e.body.has(Recursion)):
        # The logarithm of a probability may be -inf at some places, and at all of them early on.
        op = "logsumexp_of_any"
    if e.op == "mean" and (count is not None or any(_may_be_empty(planner, b) for b in present)):
        total = _collapse(planner, "sum", array, present)
        if count is None:
            sizes = [Array(planner.axis_size(b.axis), static=True) for b in present]
            number = fold(lambda a, b: planner.map("mul", [a, b]), sizes)
            nonzero = planner.map("static_maximum", [number, planner.constant(ONE)])
        else:
            total = _times_sizes(planner, total, missing)
            nonzero = planner.map("clamp_min", [count, planner.constant(ONE)])
        return planner.map("div", [total, nonzero])
    result = _collapse(planner, op, array, present)
    if e.op == "sum":
        return _times_sizes(planner, result, missing)
    if e.op in ("logmeanexp", "logsumexp"):
        return _log_count(planner, e, result, present, missing, count)
    return result


def _may_be_empty(planner: Planner, index: Index) -> bool:
    size = index.axis.size
    if size is None:
        return index.axis == BATCH
    return not implied(size - 1, ONE, planner.domains)


def _root_mean_square(planner: Planner, e: Reduce) -> Array:
    """A number before what is squared divides the count, so that it enters before the root."""
    number, body = e.body.as_coeff_Mul()
    array, count = planner.as_tensor(planner.as_float(planner.plan(body))), None
    if e.guard != ONE:
        guard = planner.truth_tensor(planner.plan(e.guard))
        array = filled(planner, guard, array, 0.0)
        least = planner.constant(ONE)
        count = planner.map("clamp_min", [_count(planner, guard, e.binders), least])
    present = [b for b in e.binders if b in array.axes]
    if count is None:
        sizes = [Array(planner.axis_size(b.axis), static=True) for b in present]
        count = planner.as_tensor(fold(lambda a, b: planner.map("mul", [a, b]), sizes))
    if abs(number) != ONE:
        count = planner.map("div", [count, planner.constant(number**2)])
    rest = tuple(a for a in array.axes if a not in present)
    dims = tuple(array.axes.index(b) - len(array.axes) for b in present)
    spread = planner.spread(count, rest) if count.axes else count.node
    made = planner.node("root_mean_square", (array.node, spread), dims, rest)
    return Array(made, rest, hypers=array.hypers)


def _log_count(
    planner: Planner,
    e: Reduce,
    result: Array,
    present: list[Index],
    missing: list[Index],
    count: Array | None,
) -> Array:
    counted = present if e.op == "logmeanexp" else missing
    if e.op == "logmeanexp" and count is not None:
        number = planner.map("clamp_min", [count, planner.constant(ONE)])
    elif counted:
        sizes = [Array(planner.axis_size(b.axis), static=True) for b in counted]
        size = fold(lambda a, b: planner.map("mul", [a, b]), sizes)
        if e.op == "logmeanexp" and any(
            b.axis != BATCH and _may_be_empty(planner, b) for b in counted
        ):
            size = planner.map("static_maximum", [size, planner.constant(ONE)])
        number = planner.as_tensor(size)
    else:
        return result
    sign = "-" if e.op == "logmeanexp" else "+"
    return planner.map("add", [result, planner.map("log", [number])], ("+", sign))


def _any_all(planner: Planner, e: Reduce) -> Array:
    parts = [e.guard, e.body] if e.op == "any" else [Or(Not(e.guard), e.body)]
    array = planner.truth_tensor(planner.plan(And(*parts)))
    return _collapse(planner, e.op, array, [b for b in e.binders if b in array.axes])


def _contraction(planner: Planner, e: Reduce) -> Array | None:
    """A sum of products whose factors have different axes, without forming the product."""
    groups: dict[tuple[Index, ...], list[Expr]] = {}
    outside: list[Expr] = []
    for factor in lifting.grouped(Mul.make_args(e.body)):
        axes = planner.plan(factor).axes
        if axes:
            groups.setdefault(axes, []).append(factor)
        else:
            outside.append(factor)
    merged: dict[tuple[Index, ...], list[Expr]] = {}
    for axes in sorted(groups, key=len, reverse=True):
        home = next((big for big in merged if set(axes) <= set(big)), axes)
        merged.setdefault(home, []).extend(groups[axes])
    union = common_axes(list(merged))
    if len(merged) < 2 or any(set(union) == set(axes) for axes in merged):
        return None
    arrays = [
        planner.as_float(arithmetic.multiplied(planner, [planner.plan(f) for f in fs]))
        for fs in merged.values()
    ]
    count: Array | None = None
    if e.guard != ONE:
        guard = planner.truth_tensor(planner.plan(e.guard))
        guarded = [set(guard.axes) <= set(array.axes) for array in arrays]
        if guard.static or not any(guarded):
            return None
        arrays = [
            filled(planner, guard, array, 0.0) if kept else array
            for array, kept in zip(arrays, guarded, strict=True)
        ]
        count = _count(planner, guard, e.binders) if e.op == "mean" else None
    rest = tuple(a for a in union if a not in e.binders)
    letters = _letters(union)
    text = ",".join("".join(letters[a] for a in array.axes) for array in arrays)
    spec = f"{text}->{''.join(letters[a] for a in rest)}"
    made = planner.node("einsum", [array.node for array in arrays], (spec,), rest)
    total = Array(made, rest)
    planner.scalars.update(*(array.hypers for array in arrays))
    if count is not None:
        total = planner.map(
            "div", [total, planner.map("clamp_min", [count, planner.constant(ONE)])]
        )
    elif e.op == "mean":
        for b in e.binders:
            size = Array(planner.axis_size(b.axis), static=True)
            total = planner.map(
                "div", [total, planner.map("static_maximum", [size, planner.constant(ONE)])]
            )
    else:
        total = _times_sizes(planner, total, [b for b in e.binders if b not in union])
    return (
        arithmetic.multiplied(planner, [planner.plan(f) for f in outside] + [total])
        if outside
        else total
    )


def _letters(axes: tuple[Index, ...]) -> dict[Index, str]:
    """A letter for each axis: the first of its name where that is free."""
    letters: dict[Index, str] = {}
    for index in axes:
        wanted = [*index.axis.name.lower(), *"ijklmnopqrstuvwxyz"]
        if index.axis == BATCH:
            wanted = list("ijklmn")
        letters[index] = next(c for c in wanted if c.isalpha() and c not in letters.values())
    return letters
