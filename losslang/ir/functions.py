"""Functions as hyperparameters: what one is given, and what it gives when it is called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losslang.diagnostics import Label, fail
from losslang.ir import instantiate, keys
from losslang.ir.frame import Frame
from losslang.ir.values import (
    Binding,
    FunctionValue,
    LocalFunctionValue,
    LossValue,
    MapValue,
    Setting,
    Value,
    axes_text,
)
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def function(elab: Elaborator, node: nodes.Lambda, frame: Frame) -> LocalFunctionValue:
    """``v -> value``: a function that sees the names around it."""
    return LocalFunctionValue(
        nodes.LocalFunction(node.span, "function", (node.parameter,), node.value), frame
    )


def bind(elab: Elaborator, loss: LossValue, parameter: nodes.Parameter, frame: Frame) -> MapValue:
    """The function that a hyperparameter stands for: a part of the formula, not of a call."""
    setting = loss.settings.get(parameter.name)
    if loss.frame.open:
        owners = (elab.part or loss.declaration.name, loss.declaration.name)
        setting = keys.configured(elab, owners, parameter.name, setting) or setting
    if setting is None and parameter.default is None:
        fail(
            "missing-argument",
            f"{loss.declaration.name!r} needs a function {parameter.name!r}",
            loss.span,
            also=(Label(parameter.span, "it has no default"),),
            help=f"for example {loss.declaration.name}({parameter.name}=x -> x**2)",
        )
    if setting is None:
        assert parameter.default is not None
        setting = Setting(parameter.default, frame)
    found: Binding = elab.evaluate(setting.node, setting.frame)
    if isinstance(found, MapValue):
        return replace(found, parameter=parameter)
    if not isinstance(found, FunctionValue | LocalFunctionValue):
        fail(
            "not-a-function",
            f"hyperparameter {parameter.name!r} is a function",
            setting.node.span,
            also=(Label(parameter.span, "declared here"),),
            help="write it as x -> x**2, or name a function",
        )
    if isinstance(found, LocalFunctionValue) and isinstance(setting.node, nodes.Lambda):
        found = replace(found, node=replace(found.node, name=parameter.name))
    return MapValue(found, parameter)


def call(elab: Elaborator, target: MapValue, node: nodes.Call, frame: Frame) -> Value:
    """A function at an argument; the axes of both are as many as its type says."""
    wanted = target.parameter.type
    assert isinstance(wanted, nodes.MapType)
    if len(node.args) != 1 or node.keywords or isinstance(node.args[0], nodes.Comprehension):
        fail(
            "argument-count",
            f"{target.parameter.name!r} takes one argument",
            node.span,
            also=(Label(target.parameter.span, "declared here"),),
        )
    _fits(target, elab.value(node.args[0], frame), wanted.argument, node.args[0], "takes")
    if isinstance(target.function, FunctionValue):
        result = instantiate.call_function(elab, target.function, node, frame)
        written: nodes.Node = node
    else:
        result = elab.as_value(elab.local_call(target.function, node, frame), node)
        written = target.function.node.value
    _fits(target, result, wanted.result, written, "gives")
    return result


def _fits(
    target: MapValue, value: Value, wanted: nodes.TypeExpr, node: nodes.Node, verb: str
) -> None:
    if len(value.axes) == len(wanted.dims):
        return
    fail(
        "axis-mismatch",
        f"{target.parameter.name!r} {verb} {wanted.span.text}, but this has"
        f" {axes_text(value.axes) or 'no axes'}",
        node.span,
        also=(Label(target.parameter.span, "declared here"),),
    )
