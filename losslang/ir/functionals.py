"""Losses over losses, named without them: functionals of the values that those losses would have.

``cvar`` alone is a loss of a batch of numbers, which is what claims such as ``convex(base)`` are
about; ``class_balanced`` weighs one number per example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from losslang.ir.scope import Entry, Scope
from losslang.ir.signatures import losses_taken
from losslang.syntax import nodes
from losslang.syntax.limits import children


def over_values(expr: nodes.Expr, scope: Scope) -> Scope:
    """The scope in which the losses that ``expr`` leaves out are inputs of numbers.

    It is ``scope`` itself unless the expression names one loss and passes none of those that it
    takes, or where that loss calls one with other inputs than its own.
    """
    function = expr.function if isinstance(expr, nodes.Call) else expr
    entry = scope.find(function.id) if isinstance(function, nodes.Name) else None
    if entry is None or not isinstance(entry.declaration, nodes.Loss):
        return scope
    bases = losses_taken(entry.declaration)
    if isinstance(expr, nodes.Call) and (expr.args or bases & {k.name for k in expr.keywords}):
        return scope
    made = _entry(entry) if bases else None
    return scope if made is None else scope.having(made)


def _entry(entry: Entry) -> Entry | None:
    """The loss of an entry over numbers, with those over numbers that it passes them to."""
    assert isinstance(entry.declaration, nodes.Loss)
    made = functional(entry.declaration)
    if made is None:
        return None
    bases, scope = losses_taken(entry.declaration), entry.scope
    for node in _calls(made):
        passed = (*node.args, *(keyword.value for keyword in node.keywords))
        called = entry.scope.find(node.function.id)
        if called is None or not bases & {e.id for e in passed if isinstance(e, nodes.Name)}:
            continue
        if not isinstance(called.declaration, nodes.Loss) or called.declaration.signature is None:
            continue
        inner = _entry(called)
        if inner is not None:
            scope = scope.having(inner)
    return Entry(made, scope)


def functional(loss: nodes.Loss) -> nodes.Loss | None:
    """The loss with numbers for the losses it takes; ``None`` where it needs more than those.

    Inputs that nothing uses any more are left out, unless they alone have an axis that is named.
    """
    assert loss.signature is not None
    bases = losses_taken(loss)
    own = [p.name for p in loss.signature.inputs if p.name not in bases]

    def value(node: nodes.Node) -> nodes.Node:
        if not isinstance(node, nodes.Call) or node.function.id not in bases:
            return node
        passed = [a.id if isinstance(a, nodes.Name) else "" for a in node.args]
        return node.function if passed == own and not node.keywords else node

    made = _rewritten(replace(loss, claims=(), examples=()), value)
    assert isinstance(made, nodes.Loss)
    if any(node.function.id in bases for node in _calls(made)):
        return None
    used = {n.id for node in _formulas(made) for n in _below(node) if isinstance(n, nodes.Name)}
    numbers = tuple(
        replace(p, type=_of_numbers(p.type)) if p.name in bases else p
        for p in loss.signature.inputs
    )
    kept = [p for p in numbers if p.name in bases | used]
    lacking = (used | _axes(loss.signature.hyperparameters)) - _axes(kept)
    inputs = tuple(p for p in numbers if p in kept or _axes([p]) & lacking)
    return replace(made, signature=replace(loss.signature, inputs=inputs), claims=loss.claims)


def _axes(parameters: Iterable[nodes.Parameter]) -> set[str]:
    """The axes of arrays; what an index points into has to come from elsewhere."""
    types = (parameter.type for parameter in parameters)
    return {d.name for t in types if isinstance(t, nodes.TypeExpr) for d in t.dims if d.name}


def _formulas(loss: nodes.Loss) -> tuple[nodes.Node, ...]:
    guard = () if loss.guard is None else (loss.guard,)
    return (*loss.binders, *loss.where, loss.body, *guard)


def _calls(loss: nodes.Loss) -> Iterator[nodes.Call]:
    for formula in _formulas(loss):
        yield from (node for node in _below(formula) if isinstance(node, nodes.Call))


def _of_numbers(type: nodes.TypeExpr | nodes.ChoiceType | nodes.MapType) -> nodes.TypeExpr:
    assert isinstance(type, nodes.TypeExpr)
    return replace(type, name="real")


def _below(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in children(node):
        yield from _below(child)


def _rewritten(node: nodes.Node, rule: Callable[[nodes.Node], nodes.Node]) -> nodes.Node:
    """A node with a rule applied to every node below it and to itself."""

    def part(value: Any) -> Any:
        if isinstance(value, nodes.Node):
            return _rewritten(value, rule)
        return tuple(map(part, value)) if isinstance(value, tuple) else value

    return rule(replace(node, **{f.name: part(getattr(node, f.name)) for f in fields(node)}))
