"""Bounds that pass through a power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from losslang.ir.binders import free_indices
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import formula, sign_statement
from losslang.verify.statement import Sign, Statement


def powers(goal: Sign) -> list[sympy.Pow]:
    """The powers that are subtracted in a statement about a sum."""
    terms = (-term for term in sympy.Add.make_args(goal.expr))
    return [term for term in terms if isinstance(term, sympy.Pow)]


def _bounded_base(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    """0 <= base <= bound and exponent >= 0 give base**exponent <= bound**exponent."""
    goal, bound = sign_statement(statement), formula(data, "bound")
    if goal.relation != ">=" or free_indices(bound):
        raise Rejected("this bounds no power from above")
    for power in powers(goal):
        base, exponent = power.args
        if goal.expr == bound**exponent - power:
            return [
                Sign(base, ">=", goal.region),
                Sign(bound - base, ">=", goal.region),
                Sign(exponent, ">=", goal.region),
            ]
    raise Rejected("this is no difference of two such powers")


MONOTONE_RULES: tuple[Rule, ...] = (
    Rule(
        "bounded base",
        "a power with an exponent of 0 or more is greatest where its base is",
        _bounded_base,
    ),
)
