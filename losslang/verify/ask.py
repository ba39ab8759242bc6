"""From the text of a question to the question: which property, of which input."""

from __future__ import annotations

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
    name, arguments = _spelled(node)
    known = properties.get(name.id)
    if known is None:
        fail(
            "unknown-property",
            f"there is no property {name.id!r}",
            name.span,
            help=suggestion(name.id, properties) or f"there are {', '.join(properties)}",
        )
    question = of.asked(known.name, [argument.span.text for argument in arguments])
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


def _check_arguments(
    known: Property, question: Question, written: Sequence[nodes.Expr], of: Asked
) -> None:
    takes_input = "input" in known.arguments
    words = question.arguments[1:] if takes_input else question.arguments
    places = {argument.span.text: argument.span for argument in written}
    if takes_input and question.arguments and question.arguments[0] not in of.inputs:
        words = question.arguments
    for word in words:
        if word not in known.words and word not in known.arguments:
            choices = [*(of.inputs if takes_input else ()), *known.words]
            fail(
                "property-argument",
                f"{known.name!r} has no meaning in {word!r}",
                places.get(word),
                help=suggestion(word, choices)
                or (f"it takes {_either(choices)}" if choices else "it takes no arguments"),
            )
    if len(words) > 1:
        fail("property-argument", f"{known.name!r} takes one word", written[-1].span)


def _without_meaning(question: Question, name: nodes.Name, of: Asked) -> NoReturn:
    known = dict.fromkeys(question.property for question in of.questions())
    fail(
        "property-without-meaning",
        f"{str(question)!r} has no meaning for {of.kind}",
        name.span,
        help=f"what has one: {', '.join(known)}" if known else "no property has one",
    )


def _either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
