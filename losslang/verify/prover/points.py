"""Points of a region at which a statement is false, confirmed in interval arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, Rational

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Undefined
from losslang.verify.prover.budget import Budget
from losslang.verify.rules.boxes import shows
from losslang.verify.sampling import Point, points
from losslang.verify.statement import OPPOSITE, Bounds, Region, Sign
from losslang.verify.tape import Tape

SAMPLES = 200
DESCENTS = 6
CONFIRMED_BITS = (80, 300)


def counterexample(sign: Sign, budget: Budget) -> Point | None:
    """A point of the region, in rational numbers, at which intervals prove the opposite."""
    try:
        tape = compile_tape(sign.expr, sign.region.symbols)
    except TypeError:
        return None
    wrong = _wrongness(sign, tape)
    if wrong is None:
        return None
    drawn = list(_take(points(sign.region), SAMPLES, budget))
    ranked = sorted(drawn, key=wrong, reverse=True)
    for point in ranked[:DESCENTS]:
        if budget.left() <= 0:
            return None
        better = _climb(point, sign.region, wrong)
        for candidate in (better, point):
            if wrong(candidate) > 0 and confirmed(sign, candidate):
                return candidate
    return None


def confirmed(sign: Sign, point: Point) -> bool:
    """Whether intervals prove the statement false at a point; the point's place is not checked."""
    try:
        tape = compile_tape(substitute(sign.expr, point), ())
        return any(shows(tape.range((), bits), OPPOSITE[sign.relation]) for bits in CONFIRMED_BITS)
    except (TypeError, Undefined):
        return False


def _wrongness(sign: Sign, tape: Tape) -> Callable[[Point], float] | None:
    """How far a statement is from true at a point, in floats; positive where it is false."""
    factor = {">": -1.0, ">=": -1.0, "<": 1.0, "<=": 1.0}.get(sign.relation)
    symbols = sign.region.symbols

    def wrong(point: Point) -> float:
        value = tape.float([float(point[s]) for s in symbols])
        if not math.isfinite(value):
            return -math.inf
        return abs(value) if factor is None else factor * value

    return wrong if sign.relation != "!=" else None


def _take(drawn: Iterator[Point], count: int, budget: Budget) -> Iterator[Point]:
    for _ in range(count):
        point = next(drawn, None)
        if point is None or budget.left() <= 0:
            return
        yield point


def _climb(start: Point, region: Region, wrong: Callable[[Point], float]) -> Point:
    """Move one variable at a time, by halving steps, as long as it gets worse."""
    point, best = dict(start), wrong(start)
    real = [(s, b) for s, b in region.variables if not s.is_integer]
    step = Rational(1, 2)
    while step > Rational(1, 2**14) and not region.conditions:
        moved = False
        for symbol, bounds in real:
            for value in _near(point[symbol], step, bounds.subs(point)):
                there = {**point, symbol: value}
                if _inside(there, region) and wrong(there) > best:
                    point, best, moved = there, wrong(there), True
        if not moved:
            step /= 4
    return point


def _near(value: Expr, step: Expr, bounds: Bounds) -> Iterator[Expr]:
    width = bounds.high - bounds.low
    reach = width if width.is_finite else sympy.Max(1, abs(value))
    for sign in (-1, 1):
        moved = value + sign * step * reach
        if moved.is_Rational:
            yield Rational(moved).limit_denominator(2**20)


def _inside(point: Point, region: Region) -> bool:
    return all(bounds.subs(point).holds(point[symbol]) for symbol, bounds in region.variables)
