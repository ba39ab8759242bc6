"""Search by changes of variables that make signs plain."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import S

from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run, Step
from losslang.verify.rules.common import placed
from losslang.verify.rules.maps import MAPS
from losslang.verify.statement import Bounds, Region, Sign


def intervals(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Map intervals to half-lines from 0, last variable first."""
    if goal.relation not in (">", ">="):
        return None
    for symbol in reversed(goal.region.symbols):
        if symbol in goal.expr.free_symbols:
            found = run.first(goal, _steps(goal.region, symbol), effort - 1)
            if found is not None:
                return found
    return None


def _steps(region: Region, symbol: sympy.Symbol) -> Iterator[Step]:
    bounds = region.bounds(symbol)
    assert bounds is not None
    for kind in _kinds(bounds):
        yield "map", step_data(region, symbol, kind)


def step_data(region: Region, symbol: sympy.Symbol, kind: str, **data: object) -> dict[str, object]:
    """The data of the rule ``map``, with a new symbol that fits its bounds."""
    bounds = region.bounds(symbol)
    assert bounds is not None
    name = region.fresh("s").name
    earlier = Region(region.variables[: region.symbols.index(symbol)])
    change = MAPS[kind](bounds, sympy.Symbol(name, real=True), data)
    new = placed(name, change.bounds, earlier)
    return {"variable": symbol, "new": new, "map": kind, **data}


def _kinds(bounds: Bounds) -> tuple[str, ...]:
    low, high = not bounds.low.is_infinite, not bounds.high.is_infinite
    if low and high:
        return ("ratio", "ratio down")
    if low and bounds.low != S.Zero:
        return ("above",)
    if high:
        return ("below",)
    return ()


def exponentials(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Take ``exp(x / k)`` for the variable, if ``x`` stands in exponents only."""
    for symbol in reversed(goal.region.symbols):
        rates = [e.args[0].coeff(symbol) for e in goal.expr.atoms(sympy.exp) if e.has(symbol)]
        if not rates or not all(rate.is_Rational and rate for rate in rates):
            continue
        bare = goal.expr.replace(lambda e: isinstance(e, sympy.exp), lambda e: S.One)
        if symbol in bare.free_symbols:
            continue
        scale = S(sympy.ilcm(1, *(int(rate.q) for rate in rates)))
        data = step_data(goal.region, symbol, "log", scale=scale)
        found = run.step(goal, "map", data, effort - 1)
        if found is not None:
            return found
    return None
