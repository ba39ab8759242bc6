"""Search by changes of variables that make signs plain."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.compose import spread
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run, Step
from losslang.verify.rules.common import placed
from losslang.verify.rules.maps import MAPS, Change, changed
from losslang.verify.rules.normal import Normal, TooHard
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


def scales(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Measure a variable in units of another one, or of a root, if that makes the unit go away."""
    if goal.relation not in (">", ">="):
        return None
    units = [*goal.region.symbols, *_radicals(goal)]
    for symbol in reversed(goal.region.symbols):
        place = goal.region.symbols.index(symbol)
        before = set(goal.region.symbols[:place])
        for unit in units:
            if symbol not in goal.expr.free_symbols or not unit.free_symbols <= before:
                continue
            known = spread(unit, goal.region)
            if known is None or not known.positive:
                continue
            data = step_data(goal.region, symbol, "affine", centre=S.Zero, scale=unit)
            if _goes_away(goal, symbol, unit, data["new"]):
                found = run.step(goal, "map", data, effort - 1)
                if found is not None:
                    return found
    return None


def _radicals(goal: Sign) -> list[Expr]:
    return [
        power
        for power in goal.expr.atoms(sympy.Pow)
        if power.exp == sympy.Rational(1, 2) and power.base.is_Rational
    ]


def _goes_away(goal: Sign, symbol: sympy.Symbol, unit: Expr, new: sympy.Symbol) -> bool:
    """Whether ``unit`` remains only in factors whose sign is plain."""
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    change = Change(
        unit * new, MAPS["affine"](bounds, new, {"centre": S.Zero, "scale": unit}).bounds
    )
    after, rule = changed(goal.region, symbol, new, change)
    try:
        expr = substitute(goal.expr, rule)
        normal = Normal(after, expr)
        _, parts = normal.factors(normal.quotient(expr))
    except TooHard:
        return False
    for poly, _ in parts:
        form = normal.written(poly)
        where = normal.signs.range(form)
        if (where is None or not where.nonzero) and form.has(unit):
            return False
    return True
