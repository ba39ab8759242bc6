"""Losses along one of their real inputs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.example import LABELS, Example
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Curve(Reading):
    """The loss is ``function`` of ``variable`` alone, a real number within ``bounds``.

    Every other number that the loss depends on is a variable of the region: hyperparameters, sizes
    and the other scalar inputs. ``input`` names the input that ``variable`` is. A label is settled
    by cases, so a property of a loss along one input holds if it holds for each of its curves;
    ``case`` says which label it is (empty if there is none). ``others`` are the variables of the
    region that are inputs: a constant may depend on hyperparameters, but not on them.
    """

    kind: ClassVar[str] = "a loss along one input"

    function: Expr
    variable: sympy.Symbol
    bounds: Bounds
    input: str
    case: str = ""
    others: tuple[sympy.Symbol, ...] = ()


def curves(example: Example) -> tuple[Curve, ...]:
    """The loss along each of its real inputs, and for each label of the two-valued ones."""
    if example.arrays or example.labels:
        return ()
    labels = [s for s in example.scalars if s.input.kind in LABELS]
    found: list[Curve] = []
    for scalar in example.scalars:
        if scalar.input.kind != "real":
            continue
        region = example.only(scalar.symbol, *(label.symbol for label in labels))
        for values in product(*(LABELS[label.input.kind] for label in labels)):
            rule = {label.symbol: value for label, value in zip(labels, values, strict=True)}
            case = ", ".join(f"{s.input.name} = {rule[s.symbol]}" for s in labels)
            body = spelled(substitute(example.body, rule))
            others = example.others(region)
            name, bounds = scalar.input.name, scalar.bounds
            found.append(Curve(region, body, scalar.symbol, bounds, name, case, others))
    return tuple(found)
