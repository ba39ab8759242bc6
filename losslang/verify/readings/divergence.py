"""Divergences between two distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Divergence(Reading):
    """An f-divergence: the sum over k of q[k] f(p[k] / q[k]) for two points of the simplex.

    ``t`` > 0 is the ratio p[k] / q[k]; ``inputs`` are p and q, in this order.
    """

    kind: ClassVar[str] = "an f-divergence"

    f: Expr
    t: sympy.Symbol
    inputs: tuple[str, str]
