"""Rules from analysis: monotone chains, convexity, concavity, and tangent bounds of functions.

Each differentiates a formula in one variable. A formula without kinks that has a value at every
point of an interval is smooth inside and continuous up to the ends that belong to it, and the
derivative has to have a value as well, for its sign is a premise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import sympy
from sympy import Expr, S

from losslang.ir.binders import occurs, substitute
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import (
    choice,
    definedness,
    formula,
    same,
    sign_statement,
    slope,
    variable,
)
from losslang.verify.statement import Bounds, Limit, Region, Relation, Sign, Statement


def _free(region: Region, symbol: sympy.Symbol) -> None:
    """Raise :class:`Rejected` if a variable cannot move while the others stay where they are."""
    for other, bounds in region.variables:
        if symbol in bounds.low.free_symbols | bounds.high.free_symbols:
            raise Rejected(f"{other} depends on {symbol}")
    if any(symbol in condition.free_symbols for condition in region.conditions):
        raise Rejected(f"a condition is about {symbol}")
    if symbol.is_integer:
        raise Rejected(f"{symbol} does not move continuously")


def _without(region: Region, symbol: sympy.Symbol) -> Region:
    kept = tuple((s, b) for s, b in region.variables if s != symbol)
    return Region(kept, region.conditions, region.reads)


def _goal(statement: Statement, data: Mapping[str, Data]) -> tuple[Sign, sympy.Symbol, Bounds]:
    goal = sign_statement(statement)
    if goal.relation not in (">", ">="):
        raise Rejected("write the statement with > or >= before")
    symbol = variable(data, goal.region)
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    _free(goal.region, symbol)
    return goal, symbol, bounds


def _chain(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal, symbol, bounds = _goal(statement, data)
    at_low = choice(data, "end", ("low", "high")) == "low"
    end, closed = (bounds.low, bounds.low_closed) if at_low else (bounds.high, bounds.high_closed)
    climb, rest = slope(goal.expr, symbol), _without(goal.region, symbol)
    # The mean value theorem asks for the slope inside of the interval only.
    inside = goal.region.having(symbol, replace(bounds, low_closed=False, high_closed=False))
    if closed or "value" not in data:
        # The end may be added to the interval, for the formula has a value there too.
        if end.is_infinite:
            raise Rejected("there is no value at infinity")
        whole = goal.region.having(symbol, _closing(bounds, at_low))
        strictly = goal.relation == ">" and not closed and data.get("strict") == "slope"
        return (
            Sign(substitute(goal.expr, {symbol: end}), ">=" if strictly else goal.relation, rest),
            Sign(climb, _climbing(at_low, strictly), inside),
            *definedness(goal.expr, whole),
        )
    value = formula(data, "value")
    if symbol in value.free_symbols:
        raise Rejected(f"the limit mentions {symbol}")
    strictly = goal.relation == ">" and choice(data, "strict", ("slope", "value")) == "slope"
    up: tuple[Statement, ...] = ()
    if value == S.NegativeInfinity:
        raise Rejected("it comes from minus infinity")
    if value != S.Infinity:
        above = goal.relation if not strictly else ">="
        up = (Sign(value, above, rest),)
    else:
        strictly = False
    side = "+" if at_low else "-"
    return (
        Limit(goal.expr, symbol, end, side, value, rest),  # type: ignore[arg-type]
        *up,
        Sign(climb, _climbing(at_low, strictly), inside),
        *definedness(goal.expr, goal.region),
    )


def _climbing(at_low: bool, strictly: bool) -> Relation:
    if at_low:
        return ">" if strictly else ">="
    return "<" if strictly else "<="


def _closing(bounds: Bounds, at_low: bool) -> Bounds:
    return replace(bounds, low_closed=True) if at_low else replace(bounds, high_closed=True)


def _concave(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal, symbol, bounds = _goal(statement, data)
    if bounds.low.is_infinite or bounds.high.is_infinite:
        raise Rejected("a concave function is least at the ends of a bounded interval")
    rest = _without(goal.region, symbol)
    whole = goal.region.having(symbol, _closing(_closing(bounds, True), False))
    ends = (substitute(goal.expr, {symbol: end}) for end in (bounds.low, bounds.high))
    strict = data.get("strict", "") if goal.relation == ">" else ""
    if strict not in ("", "low", "high"):
        raise Rejected("strict is low or high")
    relations = [goal.relation, goal.relation]
    if strict == "low" and not bounds.high_closed:
        relations[1] = ">="
    elif strict == "high" and not bounds.low_closed:
        relations[0] = ">="
    climb = slope(goal.expr, symbol)
    bend = slope(climb, symbol)
    curved: tuple[Statement, ...] = (Sign(bend, "<=", goal.region),)
    if same(bend, S.Zero, goal.region):
        curved = (*definedness(climb, goal.region), *definedness(bend, goal.region))
    return (
        *(Sign(e, r, rest) for e, r in zip(ends, relations, strict=True)),
        *curved,
        *definedness(goal.expr, whole),
    )


def _tangent(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal, symbol, bounds = _goal(statement, data)
    at = formula(data, "at")
    if symbol in at.free_symbols:
        raise Rejected(f"the point mentions {symbol}")
    rest = _without(goal.region, symbol)
    inside = [Sign(gap, relation, rest) for gap, relation in bounds.gaps(at)]
    rule = {symbol: at}
    climb = slope(goal.expr, symbol)
    line = substitute(goal.expr, rule) + substitute(climb, rule) * (symbol - at)
    return (
        *inside,
        Sign(line, goal.relation, goal.region),
        Sign(slope(climb, symbol), ">=", goal.region),
        *definedness(goal.expr, goal.region),
    )


# ---------------------------------------------------------------- bounds of functions


Where: TypeAlias = tuple[tuple[Expr, Relation], ...]
Bounded: TypeAlias = tuple[Expr, str, Where]
"""A bound, on which side of the value it is, and where it holds."""


def bounds_of(part: Expr) -> dict[str, Bounded]:
    """Named bounds of a function's value: the bound, on which side it is, and where it holds."""
    x = part.args[0] if part.args else part
    if isinstance(part, sympy.log):
        positive: Where = ((x, ">"),)
        return {
            "above": (x - 1, "above", positive),
            "below": (1 - 1 / x, "below", positive),
            "pade above": ((x**2 - 1) / (2 * x), "above", ((x - 1, ">="),)),
            "pade below": (2 * (x - 1) / (x + 1), "below", ((x - 1, ">="),)),
        }
    if isinstance(part, sympy.exp):
        return {
            "below": (1 + x, "below", ()),
            "above": (1 / (1 - x), "above", ((1 - x, ">"),)),
            "square below": (1 + x + x**2 / 2, "below", ((x, ">="),)),
        }
    if isinstance(part, sympy.tanh | sympy.atan | sympy.sin):
        return {"above": (x, "above", ((x, ">="),))}
    if isinstance(part, sympy.Pow) and not part.exp.is_Integer:
        return _bounds_of_power(x, part.exp)
    return {}


def _bounds_of_power(base: Expr, exponent: Expr) -> dict[str, Bounded]:
    """Taylor polynomials at the base 1, of the power and of its reciprocal.

    The next derivative of x**e has the sign of e (e - 1), or of e (e - 1) (e - 2), for all x > 0.
    """
    made: dict[str, Bounded] = {}
    step = base - 1
    for word, e in (("", exponent), ("reciprocal ", -exponent)):
        line = 1 + e * step
        square = line + e * (e - 1) * step**2 / 2
        sides = ("above", "below") if word else ("below", "above")
        orders: tuple[tuple[str, Expr, Expr, Where], ...] = (
            ("line", line, e * (e - 1), ((base, ">"),)),
            ("square", square, e * (e - 1) * (e - 2), ((step, ">="),)),
        )
        for order, bound, beyond, where in orders:
            value, known = (1 / bound, (*where, (bound, ">"))) if word else (bound, where)
            for side, rest in zip(sides, (beyond, -beyond), strict=True):
                made[f"{word}{order} {side}"] = (value, side, (*known, (rest, ">=")))
    return made


def _bound(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    if goal.relation not in (">", ">="):
        raise Rejected("write the statement with > or >= before")
    part, form = formula(data, "part"), formula(data, "form")
    known = bounds_of(part)
    word = choice(data, "bound", tuple(known))
    bound, side, where = known[word]
    slot = goal.region.fresh("_slot")
    if not isinstance(form, Expr) or not occurs(SLOT, form):
        raise Rejected("the form has no place for the part")
    if slot.name != SLOT.name:
        raise Rejected(f"{SLOT} is a variable")
    if not same(substitute(form, {SLOT: part}), goal.expr, goal.region):
        raise Rejected("the form is not the formula")
    weight = slope(form, SLOT)
    if SLOT in weight.free_symbols:
        raise Rejected("the formula is not affine in the part")
    return (
        *(Sign(e, r, goal.region) for e, r in where),
        Sign(weight, ">=" if side == "below" else "<=", goal.region),
        Sign(substitute(form, {SLOT: bound}), goal.relation, goal.region),
        *definedness(goal.expr, goal.region),
    )


SLOT = sympy.Symbol("_slot", real=True)
"""Stands in the form of ``bound`` for the part that is bounded."""

ANALYSIS_RULES: tuple[Rule, ...] = (
    Rule("chain", "a formula that rises from a nonnegative start is nonnegative", _chain),
    Rule("concave", "a concave function is least at the ends", _concave),
    Rule("tangent", "a convex function lies above its tangents", _tangent),
    Rule("bound", "a function may be replaced by its bound on the right side", _bound),
)
