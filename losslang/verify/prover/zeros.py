"""Search for points where a formula touches 0 inside of a region: split there, or use a tangent."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.compose import spread
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.statement import Bounds, Sign

CANDIDATES = tuple(
    Rational(n, d) for d in (1, 2, 3, 4) for n in range(-4, 5) if sympy.igcd(n, d) == 1
)
"""Where formulas of losses use to touch 0."""


def touching(goal: Sign, symbol: sympy.Symbol) -> Iterator[Expr]:
    """Points inside the variable's interval where the formula is 0 for all other variables."""
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    for point in CANDIDATES:
        if not _inside(point, bounds):
            continue
        value = substitute(goal.expr, {symbol: point})
        if value.is_zero or _is_nought(value, goal, symbol):
            yield point


def _inside(point: Expr, bounds: Bounds) -> bool:
    ends = (bounds.low, bounds.high)
    if not all(end.is_Rational or end.is_infinite for end in ends):
        return False
    return bool(bounds.low < point < bounds.high)


def _is_nought(value: Expr, goal: Sign, symbol: sympy.Symbol) -> bool:
    from losslang.verify.rules.common import same

    return same(value, S.Zero, goal.region.setting({symbol: S.Zero}))


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
        points = tuple(sorted(touching(goal, symbol))) if goal.relation == ">=" else ()
        whole = bounds.low.is_infinite and bounds.high.is_infinite
        if not points and (whole or _changes_sign(goal, symbol)):
            points = (S.Zero,)
        if points:
            found = run.step(goal, "split", {"variable": symbol, "at": points}, effort - 1)
            if found is not None:
                return found
    return None


def _changes_sign(goal: Sign, symbol: sympy.Symbol) -> bool:
    known = spread(symbol, goal.region)
    return known is not None and not known.nonnegative and not known.nonpositive
