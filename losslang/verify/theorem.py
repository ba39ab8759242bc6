"""Theorems: from statements about formulas to a property of a loss.

A :class:`Reading` is what a loss looks like to the theory (``phi(m)``, ``f(p_y)``, ...). A
:class:`Theorem` says: a loss that reads so, and whose premises hold, has (or lacks) the property.
Premises may depend on a *guess*, such as a constant or a minimiser: how it was found is no matter,
for the premises say all that it must satisfy. Neither this module nor the theorems search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self, TypeAlias

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.statement import Bounds, Region, Statement

Guess: TypeAlias = Mapping[str, Expr]


@dataclass(frozen=True)
class Question:
    """A property asked of a loss: ``convex(logits)``, ``elicits(mean)``, ``calibrated``.

    ``input`` is the input that it is asked in, the first of ``arguments`` where that names one.
    """

    property: str
    arguments: tuple[str, ...] = ()
    input: str = ""

    def __str__(self) -> str:
        return f"{self.property}({', '.join(self.arguments)})" if self.arguments else self.property


@dataclass(frozen=True)
class Reading:
    """What a loss looks like to the theory, over a region of hyperparameters and sizes."""

    kind: ClassVar[str]
    """What diagnostics call it: ``a margin loss``."""

    region: Region

    def within(self, region: Region) -> Self:
        """The same reading for fewer hyperparameters or sizes."""
        return replace(self, region=region)

    def setting(self, values: Mapping[sympy.Symbol, Expr]) -> Self:
        """The same reading with values in place of hyperparameters or sizes."""

        def put(part: Any) -> Any:
            if isinstance(part, Region):
                return part.setting(values)
            if isinstance(part, Bounds):
                return part.subs(values)
            return substitute(part, values)

        return self.mapped(put)

    def mapped(self, change: Callable[[Any], Any]) -> Self:
        """The same reading with its regions, bounds and formulas rewritten."""
        new = {f.name: _mapped(getattr(self, f.name), change) for f in fields(self)}
        return replace(self, **new)


def _mapped(part: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(part, Region | Bounds | Expr):
        return change(part)
    if isinstance(part, tuple):
        return tuple(_mapped(each, change) for each in part)
    return part


@dataclass(frozen=True)
class Case:
    """One use of a theorem: on which reading, for which question, with which guess."""

    reading: Any
    question: Question
    guess: Guess = field(default_factory=dict)


@dataclass(frozen=True)
class Premise:
    """A statement that a theorem needs, and what to call it."""

    label: str
    statement: Statement


@dataclass(frozen=True)
class Theorem:
    """``premises`` imply that the property holds (or fails, if ``holds`` is false).

    ``premises`` may return ``None``: the theorem does not speak of such a case. ``value`` is what
    the theorem says besides (a constant, a bound, a link), ``source`` the paper and its number, or
    where the proof stands. Unless it is ``exact``, such a constant is a bound of the best one.
    ``recursive`` says that its premises look into functions that call themselves, too.
    """

    name: str
    property: str
    reads: type[Reading] | tuple[type[Reading], ...]
    says: str
    source: str
    premises: Callable[[Case], Sequence[Premise] | None]
    holds: bool = True
    value: Callable[[Case], Expr | None] = lambda _: None
    exact: bool = True
    recursive: bool = False


def about(property: str, theorems: Iterable[Theorem]) -> list[Theorem]:
    """Those of the theorems that are about a property."""
    return [theorem for theorem in theorems if theorem.property == property]


def inputs_of(reading: Reading) -> tuple[str, ...]:
    """The names of the inputs that a reading is a function of; none if it is of the whole loss."""
    named = getattr(reading, "input", None)
    return getattr(reading, "inputs", None) or ((named,) if named else ())


def concerns(reading: Reading, question: Question) -> bool:
    """Whether a reading is about the input that the question names first, if it names one."""
    inputs = inputs_of(reading)
    return not question.input or not inputs or question.input in inputs
