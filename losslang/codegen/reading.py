"""Reads of arrays: at a running index, at a constant, or at an index that is itself an array."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr

from losslang.codegen import states, windows
from losslang.codegen.plan import Array, common_axes
from losslang.ir.heads import At, Index, Tensor
from losslang.ir.loss import EXAMPLE
from losslang.ir.values import slot

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner


def plan_read(planner: Planner, e: At) -> Array:
    """The array of an indexed read."""
    array = _array(planner, e.tensor)
    places = array.axes
    pairs = sorted(zip(places, e.indices, strict=True), key=lambda p: not isinstance(p[1], Index))
    for place, index in pairs:
        array = read_at(planner, array, place, index)
    return array


def _array(planner: Planner, tensor: Tensor) -> Array:
    """The whole array, with an index of its own along each dimension."""
    if tensor in planner.states:
        found = states.plan_state(planner, planner.states[tensor])
    elif tensor in planner.following:
        found = states.plan_following(planner, planner.following[tensor])
    else:
        storage = planner._storage[tensor]
        axes = tuple(map(slot, storage.axes))
        made = planner.node("read", attrs=(storage.name,), axes=axes, dtype=storage.dtype)
        if not axes:
            return Array(made, static=True, hypers=frozenset((storage.name,)))
        found = Array(made, axes)
    return replace(found, axes=tuple(Index(f"@{n}", a.axis) for n, a in enumerate(found.axes)))


def read_at(planner: Planner, array: Array, place: Index, index: Expr) -> Array:
    """``array`` read at ``index`` along the dimension of ``place``."""
    if windows.computed(index, place.axis):
        return windows.read(planner, array, place, index)
    dim = array.axes.index(place)
    dtype = planner.dtype(array)
    if isinstance(index, Index) and index not in array.axes:
        axes = tuple(index if a == place else a for a in array.axes)
        if index == EXAMPLE:
            planner.scalars |= array.hypers
            return planner.example_first(Array(array.node, axes))
        return planner.example_first(replace(array, axes=axes))
    rest = tuple(a for a in array.axes if a != place)
    if isinstance(index, Index):
        other = array.axes.index(index)
        axes = (*(a for a in rest if a != index), index)
        dims = tuple(sorted((dim - len(array.axes), other - len(array.axes))))
        made = planner.node("diagonal", (array.node,), dims, axes, dtype)
        return planner.example_first(replace(array, node=made, axes=axes))
    if index.is_Integer:
        made = planner.node(
            "select", (array.node,), (dim - len(array.axes), int(index)), rest, dtype
        )
        return replace(array, node=made, axes=rest)
    return read_where(planner, array, place, planner.plan(index))


def read_where(planner: Planner, array: Array, place: Index, where: Array) -> Array:
    """``array`` read along the dimension of ``place`` where an array of whole numbers says."""
    dim = array.axes.index(place)
    dtype = planner.dtype(array)
    rest = tuple(a for a in array.axes if a != place)
    if array.hypers and not rest and where.axes == (EXAMPLE,):
        made = planner.node("pick", (array.node, where.node), (), where.axes, dtype)
        return Array(made, where.axes)
    if where.static and not where.hypers:
        away = dim - len(array.axes)
        made = planner.node("select_at", (array.node, where.node), (away,), rest, dtype)
        return planner.example_first(replace(array, node=made, axes=rest))
    planner.scalars |= array.hypers
    if not set(where.axes) & set(rest):
        axes = rest + where.axes
        moved = planner.spread(array, (*rest, place))
        made = planner.node("take", (moved, where.node), (), axes, dtype)
        return planner.example_first(Array(made, axes))
    new = [a for a in where.axes if a not in rest]
    if len(new) == 1:
        axes = tuple(new[0] if a == place else a for a in array.axes)
        spot = planner.spread(where, axes)
        made = planner.node("along", (array.node, spot), (dim - len(axes),), axes, dtype)
        return planner.example_first(Array(made, axes))
    out = common_axes([rest, where.axes])
    if out == rest:
        spot = planner.spread(where, array.axes)
        op = "gather" if set(where.axes) == set(rest) else "take_along"
        made = planner.node(op, (array.node, spot), (dim - len(array.axes),), rest, dtype)
        return Array(made, rest)
    moved = planner.spread(array, (*out, place))
    spot = planner.spread(where, (*out, place))
    return Array(planner.node("take_along", (moved, spot), (-1,), out, dtype), out)
