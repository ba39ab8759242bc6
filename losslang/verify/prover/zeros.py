"""Search for points where a formula touches 0 inside of a region: split there, or use a tangent."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify import solving
from losslang.verify.compose import spread
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.rules.common import same, slope
from losslang.verify.rules.limits import spell
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Region, Sign
from losslang.verify.watchdog import within

CANDIDATES = tuple(
    Rational(n, d) for d in (1, 2, 3, 4) for n in range(-4, 5) if sympy.igcd(n, d) == 1
)
"""Where formulas of losses use to touch 0."""

MAX_OPERATIONS = 60
"""Longer equations are not solved."""

CRITICAL_SECONDS = 0.2
"""The time to solve for critical points."""


def touching(goal: Sign, symbol: sympy.Symbol) -> Iterator[Expr]:
    """Points of the variable's interval where the formula is 0 whatever the other variables are."""
    others = [s for s in goal.region.symbols if s in goal.expr.free_symbols - {symbol}]
    seen = set()
    for point in (*CANDIDATES, *others, *critical(goal.expr, symbol)):
        if point in seen or not _may_be_inside(point, goal, symbol):
            continue
        seen.add(point)
        value = substitute(goal.expr, {symbol: point})
        if same(value, S.Zero, _without(goal.region, symbol)):
            yield point


def _may_be_inside(point: Expr, goal: Sign, symbol: sympy.Symbol) -> bool:
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    inside = [point - bounds.low] * (not bounds.low.is_infinite)
    inside += [bounds.high - point] * (not bounds.high.is_infinite)
    return all(looks_false(Sign(e, ">", goal.region), 5) is None for e in inside)


def _without(region: Region, symbol: sympy.Symbol) -> Region:
    kept = tuple((s, b) for s, b in region.variables if s != symbol)
    return Region(kept, (), region.reads)


def critical(expr: Expr, symbol: sympy.Symbol) -> tuple[Expr, ...]:
    """Where the slope of a formula is 0, as far as SymPy solves that in a moment."""

    def work() -> list[Expr]:
        try:
            top = sympy.fraction(sympy.together(spell(slope(expr, symbol))))[0]
            hard = {f for f in top.atoms(sympy.Function, sympy.Pow) if f.has(symbol)}
            hard = {f for f in hard if not f.is_polynomial(symbol)}
            if len(hard) > 1 or sympy.count_ops(top) > MAX_OPERATIONS:
                return []
            return solving.solve(top, symbol)
        except Exception:  # SymPy raises what it likes on equations that it cannot solve
            return []

    found = within(CRITICAL_SECONDS, work) or []
    return tuple(x for x in found if x.is_real is not False and sympy.count_ops(x) < 12)


def tangents(run: Run, goal: Sign, effort: int) -> Proof | None:
    """A formula that is convex around a point where it is 0."""
    if goal.relation != ">=":
        return None
    for symbol in reversed(goal.region.symbols):
        if symbol in goal.expr.free_symbols and not symbol.is_integer:
            for point in touching(goal, symbol):
                found = run.step(goal, "tangent", {"variable": symbol, "at": point}, effort - 1)
                if found is not None:
                    return found
    return None


def splits(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Cut at the points where the formula is 0, and at 0."""
    if goal.relation not in (">", ">="):
        return None
    for symbol in reversed(goal.region.symbols):
        if symbol not in goal.expr.free_symbols:
            continue
        bounds = goal.region.bounds(symbol)
        assert bounds is not None
        points = _cuts(goal, symbol)
        whole = bounds.low.is_infinite and bounds.high.is_infinite
        if not points and (whole or _changes_sign(goal, symbol)):
            points = (S.Zero,)
        if points:
            found = run.step(goal, "split", {"variable": symbol, "at": points}, effort - 1)
            if found is not None:
                return found
    return None


def _cuts(goal: Sign, symbol: sympy.Symbol) -> tuple[Expr, ...]:
    """The points that a split needs, in order; one alone if their order is not plain."""
    if goal.relation != ">=":
        return ()
    place = goal.region.symbols.index(symbol)
    before = set(goal.region.symbols[:place])
    points = [p for p in touching(goal, symbol) if p.free_symbols <= before]
    if all(p.is_number for p in points):
        return tuple(sorted(points, key=float))
    return tuple(points[:1])


def _changes_sign(goal: Sign, symbol: sympy.Symbol) -> bool:
    known = spread(symbol, goal.region)
    return known is not None and not known.nonnegative and not known.nonpositive
