"""Numbers at which a property fails, and their confirmation in float64 and in intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import sympy
from sympy import Expr, Rational

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Undefined
from losslang.verify.property import Strategy
from losslang.verify.prover import Budget
from losslang.verify.sampling import points
from losslang.verify.statement import Limit, Relation, Sign
from losslang.verify.theorem import Case, Premise
from losslang.verify.theorems.premises import spelled_out
from losslang.verify.tripwire import is_inside
from losslang.verify.verdict import Witness
from losslang.verify.wording import short

SECONDS = 4.0


def of(strategy: Strategy, case: Case) -> Witness | None:
    """The numbers of a refuting case: the search's own, or out of its premises, if they replay."""
    premises = strategy.theorem.premises
    for search in (
        lambda: strategy.witness(case),
        lambda: from_premises(case, spelled_out(premises, case)),
    ):
        made = _found(search)
        if made is not None and replays(made):
            return made
    return None


def _found(search: Callable[[], Witness | None]) -> Witness | None:
    try:
        return Budget(SECONDS).within(search)
    except Exception:  # algebra fails in many ways on odd formulas, and on large numbers in them
        return None


def from_premises(case: Case, premises: Sequence[Premise]) -> Witness:
    """A witness for people out of what was proved, where the theorem offers no other.

    Its facts are the premises without variables, an instance of each inequality with some, and
    values on the way to each limit.
    """
    values: dict[str, Expr | tuple[Expr, ...]] = dict(case.guess)
    facts: list[Sign] = []
    says: list[str] = []
    for premise in premises:
        statement, label = premise.statement, premise.label
        if isinstance(statement, Sign):
            facts += _instance(statement)
        elif isinstance(statement, Limit):
            way = _on_the_way(statement)
            if way is not None:
                values |= {str(statement.variable): way.places, f"{label}: values": way.values}
                facts += way.facts
                label += f", {short(statement.value)} (the way is seen, the end proved)"
        says.append(label)
    return Witness(values, tuple(dict.fromkeys(facts)), "; ".join(says))


def _instance(statement: Sign) -> tuple[Sign, ...]:
    """A statement at one point of its region; nothing where none is at hand."""
    if not statement.expr.free_symbols:
        return (Sign(statement.expr, statement.relation),)
    point = next(points(statement.region), None)
    if point is None or statement.relation == "==" or not is_inside(point, statement.region):
        return ()
    return (Sign(substitute(statement.expr, point), statement.relation),)


# ---------------------------------------------------------------- limits


@dataclass(frozen=True)
class Way:
    """Values of a formula at places that approach a point."""

    places: tuple[Expr, ...]
    values: tuple[Expr, ...]
    facts: tuple[Sign, ...]


STEPS = ((2, 4, 8), (8, 16, 32), (32, 64, 128), (1, 2, 3), (128, 1024, 8192))
"""How far out, or to which negative powers of two from a finite end, the places lie."""


def approaching(point: Expr, side: str, steps: Sequence[int]) -> tuple[Expr, ...]:
    """Places on the way to a point, or to infinity."""
    if point.is_infinite:
        return tuple(sympy.sign(point) * n for n in map(sympy.Integer, steps))
    turn = 1 if side == "+" else -1
    return tuple(point + turn * Rational(1, 2**n) for n in steps)


def _on_the_way(limit: Limit) -> Way | None:
    """Places at which the formula comes closer to the limit each time, in floats and intervals."""
    point = next(points(limit.region), {}) if limit.region.variables else {}
    expr, end, value = (substitute(e, point) for e in (limit.expr, limit.point, limit.value))
    if expr.free_symbols - {limit.variable} or end.free_symbols or value.free_symbols:
        return None
    for steps in STEPS:
        places = approaching(end, limit.side, steps)
        values = tuple(substitute(expr, {limit.variable: x}) for x in places)
        facts = closer(values, value)
        if facts and all(in_floats(fact) and in_intervals(fact) for fact in facts):
            return Way(places, values, facts)
    return None


def closer(values: Sequence[Expr], value: Expr) -> tuple[Sign, ...]:
    """That values come closer to a number, or grow beyond those before, towards infinity."""
    if value.is_infinite:
        turn = sympy.sign(value)
        return tuple(Sign(turn * (b - a), ">") for a, b in pairwise(values))
    away = [v - value for v in values]
    if all(gap == 0 for gap in away):
        return tuple(Sign(gap, "==") for gap in away[:1])
    sizes = [gap * _turn(gap) for gap in away]
    return tuple(Sign(a - b, ">") for a, b in pairwise(sizes))


def _turn(gap: Expr) -> int:
    try:
        return -1 if compile_tape(gap, ()).float(()) < 0 else 1
    except (TypeError, ArithmeticError):
        return 1


# ---------------------------------------------------------------- replay


def with_settings(witness: Witness, settings: Mapping[sympy.Symbol, Expr]) -> Witness:
    """The witness, with the hyperparameters' values before its own numbers."""
    values = {symbol.name: value for symbol, value in settings.items()}
    return Witness(values | dict(witness.values), witness.facts, witness.says)


def replays(witness: Witness) -> bool:
    """Whether there are facts, and every one is true in float64 and in interval arithmetic."""
    true = [in_floats(fact) and in_intervals(fact) for fact in witness.facts]
    return bool(true) and all(true)


def in_floats(fact: Sign) -> bool:
    """Whether plain float64 arithmetic finds the fact true; an equation to 1e-9."""
    try:
        value = compile_tape(fact.expr, ()).float(())
    except (TypeError, ArithmeticError):
        return False
    return math.isfinite(value) and _holds(value, fact.relation)


def _holds(value: float, relation: Relation) -> bool:
    match relation:
        case "==":
            return abs(value) <= 1e-9
        case "!=":
            return value != 0
        case ">":
            return value > 0
        case ">=":
            return value >= -1e-12
        case "<":
            return value < 0
        case _:
            return value <= 1e-12


def in_intervals(fact: Sign) -> bool:
    """Whether interval arithmetic does not contradict the fact, and proves a strict one."""
    try:
        found = compile_tape(fact.expr, ()).range((), precision=200)
    except (TypeError, Undefined):
        return False
    match fact.relation:
        case ">":
            return bool(found.low > 0)
        case "<":
            return bool(found.high < 0)
        case ">=":
            return bool(found.high >= 0)
        case "<=":
            return bool(found.low <= 0)
        case "==":
            return bool(found.low <= 0 <= found.high)
        case _:
            return bool(found.low > 0 or found.high < 0)
