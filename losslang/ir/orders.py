"""Built-in functions that look at the order of entries: rank, sort, quantiles, running sums."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy

from losslang.diagnostics import fail
from losslang.ir.binders import free_indices
from losslang.ir.calls import (
    array_argument,
    dropped,
    guard_along,
    over,
    take_only,
)
from losslang.ir.frame import Frame
from losslang.ir.heads import Axis, Index, Size
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta
from losslang.ir.values import Value, elementwise, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def rank(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Rank along an axis: 0 for the largest, ties to the earlier place."""
    take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    return replace(
        value,
        body=Ordered("rank", (index,), guard_along(value, index), value.body, index),
        kind="int",
    )


def cumsum(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Running sum along an axis."""
    take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    return replace(
        value, body=Ordered("cumsum", (index,), guard_along(value, index), value.body, index)
    )


def sort(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The entries in descending order, over an axis that all sorts along the same axis share.

    ``by=`` names what is in descending order instead, ties as in :func:`rank`.
    """
    take_only(node, 1, "axis", "by")
    value, index = array_argument(elab, node, frame)
    ranks = Axis(f"ranks of {index.axis}", Size(index.axis))
    for keyword in node.keywords:
        if keyword.name == "by":
            key = elab.value(keyword.value, frame)
            over(elab, key, index.axis, keyword.value)
            return _sorted_by(value, key, index, ranks)
    return _sorted(value, index, ranks)


def topk(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The ``n`` largest entries in descending order, over an axis of their own."""
    take_only(node, 2, "axis")
    value, index = array_argument(elab, node, frame)
    count = elab.scalar(node.args[1], frame)
    if count.kind != "int" or free_indices(count.body):
        fail("range-size", "topk takes how many as an int", node.args[1].span)
    return _sorted(value, index, Axis(f"first {count.body} of {index.axis}", count.body))


def _sorted(value: Value, index: Index, ranks: Axis) -> Value:
    axis = _ranks_of(value, index, ranks)
    body = Ordered("sort", (index,), guard_along(value, index), value.body, slot(axis))
    return replace(value, body=body, axes=(*(a for a in value.axes if slot(a) != index), axis))


def _sorted_by(value: Value, key: Value, index: Index, ranks: Axis) -> Value:
    """Each rank has the entry of ``value`` where ``key`` has that rank."""
    pair = elementwise(sympy.Mul, value, key)
    axis, guard = _ranks_of(pair, index, ranks), guard_along(pair, index)
    here = Delta(Ordered("rank", (index,), guard, key.body, index), slot(axis))
    axes = (*(a for a in pair.axes if slot(a) != index), axis)
    return replace(pair, body=Reduce("sum", (index,), guard, here * value.body), axes=axes)


def _ranks_of(value: Value, index: Index, ranks: Axis) -> Axis:
    second = any(slot(a) == index and a != a.base for a in value.axes)
    return ranks.other if second else ranks


def quantile(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The ``q``-quantile along an axis, linear between order statistics."""
    take_only(node, 2, "axis")
    value, index = array_argument(elab, node, frame)
    level = elab.scalar(node.args[1], frame)
    return dropped(
        value,
        index,
        Ordered("quantile", (index,), guard_along(value, index), value.body, level.body),
    )
