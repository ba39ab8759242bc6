"""What a program must obey beyond its grammar, checked while the tree is built."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from losslang.diagnostics.model import Label, fail
from losslang.source import Span
from losslang.syntax import nodes

RESERVED_CALL_WORDS = frozenset(
    "weight mask reduction denominator ignore_index class_weight label_smoothing class_dim"
    " generator progress".split()
)


@dataclass(frozen=True)
class Star:
    """The ``*`` of a signature."""

    span: Span


def attach(items: Sequence[Any]) -> tuple[nodes.Declaration, ...]:
    """Give texts and citations to the declaration below, claims and examples to the loss above."""
    declarations: list[nodes.Declaration] = []
    doc: nodes.Text | None = None
    cites: list[nodes.Cite] = []
    for item in items:
        if isinstance(item, nodes.Text):
            if doc is not None:
                fail(
                    "duplicate-text",
                    "a declaration has one documentation string",
                    item.span,
                    "second string",
                    also=(Label(doc.span, "first string"),),
                    help="merge the two, or turn one into a comment",
                )
            doc = item
        elif isinstance(item, nodes.Cite):
            cites.append(item)
        elif isinstance(item, (nodes.Claim, nodes.Example)):
            _append_to_loss(declarations, item)
        elif isinstance(item, nodes.Import):
            declarations.append(item)
        else:
            declarations.append(replace(item, doc=doc, cites=tuple(cites)))
            doc, cites = None, []
    pending = doc or (cites[0] if cites else None)
    if pending is not None:
        kind = "string" if isinstance(pending, nodes.Text) else "citation"
        fail(
            "dangling-text",
            f"this {kind} documents nothing: no declaration follows it",
            pending.span,
            help=f"a {kind} stands before the loss it belongs to",
        )
    check_names(
        [(d.name, d.name_span) for d in declarations if not isinstance(d, nodes.Import)],
        "declaration",
    )
    return tuple(declarations)


def _append_to_loss(
    declarations: list[nodes.Declaration], item: nodes.Claim | nodes.Example
) -> None:
    kind = "claim" if isinstance(item, nodes.Claim) else "example"
    above = declarations[-1] if declarations else None
    if not isinstance(above, nodes.Loss):
        also = () if above is None else (Label(above.span, "this is not a loss"),)
        if isinstance(above, nodes.Function):
            also = (Label(above.name_span, "this is a helper function"),)
        fail(
            f"{kind}-without-loss",
            f"this {kind} has no loss above it",
            item.span,
            also=also,
            help=f"write the {kind} below the loss it speaks of",
        )
    if isinstance(item, nodes.Claim):
        declarations[-1] = replace(above, claims=(*above.claims, item))
    else:
        declarations[-1] = replace(above, examples=(*above.examples, item))


def signature(span: Span, entries: Sequence[nodes.Parameter | Star]) -> nodes.Signature:
    """Split the entries of a signature at its star."""
    stars = [index for index, entry in enumerate(entries) if isinstance(entry, Star)]
    if len(stars) > 1:
        fail(
            "misplaced-star",
            "a signature has one `*`",
            entries[stars[1]].span,
            "second star",
            also=(Label(entries[stars[0]].span, "first star"),),
        )
    at = stars[0] if stars else len(entries)
    if stars and at == len(entries) - 1:
        fail(
            "misplaced-star",
            "no hyperparameter follows the `*`",
            entries[at].span,
            help="inputs stand before `*`, hyperparameters after it; without any, leave it out",
        )
    inputs = tuple(e for e in entries[:at] if isinstance(e, nodes.Parameter))
    hyperparameters = tuple(e for e in entries[at + 1 :] if isinstance(e, nodes.Parameter))
    return nodes.Signature(span, inputs, hyperparameters)


def plain_parameters(given: nodes.Signature) -> tuple[nodes.Parameter, ...]:
    """The parameters of a helper function, which knows no hyperparameters."""
    if given.hyperparameters:
        fail(
            "misplaced-star",
            "a helper function has no hyperparameters",
            given.hyperparameters[0].span,
            help="remove the `*`: all arguments of a `fn` are passed by its callers",
        )
    return given.inputs


def check_loss(loss: nodes.Loss) -> None:
    """Names of a loss are usable in Python, not reserved, and different from each other."""
    check_name(loss.name, loss.name_span)
    parameters: tuple[nodes.Parameter, ...] = ()
    if loss.signature is not None:
        parameters = loss.signature.inputs + loss.signature.hyperparameters
    for parameter in parameters:
        if parameter.name in RESERVED_CALL_WORDS:
            fail(
                "reserved-name",
                f"every call of a loss accepts `{parameter.name}`, so it names no parameter",
                name_span(parameter),
                help="choose another name",
            )
    _check_scope(parameters, loss.where)


def check_function(function: nodes.Function) -> None:
    """The same for a helper function."""
    check_name(function.name, function.name_span)
    _check_scope(function.parameters, function.where)


def _check_scope(parameters: Iterable[nodes.Parameter], where: Iterable[nodes.Definition]) -> None:
    names = [(parameter.name, name_span(parameter)) for parameter in parameters]
    for definition in where:
        if isinstance(definition, nodes.Unpack):
            # The names stand first, so each is found from where the one before it ended.
            at = definition.span.start
            for name in definition.names:
                at = definition.span.source.text.index(name, at)
                names.append((name, Span(definition.span.source, at, at + len(name))))
                at += len(name)
        else:
            start = definition.span.start
            span = Span(definition.span.source, start, start + len(definition.name))
            names.append((definition.name, span))
    check_names(names, "name")


def name_span(parameter: nodes.Parameter) -> Span:
    """Where the name of a parameter stands."""
    start = parameter.span.start
    if parameter.learn:
        start = parameter.span.source.text.index(parameter.name, start + len("learn"))
    return Span(parameter.span.source, start, start + len(parameter.name))


def check_names(names: Sequence[tuple[str, Span]], what: str) -> None:
    """Each name is given once."""
    first: dict[str, Span] = {}
    for name, span in names:
        if name in first:
            fail(
                "duplicate-name",
                f"the {what} `{name}` is given twice",
                span,
                "again here",
                also=(Label(first[name], "first here"),),
            )
        first[name] = span


def check_name(name: str, span: Span) -> None:
    """Emitted code is Python, so its keywords cannot name anything."""
    if keyword.iskeyword(name):
        other = {"lambda": "lam"}.get(name, f"{name}_")
        fail(
            "reserved-name",
            f"`{name}` is a keyword of Python and cannot be a name here",
            span,
            help=f"write `{other}`, say",
        )


def axis_size(value: Fraction, span: Span) -> int:
    """A fixed size is a positive whole number."""
    if value.denominator != 1 or value < 1:
        fail("bad-size", "the size of an axis is a whole number, at least 1", span)
    return int(value)


def check_axis(name: str, span: Span) -> None:
    """``range`` without a count is not an axis."""
    if name == "range":
        fail(
            "bad-binder",
            "`range` needs a count",
            span,
            help="write `for k in range(n)`, or name the axis: `for k in class`",
        )


def check_range(name: str, span: Span) -> None:
    """What is called after ``in`` can only be ``range``."""
    if name != "range":
        fail(
            "bad-binder",
            "an index runs over an axis, or over `range(n)`",
            span,
            help=f"write `in {name}` if that is an axis, or `in range(...)`",
        )


def check_claimed(claimed: nodes.Name | nodes.Call) -> None:
    """The arguments of a property are names, numbers and losses; none is a condition."""
    if isinstance(claimed, nodes.Name):
        return
    for argument in (*claimed.args, *(given.value for given in claimed.keywords)):
        if isinstance(argument, nodes.Compare | nodes.BoolOp) or (
            isinstance(argument, nodes.Unary) and argument.op == "not"
        ):
            fail(
                "bad-claim",
                "the arguments of a claimed property are names, numbers and losses",
                argument.span,
                help="put conditions after `when`: claim convex(logits) when gamma > 0",
            )


def arguments(
    items: Sequence[Any],
) -> tuple[tuple[nodes.Expr, ...], tuple[nodes.Keyword, ...]]:
    """Positional arguments, then keywords, each keyword once."""
    args: list[nodes.Expr] = []
    keywords: list[nodes.Keyword] = []
    for item in items:
        if isinstance(item, nodes.Keyword):
            keywords.append(item)
        elif keywords:
            fail(
                "positional-after-keyword",
                "an argument without a name stands after one with a name",
                item.span,
                also=(Label(keywords[-1].span),),
                help="put it first, or name it too",
            )
        else:
            args.append(item)
    check_names(
        [(k.name, Span(k.span.source, k.span.start, k.span.start + len(k.name))) for k in keywords],
        "argument",
    )
    return tuple(args), tuple(keywords)
