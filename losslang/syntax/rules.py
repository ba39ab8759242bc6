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
        elif isinstance(item, nodes.Statement):
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


def _append_to_loss(declarations: list[nodes.Declaration], item: nodes.Statement) -> None:
    kind = type(item).__name__.lower()
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
    match item:
        case nodes.Claim():
            declarations[-1] = replace(above, claims=(*above.claims, item))
        case nodes.Example():
            declarations[-1] = replace(above, examples=(*above.examples, item))
        case nodes.Alias():
            declarations[-1] = replace(above, aliases=(*above.aliases, item))


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
    for entry in entries:
        if isinstance(entry, nodes.Parameter) and isinstance(entry.type, nodes.MapType):
            _check_function(entry, entry in inputs)
    hyperparameters = tuple(e for e in entries[at + 1 :] if isinstance(e, nodes.Parameter))
    return nodes.Signature(span, inputs, hyperparameters)


def _check_function(parameter: nodes.Parameter, is_input: bool) -> None:
    """A function is a hyperparameter with nothing but a default."""
    if is_input:
        fail(
            "misplaced-function",
            f"`{parameter.name}` is a function, which no training loop passes",
            parameter.span,
            help="put it behind the `*`: functions are hyperparameters of a loss",
        )
    if parameter.learn or parameter.domain is not None:
        fail(
            "misplaced-function",
            f"`{parameter.name}` is a function: it has no domain and is not learned",
            parameter.span,
            help="let its formula name a hyperparameter that is",
        )


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
    if loss.signature is None:
        check_stateless(loss.where, "a composition")
    _check_updates(loss.where)
    _check_scope(parameters, loss.where)


def check_function(function: nodes.Function) -> None:
    """The same for a helper function."""
    check_name(function.name, function.name_span)
    check_stateless(function.where, "a helper function")
    _check_scope(function.parameters, function.where)


def check_stateless(where: Iterable[nodes.Definition], what: str) -> None:
    """Only a loss with a signature keeps state."""
    for definition in where:
        if isinstance(definition, nodes.State | nodes.Update):
            fail(
                "misplaced-state",
                f"{what} keeps no state",
                definition.span,
                help="declare it in the loss with inputs that uses it, and pass what it holds",
            )


def _check_updates(where: Sequence[nodes.Definition]) -> None:
    """Each state has one update, and nothing else has one."""
    states = {d.name: d for d in where if isinstance(d, nodes.State)}
    updates: dict[str, nodes.Update] = {}
    for update in where:
        if not isinstance(update, nodes.Update):
            continue
        if update.name not in states:
            fail(
                "state-update",
                f"`{update.name}` is no state, so nothing can be written to it",
                update.span,
                help=f"a part of a formula is named with `{update.name} = ...`; "
                f"a state is declared with `state {update.name}: real = 0`",
            )
        if update.name in updates:
            fail(
                "state-update",
                f"the state `{update.name}` is written twice",
                update.span,
                also=(Label(updates[update.name].span, "first here"),),
                help="a state has one update: join the two with `if`",
            )
        updates[update.name] = update
    for name, state in states.items():
        if name not in updates:
            fail(
                "state-update",
                f"nothing updates the state `{name}`",
                state.span,
                help=f"write `{name} <- ...` below it, or make it a hyperparameter",
            )


def _check_scope(parameters: Iterable[nodes.Parameter], where: Iterable[nodes.Definition]) -> None:
    names = [(parameter.name, name_span(parameter)) for parameter in parameters]
    for definition in where:
        if isinstance(definition, nodes.Update):
            continue
        if isinstance(definition, nodes.Unpack):
            # The names stand first, so each is found from where the one before it ended.
            at = definition.span.start
            for name in definition.names:
                at = definition.span.source.text.index(name, at)
                names.append((name, Span(definition.span.source, at, at + len(name))))
                at += len(name)
        else:
            start = definition.span.start
            if isinstance(definition, nodes.State):
                text = definition.span.source.text
                start = text.index(definition.name, start + len("state"))
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
