"""Losses of a real prediction and a real target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.verify.readings.curve import Curve
from losslang.verify.statement import LINE, Bounds
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Residual(Reading):
    """A loss ``rho(r)`` of the residual r = prediction - target, a real number.

    ``inputs`` are the prediction and the target.
    """

    kind: ClassVar[str] = "a loss of the residual"

    rho: Expr
    r: sympy.Symbol
    inputs: tuple[str, str]

    @property
    def curve(self) -> Curve:
        """``rho`` along the residual."""
        return Curve(self.region, self.rho, self.r, LINE, self.inputs[0])


@dataclass(frozen=True)
class Regression(Reading):
    """A loss L(target, prediction) of two real numbers within their bounds.

    ``inputs`` are the names of prediction and target. A whole-number target is an integer symbol.
    """

    kind: ClassVar[str] = "a regression loss"

    loss: Expr
    prediction: sympy.Symbol
    prediction_bounds: Bounds
    target: sympy.Symbol
    target_bounds: Bounds
    inputs: tuple[str, str]
