"""Bounds through powers: what the rule asks for, and what it refuses."""

from __future__ import annotations

import pytest
from sympy import Symbol

from losslang import driver
from losslang.verify.proof import Rejected, check
from losslang.verify.prover import Budget, prove
from losslang.verify.rules import RULES
from losslang.verify.statement import POSITIVE, UNIT, Bounds, Region, Sign

p = Symbol("p", positive=True)
a = Symbol("a", positive=True)
r = Symbol("r", real=True)
WHERE = Region(((p, UNIT), (a, POSITIVE)))


def test_a_power_is_greatest_where_its_base_is():
    goal = Sign(3**a - (p + 2) ** a, ">=", WHERE)
    needed = RULES["bounded base"].premises(goal, {"bound": 3 + 0 * p})
    assert list(needed) == [
        Sign(p + 2, ">=", WHERE),
        Sign(1 - p, ">=", WHERE),
        Sign(a, ">=", WHERE),
    ]
    proof = prove(goal, Budget(5.0))
    assert proof is not None
    check(goal, proof, RULES)


@pytest.mark.parametrize(
    ("goal", "bound"),
    [
        (Sign(3**a - (p + 2) ** a, ">", WHERE), 3),
        (Sign(3**a - (p + 2) ** a, ">=", WHERE), 4),
        (Sign((p + 2) ** a - 3**a, ">=", WHERE), 3),
        (Sign(3**a - 2 * (p + 2) ** a, ">=", WHERE), 3),
        (Sign(3**a - (p + 2) ** (a + 1), ">=", WHERE), 3),
    ],
)
def test_other_differences_are_refused(goal, bound):
    with pytest.raises(Rejected):
        RULES["bounded base"].premises(goal, {"bound": p - p + bound})


def test_a_falling_power_has_no_proof():
    """Oracle: 1/2 to the power -1 is above 1."""
    where = Region(((p, UNIT), (r, Bounds(-1 + 0 * p, 1 + 0 * p))))
    assert prove(Sign(1 - p**r, ">=", where), Budget(2.0)) is None


def test_the_distance_of_unit_vectors_to_any_power_is_bounded():
    found = driver.verify("alignment", timeout=600)["bounded"]
    assert found.status == "proved"
    assert found.value is not None
    assert found.value.end.subs(dict.fromkeys(found.value.end.free_symbols, 3)) == 8
