"""What the verifier says of a property, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sympy import Expr

from losslang.verify.proof import Proof
from losslang.verify.statement import Region, Sign
from losslang.verify.theorem import Guess, Question

Status: TypeAlias = Literal["proved", "refuted", "conditional", "tested", "unknown"]


@dataclass(frozen=True)
class Part:
    """The argument for one region of the hyperparameters: a theorem and proofs of its premises."""

    region: Region
    reading: str
    theorem: str
    guess: Guess
    proofs: tuple[Proof, ...]
    holds: bool


@dataclass(frozen=True)
class Certificate:
    """Why a verdict is right. The regions of the parts cover all settings that were asked about."""

    question: Question
    region: Region
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Witness:
    """Numbers at which a property fails.

    ``values`` names them (settings of hyperparameters, inputs, label probabilities); ``facts`` are
    statements without variables that are true and that the property contradicts.
    """

    values: Mapping[str, Expr | tuple[Expr, ...]]
    facts: tuple[Sign, ...]
    says: str


@dataclass(frozen=True)
class Verdict:
    """The answer to one question about one loss.

    ``condition`` is in the language's syntax and says for which hyperparameters and sizes the
    property holds: exactly there if the status is ``conditional``. ``value`` is the constant, bound
    or link that belongs to the property. ``culprit`` is the smallest term that breaks it.
    ``evidence`` are the numbers behind ``tested``, ``reason`` says why a verdict is ``unknown``.
    """

    question: Question
    status: Status
    condition: str | None = None
    value: Expr | None = None
    witness: Witness | None = None
    culprit: str | None = None
    citation: str | None = None
    reason: str = ""
    evidence: str = ""
    seconds: float = 0.0
    certificate: Certificate | None = None
    argument: tuple[str, ...] = field(default=())
