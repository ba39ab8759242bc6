"""What an expression of the language evaluates to while elaborating.

An array over named axes is a scalar body with one placeholder index, a *slot*, per axis. Slots are
shared by all arrays, so arithmetic that broadcasts by axis name is arithmetic on the bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from sympy import Expr

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, Axis, Index
from losslang.ir.loss import Kind
from losslang.ir.truth import And
from losslang.source import Span
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.frame import Frame
    from losslang.ir.scope import Entry


WHOLE = ("int", "index", "bool")
"""Kinds whose values are whole numbers."""


@cache
def slot(axis: Axis) -> Index:
    """The placeholder index of an axis. That of a second copy runs over the axis itself."""
    return Index("·" if axis == axis.base else "·'", axis.base)


def copies(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    """The axes of an array; where one stands twice, the second time it is the second copy."""
    found: list[Axis] = []
    for axis in axes:
        found.append(axis.other if axis in found else axis)
    return tuple(found)


@dataclass(frozen=True)
class Value:
    """An array (a scalar without ``axes``). ``guard`` is 0 at places that are left out."""

    body: Expr
    axes: tuple[Axis, ...] = ()
    kind: Kind = "real"
    over: Axis | None = None
    guard: Expr = ONE

    def at(self, axis: Axis, index: Expr) -> Value:
        """The array with ``index`` in place of one axis."""
        rule = {slot(axis): index}
        return replace(
            self,
            body=substitute(self.body, rule),
            guard=substitute(self.guard, rule),
            axes=tuple(a for a in self.axes if a != axis),
        )

    @property
    def is_number(self) -> bool:
        """Whether it can stand in arithmetic."""
        return self.kind != "label"


@dataclass(frozen=True, eq=False)
class LossValue:
    """A loss that has not been given its inputs, with what is bound so far.

    ``frame`` is where it was named: its inputs are looked up there. ``whole`` says that it stands
    for its values over the batch (``loss[batch]``).
    """

    entry: Entry
    frame: Frame
    span: Span
    settings: Mapping[str, Setting] = field(default_factory=dict)
    losses: Mapping[str, LossValue] = field(default_factory=dict)
    whole: bool = False

    @property
    def declaration(self) -> nodes.Loss:
        """The syntax of the loss."""
        assert isinstance(self.entry.declaration, nodes.Loss)
        return self.entry.declaration


@dataclass(frozen=True)
class FunctionValue:
    """A published ``fn``."""

    entry: Entry


@dataclass(frozen=True)
class LocalFunctionValue:
    """A function under ``where``, with the frame it sees."""

    node: nodes.LocalFunction
    frame: Frame


@dataclass(frozen=True)
class MapValue:
    """A hyperparameter that is a function, with the one it was given."""

    function: FunctionValue | LocalFunctionValue
    parameter: nodes.Parameter


@dataclass(frozen=True)
class Choice:
    """A hyperparameter that takes one of some words."""

    name: str
    written: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """A hyperparameter's value as written in a call, with the frame of that call."""

    node: nodes.Expr
    frame: Frame


@dataclass(frozen=True)
class Lazy:
    """A name under ``where`` that has not been looked at yet."""

    node: nodes.Let | nodes.Unpack
    position: int = 0


Binding: TypeAlias = (
    Value | LossValue | FunctionValue | LocalFunctionValue | MapValue | Choice | Lazy
)


def elementwise(build: Callable[..., Expr], *values: Value, kind: Kind = "real") -> Value:
    """``build`` of the bodies over all axes: the first's, then the next's new ones."""
    axes = tuple(dict.fromkeys(axis for value in values for axis in value.axes))
    guard = And(*(value.guard for value in values))
    return Value(build(*(value.body for value in values)), axes, kind, guard=guard)


def axes_text(axes: tuple[Axis, ...]) -> str:
    """``axes (batch, class)`` for a message; empty without axes."""
    if not axes:
        return ""
    names = ", ".join(axis.name for axis in axes)
    return f"axis {names}" if len(axes) == 1 else f"axes ({names})"
