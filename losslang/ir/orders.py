"""Built-in functions that look at the order of entries: rank, sort, quantiles, running sums."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.binders import free_indices
from losslang.ir.calls import (
    array_argument,
    dropped,
    guard_along,
    take_only,
)
from losslang.ir.frame import Frame
from losslang.ir.heads import Index, Size
from losslang.ir.reduce import Ordered
from losslang.ir.values import Value, slot
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
    """The entries in descending order, over a rank axis of its own."""
    take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    return _sorted(elab, value, index, Size(index.axis))


def topk(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The ``n`` largest entries in descending order, over a rank axis of its own."""
    take_only(node, 2, "axis")
    value, index = array_argument(elab, node, frame)
    count = elab.scalar(node.args[1], frame)
    if count.kind != "int" or free_indices(count.body):
        fail("range-size", "topk takes how many as an int", node.args[1].span)
    return _sorted(elab, value, index, count.body)


def _sorted(elab: Elaborator, value: Value, index: Index, count: Expr) -> Value:
    axis = elab.new_axis("rank", count)
    body = Ordered("sort", (index,), guard_along(value, index), value.body, slot(axis))
    return replace(value, body=body, axes=(*(a for a in value.axes if slot(a) != index), axis))


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
