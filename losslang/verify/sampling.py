"""Points of a region, drawn at random: to doubt statements with, never to prove them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy
from sympy import Expr, Pow, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, ZERO
from losslang.verify.evaluate import compile_tape
from losslang.verify.statement import Bounds, Region, Sign

Point = Mapping[sympy.Symbol, Expr]

SPREAD = (0.1, 0.5, 1.0, 2.0, 5.0, 20.0)
"""How far from a finite end, or from 0, the samples of an unbounded variable lie."""


def points(region: Region, seed: int = 0) -> Iterator[Point]:
    """Rational points of ``region``, without end; fewer where conditions are hard to meet."""
    draw = random.Random(seed)
    while True:
        misses = 0
        while (point := _point(region, draw)) is None:
            misses += 1
            if misses > 200:
                return
        yield point


def _point(region: Region, draw: random.Random) -> Point | None:
    point: dict[sympy.Symbol, Expr] = {}
    for symbol, bounds in region.variables:
        ends = replace(bounds, low=_at(bounds.low, point), high=_at(bounds.high, point))
        value = _value(ends, bool(symbol.is_integer), draw)
        if value is None:
            return None
        point[symbol] = value
    return point if all(_holds(c, point) for c in region.conditions) else None


def _at(expr: Expr, point: Point) -> Expr:
    """An expression at a point: exact, unless that would ask for roots of long rational numbers."""
    if all(power.exp.is_Integer for power in expr.atoms(Pow)):
        return substitute(expr, point)
    try:
        value = compile_tape(expr, tuple(point)).float([float(x) for x in point.values()])
    except (TypeError, ValueError, ArithmeticError):
        return S.NaN
    return Rational(value) if math.isfinite(value) else S.NaN


def _value(bounds: Bounds, integer: bool, draw: random.Random) -> Expr | None:
    low, high = _float(bounds.low), _float(bounds.high)
    if low is None or high is None or low > high:
        return None
    if integer:
        first = math.ceil(low) if math.isfinite(low) else -8
        last = math.floor(high) if math.isfinite(high) else first + 8
        first += first == low and not bounds.low_closed
        last -= last == high and not bounds.high_closed
        return sympy.Integer(draw.randint(first, last)) if first <= last else None
    if low == high:
        return bounds.low if bounds.low_closed and bounds.high_closed else None
    share = draw.choice((draw.random(), draw.random() ** 4, 1 - draw.random() ** 4))
    share = min(max(share, 1e-4), 1 - 1e-4)
    scale = draw.choice(SPREAD)
    if math.isinf(low) and math.isinf(high):
        value = scale * (2 * share - 1)
    elif math.isinf(high):
        value = low + scale * share
    elif math.isinf(low):
        value = high - scale * share
    else:
        value = low + (high - low) * share
    exact = Rational(value).limit_denominator(10**5)
    return exact if low < float(exact) < high else Rational(value)


def _float(expr: Expr) -> float | None:
    try:
        return float(expr) if expr.is_Number else compile_tape(expr, ()).float(())
    except (TypeError, ValueError, ArithmeticError):
        return None


def _holds(condition: Expr, point: Point) -> bool:
    settled = _at(condition, point)
    if settled in (ONE, ZERO):
        return bool(settled == ONE)
    try:
        return compile_tape(settled, ()).float(()) == 1.0
    except (TypeError, ValueError, ArithmeticError):
        return False


def looks_false(sign: Sign, count: int = 60, margin: float = 1e-9) -> Point | None:
    """A point where the statement seems false in float64, by more than rounding explains."""
    try:
        tape = compile_tape(sign.expr, sign.region.symbols)
    except TypeError:
        return None
    drawn = points(sign.region)
    for _ in range(count):
        point = next(drawn, None)
        if point is None:
            return None
        value = tape.float([float(point[s]) for s in sign.region.symbols])
        if math.isfinite(value) and _false(sign, value, margin):
            return point
    return None


def _false(sign: Sign, value: float, margin: float) -> bool:
    match sign.relation:
        case ">" | ">=":
            return value < -margin
        case "<" | "<=":
            return value > margin
        case "==":
            return abs(value) > margin * 1e3
        case _:
            return False
