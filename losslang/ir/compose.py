"""A whole loss from an expression over losses: merged inputs, named terms, hyperparameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy

from losslang.diagnostics import Label, fail
from losslang.ir import (
    binding,
    builtins,
    instantiate,
    keys,
    limits,
    options,
    settings,
    signatures,
    states,
)
from losslang.ir.binders import free_indices, substitution
from losslang.ir.elaborate import Elaborator
from losslang.ir.frame import Frame
from losslang.ir.heads import At, Axis
from losslang.ir.loss import (
    BATCH,
    EXAMPLE,
    Input,
    Loss,
    Requirement,
    State,
    Term,
    Written,
)
from losslang.ir.merge import Inputs, collect
from losslang.ir.scope import Entry, Scope
from losslang.ir.values import Lazy, Setting, Value, axes_text, copies, slot
from losslang.source import Span
from losslang.syntax import nodes
from losslang.syntax.limits import children
from losslang.syntax.names import names_of


@dataclass(frozen=True)
class Extras:
    """What a config adds to an expression: inputs, named parts, and values by name.

    ``hyperparameters`` are new ones with their values; ``settings`` give values to those of the
    losses (``tau``, ``supcon.tau``), ``options`` to keywords of the call. ``inputs`` are there
    whether or not a loss of the expression has them, and ``values`` stand for names in it.
    """

    signature: tuple[nodes.Parameter, ...] = ()
    definitions: tuple[nodes.Definition, ...] = ()
    hyperparameters: Mapping[str, nodes.Expr] = field(default_factory=dict)
    settings: Mapping[str, nodes.Expr] = field(default_factory=dict)
    options: Mapping[str, nodes.Expr] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)


def elaborate(expr: nodes.Expr, scope: Scope, name: str, extras: Extras | None = None) -> Loss:
    """The IR of a composition; a single loss is a composition of one.

    Raises :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the program.
    """
    try:
        return _elaborate(expr, scope, name, extras or Extras())
    except RecursionError:
        limits.too_deep(expr.span)


def _elaborate(expr: nodes.Expr, scope: Scope, name: str, extras: Extras) -> Loss:
    inputs = Inputs()
    own = frozenset(p.name for p in extras.signature) | {*extras.hyperparameters, *extras.values}
    own |= {d.name for d in extras.definitions if not isinstance(d, nodes.Unpack)}
    axes: dict[str, Axis] = {}
    for known in extras.inputs:
        inputs.merged[known.name] = known
        for axis in (*known.axes, *((known.over,) if known.over is not None else ())):
            axes[axis.name] = inputs.elab.known_axis(axis)
    for parameter in extras.signature:
        inputs.add(parameter.name, parameter, axes, False, scope)
    for definition in extras.definitions:
        if not isinstance(definition, nodes.State):
            collect(definition.value, scope, inputs, own)
    collect(expr, scope, inputs, own)
    merged = inputs.merged
    elab = inputs.elab
    elab.inputs = frozenset(merged)
    elab.packs = frozenset(known.pack for known in merged.values() if known.pack)
    frame = _root(merged, scope, axes)
    frame.names.update(extras.values)
    elab.keep(frame)
    elab.settings = {key: Setting(node, frame) for key, node in extras.settings.items()}
    instantiate.define(frame, extras.definitions)
    states.prepare(elab, frame, (expr, *extras.definitions))
    for key, node in extras.hyperparameters.items():
        frame.names[key] = settings.introduce(elab, key, Setting(node, frame))
    for key, node in extras.options.items():
        options.note(elab, key, node, frame)
    terms = _terms(elab, expr, frame, name)
    keys.check_all_used(elab)
    entry = _single(expr, scope)
    renamed, final = _final_names(elab)
    loss = Loss(
        name=name,
        inputs=tuple(merged.values()),
        hyperparameters=tuple(
            replace(h, name=renamed[h.name], formula=h.formula) for _, h in elab.hyperparameters
        ),
        terms=tuple(replace(t, body=final(t.body), guard=final(t.guard)) for t in terms),
        requires=tuple(
            Requirement(final(r.condition), final(r.guard), r.span) for r in elab.requires
        ),
        draws=tuple(replace(d, axes=tuple(map(final, d.axes))) for d in elab.draws.values()),
        states=tuple(_renamed(state, final) for state in elab.states.values()),
        formula=expr.span.text,
        hints={final(e): n for e, n in elab.hints.items()},
        origin={final(e): s for e, s in elab.origin.items()},
    )
    loss = replace(
        loss,
        options=options.settled(loss, elab.options),
        written=Written(
            expr,
            extras.definitions,
            reached(expr, extras.definitions, scope),
            scope if entry is None else entry.scope,
        ),
    )
    return loss if entry is None else _documented(loss, entry.declaration)


def reached(
    expr: nodes.Expr, parts: tuple[nodes.Definition, ...], scope: Scope
) -> tuple[nodes.Loss, ...]:
    """The losses that an expression, its parts and their formulas name, each once, in order."""
    found: dict[str, nodes.Loss] = {}
    own = frozenset(name for part in parts for name in names_of(part))
    values = [part.value for part in reversed(parts) if not isinstance(part, nodes.State)]
    first: list[nodes.Node] = [*values, expr]
    todo = [(node, scope, own) for node in first]
    while todo:
        node, inside, hidden = todo.pop()
        name = node.id if isinstance(node, nodes.Name) and node.id not in hidden else ""
        entry = inside.find(name) if name and name not in found else None
        below: list[nodes.Node] = [*children(node)]
        if entry is not None and isinstance(entry.declaration, nodes.Loss):
            found[name] = declaration = entry.declaration
            inside, hidden = entry.scope, names_of(declaration)
            valued = (d for d in declaration.where if not isinstance(d, nodes.State))
            below = [declaration.body, *(d.value for d in valued)]
        todo += [(child, inside, hidden) for child in reversed(below)]
    return tuple(found.values())


def _single(expr: nodes.Expr, scope: Scope) -> Entry | None:
    """The entry of the loss that an expression names, if it is nothing but that loss."""
    name = (
        expr.function.id
        if isinstance(expr, nodes.Call)
        else expr.id
        if isinstance(expr, nodes.Name)
        else ""
    )
    entry = scope.find(name)
    return entry if entry is not None and isinstance(entry.declaration, nodes.Loss) else None


def _documented(loss: Loss, declaration: nodes.Loss | nodes.Function) -> Loss:
    assert isinstance(declaration, nodes.Loss)
    formula = declaration.body.span.text
    if declaration.where:
        parts = [d.span.text for d in declaration.where]
        formula = "\n".join([formula, "where", *(f"    {part}" for part in parts)])
    return replace(
        loss,
        doc=declaration.doc.value if declaration.doc else "",
        cites=tuple(cite.text for cite in declaration.cites),
        formula=formula if loss.formula == declaration.name else f"{loss.formula}\n{formula}",
        claims=tuple(c for c in declaration.claims if not _is_of_values(c, declaration)),
        examples=declaration.examples,
        aliases=declaration.aliases,
    )


def _is_of_values(claim: nodes.Claim, loss: nodes.Loss) -> bool:
    """Whether a claim is about the values of a loss that was given."""
    if not isinstance(claim.property, nodes.Call):
        return False
    named = {a.id for a in claim.property.args if isinstance(a, nodes.Name)}
    named |= {given.name for given in claim.property.keywords}
    return not named.isdisjoint(signatures.losses_taken(loss))


def _root(merged: Mapping[str, Input], scope: Scope, axes: dict[str, Axis]) -> Frame:
    frame = Frame(scope, axes=dict(axes), places=((EXAMPLE, BATCH),), open=True)
    for known in merged.values():
        own = copies(known.axes)
        body = At(known.tensor, *((EXAMPLE,) if known.batched else ()), *map(slot, own))
        kind = known.kind
        frame.names[known.name] = Value(body, own, kind, known.over)
    return frame


def _terms(elab: Elaborator, expr: nodes.Expr, frame: Frame, name: str) -> tuple[Term, ...]:
    terms: list[Term] = []
    spans: dict[str, Span] = {}
    for part, sign, inside in _summands(elab, expr, 1, frame):
        title = _title(part, inside) or f"term_{len(terms) + 1}"
        elab.part = title if title in inside.names else None
        value = _per_place(elab, part, inside)
        if title in spans:
            fail(
                "repeated-term",
                f"two terms are named {title!r}",
                part.span,
                also=(Label(spans[title], "the first"),),
                help='give each its own name in the config, for example `easy: "focal(gamma=1)"`',
            )
        spans[title] = part.span
        body = sign * value.body
        free = free_indices(body) | free_indices(value.guard)
        result = tuple(sorted(free, key=lambda i: (i.axis != BATCH, str(i))))
        terms.append(Term(title, result, body, value.guard))
    if len(terms) == 1 and terms[0].name == "term_1":
        terms[0] = replace(terms[0], name=name)
    return tuple(terms)


def _per_place(elab: Elaborator, node: nodes.Expr, frame: Frame) -> Value:
    """A term's value at the place at hand: free in the indices it is reduced over."""
    value = elab.number(node, frame)
    entry = frame.scope.find(_title(node, frame))
    binders = (
        entry.declaration.binders if entry and isinstance(entry.declaration, nodes.Loss) else ()
    )
    if value.axes not in ((), (BATCH,)) and len(value.axes) != len(binders):
        fail(
            "axes-left",
            f"a loss is one number, but this has {axes_text(value.axes)}",
            node.span,
            help=f"reduce it, for example mean(..., axis={value.axes[-1]})",
        )
    for axis in value.axes:
        value = value.at(axis, EXAMPLE if axis == BATCH else binding.pixel(axis))
    return value


def _summands(
    elab: Elaborator, node: nodes.Expr, sign: int, frame: Frame
) -> Iterator[tuple[nodes.Expr, int, Frame]]:
    """The top-level summands, those of named compositions among them."""
    if isinstance(node, nodes.Binary) and node.op in ("+", "-"):
        yield from _summands(elab, node.left, sign, frame)
        yield from _summands(elab, node.right, sign if node.op == "+" else -sign, frame)
        return
    if isinstance(node, nodes.Unary) and node.op in ("+", "-"):
        yield from _summands(elab, node.operand, sign if node.op == "+" else -sign, frame)
        return
    entry = None
    if isinstance(node, nodes.Name) and not frame.find(node.id):
        entry = frame.scope.find(node.id)
    named = entry.declaration if entry else None
    if entry and isinstance(named, nodes.Loss) and named.signature is None:
        elab.descend(node.span, named.name)
        yield from _summands(elab, named.body, sign, instantiate.reopened(elab, entry, frame))
        elab.ascend()
        return
    yield node, sign, frame


def _title(node: nodes.Expr, frame: Frame) -> str:
    """Name of a term: that of the one loss or named part in it."""
    node = signatures.taken_once(node) or node
    if isinstance(node, nodes.Name | nodes.Call):
        name = node.id if isinstance(node, nodes.Name) else node.function.id
        if name in frame.names:
            return name if isinstance(frame.names[name], Lazy) else ""
        built_in = isinstance(node, nodes.Call) and name in builtins.TABLE and bool(node.args)
        return "" if built_in or frame.scope.find(name) is None else name
    if isinstance(node, nodes.Binary) and node.op in ("*", "/"):
        known = [t for t in (_title(node.left, frame), _title(node.right, frame)) if t]
        return known[0] if len(known) == 1 else ""
    return ""


def _renamed(state: State, final: Callable[[Any], Any]) -> State:
    """A state with the settled names of hyperparameters in its formulas and its sizes."""
    return replace(
        state,
        axes=tuple(map(final, state.axes)),
        indices=tuple(map(final, state.indices)),
        places=tuple(map(final, state.places)),
        value=final(state.value),
        guard=final(state.guard),
        length=None if state.length is None else final(state.length),
    )


def _final_names(elab: Elaborator) -> tuple[Mapping[str, str], Callable[[Any], Any]]:
    """The settled names of the hyperparameters, and the renaming of expressions."""
    others = {draw.name for draw in elab.draws.values()}
    others |= {state.name for state in elab.states.values()}
    names = settings.settle_names(elab.hyperparameters, others)
    rule: dict[sympy.Basic, sympy.Basic] = {}
    for _, hyper in elab.hyperparameters:
        final = replace(hyper, name=names[hyper.name])
        rule[hyper.symbol] = final.symbol
        rule[hyper.tensor] = final.tensor
        rule[sympy.core.symbol.Str(hyper.name)] = sympy.core.symbol.Str(final.name)
    return names, substitution(rule)
