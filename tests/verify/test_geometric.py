"""Geometric sums have a closed form where their ratio is not 1; other sums stay as they are."""

from __future__ import annotations

import pytest
import sympy
from sympy import S, oo

from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, Axis, Index
from losslang.ir.reduce import Reduce
from losslang.verify.geometric import closed
from losslang.verify.readings.instance import written_out
from losslang.verify.statement import LINE, UNIT, Bounds, Region

n = sympy.Symbol("n", integer=True, positive=True)
m = sympy.Symbol("m", integer=True)
p = sympy.Symbol("p", positive=True)
x = sympy.Symbol("x", real=True)
COUNT = Bounds(S.One, oo, low_closed=True)
REGION = Region(((n, COUNT), (x, LINE), (p, UNIT)))


def total(body, size=n):
    """The sum of ``body(j)`` for j = 0, ..., size - 1."""
    j = Index("j", Axis("range", size))
    return Reduce("sum", (j,), ONE, body(j))


@pytest.mark.parametrize(
    "body",
    [
        lambda j: (1 - p) ** j,
        lambda j: x * p ** (2 * j + 3),
        lambda j: (1 + p) ** (1 - j),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_closed_form_is_the_sum(body, count):
    found = closed(total(body), REGION)
    assert not found.has(Reduce)
    at = {p: sympy.Rational(1, 3), x: S(-2)}
    spelled = written_out(total(body, S(count)), {})
    assert sympy.N(found.subs({n: count, **at}) - spelled.subs(at), 30, chop=True) == 0


def test_a_slope_may_be_geometric():
    logarithm = total(lambda j: (1 - p) ** (j + 1) / (j + 1))
    slope = closed(derivative(logarithm, p), REGION)
    assert sympy.simplify(slope + (1 - (1 - p) ** n) / p) == 0


@pytest.mark.parametrize(
    "body",
    [
        lambda j: x**j,  # the ratio may be 1
        lambda j: p**j / (j + 1),
        lambda j: j * p**j,
        lambda j: p ** (j**2),
        lambda j: p**j + 1,
        lambda j: j**p,
    ],
)
def test_other_sums_stay_as_they_are(body):
    assert closed(total(body), REGION) == total(body)


def test_a_count_that_may_be_negative_is_left_alone():
    region = REGION.having(m, LINE)
    assert closed(total(lambda j: p**j, m), region) == total(lambda j: p**j, m)
