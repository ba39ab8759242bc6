"""Halves cover what they divide; a tree of them ends in parts that cover everything."""

from __future__ import annotations

from itertools import product

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, S, oo

from losslang.ir.heads import At, Axis, Index, Tensor
from losslang.ir.truth import Less, LessEqual
from losslang.verify.partition import half, leaves, narrowed
from losslang.verify.readings import Local, Margin
from losslang.verify.statement import LINE, NONNEGATIVE, POSITIVE, Bounds, Region
from losslang.verify.tripwire import is_inside
from losslang.verify.verdict import Cut, Part, Split

eps, free = sympy.symbols("eps b", real=True)
gamma = sympy.Symbol("gamma", nonnegative=True)
K = sympy.Symbol("K", integer=True, positive=True)
SIZES = Bounds(S(2), oo, low_closed=True)
m = sympy.Symbol("m", real=True)


def sides(symbol, at, above_closed=False):
    return (Cut(symbol, at, False, not above_closed), Cut(symbol, at, True, above_closed))


REGIONS = (
    Region(((eps, LINE),)),
    Region(((eps, Bounds(-S.One, S.One, True, True)),)),
    Region(((eps, Bounds(-S.One, S.One)),)),
    Region(((free, POSITIVE), (eps, Bounds(S.Zero, free)))),
    Region(((free, POSITIVE), (eps, LINE))),
    Region(((eps, POSITIVE), (free, Bounds(S.Zero, eps)))),
)
ENDS = (S.Zero, S.One, -S.One, Rational(1, 2), S(5), sympy.sqrt(2), sympy.pi, free, free / 2)
POINTS = [Rational(n, 4) for n in range(-9, 10)]


@given(st.sampled_from(REGIONS), st.sampled_from(ENDS), st.booleans())
def test_every_setting_lies_in_exactly_one_of_two_halves(region, at, above_closed):
    if not at.free_symbols <= set(region.symbols):
        return
    below, above = (half(region, cut) for cut in sides(eps, at, above_closed))
    for values in product(POINTS[::2], repeat=len(region.symbols)):
        point = dict(zip(region.symbols, values, strict=True))
        inside = [is_inside(point, r) for r in (below, above)]
        assert sum(inside) == is_inside(point, region)


@given(st.integers(0, 9), st.integers(1, 3), st.booleans())
def test_halves_of_whole_numbers_end_in_whole_numbers(n, q, above_closed):
    at = Rational(n, q)
    region = Region(((K, SIZES),))
    below, above = (half(region, cut) for cut in sides(K, at, above_closed))
    for size in range(2, 12):
        beyond = size > at or (size == at and above_closed)
        assert is_inside({K: S(size)}, above) == beyond
        assert is_inside({K: S(size)}, below) == (not beyond)


def test_an_end_of_the_domain_stays_as_open_as_it_was():
    region = Region(((eps, Bounds(S.Zero, S.One)),))
    assert half(region, Cut(eps, S.Zero, True, True)) == region
    assert half(region, Cut(eps, S(-3), True, True)) == region


def test_an_end_may_mention_another_hyperparameter():
    found = half(Region(((eps, LINE), (free, LINE))), Cut(eps, free, True, False))
    assert found.variables == ((free, LINE), (eps, Bounds(free, oo)))


def test_what_other_bounds_mention_is_divided_by_a_condition():
    region = Region(((eps, POSITIVE), (free, Bounds(S.Zero, eps))))
    found = half(region, Cut(eps, sympy.sqrt(2), True, False))
    assert found == region.where(Less(sympy.sqrt(2), eps))


@pytest.mark.parametrize(
    "at", [1 / free, sympy.log(free), sympy.asin(S(2)), oo, (-S.One) ** Rational(1, 3)]
)
def test_halves_at_what_may_have_no_value_are_refused(at):
    # A setting at which it has none would lie in neither half.
    with pytest.raises(ValueError, match="no value"):
        half(Region(((eps, LINE), (free, LINE))), Cut(eps, at, True, True))


def test_a_half_that_depends_on_itself_is_refused():
    with pytest.raises(ValueError, match="cannot be split"):
        half(REGIONS[0], Cut(eps, eps / 2, True, True))


# ---------------------------------------------------------------- readings


def reading(region: Region) -> Margin:
    return Margin(region, sympy.exp(-gamma * m) + free, m, "score")


def test_a_hyperparameter_with_one_value_left_is_replaced_by_it():
    whole = reading(Region(((gamma, NONNEGATIVE), (free, LINE))))
    found = narrowed(whole, [Cut(gamma, S(2), True, True), Cut(gamma, S(2), False, True)])
    assert found.phi == sympy.exp(-2 * m) + free
    assert found.region.symbols == (free,)


def test_halves_after_it_are_divided_at_its_value():
    whole = reading(Region(((gamma, NONNEGATIVE), (free, LINE))))
    way = [
        Cut(gamma, S(2), True, True),
        Cut(gamma, S(2), False, True),
        Cut(free, gamma, True, False),
    ]
    assert narrowed(whole, way).region == Region(((free, Bounds(S(2), oo)),))


@pytest.mark.parametrize(
    "cut",
    [
        Cut(eps, S.One, True, True),
        Cut(gamma, eps, True, True),
        Cut(sympy.Symbol("gamma"), S.One, True, True),
    ],
)
def test_halves_in_what_a_reading_does_not_depend_on_leave_it_whole(cut):
    whole = reading(Region(((gamma, NONNEGATIVE), (free, LINE))))
    assert narrowed(whole, [cut]) == whole


def test_the_leaves_of_a_tree_know_the_halves_that_lead_to_them():
    parts = [Part(f"t{n}", True, ()) for n in range(3)]
    inner = Split(gamma, S.One, True, parts[1], parts[2])
    found = list(leaves(Split(eps, S.Zero, False, parts[0], inner)))
    assert [part for _, part in found] == parts
    assert found[0][0] == (Cut(eps, S.Zero, False, True),)
    assert found[2][0] == (Cut(eps, S.Zero, True, False), Cut(gamma, S.One, True, True))


def test_conditions_of_a_region_stay():
    region = Region(((eps, LINE), (free, LINE)), (LessEqual(free, eps),))
    assert half(region, Cut(eps, S.One, True, False)).conditions == region.conditions


def test_halves_at_an_input_are_refused():
    read = At(Tensor("x"), Index("i", Axis("batch")))
    with pytest.raises(ValueError, match="depends on the inputs"):
        half(REGIONS[0], Cut(eps, read, True, True))


def test_a_sum_whose_length_is_settled_is_written_out():
    from losslang import driver
    from losslang.verify.decide import decider

    found = decider(driver.elaborated("taylor_ce"))
    order, _classes = found.parameters.symbols
    local = narrowed(found.readings[0], [Cut(order, S(2), a, True) for a in (True, False)])
    assert isinstance(local, Local)
    assert sympy.expand(local.f - (1 - local.p) - (1 - local.p) ** 2 / 2) == 0
