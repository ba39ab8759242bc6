"""Subscripts, the indices that comprehensions bind, and arrays written in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.binders import free_indices, fresh, substitute
from losslang.ir.frame import Frame, Place
from losslang.ir.heads import ONE, Axis, Index, Size
from losslang.ir.inside import implied, is_floor
from losslang.ir.loss import (
    BATCH,
    EXAMPLE,
)
from losslang.ir.recursion import is_step
from losslang.ir.scope import suggestion
from losslang.ir.truth import And, Delta
from losslang.ir.values import (
    WHOLE,
    Binding,
    LossValue,
    Value,
    axes_text,
    slot,
)
from losslang.source import Span
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


MAX_LIST = 64

ARITHMETIC = (sympy.Symbol, Index, sympy.Add, sympy.Mul)


def subscript_of(elab: Elaborator, node: nodes.Subscript, frame: Frame) -> Value:
    """``value[index, ...]``."""
    base = elab.evaluate(node.value, frame)
    if isinstance(base, LossValue):
        base = replace(base, whole=True)
    value = elab.as_value(base, node.value)
    indices = [elab.value(index, frame) for index in node.indices]
    return subscript(elab, value, indices, node, frame)


def subscript(
    elab: Elaborator, value: Value, indices: list[Value], node: nodes.Subscript, frame: Frame
) -> Value:
    """``value[indices]``: each index takes the place of an axis, from the left."""
    if _looks_at_batch(value, indices):
        index, *indices = indices
        rule = {EXAMPLE: index.body}
        value = replace(
            value,
            body=substitute(value.body, rule),
            guard=substitute(value.guard, rule),
            axes=tuple(dict.fromkeys(value.axes + index.axes)),
        )
    if len(indices) > len(value.axes):
        fail(
            "too-many-indices",
            f"{len(indices)} indices for {axes_text(value.axes) or 'a single number'}",
            node.span,
        )
    for axis, index, place in zip(value.axes, indices, node.indices[-len(indices) :], strict=False):
        check_index(elab, axis, index, place, frame)
    rule = {slot(a): i.body for a, i in zip(value.axes, indices, strict=False)}
    rest = value.axes[len(indices) :]
    new = tuple(axis for index in indices for axis in index.axes)
    return replace(
        value,
        body=substitute(value.body, rule),
        guard=substitute(value.guard, rule),
        axes=tuple(dict.fromkeys(new + rest)),
    )


def _looks_at_batch(value: Value, indices: list[Value]) -> bool:
    """Whether the first index picks another example of a per-example value."""
    return (
        BATCH not in value.axes and indices[0].over == BATCH and EXAMPLE in free_indices(value.body)
    )


def check_index(elab: Elaborator, axis: Axis, index: Value, node: nodes.Expr, frame: Frame) -> None:
    """Refuse what does not point into an axis."""
    if index.kind == "index":
        same_size = (
            index.over is not None and axis.size is not None and index.over.size == axis.size
        )
        if (
            index.over == axis.base
            or same_size
            or (index.over is not None and index.over.size is not None)
        ):
            return
        fail(
            "axis-mismatch",
            f"an index over {index.over} stands at the place of axis {axis}",
            node.span,
            help=f"use an index that runs over {axis}",
        )
    if index.kind != "int":
        fail(
            "not-an-index",
            "this is not an index",
            node.span,
            help=f"an index over {axis} is wanted",
        )
    if index.body.is_Integer:
        size = axis.size
        if index.body < 0 or (size is not None and size.is_Integer and index.body >= size):
            fail(
                "index-out-of-range",
                f"there is no place {index.body} on axis {axis}",
                node.span,
            )
    elif isinstance(index.body, ARITHMETIC) or is_floor(index.body) or _is_count(index.body):
        _check_inside(elab, axis, index, node, frame)


def _is_count(body: Expr) -> bool:
    """Whether it is the number that a recursion counts."""
    return isinstance(body, Index) and is_step(body.axis)


def _check_inside(
    elab: Elaborator, axis: Axis, index: Value, node: nodes.Expr, frame: Frame
) -> None:
    """Refuse a computed index that what is known of it does not keep inside its axis.

    Without an index in it, it is one number for the whole loss. Then an array that is too short is
    an error when the loss is called, but a negative number would read from the end.
    """
    running = free_indices(index.body)
    unordered = {BATCH, *elab.packs}.intersection({axis.base, *(i.axis for i in running)})
    if unordered and running:
        fail(
            "unordered-axis",
            f"arithmetic on an index over {min(unordered, key=str)}, whose places have no order",
            node.span,
            help="name the dimensions that have one, as in real[height, width]",
        )
    domains = {h.symbol.name: h.domain for _, h in elab.hyperparameters if h.kind == "int"}
    text = node.span.text
    if not implied(index.body, frame.guard, domains):
        fail(
            "index-not-inside",
            f"nothing says that {text} is not negative",
            node.span,
            help=f"add it to the guard, `if {text} >= 0`"
            if running
            else "give the hyperparameter a domain, `int >= 0`",
        )
    if running and not implied(Size(axis) - 1 - index.body, frame.guard, domains):
        size = axis.size if axis.size is not None else f"size({axis})"
        fail(
            "index-not-inside",
            f"nothing says that {text} is a place of axis {axis}",
            node.span,
            help=f"add it to the guard, `if {text} < {size}`",
        )


def bind(
    elab: Elaborator, binders: tuple[nodes.Binder, ...], frame: Frame
) -> tuple[tuple[Index, ...], Frame]:
    """Fresh indices for the binders of a comprehension and the frame in which they are seen."""
    places, inside = _bound(elab, binders, frame)
    return tuple(index for index, _ in places), inside


def _bound(
    elab: Elaborator, binders: tuple[nodes.Binder, ...], frame: Frame
) -> tuple[tuple[Place, ...], Frame]:
    """The indices with their axes as written; an index of a second copy is one of the axis."""
    names: dict[str, Binding] = {}
    places: list[Place] = []
    for binder in binders:
        _check_binder(binder, frame)
        if binder.axis is not None:
            axis = axis_named(elab, binder.axis, binder.span, frame)
        else:
            assert binder.count is not None
            axis = _range(elab, binder, frame)
        index = fresh(axis.base, binder.name)
        names[binder.name] = Value(index, kind="index", over=axis.base)
        places.append((index, axis))
    surrounding = tuple((index, axis.base) for index, axis in places)
    return tuple(places), frame.inner(names, surrounding)


def _range(elab: Elaborator, binder: nodes.Binder, frame: Frame) -> Axis:
    assert binder.count is not None
    count = elab.scalar(binder.count, frame)
    if count.kind not in WHOLE or free_indices(count.body) or count.body.is_negative:
        fail(
            "range-size",
            "range(n) takes a number of places that is the same for every example",
            binder.count.span,
        )
    return Axis(f"range({count.body})", count.body)


def _check_binder(binder: nodes.Binder, frame: Frame) -> None:
    found = frame.find(binder.name)
    if found is not None:
        fail(
            "shadowed-name",
            f"the index {binder.name!r} hides another {binder.name!r}",
            binder.span,
            help="choose another name for the index",
        )


def axis_named(elab: Elaborator, name: str, span: Span, frame: Frame) -> Axis:
    """The axis of that name in a frame; behind ``'`` its second copy."""
    first = name.removesuffix("'")
    axis = BATCH if first == BATCH.name else frame.axes.get(first)
    if axis is not None:
        return axis if first == name else axis.other
    known = [*frame.axes, BATCH.name]
    fail(
        "unknown-axis",
        f"no axis {name!r}",
        span,
        help=suggestion(name, known) or f"the axes here are {', '.join(known)}",
    )


def comprehension(
    elab: Elaborator, node: nodes.Comprehension | nodes.ArrayComprehension, frame: Frame
) -> tuple[tuple[Index, ...], Expr, Value]:
    """Bound indices, guard and element of a comprehension."""
    places, guard, element = _comprehended(elab, node, frame)
    return tuple(index for index, _ in places), guard, element


def _comprehended(
    elab: Elaborator, node: nodes.Comprehension | nodes.ArrayComprehension, frame: Frame
) -> tuple[tuple[Place, ...], Expr, Value]:
    places, inside = _bound(elab, node.binders, frame)
    guard = ONE
    if node.guard is not None:
        test = elab.condition(node.guard, inside)
        if test.axes:
            fail("axes-left", f"a guard has {axes_text(test.axes)}", node.guard.span)
        guard = test.body
    element = elab.value(node.element, inside.where(guard))
    return places, And(guard, element.guard), element


def array(elab: Elaborator, node: nodes.ArrayComprehension, frame: Frame) -> Value:
    """``[element for k in axis]``: an array over the bound axes."""
    places, guard, value = _comprehended(elab, node, frame)
    axes = tuple(axis for _, axis in places)
    for n, axis in enumerate(axes):
        if axis in axes[:n] or axis in value.axes:
            fail(
                "repeated-axis",
                f"the array would have axis {axis} twice",
                node.span,
                help=None
                if axis.other in (*axes, *value.axes) or axis.size is not None
                else f"let one of them run over {axis.other}, its second copy",
            )
    rule = {index: slot(axis) for index, axis in places}
    return replace(
        value,
        body=substitute(value.body, rule),
        guard=substitute(guard, rule),
        axes=axes + value.axes,
    )


def list_of(elab: Elaborator, node: nodes.ListLiteral, frame: Frame) -> Value:
    """``[a, b, c]``: an array over an axis of its own."""
    if len(node.elements) > MAX_LIST:
        fail(
            "list-too-long",
            f"a list in a formula has at most {MAX_LIST} elements",
            node.span,
            help="make it an array hyperparameter",
        )
    axis = Axis(str(len(node.elements)), sympy.Integer(len(node.elements)))
    values = [elab.scalar(element, frame) for element in node.elements]
    places = [Delta(slot(axis), sympy.Integer(n)) for n in range(len(values))]
    body = sympy.Add(*(at * v.body for at, v in zip(places, values, strict=True)))
    return Value(body, (axis,))
