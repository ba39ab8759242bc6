"""Search by changes of variables that make signs plain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from sympy import Basic, Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.compose import spread
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run, Step
from losslang.verify.rules.common import placed
from losslang.verify.rules.maps import MAPS, changed
from losslang.verify.rules.normal import Normal, TooHard
from losslang.verify.statement import Bounds, Region, Sign

HALF = Rational(1, 2)


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


def step_data(region: Region, symbol: sympy.Symbol, kind: str, **data: Any) -> dict[str, Any]:
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


def powers(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Take a root for the variable, if roots of it occur."""
    for symbol in reversed(goal.region.symbols):
        exponents = [e.exp for e in goal.expr.atoms(sympy.Pow) if e.base == symbol]
        degree = sympy.ilcm(1, *(int(n.q) for n in exponents if n.is_Rational))
        if degree == 1 or degree > MAX_ROOT or not _starts_at_nought(goal.region.bounds(symbol)):
            continue
        data = step_data(goal.region, symbol, "power", exponent=S(degree))
        found = run.step(goal, "map", data, effort)
        run.reduced.add(goal)
        return found
    return None


MAX_ROOT = 12


def _starts_at_nought(bounds: Bounds | None) -> bool:
    return bounds is not None and bounds.low == 0


def scales(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Measure a variable from another one, or in units of one, if that makes the other go away."""
    if goal.relation not in (">", ">="):
        return None
    inside = _unsettled(goal.expr, goal.region)
    units = [s for s in goal.region.symbols if s in inside] + _radicals(inside)
    for symbol in reversed(goal.region.symbols):
        before = set(goal.region.symbols[: goal.region.symbols.index(symbol)])
        for unit in units:
            if symbol not in inside or not unit.free_symbols <= before:
                continue
            for centre, scale in _measures(goal, unit):
                data = step_data(goal.region, symbol, "affine", centre=centre, scale=scale)
                if _goes_away(goal, symbol, unit, data):
                    found = run.step(goal, "map", data, effort)
                    run.reduced.add(goal)
                    return found
    return None


def _unsettled(expr: Expr, region: Region) -> set[Basic]:
    """The symbols and roots in those factors of the normal form whose sign is not plain."""
    try:
        normal = Normal(region, expr)
        _, parts = normal.factors(normal.quotient(expr))
    except TooHard:
        return set()
    made: set[Basic] = set()
    for poly, _ in parts:
        form = normal.written(poly)
        where = normal.signs.range(form)
        if where is None or not where.nonzero:
            made |= form.free_symbols | form.atoms(sympy.Pow)
    return made


def _measures(goal: Sign, unit: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Centres and scales."""
    known = spread(unit, goal.region)
    if known is not None and known.positive:
        yield S.Zero, unit
    if not unit.is_number:
        yield unit, S.One
        yield -unit, S.One


def _radicals(parts: set[Basic]) -> list[Expr]:
    return [
        part
        for part in parts
        if isinstance(part, sympy.Pow) and part.exp == HALF and part.base.is_Rational
    ]


def _goes_away(goal: Sign, symbol: sympy.Symbol, unit: Expr, data: dict[str, Any]) -> bool:
    """Whether ``unit`` does not remain but in factors whose sign is plain."""
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    change = MAPS["affine"](bounds, data["new"], data)
    if bounds != Bounds() and not unit.is_number and not _is_free(change.bounds, unit):
        return False
    after, rule = changed(goal.region, symbol, data["new"], change)
    expr = substitute(goal.expr, rule)
    return not expr.has(unit) or unit not in _unsettled(expr, after)


def _is_free(bounds: Bounds, unit: Expr) -> bool:
    return not (bounds.low.has(unit) or bounds.high.has(unit))
