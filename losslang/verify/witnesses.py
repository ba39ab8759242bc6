"""Numbers at which a property fails, and their confirmation in float64 and in intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Undefined
from losslang.verify.sampling import points
from losslang.verify.statement import Relation, Sign
from losslang.verify.theorem import Case, Premise
from losslang.verify.tripwire import is_inside
from losslang.verify.verdict import Witness


def from_premises(case: Case, premises: list[Premise]) -> Witness:
    """A witness for people out of what was proved, where the theorem offers no other.

    Its facts are the premises without variables, and an instance of each inequality with some.
    """
    found = [_instance(p.statement) for p in premises if isinstance(p.statement, Sign)]
    labels = [p.label for p in premises]
    facts = tuple(fact for fact in found if fact is not None)
    return Witness(dict(case.guess), facts, "; ".join(labels))


def _instance(statement: Sign) -> Sign | None:
    """A statement at one point of its region; ``None`` where none is at hand."""
    if not statement.expr.free_symbols:
        return Sign(statement.expr, statement.relation)
    point = next(points(statement.region), None)
    if point is None or statement.relation == "==" or not is_inside(point, statement.region):
        return None
    return Sign(substitute(statement.expr, point), statement.relation)


def with_settings(witness: Witness, settings: Mapping[sympy.Symbol, Expr]) -> Witness:
    """The witness, with the hyperparameters' values before its own numbers."""
    values = {symbol.name: value for symbol, value in settings.items()}
    return Witness(values | dict(witness.values), witness.facts, witness.says)


def replays(witness: Witness) -> bool:
    """Whether every fact is true in float64, and true in interval arithmetic."""
    return all(in_floats(fact) and in_intervals(fact) for fact in witness.facts)


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
