"""Binding a value to an input: its axes get their meaning, its kind is checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Integer

from losslang.diagnostics import Label, fail
from losslang.ir.binders import free_indices, substitute
from losslang.ir.frame import Frame
from losslang.ir.heads import Axis, Index
from losslang.ir.loss import BATCH, EXAMPLE
from losslang.ir.scope import suggestion
from losslang.ir.values import (
    Value,
    slot,
)
from losslang.source import Span
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def pixel(axis: Axis) -> Index:
    """The place at hand on a pack's axis, for a loss that is mapped over it."""
    return Index(axis.name, axis)


def bind_input(
    elab: Elaborator, frame: Frame, parameter: nodes.Parameter, value: Value, span: Span
) -> Value:
    """Bind an input and give the axes of its type their meaning; returns what is bound."""
    assert isinstance(parameter.type, nodes.TypeExpr)
    dims = parameter.type.dims
    whole = bool(dims) and dims[0].name == BATCH.name and BATCH not in value.axes
    if whole and EXAMPLE in free_indices(value.body):
        value = replace(
            value,
            body=substitute(value.body, {EXAMPLE: slot(BATCH)}),
            axes=(BATCH, *value.axes),
        )
    pack = next((dim for dim in dims if dim.pack), None)
    if pack is None and len(value.axes) == len(dims) + 1:
        for axis in elab.packs.intersection(value.axes):
            value = value.at(axis, pixel(axis))
    if pack is not None and len(value.axes) == len(dims) - 1:
        assert pack.name is not None
        frame.axes.setdefault(pack.name, Axis(pack.name, Integer(1)))
        dims = tuple(dim for dim in dims if not dim.pack)
    if len(value.axes) != len(dims):
        written = ", ".join(dim.span.text for dim in dims)
        got = ", ".join(axis.name for axis in value.axes)
        fail(
            "axis-mismatch",
            f"input {parameter.name!r} has axes ({written}), but gets ({got})",
            span,
            also=(Label(parameter.span, "declared here"),),
        )
    for dim, axis in zip(dims, value.axes, strict=True):
        _bind_axis(frame, dim, axis, parameter, span)
    frame.names[parameter.name] = value
    return value


def _bind_axis(
    frame: Frame, dim: nodes.Dim, axis: Axis, parameter: nodes.Parameter, span: Span
) -> None:
    if dim.name is None:
        if axis.size is not None and axis.size != dim.size:
            fail(
                "axis-mismatch",
                f"input {parameter.name!r} has {dim.size} places, but gets {axis.size}",
                span,
                also=(Label(parameter.span, "declared here"),),
            )
        return
    name = dim.name.removesuffix("'")
    if name != dim.name:
        axis = axis.other
    known = frame.axes.setdefault(name, axis)
    declared = (Label(parameter.span, "declared here"),)
    if known != axis:
        both = f"axis {name!r} would be both {known.name!r} and {axis.name!r}"
        fail("axis-mismatch", both, span, also=declared)
    if (name == BATCH.name) != (axis == BATCH):
        other = f"input {parameter.name!r} has axis {dim.name!r}, but gets {axis.name!r}"
        fail("axis-mismatch", other, span, also=declared)


_ACCEPTS: dict[str, tuple[str, ...]] = {
    "real": ("real", "int", "bool", "bit", "sign", "simplex"),
    "int": ("int", "bool", "index"),
    "bool": ("bool",),
    "bit": ("bit", "bool", "real", "int"),
    "sign": ("sign", "real", "int"),
    "simplex": ("simplex", "real"),
    "label": ("label", "index"),
}


def check_kind(frame: Frame, parameter: nodes.Parameter, value: Value, span: Span) -> None:
    """Refuse a value of another kind than the input's type names."""
    assert isinstance(parameter.type, nodes.TypeExpr)
    wanted = parameter.type.name
    if wanted not in _ACCEPTS:
        axis = frame.axes.get(wanted)
        if axis is None and wanted != BATCH.name:
            fail(
                "unknown-axis",
                f"no axis {wanted!r}",
                parameter.span,
                help=suggestion(wanted, {*frame.axes, *_ACCEPTS})
                or "an axis exists when it stands inside some [...] of the signature",
            )
        if value.kind == "int" or (value.kind == "index" and value.over in (axis, BATCH)):
            return
        if value.kind == "index":
            fail(
                "axis-mismatch",
                f"input {parameter.name!r} is an index over {axis}, but gets one over {value.over}",
                span,
                also=(Label(parameter.span, "declared here"),),
            )
        wanted = f"index over {wanted}"
    elif value.kind in _ACCEPTS[wanted]:
        return
    fail(
        "type-mismatch",
        f"input {parameter.name!r} is of type {wanted}, but gets {value.kind}",
        span,
        also=(Label(parameter.span, "declared here"),),
    )
