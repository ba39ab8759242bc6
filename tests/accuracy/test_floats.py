"""Units in the last place, against cases worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import torch

from losslang.accuracy.floats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS, relative


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_those_of_torch(name):
    format, info = FORMATS[name], torch.finfo(getattr(torch, name))
    assert (format.eps, format.tiny, format.largest) == (info.eps, info.tiny, info.max)


@pytest.mark.parametrize(
    ("format", "true", "unit"),
    [
        (FLOAT32, 1, 2.0**-23),
        (FLOAT32, Fraction(3, 2), 2.0**-23),
        (FLOAT32, -2, 2.0**-22),
        (FLOAT32, Fraction(1, 2), 2.0**-24),
        (FLOAT64, 1, 2.0**-52),
        (FLOAT64, 1000, 2.0**-43),
        (BFLOAT16, 1, 2.0**-7),
        (FLOAT16, 1, 2.0**-10),
    ],
)
def test_the_unit_is_the_step_between_neighbours(format, true, unit):
    assert format.unit(true) == unit


def test_just_below_a_power_of_two_the_unit_is_that_of_the_numbers_there():
    with mpmath.workdps(50):
        assert FLOAT32.unit(1 - mpmath.mpf(10) ** -30) == 2.0**-24


def test_below_the_normal_numbers_the_least_of_them_is_the_unit():
    assert FLOAT32.unit(0) == FLOAT32.tiny
    assert FLOAT32.ulps(0.0, FLOAT32.tiny / 4) == 0.25


def test_a_neighbour_is_one_ulp_away():
    one = torch.tensor(1.0)
    assert FLOAT32.ulps(torch.nextafter(one, 2 * one).item(), 1) == 1
    assert FLOAT32.ulps(1.0, 1) == 0


def test_a_rounded_third_is_a_third_of_an_ulp_away():
    """1/3 has the bits 0.0101..., and rounding up its 24th significant one adds a third of it."""
    assert FLOAT32.ulps(torch.tensor(1 / 3).item(), Fraction(1, 3)) == pytest.approx(1 / 3)


def test_three_steps_and_a_half():
    assert FLOAT32.ulps(8.0, 8 + Fraction(7, 2**21)) == 3.5


def test_a_number_beyond_the_largest_is_not_held():
    assert FLOAT32.holds(FLOAT32.largest)
    assert not FLOAT32.holds(1e39)
    assert not FLOAT64.holds(mpmath.inf)
    assert FLOAT64.holds(1e39)


def test_relative_errors():
    assert relative(3.0, 2) == 0.5
    assert relative(0.0, 0) == 0
    assert relative(1e-30, 0) == float("inf")
