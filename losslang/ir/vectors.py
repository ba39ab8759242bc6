"""Built-in functions of vectors: norms and angles, softmax, one-hot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir import indexing, limits
from losslang.ir.calls import (
    array_argument,
    dropped,
    guard_along,
    only_axis,
    over,
    take_only,
)
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, Index, Size
from losslang.ir.primitives import Apply, absolute, log
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta
from losslang.ir.values import Value, elementwise, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def softmax(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``softmax`` and ``log_softmax`` along an axis."""
    take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    guard = guard_along(value, index)
    log = value.body - Reduce("logsumexp", (index,), guard, value.body)
    body = log if node.function.id == "log_softmax" else sympy.exp(log)
    return replace(value, body=body, kind="real")


def _squares(value: Value, index: Index) -> Expr:
    return Reduce("sum", (index,), guard_along(value, index), value.body**2)


def norm(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``norm(v)``: Euclidean, or ``norm(v, p)``."""
    if not 1 <= len(node.args) <= 2:
        take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    if len(node.args) == 1:
        return dropped(value, index, sympy.sqrt(_squares(value, index)))
    order, guard = elab.scalar(node.args[1], frame).body, guard_along(value, index)
    if order == sympy.oo:
        return dropped(value, index, Reduce("max", (index,), guard, absolute(value.body)))
    limits.check_power(ONE, order, node.args[1].span)
    total = Reduce("sum", (index,), guard, absolute(value.body) ** order)
    return dropped(value, index, total ** (1 / order))


def normalize(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``v / norm(v)``; a zero vector stays zero."""
    take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    return replace(value, body=_unit(value, index), kind="real")


def _unit(value: Value, index: Index) -> Expr:
    return value.body / sympy.sqrt(_squares(value, index))


def _pair(elab: Elaborator, node: nodes.Call, frame: Frame) -> tuple[Value, Value, Index]:
    take_only(node, 2, "axis")
    left, right = elab.number(node.args[0], frame), elab.number(node.args[1], frame)
    shared = tuple(a for a in left.axes if a in right.axes)
    if not shared:
        fail(
            "axis-mismatch",
            f"{node.function.id} of arrays that share no axis",
            node.span,
            help="both arrays need the axis that is summed over",
        )
    axis = only_axis(elab, replace(left, axes=shared), node, frame)
    return left, right, over(elab, left, axis, node)


def dot(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Sum of products along the axis that two arrays share."""
    left, right, index = _pair(elab, node, frame)
    product = elementwise(lambda a, b: a * b, left, right)
    return dropped(
        product, index, Reduce("sum", (index,), guard_along(product, index), product.body)
    )


def cosine(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Dot product of the normalised vectors; 0 if one of them is zero."""
    left, right, index = _pair(elab, node, frame)
    units = [replace(v, body=_unit(v, index)) for v in (left, right)]
    product = elementwise(lambda a, b: a * b, *units)
    return dropped(
        product, index, Reduce("sum", (index,), guard_along(product, index), product.body)
    )


def distance(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Euclidean distance along the axis that two arrays share."""
    left, right, index = _pair(elab, node, frame)
    difference = elementwise(lambda a, b: a - b, left, right)
    return dropped(difference, index, sympy.sqrt(_squares(difference, index)))


def entropy(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``-sum(p log p)`` with 0 log 0 = 0."""
    take_only(node, 1, "axis")
    value, index = array_argument(elab, node, frame)
    total = Reduce("sum", (index,), guard_along(value, index), xlogy(value.body, value.body))
    return dropped(value, index, -total)


def onehot(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """1 at the index, 0 elsewhere on its axis."""
    take_only(node, 1)
    value = elab.value(node.args[0], frame)
    if value.kind != "index" or value.over is None:
        fail("not-an-index", "onehot takes an index", node.args[0].span)
    if value.over in value.axes:
        fail("repeated-axis", "the array would have an axis twice", node.span)
    body = Delta(slot(value.over), value.body)
    return Value(body, (*value.axes, value.over), "bool", guard=value.guard)


def size(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Number of places of an axis."""
    take_only(node, 1)
    if not isinstance(node.args[0], nodes.Name):
        fail("not-an-axis", "size takes the name of an axis", node.args[0].span)
    return Value(
        Size(indexing.axis_named(elab, node.args[0].id, node.args[0].span, frame)), kind="int"
    )


def xlogy(x: Expr, y: Expr) -> Expr:
    """``x log y``, 0 where ``x`` is 0."""
    return x * log(y) if x.is_extended_positive else Apply("xlogy", x, y)
