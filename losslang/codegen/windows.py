"""Reads at computed places: shifts and strides are slices, sums of two indices are windows.

`x[2 * h + a + 1]` over `h` and `a` is a window of `a` at every second `h`, the first at 1. Where it
is not known to lie inside the array, a guard masks it, and the array gets zeros at its ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.codegen import reading
from losslang.codegen.affine import Affine, affine, floor_of
from losslang.codegen.plan import Array
from losslang.codegen.whole import count, whole
from losslang.ir.binders import free_indices
from losslang.ir.heads import ONE, ZERO, Axis, Index, Max, Size
from losslang.ir.inside import implied, inside, is_floor

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner


def computed(index: Expr, axis: Axis) -> bool:
    """Whether an index is more than one that runs over the whole axis, a number, or a read."""
    if isinstance(index, Index):
        return index.axis.size not in (None, Size(axis))
    whole = isinstance(index, sympy.Add | sympy.Mul) or is_floor(index)
    return whole and bool(free_indices(index))


def read(planner: Planner, array: Array, place: Index, index: Expr) -> Array:
    """``array`` read at a computed index along the dimension of ``place``."""
    form = affine(index)
    if form is None or not _is_fixed(planner, form):
        return _looked_up(planner, array, place, index)
    planner.scalars |= array.hypers
    array = replace(array, hypers=frozenset())
    # A negative factor is a positive one of the index counted from its end.
    behind = {i for i, factor in form.factors.items() if factor < 0}
    start = form.start + sympy.Add(*(form.factors[i] * (Size(i.axis) - 1) for i in behind))
    form = Affine({i: abs(factor) for i, factor in form.factors.items()}, sympy.expand(start))
    if not isinstance(index, Index):
        array, place, form = _padded(planner, array, place, form)
    elif not implied(Size(place.axis) - Size(index.axis), ONE, planner.domains):
        return reading.read_at(planner, *_narrowed(planner, array, place, index), index)
    while len(form.factors) > 1:
        array, place, form = _window(planner, array, place, form, behind)
    ((last, step),) = form.factors.items()
    array, place = _sliced(planner, array, place, form.start, step, last)
    if last in behind:
        array = _flipped(planner, array, place)
    return reading.read_at(planner, array, place, Index(last.name, last.axis))


def _is_fixed(planner: Planner, form: Affine) -> bool:
    """Whether the places are the same for every example."""
    parts = [form.start, *(Size(i.axis) for i in form.factors)]
    return bool(form.factors) and all(whole(planner, part).static for part in parts)


def _padded(
    planner: Planner, array: Array, place: Index, form: Affine
) -> tuple[Array, Index, Affine]:
    """The array with as many zeros at its ends as are needed for every place to exist."""
    size = Size(place.axis)
    last = form.start + sympy.Add(*(n * (Size(i.axis) - 1) for i, n in form.factors.items()))
    low = ZERO if implied(form.start, ONE, planner.domains) else Max(ZERO, -form.start)
    over = sympy.expand(last - size + 1)
    high = ZERO if implied(-over, ONE, planner.domains) else Max(ZERO, over)
    if low == ZERO and high == ZERO:
        return array, place, form
    dim = array.axes.index(place) - len(array.axes)
    ends = [whole(planner, low).node, whole(planner, high).node]
    wider = Index(place.name, Axis(place.axis.name, sympy.expand(size + low + high)))
    axes = tuple(wider if a == place else a for a in array.axes)
    made = planner.node("pad", (array.node, *ends), (dim,), axes, planner.dtype(array))
    return replace(array, node=made, axes=axes), wider, Affine(form.factors, form.start + low)


def _window(
    planner: Planner, array: Array, place: Index, form: Affine, behind: set[Index]
) -> tuple[Array, Index, Affine]:
    """One index of several becomes a dimension of its own, at each place that the others give."""
    inner = min(form.factors, key=lambda i: (Size(i.axis).has(Size), not i.level, i.level, i.name))
    factor = form.factors[inner]
    width = sympy.expand(factor * (Size(inner.axis) - 1) + 1)
    dim = array.axes.index(place) - len(array.axes)
    fewer = Index(place.name, Axis(place.axis.name, sympy.expand(Size(place.axis) - width + 1)))
    within = Index(f"{place.name}+", Axis(inner.axis.name, width))
    axes = (*(fewer if a == place else a for a in array.axes), within)
    size = whole(planner, width).node
    made = planner.node("windows", (array.node, size), (dim,), axes, planner.dtype(array))
    array, within = _sliced(
        planner, replace(array, node=made, axes=axes), within, ZERO, factor, inner
    )
    if inner in behind:
        array = _flipped(planner, array, within)
    array = reading.read_at(planner, array, within, Index(inner.name, inner.axis))
    rest = {i: n for i, n in form.factors.items() if i != inner}
    return array, fewer, Affine(rest, form.start)


def _narrowed(planner: Planner, array: Array, place: Index, index: Index) -> tuple[Array, Index]:
    """The first places of a dimension; torch refuses to read more than there are."""
    dim = array.axes.index(place) - len(array.axes)
    taken = Index(f"{place.name}'", index.axis)
    axes = tuple(taken if a == place else a for a in array.axes)
    number = whole(planner, count(planner, index.axis)).node
    made = planner.node("narrow", (array.node, number), (dim,), axes, planner.dtype(array))
    return replace(array, node=made, axes=axes), taken


def _sliced(
    planner: Planner, array: Array, place: Index, start: Expr, step: int, index: Index
) -> tuple[Array, Index]:
    """The places ``start + step * index`` of a dimension, and their place."""
    size, number = Size(place.axis), sympy.expand(Size(index.axis))
    taken = Index(f"{place.name}'", Axis(index.axis.name, Size(index.axis)))
    axes = tuple(taken if a == place else a for a in array.axes)
    if start == ZERO and step == 1 and number == sympy.expand(size):
        return replace(array, axes=axes), taken
    dim = array.axes.index(place) - len(array.axes)
    given = [array.node]
    ends: list[object] = []
    to_end = floor_of(sympy.expand(size - start + step - 1), step)
    cut = ZERO if sympy.expand(to_end - number) == ZERO else start + step * number - size
    behind = start + step * count(planner, index.axis)
    for end, written in ((start, start), (sympy.expand(cut), behind)):
        if end.is_Integer:
            ends.append(None if end == ZERO or (written is behind and end > 0) else int(end))
        else:
            ends.append("@")
            given.append(whole(planner, written).node)
    made = planner.node("slice", given, (dim, *ends, step), axes, planner.dtype(array))
    return replace(array, node=made, axes=axes), taken


def _flipped(planner: Planner, array: Array, place: Index) -> Array:
    dim = array.axes.index(place) - len(array.axes)
    made = planner.node("flip", (array.node,), (dim,), array.axes, planner.dtype(array))
    return replace(array, node=made)


def _looked_up(planner: Planner, array: Array, place: Index, index: Expr) -> Array:
    """The array read where an array of whole numbers says, which is kept inside."""
    where = whole(planner, index)
    if not inside(index, place.axis, ONE, planner.domains):
        last = whole(planner, Max(ZERO, Size(place.axis) - 1))
        where = planner.map("clamp_max", [where, last], dtype="int")
        where = planner.map("clamp_min", [where, planner.constant(ZERO)], dtype="int")
    planner.scalars |= where.hypers
    return reading.read_where(planner, array, place, replace(where, hypers=frozenset()))
