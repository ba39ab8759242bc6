"""Homogeneous regression losses: both arguments times c cost c**h times as much."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import substitute
from losslang.ir.heads import Branch, Max, Min
from losslang.ir.primitives import Apply, operands, primitive_of
from losslang.ir.truth import Truth
from losslang.verify.readings import Regression
from losslang.verify.statement import POSITIVE, Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only, opened
from losslang.verify.theorems.not_elicited import Along
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import lies_in, sign, stated
from losslang.verify.theorems.regression import INFINITIES


def degree(expr: Basic, scaled: frozenset[sympy.Symbol]) -> Expr | None:
    """The h with expr(c x) = c^h expr(x) for c > 0, x being the ``scaled``.

    ``None`` for 0, which has every degree. Found by composition; Silent where that shows none.
    """
    if expr.is_zero:
        return None
    if expr.free_symbols.isdisjoint(scaled):
        return S.Zero
    if expr in scaled:
        return S.One
    if isinstance(expr, sympy.Mul):
        return sympy.Add(*(degree(factor, scaled) or S.Zero for factor in expr.args))
    if isinstance(expr, sympy.Pow) and expr.exp.free_symbols.isdisjoint(scaled):
        return sympy.expand(expr.exp * (degree(expr.base, scaled) or S.Zero))
    if isinstance(expr, Branch):
        _free_of_scale(expr.args[0], scaled)
        return _common(expr.args[1:], scaled)
    if isinstance(expr, sympy.Add | sympy.Abs | Max | Min):
        return _common(expr.args, scaled)
    if isinstance(expr, Apply) and expr.name == "sign":
        degree(expr.operands[0], scaled)
        return S.Zero
    if primitive_of(expr) is not None and not any(degree(a, scaled) for a in operands(expr)):
        return S.Zero
    raise Silent


def _common(parts: tuple[Basic, ...], scaled: frozenset[sympy.Symbol]) -> Expr | None:
    found = {d for d in (degree(part, scaled) for part in parts) if d is not None}
    if len(found) > 1:
        raise Silent
    return found.pop() if found else None


def _free_of_scale(test: Basic, scaled: frozenset[sympy.Symbol]) -> None:
    if not isinstance(test, Truth):
        raise Silent
    if any(isinstance(side, Truth) for side in test.args):
        for side in test.args:
            _free_of_scale(side, scaled)
    else:
        _common(test.args, scaled)


def _scaled(reading: Regression) -> frozenset[sympy.Symbol]:
    for bounds in (reading.prediction_bounds, reading.target_bounds):
        if any(end not in (S.Zero, *INFINITIES) for end in (bounds.low, bounds.high)):
            raise Silent
    return frozenset((reading.prediction, reading.target))


@stated
def _homogeneous_parts(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    found = degree(reading.loss, _scaled(reading))
    gap = case.guess["degree"] - (S.Zero if found is None else found)
    yield sign("the degrees of the parts agree", gap, "==", reading.region)


@stated
def _homogeneous(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    _scaled(reading)
    f, y, region = reading.prediction, reading.target, reading.region
    c, power = region.fresh("scale"), only(case.guess["degree"], region)
    region = region.having(f, reading.prediction_bounds).having(y, reading.target_bounds)
    grown = substitute(reading.loss, {f: c * f, y: c * y})
    gap = grown - c**power * reading.loss
    yield sign("the loss scales", gap, "==", region.having(c, POSITIVE))


@stated
def _not_homogeneous(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    guess, region = case.guess, reading.region
    values = []
    for scale in (1, 2, 4):
        f, y = (scale * only(guess[name], region) for name in ("prediction", "target"))
        yield from inside_of(f, reading.prediction_bounds, case)
        yield from inside_of(y, reading.target_bounds, case)
        value, reasons = Along.of(reading, y).value(f)
        yield from reasons
        values.append(value)
    gap = values[0] * values[2] - values[1] ** 2
    yield sign("doubling twice is not doubling squared", guess["sign"] * gap, ">", region)


def inside_of(point: Expr, bounds: Bounds, case: Case) -> Iterator[Premise]:
    """``point`` lies between the ends."""
    return lies_in("the numbers are allowed", point, opened(bounds), case.reading.region)


PATTON = "Patton 2011, Volatility Forecast Comparison Using Imperfect Volatility Proxies, section 2"

HOMOGENEOUS_PARTS = Theorem(
    "homogeneous-by-parts",
    "homogeneous",
    Regression,
    "every part of the formula is homogeneous, and the parts of sums and choices agree in degree",
    PATTON,
    _homogeneous_parts,
    value=lambda case: case.guess["degree"],
)

HOMOGENEOUS = Theorem(
    "homogeneous",
    "homogeneous",
    Regression,
    "L(c f, c y) = c^h L(f, y) for all c > 0",
    PATTON,
    _homogeneous,
    value=lambda case: case.guess["degree"],
)

NOT_HOMOGENEOUS = Theorem(
    "not-homogeneous",
    "homogeneous",
    Regression,
    "L(f, y) L(4f, 4y) is not L(2f, 2y)^2, as it would be for every degree",
    PATTON,
    _not_homogeneous,
    holds=False,
)

THEOREMS = (HOMOGENEOUS_PARTS, HOMOGENEOUS, NOT_HOMOGENEOUS)
