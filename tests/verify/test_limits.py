"""Limits that depend on parameters.

Oracle: r (1 + r^2 / (2 - a))^(a/2 - 1) grows like r^(a - 1) for a < 2.
"""

from __future__ import annotations

import pytest
from sympy import Rational, S, Symbol, oo

from losslang.verify.proof import Rejected, check
from losslang.verify.prover import Budget, prove
from losslang.verify.rules import RULES
from losslang.verify.statement import Bounds, Limit, Region

A, R = Symbol("a", real=True), Symbol("r", real=True)
INFLUENCE = R * (1 + R**2 / (2 - A)) ** (A / 2 - 1)


def far_out(value, low, high, *, closed=False) -> Limit:
    bounds = Bounds(S(low), S(high), low_closed=closed)
    return Limit(INFLUENCE, R, oo, "-", S(value), Region(((A, bounds),)))


@pytest.mark.parametrize(
    "statement",
    [
        far_out(0, -oo, 1),
        far_out(0, 0, 1, closed=True),
        far_out(oo, 1, 2),
        far_out(oo, Rational(3, 2), 2, closed=True),
    ],
)
def test_the_range_of_a_parameter_decides(statement):
    proof = prove(statement, Budget(10))
    assert proof is not None
    check(statement, proof, RULES)


def test_a_closed_end_with_another_limit_is_not_passed_over():
    statement = far_out(oo, 1, 2, closed=True)
    assert prove(statement, Budget(5)) is None


def test_a_wrong_limit_is_rejected():
    with pytest.raises(Rejected):
        RULES["limit"].premises(far_out(oo, -oo, 1), {})
