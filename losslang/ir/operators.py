"""Operators of the language on elaborated values: arithmetic, comparisons, logic, choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir import limits
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, Branch
from losslang.ir.loss import (
    Kind,
)
from losslang.ir.scope import suggestion
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or
from losslang.ir.values import (
    WHOLE,
    Binding,
    Choice,
    Value,
    elementwise,
)
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def unary(elab: Elaborator, node: nodes.Unary, frame: Frame) -> Value:
    """``-x``, ``+x`` and ``not x``."""
    if node.op == "not":
        return elementwise(Not, elab.condition(node.operand, frame), kind="bool")
    value = elab.number(node.operand, frame)
    kind: Kind = "int" if value.kind == "int" else "real"
    return elementwise(lambda x: -x if node.op == "-" else x, value, kind=kind)


def binary(elab: Elaborator, node: nodes.Binary, frame: Frame) -> Value:
    """Arithmetic, with the conditions under which it is defined."""
    left, right = elab.number(node.left, frame), elab.number(node.right, frame)
    a, b = left.body, right.body
    if node.op == "**":
        limits.check_power(a, b, node.span)
        if not b.is_integer:
            elab.require(LessEqual(ZERO, a), frame, node.span)
        if not b.is_nonnegative:
            elab.require(Not(Equal(a, ZERO)), frame, node.span)
    if node.op == "/":
        elab.require(Not(Equal(b, ZERO)), frame, node.right.span)
    whole = left.kind in WHOLE and right.kind in WHOLE and node.op in ("+", "-", "*")
    return elementwise(ARITHMETIC[node.op], left, right, kind="int" if whole else "real")


def compare(elab: Elaborator, node: nodes.Compare, frame: Frame) -> Value:
    """A chain of comparisons."""
    first = elab.evaluate(node.operands[0], frame)
    if isinstance(first, Choice):
        return _chosen(elab, node, first)
    values = [elab.as_value(first, node.operands[0])]
    values += [elab.value(operand, frame) for operand in node.operands[1:]]
    parts = [
        _comparison(elab, op, left, right, node)
        for op, (left, right) in zip(node.ops, pairwise(values), strict=True)
    ]
    return elementwise(And, *parts, kind="bool")


def _comparison(elab: Elaborator, op: str, left: Value, right: Value, node: nodes.Compare) -> Value:
    kinds = {left.kind, right.kind}
    if "label" in kinds and (op not in ("==", "!=") or not kinds <= {"label", "index"}):
        fail(
            "label-arithmetic",
            "a label is only compared with another label, by == or !=",
            node.span,
        )
    if kinds == {"index"} and op in ("==", "!="):
        if left.over != right.over:
            fail(
                "axis-mismatch",
                f"an index over {left.over} is compared with one over {right.over}",
                node.span,
                help="indices of different axes are never equal",
            )
        return elementwise(EQUALITY[op](Delta), left, right, kind="bool")
    if "index" in kinds and kinds <= {"index", "int"} and op in ("==", "!="):
        return elementwise(EQUALITY[op](Delta), left, right, kind="bool")
    if op in ("==", "!="):
        return elementwise(EQUALITY[op](Equal), left, right, kind="bool")
    return elementwise(ORDER[op], left, right, kind="bool")


def _chosen(elab: Elaborator, node: nodes.Compare, choice: Choice) -> Value:
    other = node.operands[1]
    if len(node.ops) != 1 or node.ops[0] not in ("==", "!="):
        fail(
            "choice-comparison",
            "a choice is compared with one of its words, by == or !=",
            node.span,
        )
    if not isinstance(other, nodes.Name) or other.id not in choice.options:
        written = other.id if isinstance(other, nodes.Name) else other.span.text
        fail(
            "unknown-choice",
            f"{written!r} is not a choice of {choice.written!r}",
            other.span,
            help=suggestion(written, choice.options) or f"one of {', '.join(choice.options)}",
        )
    same = Chosen(choice.name, other.id)
    return Value(same if node.ops[0] == "==" else Not(same), kind="bool")


def bool_op(elab: Elaborator, node: nodes.BoolOp, frame: Frame) -> Value:
    """``and`` and ``or``; a later operand counts only where the earlier ones leave it open."""
    parts: list[Value] = []
    for operand in node.operands:
        parts.append(elab.condition(operand, frame))
        known = parts[-1].body if node.op == "and" else Not(parts[-1].body)
        frame = frame.where(known)
    return elementwise(And if node.op == "and" else Or, *parts, kind="bool")


def conditional(elab: Elaborator, node: nodes.Conditional, frame: Frame) -> Binding:
    """``yes if test else no``."""
    test = elab.condition(node.test, frame)
    if test.body in (ZERO, ONE):
        return elab.evaluate(node.orelse if test.body == ZERO else node.body, frame)
    yes = elab.value(node.body, frame.where(test.body))
    no = elab.value(node.orelse, frame.where(Not(test.body)))
    if yes.kind == no.kind and yes.over == no.over:
        return replace(elementwise(Branch, test, yes, no, kind=yes.kind), over=yes.over)
    if "label" in (yes.kind, no.kind):
        fail("label-arithmetic", "one branch is a label and the other is not", node.span)
    return elementwise(Branch, test, yes, no)


ARITHMETIC: dict[str, Callable[[Expr, Expr], Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}

ORDER: dict[str, Callable[[Expr, Expr], Expr]] = {
    "<": Less,
    "<=": LessEqual,
    ">": lambda a, b: Less(b, a),
    ">=": lambda a, b: LessEqual(b, a),
}

EQUALITY: dict[str, Callable[[Callable[..., Expr]], Callable[[Expr, Expr], Expr]]] = {
    "==": lambda same: same,
    "!=": lambda same: lambda a, b: Not(same(a, b)),
}
