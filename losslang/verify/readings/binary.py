"""Binary losses on a real score, and on a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Binary(Reading):
    """A binary loss of a real score ``v``: ``positive`` for label 1, ``negative`` for the other.

    ``input`` is the score.
    """

    kind: ClassVar[str] = "a binary loss"

    positive: Expr
    negative: Expr
    v: sympy.Symbol
    input: str


@dataclass(frozen=True)
class Probability(Reading):
    """A binary loss of a probability ``q`` in (0, 1) of the label 1.

    ``link`` is q as a function of the score ``v`` where the input is a score (sigmoid), and
    ``None`` where it is the probability itself.
    """

    kind: ClassVar[str] = "a binary loss on a probability"

    positive: Expr
    negative: Expr
    q: sympy.Symbol
    input: str
    link: Expr | None = None
    v: sympy.Symbol | None = None
