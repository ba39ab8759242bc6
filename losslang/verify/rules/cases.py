"""Rules that divide a region, or prove more than is asked: pieces, cases, parts as variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.ir.truth import Less, LessEqual, Not
from losslang.verify.compose import Composition
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import (
    definedness,
    formula,
    get,
    new_variable,
    same,
    sign_statement,
    variable,
)
from losslang.verify.statement import Bounds, Region, Sign, Statement


def pieces(bounds: Bounds, points: Sequence[Expr]) -> tuple[Bounds | Expr, ...]:
    """An interval cut at points: open at the points, which stand between the pieces."""
    made: list[Bounds | Expr] = []
    low, closed = bounds.low, bounds.low_closed
    for cut in points:
        made += [Bounds(low, cut, closed, False), cut]
        low, closed = cut, False
    made.append(Bounds(low, bounds.high, closed, bounds.high_closed))
    return tuple(made)


def _split(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    region, symbol = goal.region, variable(data, goal.region)
    points = get(data, "at", tuple)
    before = set(region.symbols[: region.symbols.index(symbol)])
    if not points or not all(isinstance(p, Expr) and p.free_symbols <= before for p in points):
        raise Rejected("the points must be formulas in earlier variables")
    bounds = region.bounds(symbol)
    assert bounds is not None
    made = []
    for piece in pieces(bounds, points):
        if isinstance(piece, Bounds):
            made.append(replace(goal, region=region.having(symbol, piece)))
        else:
            rule = {symbol: piece}
            made.append(Sign(substitute(goal.expr, rule), goal.relation, region.setting(rule)))
    return made


def _case(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    condition = get(data, "condition", Expr)
    if not isinstance(condition, Less | LessEqual):
        raise Rejected("a case is a comparison")
    if not condition.free_symbols <= set(goal.region.symbols):
        raise Rejected("the condition is about strangers")
    signs = Composition(goal.region)
    if not all(signs.defined(side) for side in condition.args):
        raise Rejected("the condition may have no truth value")
    return tuple(
        replace(goal, region=goal.region.where(side)) for side in (condition, Not(condition))
    )


def _lift(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    part, new, bounds = (
        formula(data, "part"),
        get(data, "new", sympy.Symbol),
        get(data, "bounds", Bounds),
    )
    form = formula(data, "form")
    region = goal.region
    if not part.free_symbols <= set(region.symbols):
        raise Rejected("the part mentions strangers")
    ends = {end for end in (bounds.low, bounds.high) if not end.is_infinite}
    if not all(end.free_symbols <= set(region.symbols) for end in ends):
        raise Rejected("the bounds mention strangers")
    new_variable(new, bounds, region, region)
    if not same(substitute(form, {new: part}), goal.expr, region):
        raise Rejected("the form is not the formula with a name for its part")
    return (
        *(Sign(gap, relation, region) for gap, relation in bounds.gaps(part)),
        *definedness(part, region),
        *definedness(goal.expr, region),
        Sign(form, goal.relation, region.having(new, bounds)),
    )


def _relax(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    symbol = variable(data, goal.region)
    if symbol in goal.expr.free_symbols or any(
        symbol in bounds.low.free_symbols | bounds.high.free_symbols
        for _, bounds in goal.region.variables
    ):
        raise Rejected(f"the statement is about {symbol}")
    kept = tuple((s, b) for s, b in goal.region.variables if s != symbol)
    conditions = tuple(c for c in goal.region.conditions if symbol not in c.free_symbols)
    return (Sign(goal.expr, goal.relation, Region(kept, conditions, goal.region.reads)),)


CASE_RULES: tuple[Rule, ...] = (
    Rule("split", "it holds on all pieces of an interval and at the points between", _split),
    Rule("case", "it holds whether or not a comparison does", _case),
    Rule("lift", "it holds for every value that a part may have", _lift),
    Rule("forget", "a variable that does not occur is no matter", _relax),
)
