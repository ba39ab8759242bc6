"""Losses on pairs of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.verify.readings.curve import Curve
from losslang.verify.statement import LINE
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Pairs(Reading):
    """A sum or mean over pairs of places of ``phi(m)``, m = the better score - the other one.

    ``inputs`` are the scores: one input that both come from, or the better one and the other.
    """

    kind: ClassVar[str] = "a pairwise loss"

    phi: Expr
    m: sympy.Symbol
    inputs: tuple[str, ...]

    @property
    def curve(self) -> Curve:
        """``phi`` along the difference of the scores."""
        return Curve(self.region, self.phi, self.m, LINE, self.inputs[0])
