"""Ranges of formulas in index notation hold what the interpreter computes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer, Symbol

from losslang.ir.heads import ONE, At, Axis, Branch, Index, Size, Tensor
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Equal, Less, LessEqual, Not
from losslang.verify.arrays import Arrays, spread_of
from losslang.verify.enclosure import Range
from losslang.verify.interval import Interval, rational
from losslang.verify.proof import Rejected
from losslang.verify.rules import RULES
from losslang.verify.statement import POSITIVE, Bounds, Region, Sign
from tests.sampling import some
from tests.verify.indexed import CLASS, LABEL, REGION, C, Q, X, formulas, value

FRACTIONS = st.fractions(-6, 6, max_denominator=8)
SHARES = st.fractions(0, 1, max_denominator=8)
K, J = Index("k", CLASS), Index("j", CLASS)
Z = At(X, K)
LSE = Reduce("logsumexp", (K,), ONE, Z)


def holds(of: Range, number: Any) -> bool:
    """Whether a range holds a number, up to the rounding of the interpreter."""
    slack = mpmath.mpf(10) ** -12 * (1 + abs(number))
    low, high = (
        mpmath.fdiv(*rational(end).as_integer_ratio()) if end.is_finite() else None
        for end in (of.hull.low, of.hull.high)
    )
    return (low is None or number >= low - slack) and (high is None or number <= high + slack)


def spread(expr: Expr, region: Region = REGION) -> Range:
    """The range of a formula that is known to have a value everywhere."""
    found = spread_of(expr, region)
    assert found is not None
    return found


@st.composite
def inputs(draw: st.DrawFn) -> tuple[list[Fraction], list[Fraction], int, Fraction]:
    size = draw(st.integers(2, 4))
    x = draw(st.lists(FRACTIONS, min_size=size, max_size=size))
    q = draw(st.lists(SHARES, min_size=size, max_size=size))
    return x, q, draw(st.integers(0, size - 1)), draw(st.fractions(Fraction(1, 8), 6))


@settings(max_examples=some(120), deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.lists(inputs(), min_size=4, max_size=4))
def test_every_value_lies_in_the_range(expr, points):
    assume(not expr.has(sympy.nan, sympy.zoo, sympy.I, sympy.oo))
    found = spread_of(expr, REGION)
    assume(found is not None)
    assert found is not None
    for x, q, y, c in points:
        computed = value(expr, x, q, y, c)
        assert computed is not None, "the range says that there is a value everywhere"
        assert holds(found, computed)
        strict = mpmath.mpf(10) ** -25
        assert not (found.positive and computed < -strict)


@pytest.mark.parametrize(
    ("expr", "low", "high"),
    [
        (LSE - At(X, LABEL), 0, sympy.oo),
        (Reduce("max", (K,), ONE, Z) - At(X, LABEL), 0, sympy.oo),
        (Reduce("min", (K,), ONE, Z) - At(X, LABEL), -sympy.oo, 0),
        (sympy.exp(At(X, LABEL) - LSE), 0, 1),
        (sympy.exp(At(X, LABEL)) / Reduce("sum", (K,), ONE, sympy.exp(Z)), 0, 1),
        (C * (1 - sympy.exp(At(X, LABEL) - LSE)), 0, sympy.oo),
        (At(X, LABEL) ** 2 / 2 + At(X, LABEL) + 1, sympy.Rational(1, 2), sympy.oo),
        (1 - Reduce("mean", (K,), ONE, sympy.exp(Z - LSE)), 0, 1),
    ],
    ids=str,
)
def test_parts_that_move_together_are_taken_together(expr, low, high):
    assert spread(expr).hull == Interval.of(low, high)


def test_a_log_sum_exp_is_strictly_above_its_members_where_there_are_two():
    gap = LSE - At(X, LABEL)
    assert spread(gap).positive
    alone = spread(gap, Region(conditions=(LessEqual(Integer(1), Size(CLASS)),)))
    assert alone.nonnegative
    assert not alone.positive


def test_a_cosine_lies_between_minus_one_and_one_though_vectors_may_be_zero():
    dim = Axis("dim")
    d, u, v = Index("d", dim), Tensor("u"), Tensor("v")

    def norm(t):
        return sympy.sqrt(Reduce("sum", (d,), ONE, At(t, d) ** 2))

    cosine = Reduce("sum", (d,), ONE, At(u, d) * At(v, d) / (norm(u) * norm(v)))
    region = Region(conditions=(LessEqual(ONE, Size(dim)),))
    assert spread(cosine, region).hull == Interval.of(-1, 1)
    distance = Reduce("sum", (d,), ONE, (At(u, d) / norm(u) - At(v, d) / norm(v)) ** 2)
    assert spread(distance, region).hull == Interval.of(0, 4)


def test_a_sum_that_is_affine_in_entries_is_extreme_at_their_ends():
    one, other = At(Q, K), At(Q, LABEL)
    differ = one * (1 - other) + other * (1 - one)
    for form in (differ, sympy.expand(differ)):
        assert spread(form).hull == Interval.of(0, 1)
    gap = Reduce("sum", (K,), ONE, one + other) - 2 * Reduce("sum", (K,), ONE, one * other)
    assert spread(gap).nonnegative
    assert not spread(sympy.expand(3 * one * other - one - other)).nonnegative


def test_sums_of_three_terms_may_make_a_square():
    one, other = At(X, K), At(Tensor("v"), K)
    first, both, last = (Reduce("sum", (K,), ONE, e) for e in (one**2, one * other, other**2))
    assert spread(first - 2 * both + last).nonnegative
    assert not spread(first - 3 * both + last).nonnegative


def test_nothing_is_said_of_a_maximum_over_what_may_be_nobody():
    others = Reduce("max", (K,), Not(Delta(K, LABEL)), Z)
    assert spread_of(others, Region(conditions=(LessEqual(ONE, Size(CLASS)),))) is None
    assert spread_of(others, REGION) is not None


def test_the_exponential_of_a_log_sum_exp_over_nobody_is_zero():
    unknown = Reduce("logsumexp", (K,), Equal(At(Tensor("label", "label"), K), Integer(3)), Z)
    found = spread(sympy.exp(unknown))
    assert found.nonnegative
    assert not found.positive


def test_a_guard_is_known_to_hold_inside():
    square = Reduce("sum", (K,), Less(ONE, Z), sympy.log(Z))
    assert spread(square).nonnegative


def test_a_branch_knows_its_test():
    z = At(X, LABEL)
    assert spread(Branch(LessEqual(sympy.S.Zero, z), z + 1, 1 / (1 - z))).positive


def test_conditions_tell_that_something_is_not_zero():
    order = Symbol("order", nonnegative=True)
    region = Region(((order, Bounds(sympy.S.Zero, low_closed=True)),)).where(Not(Equal(ONE, order)))
    assert Arrays(region).holds(Not(Equal(sympy.S.Zero, 1 - order)))
    assert RULES["arrays"].premises(Sign(1 - order, "!=", region), {}) == ()


def test_the_rule_rejects_what_composition_does_not_show():
    with pytest.raises(Rejected, match="leaves"):
        RULES["arrays"].premises(Sign(At(X, LABEL), ">", Region(((C, POSITIVE),))), {})
    with pytest.raises(Rejected, match="has a value"):
        RULES["arrays"].premises(Sign(sympy.log(At(X, LABEL)) ** 2, ">=", REGION), {})
