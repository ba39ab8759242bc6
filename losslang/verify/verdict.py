"""What the verifier says of a property, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import sympy
from sympy import Expr

from losslang.verify import wording
from losslang.verify.proof import Proof
from losslang.verify.statement import Relation, Sign
from losslang.verify.theorem import Guess, Question

FROM_BELOW = ("bounded_below", "strongly_convex", "raising_tail")
"""Properties whose best constant is the greatest one, so that a bound is one from below."""

Status: TypeAlias = Literal["proved", "refuted", "conditional", "tested", "unknown"]


@dataclass(frozen=True)
class Cut:
    """A half: where ``symbol`` is above ``at`` (or below); ``closed`` if ``at`` belongs to it."""

    symbol: sympy.Symbol
    at: Expr
    above: bool
    closed: bool

    def __str__(self) -> str:
        return f"{self.symbol} {'>' if self.above else '<'}{'=' if self.closed else ''} {self.at}"


@dataclass(frozen=True)
class Part:
    """The argument for one region of the hyperparameters: a theorem and proofs of its premises.

    ``uses`` has an entry for each reading that the argument is about (one per label where the
    labels read differently): its place among the loss's readings, the guess, and the proofs of the
    premises in their order. A part that refutes uses one reading.
    """

    theorem: str
    holds: bool
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Use:
    """A theorem applied to the reading at place ``reading``."""

    reading: int
    guess: Guess
    proofs: tuple[Proof, ...]


@dataclass(frozen=True)
class Split:
    """Two arguments: one where ``symbol`` is below ``at``, one where it is above.

    The number ``at`` itself belongs to the upper half if ``above_closed``.
    """

    symbol: sympy.Symbol
    at: Expr
    above_closed: bool
    below: Argument
    above: Argument


Argument: TypeAlias = Part | Split
"""Arguments for all settings: the halves of a split cover what is split."""


@dataclass(frozen=True)
class Certificate:
    """Why a verdict is right for every setting of the hyperparameters in all the halves ``way``."""

    question: Question
    way: tuple[Cut, ...]
    argument: Argument


@dataclass(frozen=True)
class Witness:
    """Numbers at which a property fails.

    ``values`` names them (settings of hyperparameters, inputs, label probabilities); ``facts`` are
    statements without variables that are true and that the property contradicts.
    """

    values: Mapping[str, Expr | tuple[Expr, ...]]
    facts: tuple[Sign, ...]
    says: str

    def __str__(self) -> str:
        return wording.witness(self)


@dataclass(frozen=True)
class Verdict:
    """The answer to one question about one loss.

    ``condition`` is in the language's syntax and says for which hyperparameters and sizes the
    property holds: exactly there if the status is ``conditional``. ``value`` is the constant, bound
    or link that belongs to the property; if ``value_is_bound``, the best constant is proved to lie
    on one side of it only. ``culprit`` is the smallest term that breaks the property.
    ``evidence`` are the numbers behind ``tested``, ``reason`` says why a verdict is ``unknown``.
    """

    question: Question
    status: Status
    condition: str | None = None
    value: Expr | None = None
    value_is_bound: bool = False
    witness: Witness | None = None
    culprit: str | None = None
    citation: str | None = None
    reason: str = ""
    evidence: str = ""
    seconds: float = 0.0
    certificate: Certificate | None = None
    steps: tuple[str, ...] = field(default=())

    @property
    def allows(self) -> tuple[Relation, ...]:
        """The relations of the best constant to a number that ``value`` can show.

        For an interval ``<=`` and ``==`` speak of its upper end, ``>=`` and ``>`` of its lower.
        """
        if not self.value_is_bound:
            return ("<=", "<", "==", ">=", ">", "!=")
        if isinstance(self.value, sympy.Interval):
            return ("<=", "<", ">=", ">")
        return (">=", ">") if self.question.property in FROM_BELOW else ("<=", "<")

    def __str__(self) -> str:
        return wording.verdict(self)
