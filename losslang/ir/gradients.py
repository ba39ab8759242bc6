"""``grad(formula, wrt=x)``: the derivative of a number in a formula, as a formula."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.diagnostics import InternalError, fail
from losslang.ir.binders import free_indices, parts, substitute, tree_size
from losslang.ir.calls import parameters
from losslang.ir.derive import derivative
from losslang.ir.frame import Frame
from losslang.ir.heads import At, Index, Tensor
from losslang.ir.recursion import rewritten
from losslang.ir.values import Value, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator

MAX_TREE = 5_000

_held = count()


def grad(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The gradient of a number by the value of a name, over the axes of that.

    By an input it is the derivative in everything that reads it; any other name is varied where the
    formula itself says it, and not in what is defined by it elsewhere.
    """
    given = parameters(node, ("formula", "wrt"))
    name, formula = given["wrt"], given["formula"]
    if not isinstance(name, nodes.Name):
        fail("not-a-name", "grad differentiates by a name", name.span)
    point = elab.number(name, frame)
    if point.kind != "real":
        fail(
            "type-mismatch",
            f"{name.id!r} is no real number, so nothing has a derivative in it",
            name.span,
        )
    if _is_read(point.body) or isinstance(point.body, sympy.Symbol):
        body, at = elab.scalar(formula, frame).body, point.body
        found = substitute(_slope(body, _apart(at, point), node), _back(point))
    else:
        found = _by_part(elab, node, name, point, formula, frame)
    return replace(point, body=found)


def _is_read(body: Expr) -> bool:
    """Whether a value is an input as it is: read at its own indices, each once."""
    places = body.indices if isinstance(body, At) else ()
    whole = all(isinstance(i, Index) for i in places) and len(set(places)) == len(places)
    return isinstance(body, At) and whole and body.tensor.kind in ("real", "positive")


def _marks(point: Value) -> dict[Index, Index]:
    """A new index for each axis: the formula may run over the same."""
    return {slot(axis): Index(f"grad%{axis.name}", axis) for axis in point.axes}


def _apart(at: Expr, point: Value) -> Expr:
    found: Expr = substitute(at, _marks(point))
    return found


def _back(point: Value) -> dict[Index, Index]:
    return {mark: own for own, mark in _marks(point).items()}


def _by_part(
    elab: Elaborator,
    node: nodes.Call,
    name: nodes.Name,
    point: Value,
    formula: nodes.Expr,
    frame: Frame,
) -> Expr:
    """By a name that stands for a formula: it is held for an array of its own meanwhile."""
    held = Tensor(f"grad.{next(_held)}", "real")
    outer = sorted(
        free_indices(point.body) - {slot(a) for a in point.axes}, key=sympy.default_sort_key
    )
    own = (*outer, *(slot(axis) for axis in point.axes))
    variable = replace(point, body=At(held, *own))
    hidden = frame.inner({name.id: variable})
    elab.keep(hidden)
    body = elab.scalar(formula, hidden).body
    if not any(isinstance(part, At) and part.tensor == held for part in parts(body)):
        fail(
            "grad-of-constant",
            f"this formula does not depend on {name.id!r}",
            formula.span,
            help="what is defined elsewhere keeps its own value: call a function of the name here",
        )
    slopes = _slope(body, _apart(variable.body, point), node)
    _forget(elab, held)

    def put_back(part: Expr) -> Expr | None:
        if not isinstance(part, At) or part.tensor != held:
            return None
        return substitute(point.body, dict(zip(own, part.indices, strict=True)))

    return substitute(rewritten(slopes, put_back), _back(point))


def _slope(body: Expr, wrt: Expr, node: nodes.Call) -> Expr:
    try:
        found = derivative(body, wrt)
    except InternalError as error:
        fail("no-derivative", f"grad has no rule for a part of this: {error}", node.span)
    if tree_size(found) > MAX_TREE:
        fail("formula-too-large", f"the derivative has more than {MAX_TREE} parts", node.span)
    return found


def _forget(elab: Elaborator, held: Tensor) -> None:
    """Drop notes about the formula with the array in place of the name."""
    for notes in (elab.hints, elab.origin):
        for key in [k for k in notes if held in parts(k)]:
            del notes[key]
    elab.requires[:] = [r for r in elab.requires if held not in parts(r.condition)]
