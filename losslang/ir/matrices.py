"""Built-in functions of matrices: eigenvalues, singular values, logarithms of determinants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.binders import free_indices
from losslang.ir.calls import dropped, guard_along, take_only
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, Axis, Index, Min
from losslang.ir.primitives import log
from losslang.ir.reduce import Reduce
from losslang.ir.spectrum import Spectrum, is_separable, spectral_axis, symmetric
from losslang.ir.truth import And, Less, conjuncts
from losslang.ir.values import Value, axes_text, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def singular_values(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The singular values of a matrix, the largest first, over an axis of their own."""
    return _spectrum("singular_values", _matrix(elab, node, frame))


def eigenvalues(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The eigenvalues of the symmetric part of a matrix, the largest first."""
    value = _matrix(elab, node, frame)
    row, column = value.axes
    if row.base != column.base and (row.size is None or row.size != column.size):
        fail(
            "not-square",
            f"{node.function.id} of a matrix over axes ({row}, {column})",
            node.args[0].span,
            help=f"it takes a matrix over an axis and its second copy, ({row}, {row.other});"
            " singular_values takes any",
        )
    body = symmetric(value.body, slot(row), slot(column))
    return _spectrum("eigenvalues", replace(value, body=body))


def logdet(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The logarithm of the determinant of a symmetric matrix with positive eigenvalues."""
    spectrum = eigenvalues(elab, node, frame)
    (axis,) = spectrum.axes
    elab.require(Less(ZERO, spectrum.body), frame.where(spectrum.guard), node.span)
    index = slot(axis)
    body = Reduce("sum", (index,), guard_along(spectrum, index), log(spectrum.body))
    return dropped(spectrum, index, body)


def _matrix(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The argument, an array with two axes of which rows and columns may be left out."""
    take_only(node, 1)
    name, argument = node.function.id, node.args[0]
    value = elab.number(argument, frame)
    if len(value.axes) != 2:
        fail(
            "not-a-matrix",
            f"{name} of {_described(value.axes)}",
            argument.span,
            help="it takes an array with two axes, such as [x[i, k] for i in batch for k in dim]",
        )
    row, column = map(slot, value.axes)
    inside = value.guard if not free_indices(value.guard).isdisjoint((row, column)) else ONE
    if not is_separable(inside, row, column):
        fail(
            "not-a-matrix",
            f"{name} of an array without some of its entries",
            argument.span,
            help="a guard may leave out rows and columns; write `... if ... else 0` for an entry",
        )
    return value


def _described(axes: tuple[Axis, ...]) -> str:
    return f"an array over {axes_text(axes)}" if axes else "a single number"


def _spectrum(op: str, value: Value) -> Value:
    axes, (row, column) = value.axes, map(slot, value.axes)
    axis = spectral_axis(op, *axes)
    if free_indices(value.guard).isdisjoint((row, column)):
        body = Spectrum(op, (row, column), ONE, value.body, slot(axis))
        return Value(body, (axis,), guard=value.guard)
    rows, columns = (
        Reduce("sum", (here,), And(*(c for c in conjuncts(value.guard) if _is_on(c, here))), ONE)
        for here in (row, column)
    )
    body = Spectrum(op, (row, column), value.guard, value.body, slot(axis))
    return Value(body, (axis,), guard=Less(slot(axis), Min(rows, columns)))


def _is_on(condition: Expr, index: Index) -> bool:
    return index in free_indices(condition)
