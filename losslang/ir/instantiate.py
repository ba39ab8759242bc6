"""Losses and functions used in formulas: binding what they take and inlining what they compute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.diagnostics import Label, fail
from losslang.ir import binding, indexing, options, settings, signatures, states
from losslang.ir.binders import free_indices, substitute
from losslang.ir.frame import Frame, Place
from losslang.ir.heads import ONE, At, Index, Labelled
from losslang.ir.loss import BATCH, EXAMPLE
from losslang.ir.scope import Entry, suggestion
from losslang.ir.truth import And
from losslang.ir.values import (
    Binding,
    FunctionValue,
    Lazy,
    LocalFunctionValue,
    LossValue,
    Setting,
    Value,
    slot,
)
from losslang.source import Span
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


@dataclass(frozen=True)
class Instance:
    """What a loss computes from given inputs: a scalar, free in its ``result`` indices."""

    value: Value
    result: tuple[Index, ...] = ()


def call(elab: Elaborator, loss: LossValue, node: nodes.Call, frame: Frame) -> Binding:
    """``loss(...)``: with inputs its value, without them the loss with hyperparameters set."""
    given = signatures.arguments(loss.declaration, node)
    for keyword in node.keywords:
        if keyword.name in options.CALL_WORDS:
            _option(elab, keyword, frame)
    bound = {name: _loss_argument(elab, expr, frame) for name, expr in given.losses.items()}
    loss = replace(
        loss,
        settings={**loss.settings, **{k: Setting(v, frame) for k, v in given.settings.items()}},
        losses={**loss.losses, **bound},
    )
    if not given.inputs:
        return loss
    values = {name: elab.value(expr, frame) for name, expr in given.inputs.items()}
    return as_array(instantiate(elab, loss, values, node.span))


def _option(elab: Elaborator, keyword: nodes.Keyword, frame: Frame) -> None:
    """A keyword of the call contract, in the call of a loss."""
    if not frame.open:
        fail(
            "misplaced-option",
            f"{keyword.name!r} is set for a whole loss, not inside a formula",
            keyword.span,
            help="pass it to the compiled loss, or set it in the config",
        )
    options.note(elab, keyword.name, keyword.value, frame)


def _loss_argument(elab: Elaborator, node: nodes.Expr, frame: Frame) -> LossValue:
    """A loss that is passed to another; an expression over losses is one, too."""
    if isinstance(node, nodes.Binary | nodes.Unary | nodes.Conditional):
        declaration = nodes.Loss(node.span, "composed", node.span, None, (), None, node)
        return LossValue(Entry(declaration, frame.scope), frame, node.span)
    value = elab.evaluate(node, frame)
    if not isinstance(value, LossValue):
        fail("not-a-loss", "a loss is wanted here", node.span, help="name a loss, such as ce")
    return value


def bare(elab: Elaborator, loss: LossValue, span: Span) -> Value:
    """The value of a loss that takes the inputs of its own names from where it was named."""
    instance = bare_instance(elab, loss, span)
    if not loss.whole:
        return as_array(instance)
    body = instance.value.body
    examples = [i for i in free_indices(body) | set(instance.result) if i.axis == BATCH]
    if not examples:
        fail(
            "no-value-per-example",
            f"{loss.declaration.name!r} has no value per example",
            span,
            help="only a loss with a value for each example can be looked at over the batch",
        )
    rule = {index: slot(BATCH) for index in examples}
    return replace(
        instance.value,
        body=substitute(body, rule),
        guard=substitute(instance.value.guard, rule),
        axes=(BATCH, *instance.value.axes),
    )


def bare_instance(elab: Elaborator, loss: LossValue, span: Span) -> Instance:
    """What a loss computes from the inputs of its own names."""
    declaration = loss.declaration
    if declaration.signature is None:
        return _composition(elab, loss, span)
    values: dict[str, Value] = {}
    for parameter in signatures.split_inputs(declaration)[1]:
        found = loss.frame.find(parameter.name)
        if found is None:
            fail(
                "missing-input",
                f"{declaration.name!r} needs an input {parameter.name!r} that nothing here defines",
                span,
                also=(Label(parameter.span, "declared here"),),
                help=f"call it with its inputs: {declaration.name}({parameter.name}, ...)",
            )
        name = nodes.Name(span, parameter.name)
        values[parameter.name] = elab.value(name, loss.frame)
    return instantiate(elab, loss, values, span)


def reopened(elab: Elaborator, entry: Entry, frame: Frame) -> Frame:
    """The frame of a named composition: the inputs of ``frame``, the names of its own file."""
    root = frame.root
    inside = replace(root, scope=entry.scope, names=dict(root.names), axes=dict(root.axes))
    elab.keep(inside)
    return inside


def _composition(elab: Elaborator, loss: LossValue, span: Span) -> Instance:
    elab.descend(span, loss.declaration.name)
    frame = reopened(elab, loss.entry, loss.frame)
    value = elab.value(loss.declaration.body, frame)
    elab.ascend()
    return Instance(value)


def as_array(instance: Instance) -> Value:
    """A loss used as a value: an array over the axes of its ``for``, else a scalar."""
    rule = {index: slot(index.axis) for index in instance.result}
    value = instance.value
    return replace(
        value,
        body=substitute(value.body, rule),
        guard=substitute(value.guard, rule),
        axes=tuple(index.axis for index in instance.result) + value.axes,
    )


def instantiate(
    elab: Elaborator, loss: LossValue, values: Mapping[str, Value], span: Span
) -> Instance:
    """Evaluate a loss's body with its inputs bound to ``values``."""
    declaration = loss.declaration
    signature = declaration.signature
    assert signature is not None
    elab.descend(span, declaration.name)
    whole = signatures.is_whole(declaration)
    frame = Frame(loss.entry.scope)
    elab.keep(frame)
    losses, inputs = signatures.split_inputs(declaration)
    for parameter in losses:
        frame.names[parameter.name] = _bound_loss(loss, parameter, span)
    bound = [binding.bind_input(elab, frame, p, values[p.name], span) for p in inputs]
    states.bind_axes(elab, frame, declaration, inputs, bound)
    for parameter, value in zip(inputs, bound, strict=True):
        binding.check_kind(frame, parameter, value, span)
    if not whole:
        frame.places = _places(bound)
    for parameter in signature.hyperparameters:
        frame.names[parameter.name] = settings.bind(elab, loss, parameter, frame)
    define(frame, declaration.where)
    states.declare(elab, frame, declaration)
    result, inside = indexing.bind(elab, declaration.binders, frame)
    if declaration.binders:
        frame.names.update(inside.names)
        frame.places += tuple((index, index.axis) for index in result)
        if len({index.axis for index in result}) < len(result):
            fail(
                "repeated-axis",
                "a loss has each axis once in its `for`",
                declaration.binders[-1].span,
                help="reduce over the pairs, for example with a mean over the second index",
            )
    guard = ONE
    if declaration.guard is not None:
        guard = elab.condition(declaration.guard, frame).body
    target = None if elab.labelled or whole else _label(frame, inputs)
    elab.labelled = elab.labelled or target is not None
    value = elab.number(declaration.body, frame.where(guard))
    if value.axes == (BATCH,) and losses and not whole:  # that of a loss that this one takes
        value = value.at(BATCH, EXAMPLE)
    elab.check_scalar(value, declaration.body)
    if target is not None:
        elab.labelled = False
        if EXAMPLE in free_indices(value.body):
            value = replace(value, body=Labelled(target, value.body))
    states.update(elab, frame, declaration)
    elab.ascend()
    return Instance(replace(value, guard=And(guard, value.guard)), result)


def _places(values: Iterable[Value]) -> tuple[Place, ...]:
    free = {i for v in values for i in free_indices(v.body) if not i.name.startswith("·")}
    return tuple((index, index.axis) for index in sorted(free, key=sympy.default_sort_key))


def _bound_loss(loss: LossValue, parameter: nodes.Parameter, span: Span) -> LossValue:
    bound = loss.losses.get(parameter.name)
    if bound is None:
        fail(
            "missing-argument",
            f"{loss.declaration.name!r} needs a loss {parameter.name!r}",
            span,
            also=(Label(parameter.span, "declared here"),),
            help=f"for example {loss.declaration.name}(ce)",
        )
    assert isinstance(parameter.type, nodes.TypeExpr)
    return replace(bound, whole=bool(parameter.type.dims))


def _label(frame: Frame, inputs: tuple[nodes.Parameter, ...]) -> Expr | None:
    """The read of the label that soft targets and class weights act on."""
    for parameter in inputs:
        binding = frame.names[parameter.name]
        if (
            isinstance(binding, Value)
            and binding.kind == "index"
            and not binding.axes
            and isinstance(binding.body, At)
        ):
            return binding.body
    return None


def define(frame: Frame, definitions: tuple[nodes.Definition, ...]) -> None:
    """Enter the names under ``where`` into a frame."""
    for definition in definitions:
        if isinstance(definition, nodes.LocalFunction):
            frame.names[definition.name] = LocalFunctionValue(definition, frame)
        elif isinstance(definition, nodes.Let):
            frame.names[definition.name] = Lazy(definition)
        elif isinstance(definition, nodes.Unpack):
            for position, name in enumerate(definition.names):
                frame.names[name] = Lazy(definition, position)


def call_function(
    elab: Elaborator, function: FunctionValue, node: nodes.Call, frame: Frame
) -> Value:
    """``name(args)`` for a published ``fn``."""
    declaration = function.entry.declaration
    assert isinstance(declaration, nodes.Function)
    wanted = {p.name: p for p in declaration.parameters}
    given = dict(_matched(declaration, node))
    missing = [p.name for p in declaration.parameters if p.name not in given and p.default is None]
    if missing or len(given) > len(wanted):
        fail(
            "argument-count",
            f"{declaration.name!r} takes {', '.join(wanted)}",
            node.span,
            also=(Label(declaration.name_span, "defined here"),),
        )
    inside = Frame(function.entry.scope, places=frame.places, guard=frame.guard)
    elab.keep(inside)
    values = {
        name: elab.value(given.get(name, p.default), frame if name in given else inside)  # type: ignore[arg-type]
        for name, p in wanted.items()
    }
    for name, parameter in wanted.items():
        binding.bind_input(elab, inside, parameter, values[name], node.span)
    for name, parameter in wanted.items():
        binding.check_kind(inside, parameter, values[name], node.span)
    define(inside, declaration.where)
    elab.descend(node.span, declaration.name)
    result = elab.value(declaration.body, inside)
    elab.ascend()
    if len(result.axes) != len(declaration.result.dims):
        fail(
            "axis-mismatch",
            f"{declaration.name!r} promises {declaration.result.span.text}, but gives"
            f" {len(result.axes)} axes",
            declaration.body.span,
        )
    return result


def _matched(function: nodes.Function, node: nodes.Call) -> Iterator[tuple[str, nodes.Expr]]:
    names = [p.name for p in function.parameters]
    if len(node.args) > len(names):
        fail("argument-count", f"{function.name!r} takes {', '.join(names)}", node.span)
    yield from zip(names, node.args, strict=False)
    for keyword in node.keywords:
        if keyword.name not in names:
            fail(
                "unknown-keyword",
                f"{function.name!r} has no parameter {keyword.name!r}",
                keyword.span,
                help=suggestion(keyword.name, names),
            )
        yield keyword.name, keyword.value
