"""Sampled points lie in their region, come again with their seed, and doubt what is false."""

from __future__ import annotations

from itertools import islice

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, S, oo

from losslang.diagnostics import InternalError
from losslang.ir.heads import Max
from losslang.ir.truth import Less
from losslang.verify.sampling import looks_false, points
from losslang.verify.statement import LINE, POSITIVE, UNIT, Bounds, Limit, Region, Sign
from losslang.verify.tripwire import is_inside, tripwire

x, y = sympy.symbols("x y", real=True)
a = sympy.Symbol("a", positive=True)
K = sympy.Symbol("K", integer=True, positive=True)
REGIONS = (
    Region(((x, LINE),)),
    Region(((a, POSITIVE), (x, Bounds(-a, a)))),
    Region(((a, UNIT), (x, Bounds(-oo, a, False, True)))),
    Region(((K, Bounds(S(2), oo, True)), (x, Bounds(S.Zero, 1 / K)))),
    Region(((K, Bounds(S(2), S(4), False, False)),)),
    Region(((x, LINE), (y, LINE)), (Less(x, y),)),
    Region(((x, Bounds(sympy.sqrt(2), sympy.pi)),)),
    Region(((x, Bounds(S.One, S.One, True, True)),)),
    Region(((a, POSITIVE), (x, Bounds(-oo, Max(a, S.One))))),
)


@given(st.sampled_from(REGIONS), st.integers(0, 5))
def test_points_lie_in_the_region(region, seed):
    drawn = list(islice(points(region, seed), 20))
    assert len(drawn) == 20
    assert all(is_inside(point, region) for point in drawn)
    assert drawn == list(islice(points(region, seed), 20))


@pytest.mark.parametrize(
    "region",
    [
        Region(((x, Bounds(S.One, S.Zero)),)),
        Region(((x, Bounds(S.One, S.One)),)),
        Region(((x, Bounds(S.One, S.One, True, False)),)),
        Region(((K, Bounds(S(2), S(3))),)),
        Region(((x, POSITIVE),), (Less(x, S.Zero),)),
    ],
)
def test_a_region_without_points_gives_none(region):
    assert next(points(region), None) is None


FALSE = (
    Sign(x**2 - 1, ">=", REGIONS[0]),
    Sign(x - a, ">", REGIONS[1]),
    Sign(x * K - 1, "==", REGIONS[3]),
    Sign(x, ">", REGIONS[0]),
)
TRUE = (
    Sign(x**2, ">=", REGIONS[0]),
    Sign(a - x, ">", REGIONS[1]),
    Sign(1 - x * K, ">", REGIONS[3]),
    Sign(sympy.exp(x) - 1 - x, ">=", REGIONS[0]),
    Sign(sympy.exp(x) * sympy.exp(-x) - 1, "==", REGIONS[0]),
)


@pytest.mark.parametrize("sign", FALSE, ids=str)
def test_what_is_false_looks_so_and_trips_the_wire(sign):
    point = looks_false(sign)
    assert point is not None
    assert is_inside(point, sign.region)
    with pytest.raises(InternalError, match="there is a proof"):
        tripwire(sign)


@pytest.mark.parametrize("sign", TRUE, ids=str)
def test_what_is_true_does_neither(sign):
    assert looks_false(sign) is None
    tripwire(sign)


def test_the_wire_lies_close_to_ends_where_samples_do_not():
    # False within 1e-5 of 0 only.
    sign = Sign(x - Rational(1, 10**5), ">", Region(((x, UNIT),)))
    with pytest.raises(InternalError):
        tripwire(sign)


def test_the_wire_sees_what_floats_round_away():
    sign = Sign(-sympy.exp(-x), ">=", Region(((x, Bounds(S(800), S(900))),)))
    assert looks_false(sign) is None
    with pytest.raises(InternalError):
        tripwire(sign)


def test_a_point_on_an_open_end_is_not_inside():
    assert not is_inside({x: S.One}, Region(((x, UNIT),)))
    assert is_inside({x: S.One}, Region(((x, Bounds(S.Zero, S.One, False, True)),)))
    assert not is_inside({x: S.One, y: S.Zero}, REGIONS[5])


def test_the_wire_leaves_limits_to_their_rule():
    tripwire(Limit(x, x, S.Zero, "+", S.One))
