"""Rules about the sign of one formula: composition, exact rewriting, sums and products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from losslang.verify.compose import spread
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import (
    choice,
    definedness,
    formula,
    must_agree,
    must_stand,
    sign_statement,
)
from losslang.verify.statement import MIRRORED, Sign, Statement

STRONGER: dict[str, tuple[str, ...]] = {
    ">=": (">", "=="),
    "<=": ("<", "=="),
    "!=": (">", "<"),
}
"""The relations that imply a relation."""


def _composition(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    must_stand(spread(goal.expr, goal.region), goal)
    return ()


def _mirror(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    return (Sign(-goal.expr, MIRRORED[goal.relation], goal.region),)


def _stronger(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    relation = choice(data, "relation", STRONGER.get(goal.relation, ()))
    return (Sign(goal.expr, relation, goal.region),)  # type: ignore[arg-type]


def _identity(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    if goal.relation not in ("==", ">=", "<="):
        raise Rejected("an identity is no strict inequality")
    must_agree(goal.expr, goal.expr * 0, goal.region)
    return definedness(goal.expr, goal.region)


def _rewrite(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    form = formula(data, "form")
    must_agree(goal.expr, form, goal.region)
    return (Sign(form, goal.relation, goal.region), *definedness(goal.expr, goal.region))


def _scale(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    factor, form = formula(data, "factor"), formula(data, "form")
    must_agree(goal.expr, factor * form, goal.region)
    return (
        Sign(factor, ">", goal.region),
        Sign(form, goal.relation, goal.region),
        *definedness(goal.expr, goal.region),
    )


def _product(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    if goal.relation not in (">", ">=", "!="):
        raise Rejected("write the statement with > or >= before")
    one, other = formula(data, "one"), formula(data, "other")
    must_agree(goal.expr, one * other, goal.region)
    return (
        Sign(one, goal.relation, goal.region),
        Sign(other, goal.relation, goal.region),
        *definedness(goal.expr, goal.region),
    )


def _sum(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    if goal.relation not in (">", ">="):
        raise Rejected("write the statement with > or >= before")
    one, other = formula(data, "one"), formula(data, "other")
    must_agree(goal.expr, one + other, goal.region)
    return (
        Sign(one, goal.relation, goal.region),
        Sign(other, ">=", goal.region),
        *definedness(goal.expr, goal.region),
    )


def _logarithms(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    one, other = formula(data, "one"), formula(data, "other")
    must_agree(goal.expr, one - other, goal.region)
    return (
        Sign(one, ">", goal.region),
        Sign(other, ">", goal.region),
        Sign(sympy.log(one) - sympy.log(other), goal.relation, goal.region),
        *definedness(goal.expr, goal.region),
    )


SIGN_RULES: tuple[Rule, ...] = (
    Rule("composition", "the bounds of the parts bound the whole", _composition),
    Rule("mirror", "e > 0 if -e < 0", _mirror),
    Rule("stronger", "e >= 0 if e > 0 or e == 0", _stronger),
    Rule("identity", "the normal form is 0", _identity),
    Rule("rewrite", "equal formulas have the same sign", _rewrite),
    Rule("scale", "a positive factor does not change the sign", _scale),
    Rule("product", "a product of positive numbers is positive", _product),
    Rule("logarithms", "positive numbers compare as their logarithms do", _logarithms),
    Rule("sum", "a sum of positive and nonnegative numbers is positive", _sum),
)
