"""From the text of a question to the question: which property, of which input."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

from losslang.diagnostics import fail
from losslang.ir.scope import suggestion
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_expression
from losslang.verify.property import Property
from losslang.verify.theorem import Question


class Asked(Protocol):
    """What has to be known of a loss to understand a question about it."""

    @property
    def kind(self) -> str:
        """What diagnostics call the loss."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that a property may be asked in."""
        ...

    def questions(self) -> tuple[Question, ...]:
        """Every question that has a meaning for the loss."""
        ...

    def has_meaning(self, question: Question) -> bool:
        """Whether the property speaks of such a loss."""
        ...

    def asked(self, property: str, arguments: Sequence[str] = ()) -> Question:
        """The question as it is kept: a lone input need not be named."""
        ...


def read(text: str, of: Asked, properties: Mapping[str, Property]) -> Question:
    """The question that ``convex(logits)`` asks of a loss.

    Raises :class:`~losslang.diagnostics.DiagnosticError` for an unknown property, one without a
    meaning for the loss, and arguments that it does not take.
    """
    return understood(parse_expression(Source(text, "<property>")), of, properties)


def understood(node: nodes.Expr, of: Asked, properties: Mapping[str, Property]) -> Question:
    """:func:`read` for what the parser made of the text, as in a claim."""
    called = node.function if isinstance(node, nodes.Call) else node
    known = properties.get(called.id) if isinstance(called, nodes.Name) else None
    if known is not None and known.arguments == ("point",):
        return _about_a_point(known, node, of)
    name, arguments = _spelled(node)
    if known is None:
        fail(
            "unknown-property",
            f"there is no property {name.id!r}",
            name.span,
            help=suggestion(name.id, properties) or "docs/verify.md lists the properties",
        )
    question = of.asked(known.name, [*map(_on_one_line, arguments)])
    _check_arguments(known, question, arguments, of)
    if not of.has_meaning(question):
        _without_meaning(question, name, of)
    return question


def _spelled(node: nodes.Expr) -> tuple[nodes.Name, tuple[nodes.Expr, ...]]:
    if isinstance(node, nodes.Name):
        return node, ()
    if not isinstance(node, nodes.Call) or node.keywords:
        fail(
            "unknown-property",
            "a property is a name, with arguments or without",
            node.span,
            help="for example `calibrated`, or `lipschitz(logits, inf)`",
        )
    return node.function, node.args


def _about_a_point(known: Property, node: nodes.Expr, of: Asked) -> Question:
    """A question in which inputs are given, as a call gives them."""
    given = (*node.args, *node.keywords) if isinstance(node, nodes.Call) else ()
    if not given:
        fail(
            "property-argument",
            f"{known.name!r} is asked at inputs",
            node.span,
            help=f"such as `{known.name}(logits=[0, 0], target=1)`",
        )
    question = of.asked(known.name, [", ".join(map(_on_one_line, given))])
    if not of.has_meaning(question):
        _without_meaning(question, nodes.Name(node.span, known.name), of)
    return question


def _on_one_line(argument: nodes.Node) -> str:
    """What was written, without comments and line breaks, as a question keeps it."""
    return " ".join(re.sub("#[^\n]*", "", argument.span.text).split())


def _check_arguments(
    known: Property, question: Question, written: Sequence[nodes.Expr], of: Asked
) -> None:
    """Each argument is of one of the kinds that the property takes, in their order."""
    places = {_on_one_line(argument): argument for argument in written}
    kinds = list(known.arguments or (("word",) if known.words else ()))
    left = kinds
    for argument in question.arguments:
        node = places.get(argument)
        fits = [_takes(kind, argument, node, known, of) for kind in kinds]
        if True not in fits:
            _refuse(known, f"has no meaning in {argument!r}", argument, node, of)
        fits = fits[len(kinds) - len(left) :]
        if True not in fits:
            _refuse(known, "has too many arguments", argument, node, of)
        left = left[fits.index(True) + 1 :]


def _takes(kind: str, argument: str, node: nodes.Expr | None, known: Property, of: Asked) -> bool:
    match kind:
        case "input":
            return argument in of.inputs
        case "level":
            return isinstance(node, nodes.Number | nodes.Name)
        case "loss" | "quantity":
            return True
    return argument in known.words


def _refuse(
    known: Property, problem: str, argument: str, node: nodes.Expr | None, of: Asked
) -> NoReturn:
    choices = [*(of.inputs if "input" in known.arguments else ()), *known.words]
    fail(
        "property-argument",
        f"{known.name!r} {problem}",
        None if node is None else node.span,
        help=suggestion(argument, choices)
        or (f"it takes {_either(choices)}" if choices else "it takes no arguments"),
    )


def _without_meaning(question: Question, name: nodes.Name, of: Asked) -> NoReturn:
    known = list(dict.fromkeys(question.property for question in of.questions()))
    some = ", ".join([*known[:4], *(["..."] if len(known) > 4 else [])])
    fail(
        "property-without-meaning",
        f"{str(question)!r} has no meaning for {of.kind}",
        name.span,
        help=f"ask for {some}" if known else None,
    )


def _either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
