"""Proofs of statements, as data: a tree whose nodes name the rule by which they follow.

A :class:`Rule` says which statements are enough for a statement (none, if the rule settles it by
itself), given the ``data`` that the search came up with. The prover uses the rules to look for a
tree, the checker to replay it: :func:`check` is all there is to checking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sympy import Expr

from losslang.verify.statement import Bounds, Statement

Data: TypeAlias = "Expr | str | int | Bounds | tuple[Data, ...]"


@dataclass(frozen=True)
class Proof:
    """``rule`` applied with ``data``; ``parts`` prove what the rule asks for, in its order."""

    rule: str
    data: Mapping[str, Data] = field(default_factory=dict)
    parts: tuple[Proof, ...] = ()


class Rejected(Exception):
    """A proof does not prove its statement; the message says where and why."""


Premises: TypeAlias = Callable[[Statement, Mapping[str, Data]], Sequence[Statement]]


@dataclass(frozen=True)
class Rule:
    """``premises(statement, data)`` are statements that together imply ``statement``.

    It raises :class:`Rejected` where the rule does not apply, and must be sound for any data
    whatever, for data comes from files.
    """

    name: str
    says: str
    premises: Premises


def check(
    statement: Statement,
    proof: Proof,
    rules: Mapping[str, Rule],
    admit: Callable[[Statement], None] = lambda statement: None,
) -> None:
    """Raise :class:`Rejected` unless ``proof`` proves ``statement``.

    ``admit`` does so for a statement, here or on the way, that makes no sense.
    """
    admit(statement)
    rule = rules.get(proof.rule)
    if rule is None:
        raise Rejected(f"there is no rule {proof.rule!r}")
    needed = rule.premises(statement, proof.data)
    if len(needed) != len(proof.parts):
        raise Rejected(
            f"{proof.rule} asks for {len(needed)} parts, but the proof has {len(proof.parts)}"
        )
    for premise, part in zip(needed, proof.parts, strict=True):
        check(premise, part, rules, admit)
