"""Functions that call themselves, as loops that carry their last values.

A loop is a node whose arguments are the number of its last round, the values before the first
round, oldest first, and the value of a round. The leaves ``prior`` and ``round`` of that value
belong to one loop, whose name they bear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.codegen.plan import Array
from losslang.codegen.reading import read_at
from losslang.diagnostics import InternalError
from losslang.ir.binders import free_indices, fresh, substitute, walk
from losslang.ir.heads import ONE, ZERO, Axis, Index
from losslang.ir.loss import EXAMPLE
from losslang.ir.recursion import Prior, Recursion

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner


def plan_recursion(planner: Planner, e: Recursion) -> Array:
    """The array of a function that calls itself, read at a number and a place."""
    if e.at.is_Integer and e.at < e.first:
        rule = dict(zip(e.binders, e.rest, strict=True))
        return planner.plan(substitute(e.body.args[2], rule))
    moving = bool(free_indices(e.at))
    indices = _indices(planner, e)
    array = _loop(planner, e, indices, keep=moving or (e.first > 1 and not _ends_alike(e)))
    if len(array.axes) > len(indices):
        lowest = _lowest(e)
        array = read_at(planner, array, array.axes[-1], e.at - lowest)
    for index, place in zip(indices, e.place, strict=True):
        if index != place:
            array = read_at(planner, array, index, place)
    return array


def plan_prior(planner: Planner, e: Prior) -> Array:
    """An earlier value inside of the round of a loop."""
    array, indices = planner.earlier[e.args[0]][e.lag]
    moved = {i: p for i, p in zip(indices, e.place, strict=True) if i != p}
    marks = {index: Index(f"@{index.name}", index.axis) for index in moved}
    array = Array(array.node, tuple(marks.get(a, a) for a in array.axes))
    for index, place in moved.items():
        array = read_at(planner, array, marks[index], place)
    return array


def _indices(planner: Planner, e: Recursion) -> tuple[Index, ...]:
    """The indices along a value: the example at hand, and one of its own for each other place."""
    found: list[Index] = []
    for n, (index, place) in enumerate(zip(e.binders[1:], e.place, strict=True)):
        example = place == EXAMPLE and EXAMPLE not in found
        found.append(EXAMPLE if example else Index(f"@{n}{e.op}", index.axis))
    return tuple(found)


def _lowest(e: Recursion) -> int:
    return min(0, e.first - e.depth)


def _ends_alike(e: Recursion) -> bool:
    """Whether the base case is the same at every number, so that no round is as good as a few."""
    test, _, base = e.body.args
    return e.counter not in free_indices(substitute(base, {test: ZERO}))


def _loop(planner: Planner, e: Recursion, indices: tuple[Index, ...], *, keep: bool) -> Array:
    """The last value of a loop, or with ``keep`` all values along a last dimension."""
    last = _last(e)
    key = (e.closed, indices, last, keep)
    if key not in planner.loops:
        planner.loops[key] = _planned(planner, e, indices, last, keep)
    return planner.loops[key]


def _planned(
    planner: Planner, e: Recursion, indices: tuple[Index, ...], last: Expr, keep: bool
) -> Array:
    name = f"{e.op} {len(planner.loops)}"
    symbol = sympy.Symbol(f"@{name}", integer=True, positive=True)
    binders, _, body = e.open()
    rule = dict(zip(binders, (symbol, *indices), strict=True))
    test, step, base = (substitute(part, rule) for part in body.args)
    axes = (*(i for i in indices if i == EXAMPLE), *(i for i in indices if i != EXAMPLE))
    whole = _mixes(step, symbol, indices)
    planner.know(symbol, Array(planner.node("round", (), (name,), (), "static"), static=True))
    earlier: dict[int, tuple[Array, tuple[Index, ...]]] = {}
    for lag in range(1, e.depth + 1):
        made = planner.node("prior", (), (name, lag), axes)
        earlier[lag] = Array(made, axes), indices
    planner.earlier[symbol] = earlier
    lowest = _lowest(e) if keep else e.first - e.depth
    starts = [
        _state(planner, substitute(base, {test: ZERO, symbol: sympy.Integer(n)}), axes, whole)
        for n in range(lowest, e.first)
    ]
    planner.rounds += 1
    result = _state(planner, substitute(step, {test: ONE}), axes, whole)
    planner.rounds -= 1
    count = planner.plan(last)
    planner.scalars |= count.hypers
    all_axes = (*axes, fresh(Axis("step"), "step")) if keep else axes
    attrs = (name, e.op, e.first, e.depth, keep)
    made = planner.node("loop", (count.node, *starts, result), attrs, all_axes)
    return Array(made, all_axes)


def _state(planner: Planner, expr: Expr, axes: tuple[Index, ...], whole: bool) -> int:
    """The node of a value over ``axes``; without ``whole`` it may lack the examples."""
    if (expr.is_Rational or expr.is_infinite) and axes and (whole or axes != (EXAMPLE,)):
        axes = axes if whole else tuple(a for a in axes if a != EXAMPLE)
        sizes = [planner.axis_size(a.axis) for a in axes]
        return planner.node("full", sizes, (float(expr),), axes)
    array = planner.as_tensor(planner.as_float(planner.plan(expr)))
    if EXAMPLE not in axes:
        planner.scalars |= array.hypers
    if not whole and EXAMPLE not in array.axes:
        planner.scalars |= array.hypers
        axes = tuple(a for a in axes if a != EXAMPLE)
    return planner.over(array, axes)


def _mixes(step: Expr, counter: Expr, indices: tuple[Index, ...]) -> bool:
    """Whether a value depends on those of other examples."""
    priors = [p for p in walk(step) if isinstance(p, Prior) and p.args[0] == counter]
    return any(
        index == EXAMPLE and prior.place[n] != EXAMPLE
        for prior in priors
        for n, index in enumerate(indices)
    )


def _last(e: Recursion) -> Expr:
    """The greatest number at which the function is read."""
    if not free_indices(e.at):
        return e.at
    size = e.counter.axis.size
    if size is None:
        raise InternalError(f"nothing says how far {e.op} goes")
    return size - 1
