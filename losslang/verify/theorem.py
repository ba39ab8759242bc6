"""Theorems: from statements about formulas to a property of a loss.

A :class:`Reading` is what a loss looks like to the theory (``phi(m)``, ``f(p_y)``, ...). A
:class:`Theorem` says: a loss that reads so, and whose premises hold, has (or lacks) the property.
Premises may depend on a *guess*, such as a constant or a minimiser: how it was found is no matter,
for the premises say all that it must satisfy. Neither this module nor the theorems search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, TypeAlias

from sympy import Expr

from losslang.verify.statement import Region, Statement

Guess: TypeAlias = Mapping[str, Expr]


@dataclass(frozen=True)
class Question:
    """A property asked of a loss: ``convex(logits)``, ``elicits(mean)``, ``calibrated``."""

    property: str
    arguments: tuple[str, ...] = ()

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
    where the proof stands.
    """

    name: str
    property: str
    reads: type[Reading] | tuple[type[Reading], ...]
    says: str
    source: str
    premises: Callable[[Case], Sequence[Premise] | None]
    holds: bool = True
    value: Callable[[Case], Expr | None] = lambda _: None
