"""Worked examples: does a loss have the value that its author wrote beside it?"""

from __future__ import annotations

from typing import Any

import mpmath
import sympy

from losslang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from losslang.ir import compose, exact, signatures
from losslang.ir.elaborate import Elaborator
from losslang.ir.frame import Frame
from losslang.ir.interpret import UndefinedError, interpret
from losslang.ir.loss import BATCH, Loss
from losslang.ir.scope import Scope, suggestion
from losslang.source import Span
from losslang.syntax import nodes

DIGITS = 30


def problem(loss: nodes.Loss, example: nodes.Example, scope: Scope) -> Diagnostic | None:
    """What is wrong with an example, if anything is."""
    try:
        found = _value(loss, example, scope)
        return _compared(example, found, scope)
    except DiagnosticError as error:
        return error.diagnostics[0]


def _value(loss: nodes.Loss, example: nodes.Example, scope: Scope) -> Any:
    """The value of the loss for what the example passes."""
    call = example.call
    given = _arguments(loss, call)
    bases = [] if loss.signature is None else signatures.split_inputs(loss)[0]
    losses = [nodes.Keyword(call.span, p.name, given.pop(p.name)) for p in bases if p.name in given]
    expression = nodes.Call(call.span, call.function, (), tuple(losses))
    elaborated = compose.elaborate(expression, scope, loss.name)
    _check_names(elaborated, given, call)
    hypers = {h.name: given.pop(h.name) for h in elaborated.hyperparameters if h.name in given}
    if hypers:  # set, not passed, so that types and domains are checked
        extras = compose.Extras(settings=hypers)
        elaborated = compose.elaborate(expression, scope, loss.name, extras)
    inputs = {name: _number(node, scope) for name, node in given.items()}
    if _is_one_example(loss, elaborated):
        inputs = {name: [one] for name, one in inputs.items()}
    draws = range(2 if elaborated.draws else 1)
    try:
        found = [interpret(elaborated, inputs, digits=DIGITS, seed=n).mean for n in draws]
    except (UndefinedError, ValueError) as error:
        fail("bad-example", f"the example has no value: {error}", call.span)
    if found[0] != found[-1]:
        hint = "set hyperparameters with which it does not, such as a deviation of 0"
        fail("bad-example", "the value depends on chance", call.span, help=hint)
    return found[0]


def _arguments(loss: nodes.Loss, call: nodes.Call) -> dict[str, nodes.Expr]:
    """The arguments of an example by name."""
    names = [] if loss.signature is None else [p.name for p in loss.signature.inputs]
    if len(call.args) > len(names):
        fail("argument-count", f"{loss.name!r} takes {len(names)} arguments by place", call.span)
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.name in given:
            fail("repeated-argument", f"{keyword.name!r} is given twice", keyword.span)
        given[keyword.name] = keyword.value
    return given


def _check_names(loss: Loss, given: dict[str, nodes.Expr], call: nodes.Call) -> None:
    known = [*(i.name for i in loss.inputs), *(h.name for h in loss.hyperparameters)]
    for name, node in given.items():
        if name not in known:
            near = suggestion(name, known) or f"its parameters are {', '.join(known)}"
            fail(
                "unknown-keyword", f"{loss.name!r} has no parameter {name!r}", node.span, help=near
            )
    missing = [known.name for known in loss.inputs if known.name not in given]
    if missing:
        shown = ", ".join(map(repr, missing))
        fail("missing-argument", f"the example does not give {shown}", call.span)


def _is_one_example(loss: nodes.Loss, elaborated: Loss) -> bool:
    """Whether the example stands for one example of a batch, not for a whole batch."""
    types = [p.type for p in loss.signature.inputs] if loss.signature is not None else []
    dims = [dim.name for t in types if isinstance(t, nodes.TypeExpr) for dim in t.dims[:1]]
    return BATCH.name not in dims and any(term.result for term in elaborated.terms)


def _number(node: nodes.Expr, scope: Scope) -> Any:
    """Nested lists of exact numbers."""
    if isinstance(node, nodes.ListLiteral):
        return [_number(element, scope) for element in node.elements]
    value = Elaborator().number(node, Frame(scope)).body
    if value.is_Rational:
        return exact.number(value)
    if not value.is_real:
        fail("bad-example", "an example is made of numbers", node.span)
    return mpmath.mpf(str(sympy.N(value, 2 * DIGITS)))


def _compared(example: nodes.Example, found: Any, scope: Scope) -> Diagnostic | None:
    wanted = _number(example.value, scope)
    places = _places(example.value)
    with mpmath.workdps(DIGITS):
        found, error = exact.rough(found), exact.rough(found) - exact.rough(wanted)
        if abs(error) <= (mpmath.mpf(10) ** -places) / 2:
            return None
        shown = _shown(found, places)
    span: Span = example.value.span
    return Diagnostic(
        "wrong-example",
        f"the value is {shown}",
        Label(span, "not this"),
        help=f"check the formula; if it is right, write {shown}",
    )


def _places(value: nodes.Expr) -> int:
    """How many decimal places hold: those written, and many of a number without a point."""
    text = value.span.text.lstrip("+- ").lower()
    mantissa, _, exponent = text.partition("e")
    _, point, decimals = mantissa.partition(".")
    literal = isinstance(value, nodes.Number) or (
        isinstance(value, nodes.Unary) and isinstance(value.operand, nodes.Number)
    )
    if not literal or not (point or exponent):
        return 9
    return len(decimals) - int(exponent or 0)


def _shown(found: Any, places: int) -> str:
    if not mpmath.isfinite(found):
        return str(found).replace("+", "")
    digits = max(1, places + 1 + int(mpmath.floor(mpmath.log10(abs(found))))) if found else 1
    return mpmath.nstr(found, min(digits, 17), strip_zeros=places >= 9)
