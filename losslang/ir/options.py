"""The keywords of a call that a config may set: defaults of every call of the compiled loss."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from losslang.diagnostics import Label, fail
from losslang.ir.frame import Frame
from losslang.ir.loss import Constant, Loss
from losslang.ir.scope import suggestion
from losslang.source import Span
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator

REDUCTIONS = ("mean", "sum", "none")
PER_CALL = ("weight", "mask", "generator")

_NUMBERS: dict[str, tuple[str, Callable[[Fraction], bool]]] = {
    "ignore_index": ("a whole number", lambda x: x.denominator == 1),
    "class_dim": ("a whole number", lambda x: x.denominator == 1),
    "label_smoothing": ("a number in [0, 1]", lambda x: 0 <= x <= 1),
    "progress": ("a number in [0, 1]", lambda x: 0 <= x <= 1),
    "denominator": ("a number > 0", lambda x: x > 0),
}

DEFAULTS = ("reduction", "class_weight", *_NUMBERS)
"""The keywords that a config may set."""

CALL_WORDS = frozenset((*DEFAULTS, *PER_CALL))
"""Every keyword of a call that is no hyperparameter."""

_OF_LABELS = ("ignore_index", "class_weight", "label_smoothing", "class_dim")


def note(elab: Elaborator, name: str, node: nodes.Expr, frame: Frame) -> None:
    """Take in a call keyword that stands in a config or in a call of one of its losses."""
    if name in PER_CALL:
        fail(
            "per-call-keyword",
            f"{name!r} is not a setting: each call of the compiled loss passes its own",
            node.span,
            help=f"pass it with the inputs: loss(..., {name}=...)",
        )
    value = _read(elab, name, node, frame)
    known = elab.options.get(name)
    if known is not None and known[0] != value:
        fail(
            "option-clash",
            f"{name!r} is set twice, and differently",
            node.span,
            also=(Label(known[1], "and here"),),
            help="it holds for the whole loss, so set it once",
        )
    elab.options[name] = (value, node.span)


def _read(elab: Elaborator, name: str, node: nodes.Expr, frame: Frame) -> Constant:
    if name == "reduction":
        return _reduction(node)
    if name == "class_weight":
        if not isinstance(node, nodes.ListLiteral) or not node.elements:
            fail("bad-option", "class_weight is a list with a number >= 0 per class", node.span)
        return tuple(
            _number(elab, name, e, frame, "a number >= 0", lambda x: x >= 0) for e in node.elements
        )
    return _number(elab, name, node, frame, *_NUMBERS[name])


def _reduction(node: nodes.Expr) -> str:
    if not isinstance(node, nodes.Name) or node.id not in REDUCTIONS:
        written = node.span.text
        fail(
            "bad-option",
            f"{written!r} is not a reduction",
            node.span,
            help=suggestion(written, REDUCTIONS) or f"one of {', '.join(REDUCTIONS)}",
        )
    return node.id


def _number(
    elab: Elaborator,
    name: str,
    node: nodes.Expr,
    frame: Frame,
    wanted: str,
    fits: Callable[[Fraction], bool],
) -> Fraction:
    value = None if isinstance(node, nodes.ListLiteral) else elab.value(node, frame)
    number: Fraction | None = None
    if value is not None and value.body.is_Rational and value.kind != "bool" and not value.axes:
        number = Fraction(int(value.body.p), int(value.body.q))
    if number is None or not fits(number):
        fail("bad-option", f"{name} is {wanted}, not {node.span.text}", node.span)
    return number


def settled(loss: Loss, found: dict[str, tuple[Constant, Span]]) -> dict[str, Constant]:
    """The options of a whole loss, each of which has to mean something for it."""
    has_labels = any(
        known.kind == "index" and any(known.over in other.axes for other in loss.inputs)
        for known in loss.inputs
    )
    for name, (_, span) in found.items():
        if name in _OF_LABELS and not has_labels:
            _useless(name, span, "no input of this loss is a label: an index over a class axis")
        if name == "progress" and not loss.uses_progress:
            _useless(name, span, "nothing in this loss depends on the progress of training")
    return {name: value for name, (value, _) in found.items()}


def _useless(name: str, span: Span, why: str) -> None:
    fail("unused-option", f"{name!r} has no effect here", span, why)
