"""The IR of a whole loss: what it takes, what it computes, and where that is defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

import sympy
from sympy import Basic, Expr

from losslang.ir.heads import ONE, ZERO, Axis, Index, Tensor
from losslang.ir.scope import Scope
from losslang.source import Span
from losslang.syntax import nodes

BATCH = Axis("batch")
EXAMPLE = Index("i", BATCH)
"""The example at hand: free in the body of a loss with a value per example."""

PROGRESS = sympy.Symbol("progress", real=True)
"""Training progress in [0, 1]."""

Kind: TypeAlias = Literal["real", "int", "bool", "bit", "sign", "simplex", "index", "label"]
Constant: TypeAlias = "Fraction | str | bool | tuple[Constant, ...]"


@dataclass(frozen=True)
class Domain:
    """An interval of real numbers; a missing end is infinite."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_closed: bool = True
    high_closed: bool = True

    def __contains__(self, value: Fraction | float) -> bool:
        above = self.low is None or value > self.low or (self.low_closed and value == self.low)
        below = self.high is None or value < self.high or (self.high_closed and value == self.high)
        return above and below

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            left, right = "[" if self.low_closed else "(", "]" if self.high_closed else ")"
            return f"in {left}{_plain(self.low)}, {_plain(self.high)}{right}"
        if self.low is not None:
            return f"{'>=' if self.low_closed else '>'} {_plain(self.low)}"
        if self.high is not None:
            return f"{'<=' if self.high_closed else '<'} {_plain(self.high)}"
        return ""


def _plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(float(value))


EVERYTHING = Domain()


@dataclass(frozen=True)
class Input:
    """What the training loop passes: an array over (batch if ``batched``, then ``axes``).

    ``over`` is the axis that an ``index`` points into; ``pack`` the one of ``axes`` that stands for
    zero or more dimensions.
    """

    name: str
    kind: Kind
    axes: tuple[Axis, ...] = ()
    batched: bool = True
    over: Axis | None = None
    pack: Axis | None = None
    domain: Domain = EVERYTHING
    span: Span | None = field(default=None, compare=False)

    @property
    def dims(self) -> tuple[Axis, ...]:
        """The axes of the whole array: the batch first, if it has one."""
        return (BATCH, *self.axes) if self.batched else self.axes

    @property
    def tensor(self) -> Tensor:
        """The head that reads it."""
        kinds = {"bit": "real", "sign": "real", "simplex": "real"}
        kind = kinds.get(self.kind, self.kind)
        return Tensor(
            self.name, "positive" if kind == "real" and _is_positive(self.domain) else kind
        )


@dataclass(frozen=True)
class Hyperparameter:
    """What the config sets; ``formula`` is that of a default that depends on progress.

    ``given`` says that ``default`` was written for this instance: ``gamma`` in ``focal(gamma=3)``.
    """

    name: str
    kind: Literal["real", "int", "bool", "choice"]
    axes: tuple[Axis, ...] = ()
    domain: Domain = EVERYTHING
    default: Constant | None = None
    learn: bool = False
    options: tuple[str, ...] = ()
    formula: Expr | None = None
    given: bool = False
    span: Span | None = field(default=None, compare=False)

    @property
    def symbol(self) -> sympy.Symbol:
        """The symbol of a scalar one; its assumptions are the domain's."""
        return sympy.Symbol(self.name, **_assumptions(self.kind, self.domain))

    @property
    def tensor(self) -> Tensor:
        """The head that reads an array one."""
        return Tensor(self.name, "positive" if _is_positive(self.domain) else "real")


def _is_positive(domain: Domain) -> bool:
    return domain.low is not None and domain.low >= 0 and Fraction(0) not in domain


def assumed(domain: Domain) -> str:
    """The kind of an array of real numbers in a domain."""
    if _is_positive(domain):
        return "positive"
    return "nonnegative" if domain.low is not None and domain.low >= 0 else "real"


def _assumptions(kind: str, domain: Domain) -> dict[str, bool]:
    facts = {"integer": True} if kind == "int" else {"real": True}
    if domain.low is not None and domain.low >= 0:
        facts["positive" if _is_positive(domain) else "nonnegative"] = True
    return facts


@dataclass(frozen=True)
class Requirement:
    """``condition`` holds wherever ``guard`` does, for every value of their free indices."""

    condition: Expr
    guard: Expr
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Draw:
    """An array of random numbers, standard normal or uniform on [0, 1), over ``axes``."""

    name: str
    kind: Literal["normal", "uniform"]
    axes: tuple[Axis, ...]

    @property
    def tensor(self) -> Tensor:
        """The head that reads it."""
        return Tensor(self.name, "real")


@dataclass(frozen=True)
class State:
    """An array over ``axes`` that is kept between calls, ``start`` everywhere before the first.

    A call in training makes another array of it (``following``), unless no example counts. Each
    example that counts and has ``guard`` writes ``value`` at ``indices`` of the first axes, for all
    ``places`` along the others; a place gets the mean of what is written there. A state that has a
    ``length`` is a queue, as long as that along its first axis: the values of all examples that
    count go in at its beginning, the last example's first, and what is at its end drops out.

    ``kind`` is that of a :class:`~losslang.ir.heads.Tensor`.
    """

    name: str
    axes: tuple[Axis, ...] = ()
    start: Fraction = Fraction(0)
    kind: str = "real"
    indices: tuple[Expr, ...] = ()
    places: tuple[Index, ...] = ()
    value: Expr = ZERO
    guard: Expr = ONE
    length: Expr | None = None

    @property
    def tensor(self) -> Tensor:
        """The head that reads it as the last call left it."""
        return Tensor(self.name, self.kind)

    @property
    def following(self) -> Tensor:
        """The head that reads it as this call leaves it."""
        return Tensor(f"next({self.name})", self.kind)

    @property
    def formulas(self) -> tuple[Expr, ...]:
        """What the new values are made of."""
        return (*self.indices, self.value, self.guard)

    @property
    def reads(self) -> frozenset[Tensor]:
        """The arrays that it is made of."""
        return frozenset(e for formula in self.formulas for e in formula.atoms(Tensor))


@dataclass(frozen=True)
class Term:
    """A summand: one number for each value of ``result`` at which ``guard`` is 1."""

    name: str
    result: tuple[Index, ...]
    body: Expr
    guard: Expr = ONE


@dataclass(frozen=True)
class Written:
    """What a loss was made from: the expression, its named parts, and the losses they lead to.

    ``scope`` is where the names in its claims are looked up.
    """

    expression: nodes.Expr
    parts: tuple[nodes.Definition, ...] = ()
    losses: tuple[nodes.Loss, ...] = ()
    scope: Scope | None = None


@dataclass(frozen=True)
class Loss:
    """A loss: the sum of its terms, each reduced over its own examples.

    ``values`` are those of the hyperparameters that it no longer has, ``sizes`` those that a config
    gives to axes of states. ``hints`` gives the program's
    names for subexpressions, ``origin`` their places; neither changes what the loss means.
    """

    name: str
    inputs: tuple[Input, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    terms: tuple[Term, ...]
    requires: tuple[Requirement, ...] = ()
    draws: tuple[Draw, ...] = ()
    states: tuple[State, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    doc: str = ""
    cites: tuple[str, ...] = ()
    formula: str = ""
    claims: tuple[nodes.Claim, ...] = ()
    examples: tuple[nodes.Example, ...] = ()
    aliases: tuple[nodes.Alias, ...] = ()
    options: Mapping[str, Constant] = field(default_factory=dict)
    values: Mapping[str, Constant | Expr] = field(default_factory=dict)
    hints: Mapping[Basic, str] = field(default_factory=dict, compare=False)
    origin: Mapping[Basic, Span] = field(default_factory=dict, compare=False)
    written: Written | None = field(default=None, compare=False)

    @property
    def body(self) -> Expr:
        """The formula of a loss with one term; the sum of the formulas otherwise."""
        return sympy.Add(*(term.body for term in self.terms)) if self.terms else ZERO

    @property
    def state_axes(self) -> tuple[str, ...]:
        """The axes of states whose sizes a module has to be told when it is made."""
        axes = [axis for s in self.states for axis in s.axes[s.length is not None :]]
        return tuple(dict.fromkeys(axis.base.name for axis in axes if axis.size is None))

    @property
    def uses_progress(self) -> bool:
        """Whether training progress changes the value."""
        formulas = [h.formula for h in self.hyperparameters if h.formula is not None]
        return any(PROGRESS in e.free_symbols for e in [t.body for t in self.terms] + formulas)
