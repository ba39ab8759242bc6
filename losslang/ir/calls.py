"""Reading the arguments of a built-in: by name, along which axis, under which guard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir import indexing
from losslang.ir.binders import free_indices
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, Axis, Index
from losslang.ir.loss import BATCH, EXAMPLE
from losslang.ir.values import LossValue, Value, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def parameters(
    node: nodes.Call, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, nodes.Expr]:
    """The arguments of a call by parameter name; positional ones in order."""
    names = required + optional
    signature = f"{node.function.id}({', '.join(names)})"
    if len(node.args) > len(names):
        fail("argument-count", f"{signature} is called with {len(node.args)} arguments", node.span)
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.name not in names:
            fail("unknown-keyword", f"{signature} has no parameter {keyword.name!r}", keyword.span)
        if keyword.name in given:
            fail("repeated-argument", f"{keyword.name!r} is given twice", keyword.span)
        given[keyword.name] = keyword.value
    for name in required:
        if name not in given:
            fail("missing-argument", f"{signature} is called without {name!r}", node.span)
    return given


def over(elab: Elaborator, value: Value, axis: Axis, node: nodes.Node) -> Index:
    """The index of ``value`` along an axis; along ``batch`` also of a per-example value."""
    if axis in value.axes:
        return slot(axis)
    if axis == BATCH and EXAMPLE in free_indices(value.body):
        return EXAMPLE
    fail("no-such-axis", f"this has no axis {axis}", node.span)


def only_axis(elab: Elaborator, value: Value, node: nodes.Call, frame: Frame) -> Axis:
    """The axis that ``axis=`` names, or the only one there is."""
    for keyword in node.keywords:
        if keyword.name == "axis":
            if not isinstance(keyword.value, nodes.Name):
                fail("not-an-axis", "axis= takes the name of an axis", keyword.value.span)
            return indexing.axis_named(elab, keyword.value.id, keyword.value.span, frame)
    if len(value.axes) == 1:
        return value.axes[0]
    if not value.axes:
        fail(
            "nothing-to-reduce",
            f"{node.function.id} of a single number",
            node.span,
            help="reduce over examples with axis=batch, or write a comprehension",
        )
    names = ", ".join(a.name for a in value.axes)
    fail(
        "ambiguous-axis",
        f"{node.function.id} of an array with axes ({names})",
        node.span,
        help=f"say which, for example axis={value.axes[-1]}",
    )


def dropped(value: Value, index: Index, body: Expr, **changes: object) -> Value:
    """``value`` with a reduced body, without the axis and guard of ``index``."""
    guard = ONE if index in free_indices(value.guard) else value.guard
    axes = tuple(a for a in value.axes if slot(a) != index)
    return replace(value, body=body, axes=axes, guard=guard, kind="real", **changes)  # type: ignore[arg-type]


def array_argument(elab: Elaborator, node: nodes.Call, frame: Frame) -> tuple[Value, Index]:
    """The array argument of a call, with its index along the axis meant."""
    if not node.args:
        fail("missing-argument", f"{node.function.id} is called without an array", node.span)
    operand = elab.evaluate(node.args[0], frame)
    if isinstance(operand, LossValue):
        operand = replace(operand, whole=True)
    value = elab.as_value(operand, node.args[0])
    if value.kind == "label":
        fail("label-arithmetic", "a label has no value as a number", node.args[0].span)
    return value, over(elab, value, only_axis(elab, value, node, frame), node.args[0])


def take_only(node: nodes.Call, count: int, *keywords: str) -> None:
    """Refuse another number of arguments, or other keywords."""
    if len(node.args) != count:
        fail(
            "argument-count",
            f"{node.function.id} takes {count} argument{'s' if count > 1 else ''}",
            node.span,
        )
    for keyword in node.keywords:
        if keyword.name not in keywords:
            fail(
                "unknown-keyword",
                f"{node.function.id} has no parameter {keyword.name!r}",
                keyword.span,
            )


def guard_along(value: Value, index: Index) -> Expr:
    """Which places along an index take part."""
    return value.guard if index in free_indices(value.guard) else ONE
