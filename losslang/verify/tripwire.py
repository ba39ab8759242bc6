"""A last look at what was proved: interval arithmetic at points of the region.

A proof that survives this is no better for it; one that does not betrays a defect of the verifier,
in a rule or in SymPy, which must not pass for a property of somebody's loss.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from sympy import Expr, Rational

from losslang.diagnostics import InternalError
from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Interval, Undefined
from losslang.verify.rules.boxes import shows
from losslang.verify.sampling import Point, points
from losslang.verify.statement import OPPOSITE, Bounds, Region, Sign, Statement

POINTS = 100
WORK = 4_000
"""The most operations on one statement, whose points become fewer the longer it is."""

BITS = (64, 256)
CLOSE = tuple(Rational(1, 2**k) for k in (10, 20, 40))


def tripwire(statement: Statement) -> None:
    """Raise :class:`InternalError` if a statement is false at one of some points of its region.

    Limits have such a look taken at them by their rule.
    """
    if not isinstance(statement, Sign):
        return
    point = contradiction(statement)
    if point is not None:
        where = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
        raise InternalError(f"there is a proof of {statement}, which is false at {where or 'once'}")


def contradiction(goal: Sign) -> Point | None:
    """A point of the region at which the opposite is certain."""
    symbols = goal.region.symbols
    try:
        tape = compile_tape(goal.expr, symbols)
    except TypeError:
        return None
    count = max(4, min(POINTS, WORK // (1 + len(tape.steps))))
    for point in islice(_drawn(goal.region), count):
        box = [Interval.exactly(point[symbol]) for symbol in symbols]
        for bits in BITS:
            try:
                found = tape.range(box, bits)
            except Undefined:
                continue
            if shows(found, OPPOSITE[goal.relation]) and is_inside(point, goal.region):
                return point
            if not found.low <= 0 <= found.high:
                break
    return None


def _drawn(region: Region) -> Iterator[Point]:
    """Points of a region, every other one close to an end of some variable."""
    if not region.variables:
        yield {}
        return
    draw = random.Random(1)
    for point in points(region, 1):
        yield point
        symbol, bounds = draw.choice(region.variables)
        near = _near_end(bounds.subs(point), draw)
        if near is not None and not symbol.is_integer:
            yield {**point, symbol: near}


def _near_end(bounds: Bounds, draw: random.Random) -> Expr | None:
    step = draw.choice(CLOSE)
    ends = [bounds.low + step] * (not bounds.low.is_infinite)
    ends += [bounds.high - step] * (not bounds.high.is_infinite)
    ends += [1 / step] * bool(bounds.high.is_infinite) + [-1 / step] * bool(bounds.low.is_infinite)
    end = draw.choice(ends)
    return end if end.is_Rational else None


def is_inside(point: Point, region: Region) -> bool:
    """Whether a point is certain to lie in a region."""
    for symbol, bounds in region.variables:
        here, value = bounds.subs(point), point[symbol]
        gaps = [(value - here.low, here.low_closed)] * (not here.low.is_infinite)
        gaps += [(here.high - value, here.high_closed)] * (not here.high.is_infinite)
        if not all(_is_sure(gap, closed) for gap, closed in gaps):
            return False
    return all(_is_true(substitute(condition, point)) for condition in region.conditions)


def _is_sure(gap: Expr, closed: bool) -> bool:
    try:
        return shows(compile_tape(gap, ()).range((), BITS[-1]), ">=" if closed else ">")
    except (TypeError, Undefined):
        return False


def _is_true(condition: Expr) -> bool:
    try:
        return bool(compile_tape(condition, ()).range((), BITS[-1]).low > 0)
    except (TypeError, Undefined):
        return False
