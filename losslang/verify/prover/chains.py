"""Search for monotone chains: from an end of an interval, along a slope of one sign.

A formula ``A + B log(p)`` is divided by ``B``, and one with exponentials by one of them, so that
the slope has fewer of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.proof import Proof, Rejected
from losslang.verify.prover.run import Run
from losslang.verify.rules.common import INFINITE, slope
from losslang.verify.rules.limits import evaluate
from losslang.verify.rules.normal import Normal, TooHard
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Region, Relation, Sign

LIMIT_SECONDS = 2.0
"""The time to look for a limit."""


def chains(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Along each variable, for each way of dividing; from values first, then from limits."""
    if goal.relation not in (">", ">="):
        return None
    for start in (_from_value, _from_limit):
        for symbol in reversed(goal.region.symbols):
            if symbol not in goal.expr.free_symbols or symbol.is_integer:
                continue
            found = _along(run, goal, symbol, start, effort - 1)
            if found is not None:
                return found
            for factor, form in _divided(goal, symbol):
                inner = Sign(form, goal.relation, goal.region)
                part = _along(run, inner, symbol, start, effort - 1)
                if part is not None:
                    run.tried[inner] = (effort, part)
                    found = run.step(goal, "scale", {"factor": factor, "form": form}, effort - 1)
                    if found is not None:
                        return found
    return None


Start: TypeAlias = Callable[[Run, Sign, sympy.Symbol, str, int], Proof | None]


def _along(run: Run, goal: Sign, symbol: sympy.Symbol, start: Start, effort: int) -> Proof | None:
    try:
        climb = slope(goal.expr, symbol)
    except Rejected:
        return None
    directions: tuple[tuple[Relation, str], ...] = ((">=", "low"), ("<=", "high"))
    for relation, end in directions:
        if run.is_doubtful(Sign(climb, relation, goal.region)):
            continue
        found = start(run, goal, symbol, end, effort)
        if found is not None:
            return found
    return None


def _end(goal: Sign, symbol: sympy.Symbol, end: str) -> tuple[Expr, bool]:
    """An end of the variable's interval, and whether it belongs to it."""
    bounds = goal.region.bounds(symbol)
    assert bounds is not None
    if end == "low":
        return bounds.low, bounds.low_closed
    return bounds.high, bounds.high_closed


def _from_value(run: Run, goal: Sign, symbol: sympy.Symbol, end: str, effort: int) -> Proof | None:
    at, closed = _end(goal, symbol, end)
    if at.is_infinite:
        return None
    value = substitute(goal.expr, {symbol: at})
    if value.has(S.NaN, S.ComplexInfinity, *INFINITE):
        return None
    words: tuple[dict[str, str], ...] = ({"strict": "slope"}, {})
    if closed or goal.relation == ">=":
        words = ({},)
    steps = (("chain", {"variable": symbol, "end": end, **word}) for word in words)
    return run.first(goal, steps, effort)


def _from_limit(run: Run, goal: Sign, symbol: sympy.Symbol, end: str, effort: int) -> Proof | None:
    at, closed = _end(goal, symbol, end)
    if closed:
        return None
    value = evaluate(goal.expr, symbol, at, "+" if end == "low" else "-", LIMIT_SECONDS)
    if value is None or value == S.NegativeInfinity:
        return None
    words = ("slope", "value") if goal.relation == ">" else ("value",)
    data = {"variable": symbol, "end": end, "value": value}
    return run.first(goal, (("chain", {**data, "strict": word}) for word in words), effort)


def _divided(goal: Sign, symbol: sympy.Symbol) -> Iterator[tuple[Expr, Expr]]:
    """Pairs of a factor that looks positive and the formula divided by it."""
    try:
        normal = Normal(goal.region, goal.expr)
        quotient = normal.quotient(goal.expr)
    except TooHard:
        return
    if not quotient.bottom.is_constant():
        return
    seen = set()
    terms = quotient.top.to_dict()
    for place, atom in enumerate(normal.atoms):
        if symbol not in atom.free_symbols:
            continue
        if isinstance(atom, sympy.log) and quotient.top.degrees()[place] == 1:
            weight = normal.written(quotient.top.derivative(place))
        elif isinstance(atom, sympy.exp):
            powers = {exponents[place] for exponents in terms}
            for power in sorted(powers - {0}):
                factor = atom**power
                if factor not in seen:
                    seen.add(factor)
                    yield factor, _over(normal, quotient.top, factor)
            continue
        elif not isinstance(atom, sympy.log):
            weight = atom
        else:
            continue
        if symbol not in weight.free_symbols:
            continue
        if _looks_negative(weight, goal.region):
            weight = -weight
        if weight not in seen:
            seen.add(weight)
            yield weight, _over(normal, quotient.top, weight)


def _over(normal: Normal, top: object, factor: Expr) -> Expr:
    whole = normal.written(top)
    return sympy.expand(sympy.Add(*(term / factor for term in sympy.Add.make_args(whole))))


def _looks_negative(expr: Expr, region: Region) -> bool:
    return looks_false(Sign(expr, ">", region), 5) is not None
