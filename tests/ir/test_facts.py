"""Every fact about a primitive, sampled against its value in many digits."""

from __future__ import annotations

from itertools import pairwise

import mpmath
import pytest
import sympy

from losslang.ir.facts import FACTS
from losslang.ir.primitives import PRIMITIVES

NAMES = sorted(FACTS)
ROWS = {row.name: row for row in PRIMITIVES}
STEPS = [mpmath.mpf(n) / 16 for n in range(-90, 91)]


@pytest.fixture(autouse=True)
def _many_digits():
    with mpmath.workdps(40):
        yield


def value(name, x):
    return mpmath.mpf(ROWS[name].value(mpmath.mpf(x)))


def number(end):
    if end.is_infinite:
        return mpmath.inf if end > 0 else -mpmath.inf
    return mpmath.mpf(end._to_mpmath(mpmath.mp.prec))


def bounds(interval):
    return number(interval.inf), number(interval.sup)


def samples(interval):
    """Numbers of an interval, in order, its ends among them if they belong to it."""
    low, high = bounds(interval)
    inside = [x for x in STEPS if low < x < high]
    first = [low] if mpmath.isfinite(low) and not interval.left_open else []
    last = [high] if mpmath.isfinite(high) and not interval.right_open else []
    return first + inside + last


def test_every_primitive_of_one_argument_has_facts():
    assert set(FACTS) == {row.name for row in PRIMITIVES if row.arity == 1}


@pytest.mark.parametrize("name", NAMES)
def test_values_lie_in_the_range(name):
    facts = FACTS[name]
    low, high = bounds(facts.range)
    for x in samples(facts.domain):
        y = value(name, x)
        assert low <= y <= high
        assert not (facts.range.left_open and y == low)
        assert not (facts.range.right_open and y == high)


@pytest.mark.parametrize("name", NAMES)
def test_the_domain_is_where_the_primitive_is_defined(name):
    facts, requires = FACTS[name], ROWS[name].requires
    for x in samples(facts.domain):
        exact = sympy.Rational(str(x)) if x != int(x) else sympy.Integer(int(x))
        assert requires(exact) == 1


@pytest.mark.parametrize("name", NAMES)
def test_values_go_the_way_the_slopes_say(name):
    for interval, slope in FACTS[name].slopes:
        values = [value(name, x) for x in samples(interval)]
        for one, other in pairwise(values):
            if slope == "increasing":
                assert one < other
            elif slope == "decreasing":
                assert one > other
            else:
                assert one <= other


@pytest.mark.parametrize("name", NAMES)
def test_values_bend_the_way_the_facts_say(name):
    for interval, bend in FACTS[name].bends:
        inside = samples(interval)
        for one, other in zip(inside, inside[2:], strict=False):
            chord = (value(name, one) + value(name, other)) / 2
            middle = value(name, (one + other) / 2)
            assert chord >= middle if bend == "convex" else chord <= middle


@pytest.mark.parametrize("name", [n for n in NAMES if FACTS[n].increasing or FACTS[n].decreasing])
def test_the_ends_of_the_range_are_the_limits_at_the_ends_of_the_domain(name):
    facts = FACTS[name]
    low, high = bounds(facts.range)
    first, last = bounds(facts.domain)
    near = mpmath.mpf(10) ** -30
    far = mpmath.mpf(10) ** 6 if name not in ("exp", "sinh") else mpmath.mpf(10) ** 3
    start = value(name, first + near if mpmath.isfinite(first) else -far)
    end = value(name, last - near if mpmath.isfinite(last) else far)
    if facts.decreasing:
        start, end = end, start
    for reached, limit in ((start, low), (end, high)):
        assert abs(reached) > 10 if mpmath.isinf(limit) else abs(reached - limit) < 1e-5
