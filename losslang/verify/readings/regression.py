"""Losses of a real prediction and a real target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr, S

from losslang.ir.binders import is_undefined, substitute
from losslang.verify.readings.algebra import same
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.example import Example
from losslang.verify.statement import LINE, Bounds
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Residual(Reading):
    """A loss ``rho(r)`` of the residual r = prediction - target, a real number.

    ``inputs`` are the prediction and the target, ``others`` the variables of the region that are
    inputs.
    """

    kind: ClassVar[str] = "a loss of the residual"

    rho: Expr
    r: sympy.Symbol
    inputs: tuple[str, str]
    others: tuple[sympy.Symbol, ...] = ()

    @property
    def curve(self) -> Curve:
        """``rho`` along the residual."""
        return Curve(self.region, self.rho, self.r, LINE, self.inputs[0], others=self.others)


@dataclass(frozen=True)
class Regression(Reading):
    """A loss L(target, prediction) of two real numbers within their bounds.

    ``inputs`` are the names of prediction and target, ``others`` the variables of the region that
    are inputs. A whole-number target is an integer symbol.
    """

    kind: ClassVar[str] = "a regression loss"

    loss: Expr
    prediction: sympy.Symbol
    prediction_bounds: Bounds
    target: sympy.Symbol
    target_bounds: Bounds
    inputs: tuple[str, str]
    others: tuple[sympy.Symbol, ...] = ()


TARGETS = tuple(
    "target targets y t y_true truth ground_truth gt label observed observation".split()
)
"""Names that say which of two numbers is the target; without one it is the second."""

PREDICTIONS = tuple(
    "prediction predicted pred p x f y_pred y_hat yhat mu forecast estimate output".split()
)
"""Names that say which of two numbers is the prediction."""


def regression(example: Example) -> Regression | None:
    """The reading of a loss whose first two real inputs are a prediction and a target."""
    reals = [s for s in example.scalars if s.input.kind in ("real", "int")]
    if len(reals) != len(example.scalars) or example.arrays or example.labels or len(reals) < 2:
        return None
    named = [s for s in reals if s.input.name in TARGETS]
    target = named[0] if named else reals[1]
    prediction = next(s for s in reals if s != target)
    region = example.only(prediction.symbol, target.symbol)
    return Regression(
        region,
        example.body,
        prediction.symbol,
        prediction.bounds,
        target.symbol,
        target.bounds,
        (prediction.input.name, target.input.name),
        example.others(region),
    )


def residual(reading: Regression) -> Residual | None:
    """The loss of prediction - target that a regression loss on the whole line may be."""
    if (reading.prediction_bounds, reading.target_bounds) != (LINE, LINE):
        return None
    if reading.target.is_integer:
        return None
    y = reading.target
    r = reading.region.having(y, LINE).fresh("r")
    rho = substitute(reading.loss, {reading.prediction: r, y: S.Zero})
    shifted = substitute(reading.loss, {reading.prediction: y + r})
    if is_undefined(rho) or not same(shifted, rho, r, reading.region.having(y, LINE)):
        return None
    return Residual(reading.region, rho, r, reading.inputs, reading.others)
