"""Losses along one of their real inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr, S

from losslang.ir.binders import is_undefined, substitute, walk
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.example import LABELS, Example, Scalar
from losslang.verify.statement import POSITIVE, Bounds, Region
from losslang.verify.theorem import Reading

NEGATIVE = Bounds(high=S.Zero)


@dataclass(frozen=True)
class Curve(Reading):
    """The loss is ``function`` of ``variable`` alone, a real number within ``bounds``.

    Every other number that the loss depends on is a variable of the region: hyperparameters, sizes
    and the other scalar inputs. ``input`` names the input that ``variable`` is. A label is settled
    by cases, so a property of a loss along one input holds if it holds for each of its curves;
    ``case`` says which it is: ``target = 1`` (empty if there is only one). ``others`` are the
    variables of the region that are inputs: a constant may depend on hyperparameters, but not on
    them.
    """

    kind: ClassVar[str] = "a loss along one input"

    function: Expr
    variable: sympy.Symbol
    bounds: Bounds
    input: str
    case: str = ""
    others: tuple[sympy.Symbol, ...] = ()


def curves(example: Example) -> tuple[Curve, ...]:
    """The loss along each of its real inputs.

    There is one curve for each label, and for each sign of another input whose absolute value
    or sign matters; none where the formula has no value at all.
    """
    if example.arrays or example.labels:
        return ()
    labels = [s for s in example.scalars if s.input.kind in LABELS]
    found: list[Curve] = []
    for scalar in example.scalars:
        if scalar.input.kind != "real":
            continue
        region = example.only(scalar.symbol, *(label.symbol for label in labels))
        start = _Part(example.body, region, ())
        for part in _by_signs(_by_labels([start], labels), example, scalar):
            if not is_undefined(part.body):
                found.append(
                    Curve(
                        part.region,
                        spelled(part.body),
                        scalar.symbol,
                        scalar.bounds,
                        scalar.input.name,
                        ", ".join(part.case),
                        example.others(part.region),
                    )
                )
    return tuple(found)


@dataclass(frozen=True)
class _Part:
    """A formula, where it holds, and what to call that."""

    body: Expr
    region: Region
    case: tuple[str, ...]


def _by_labels(found: list[_Part], labels: list[Scalar]) -> list[_Part]:
    for label in labels:
        name, values = label.input.name, LABELS[label.input.kind]
        found = [
            _Part(
                substitute(part.body, {label.symbol: value}),
                part.region,
                (*part.case, f"{name} = {value}"),
            )
            for part in found
            for value in values
        ]
    return found


def _by_signs(found: list[_Part], example: Example, along: Scalar) -> list[_Part]:
    for other in example.scalars:
        symbol, name = other.symbol, other.input.name
        tests = _tests(symbol, example.body)
        if other == along or not other.is_free or not tests:
            continue
        made: list[_Part] = []
        for part in found:
            for word, bounds, sign in ((">", POSITIVE, 1), ("<", NEGATIVE, -1)):
                rule = {test: substitute(test, {symbol: S(sign)}) for test in tests}
                rule |= {sympy.Abs(symbol): sign * symbol}
                region = part.region.having(symbol, bounds)
                case = (*part.case, f"{name} {word} 0")
                made.append(_Part(substitute(part.body, rule), region, case))
            zero = {symbol: S.Zero}
            case = (*part.case, f"{name} = 0")
            made.append(_Part(substitute(part.body, zero), part.region.setting(zero), case))
        found = made
    return found


def _tests(symbol: sympy.Symbol, body: Expr) -> list[Expr]:
    """The absolute value of ``symbol`` and its comparisons with 0, where they stand in ``body``."""
    compare = (Less, LessEqual, Equal)
    return [
        part
        for part in walk(body)
        if part == sympy.Abs(symbol)
        or (isinstance(part, compare) and set(part.args) == {symbol, S.Zero})
    ]
