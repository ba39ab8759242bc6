"""Search term by term: a polynomial in a nonnegative variable whose coefficients have a sign."""

from __future__ import annotations

import sympy
from sympy import Expr

from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.statement import Sign

MAX_DEGREE = 6
ENOUGH = 2
"""Effort that settles most formulas of one variable: the whole would take longer to fail."""


def coefficients(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Prove the sign of each coefficient, which has a variable less."""
    if goal.relation not in (">", ">="):
        return None
    for symbol in goal.region.symbols:
        bounds = goal.region.bounds(symbol)
        assert bounds is not None
        if symbol in goal.expr.free_symbols and bounds.low.is_nonnegative:
            terms = _terms(goal.expr, symbol)
            found = _one_by_one(run, goal, terms, effort) if len(terms) > 1 else None
            if found is not None:
                return found
    return None


def _terms(expr: Expr, symbol: sympy.Symbol) -> list[Expr]:
    """The terms of a polynomial, by rising powers; none for other formulas."""
    spread = sympy.expand(expr)
    if not spread.is_polynomial(symbol):
        return []
    if sympy.degree(spread, symbol) > MAX_DEGREE:
        return []
    powers = sympy.collect(spread, symbol, evaluate=False)
    ordered = sorted(powers.items(), key=lambda pair: sympy.degree(pair[0], symbol))
    return [factor * power for power, factor in ordered]


def _one_by_one(run: Run, goal: Sign, terms: list[Expr], effort: int) -> Proof | None:
    """The first term that may be as positive as asked for, and the others after it."""
    if any(run.is_doubtful(Sign(term, ">=", goal.region)) for term in terms):
        return None
    for term in terms:
        if not run.is_doubtful(Sign(term, goal.relation, goal.region)):
            others = sympy.Add(*(other for other in terms if other != term))
            data = {"one": term, "other": others}
            return run.step(goal, "sum", data, max(effort, ENOUGH))
    return None
