"""Losses along one of their real inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.verify.statement import Bounds
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Curve(Reading):
    """The loss is ``function`` of ``variable`` alone, a real number within ``bounds``.

    Every other number that the loss depends on is a variable of the region: hyperparameters, sizes
    and the other scalar inputs. ``input`` names the input that ``variable`` is. A label is settled
    by cases, so a property of a loss along one input holds if it holds for each of its curves;
    ``case`` says which label it is (empty if there is none).
    """

    kind: ClassVar[str] = "a loss along one input"

    function: Expr
    variable: sympy.Symbol
    bounds: Bounds
    input: str
    case: str = ""
