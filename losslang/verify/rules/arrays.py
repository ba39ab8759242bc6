"""The rule about formulas in index notation: their signs by composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from losslang.ir.heads import ZERO
from losslang.ir.truth import Equal, Not
from losslang.verify.arrays import Arrays, spread_of
from losslang.verify.proof import Data, Rule
from losslang.verify.rules.common import must_stand, sign_statement
from losslang.verify.statement import Statement


def _arrays(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    if goal.relation == "!=" and Arrays(goal.region).holds(Not(Equal(ZERO, goal.expr))):
        return ()
    must_stand(spread_of(goal.expr, goal.region), goal)
    return ()


ARRAY_RULES: tuple[Rule, ...] = (
    Rule(
        "arrays",
        "the entries and folds bound the whole, taken together where they move so",
        _arrays,
    ),
)
