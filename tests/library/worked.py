"""The worked examples of the library's losses, as settings and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.ir.loss import Loss
from losslang.resources import library_files
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_module

T = TypeVar("T")

WHOLE = {"index", "label", "int", "bit", "sign"}
"""Kinds of inputs whose values are whole numbers."""


@cache
def module(path: Path) -> nodes.Module:
    """The tree of a file, parsed once for all tests."""
    return parse_module(Source(path.read_text(encoding="utf-8"), path.name))


def declared(path: Path) -> nodes.Loss:
    """The loss of a file of the library."""
    (loss,) = (d for d in module(path).declarations if isinstance(d, nodes.Loss))
    return loss


@dataclass(frozen=True)
class Worked:
    """A worked example: its loss, the hyperparameters and losses it sets, its inputs as tensors.

    Real inputs are in float64; a value per example is that of a batch of one.
    """

    loss: Loss
    settings: Mapping[str, str]
    inputs: Mapping[str, Tensor]

    @property
    def spec(self) -> str:
        """The loss with the example's settings."""
        return called(self.loss.name, self.settings)

    @property
    def sizes(self) -> dict[str, Any]:
        """The keyword for axes of states: as the inputs have them, or with three places."""
        if not self.loss.state_axes:
            return {}
        found = dict.fromkeys(self.loss.state_axes, 3)
        for known in self.loss.inputs:
            shape = self.inputs[known.name].shape[-len(known.axes) :] if known.axes else ()
            given = zip((axis.name for axis in known.axes), shape, strict=True)
            found |= {axis: size for axis, size in given if axis in found}
        return {"sizes": found}


def worked(declaration: nodes.Loss, example: nodes.Example) -> Worked:
    """What a worked example of a loss passes."""
    given = {keyword.name: keyword.value for keyword in example.call.keywords}
    own = declaration.signature.hyperparameters if declaration.signature else ()
    hypers = {parameter.name for parameter in own}
    settings = {
        name: node.span.text
        for name, node in given.items()
        if name in hypers or isinstance(node, nodes.Name)
    }
    loss = driver.elaborated(called(declaration.name, settings))
    numbers = {name: number(node, rounded) for name, node in given.items() if name not in settings}
    alone = any(term.result for term in loss.terms) and not takes_a_batch(declaration)
    inputs = {}
    for known in loss.inputs:
        value = [numbers[known.name]] if alone else numbers[known.name]
        entries = torch.tensor(value, dtype=torch.float64)
        whole = known.kind in WHOLE and bool((entries == entries.round()).all())
        inputs[known.name] = entries.long() if whole else entries
    return Worked(loss, settings, inputs)


def by_name_or_example(name: str, use: Callable[[str], T]) -> T:
    """What is made of a loss by its name, or else by its example's expression.

    Some losses cannot stand alone, as a loss or a number has to be given.
    """
    try:
        return use(name)
    except DiagnosticError:
        loss = declared(library_files()[name])
        return use(worked(loss, loss.examples[0]).spec)


def standing(path: Path, *, of_values: bool = False) -> Loss:
    """The loss of a library file, or as its example has it where something must be given.

    With ``of_values`` a loss over losses is one of their values.
    """
    loss = declared(path)
    for read in (driver.elaborated, partial(driver.elaborated_config, of_values=of_values)):
        with suppress(DiagnosticError):
            return read(loss.name)
    return driver.elaborated(worked(loss, loss.examples[0]).spec)


def called(name: str, settings: Mapping[str, str]) -> str:
    """A loss with settings, as an expression."""
    given = ", ".join(f"{key}={value}" for key, value in settings.items())
    return f"{name}({given})" if given else name


def takes_a_batch(loss: nodes.Loss) -> bool:
    """Whether an example of a loss gives a whole batch, not one example."""
    if loss.signature is None:
        return False
    over = [p.type.dims for p in loss.signature.inputs if isinstance(p.type, nodes.TypeExpr)]
    return any(dims and dims[0].name == "batch" for dims in over)


def rounded(value: Fraction) -> int | float:
    """A number as tensors hold it: whole ones stay whole."""
    return int(value) if value.denominator == 1 else float(value)


def number(node: nodes.Node, of: Callable[[Fraction], Any] = Fraction) -> Any:
    """The numbers written in an example."""
    if isinstance(node, nodes.ListLiteral):
        return [number(element, of) for element in node.elements]
    if isinstance(node, nodes.Unary):
        return -number(node.operand, of)
    assert isinstance(node, nodes.Number)
    return of(node.value)
