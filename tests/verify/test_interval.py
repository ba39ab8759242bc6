"""Intervals: every result holds the true range, and ends that are exact stay exact.

The oracle is mpmath at many digits, at points inside of random intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import mpmath
import pytest
import sympy
from flint import arb
from hypothesis import assume, given, settings

from losslang.verify import elementary
from losslang.verify.interval import (
    NEGATIVE_INFINITY,
    NONNEGATIVE,
    ONE,
    POSITIVE_INFINITY,
    UNIT,
    WHOLE,
    ZERO,
    Interval,
    Undefined,
    precision,
    rational,
)
from tests.sampling import some

INFINITY = float("inf")
DIGITS = 60  # far beyond the intervals' precision
NOISE = mpmath.mpf(10) ** -50  # what the oracle's own rounding may come to

FRACTIONS = st.fractions(-40, 40, max_denominator=1000)
# From tiny to huge, and at the ends of domains.
NUMBERS = st.one_of(
    FRACTIONS,
    st.sampled_from([Fraction(n) for n in (-1, 0, 1, 2, 10**6, -(10**6))]),
    st.builds(lambda f, n: f * Fraction(2) ** n, FRACTIONS, st.integers(-60, 60)),
)


@st.composite
def intervals(draw, numbers=NUMBERS):
    """An interval with a rational number in it; now and then an end is infinite."""
    low, inside, high = sorted(draw(st.lists(numbers, min_size=3, max_size=3)))
    far = draw(st.sampled_from(["", "", "", "", "low", "high", "point"]))
    if far == "point":
        low = high = inside
    return (
        Interval.of(-INFINITY if far == "low" else low, INFINITY if far == "high" else high),
        inside,
    )


def holds(interval: Interval, value: Any) -> bool:
    """Whether ``value`` is inside, but for the oracle's rounding."""
    slack = NOISE * max(1, abs(value))
    low = mpmath.ninf if not interval.low.is_finite() else exactly(interval.low)
    high = mpmath.inf if not interval.high.is_finite() else exactly(interval.high)
    return bool(low - slack <= value <= high + slack)


def exactly(end: arb) -> Any:
    mantissa, exponent = end.man_exp()
    return mpmath.ldexp(mpmath.mpf(int(mantissa)), int(exponent))


def real(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def is_sharp(interval: Interval, bits: int = 74) -> bool:
    """Whether the width is a few units in the last place of 80 bits."""
    size = max(abs(interval.low), abs(interval.high), arb(1))
    return bool(interval.width <= size * arb(2) ** -bits)


def softplus(x: Any) -> Any:
    return max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x)))


ORACLES: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "asinh": mpmath.asinh,
    "acosh": mpmath.acosh,
    "atanh": mpmath.atanh,
    "erf": mpmath.erf,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": softplus,
    "lgamma": mpmath.loggamma,
    "digamma": mpmath.digamma,
    "trigamma": lambda x: mpmath.psi(1, x),
    "tetragamma": lambda x: mpmath.psi(2, x),
    "floor": mpmath.floor,
    "sign": mpmath.sign,
    "xlogx": lambda x: x * mpmath.log(x) if x else mpmath.mpf(0),
}
MODERATE = {"tan", "digamma", "trigamma", "tetragamma", "lgamma"}  # mpmath is slow far out
# Open at an end: the limit there is infinite.
SINGULAR = {"atanh": (-1, 1)} | dict.fromkeys(
    ("log", "lgamma", "digamma", "trigamma", "tetragamma"), (0,)
)


def inside_domain(name: str, drawn: tuple[Interval, Fraction]) -> tuple[Interval, Fraction]:
    """The part of a drawn interval on which a function is defined."""
    x, point = drawn
    common = x.meet(elementary.domain(name))
    assume(common is not None)
    assert common is not None
    assume(common.contains(point) and point not in SINGULAR.get(name, ()))
    return common, point


# ---------------------------------------------------------------- every value is inside


@pytest.mark.parametrize("name", ORACLES)
@given(drawn=st.data())
@settings(max_examples=some(60))
def test_a_range_holds_every_value(name, drawn):
    numbers = st.fractions(-6, 60) if name in MODERATE else NUMBERS
    if name in ("asin", "acos", "atanh"):
        numbers = st.fractions(-1, 1)
    x, point = inside_domain(name, drawn.draw(intervals(numbers)))
    with precision(80), mpmath.workdps(DIGITS):
        result = getattr(elementary, name)(x)
        assert holds(result, ORACLES[name](real(point)))


@pytest.mark.parametrize("name", sorted(ORACLES))
@given(point=st.fractions(Fraction(1, 50), 50, max_denominator=10**4))
@settings(max_examples=some(30))
def test_a_range_at_a_point_is_sharp(name, point):
    if name in ("asin", "acos", "atanh"):
        point = point / 51
    if name == "acosh":
        point += 1
    with precision(80):
        # The point itself is rounded to the precision, so that only the function's rounding counts.
        x = Interval.exactly(Interval.exactly(point).midpoint)
        assert is_sharp(getattr(elementary, name)(x), 72)


@pytest.mark.parametrize("sign", "+-*/")
@given(first=intervals(), second=intervals())
@settings(max_examples=some(150))
def test_arithmetic_holds_every_value(sign, first, second):
    (x, a), (y, b) = first, second
    if sign == "/":
        assume(b != 0)
        result, value = x / y, a / b
    else:
        result, value = {"+": (x + y, a + b), "-": (x - y, a - b), "*": (x * y, a * b)}[sign]
    assert result.contains(value)


FLOATS = st.floats(-1e50, 1e50, allow_subnormal=False)


@pytest.mark.parametrize("sign", "+-*/")
@given(first=FLOATS, second=FLOATS)
def test_arithmetic_on_points_rounds_outward(sign, first, second):
    assume(second != 0)
    x, y, a, b = (
        Interval.exactly(first),
        Interval.exactly(second),
        Fraction(first),
        Fraction(second),
    )
    with precision(53):
        if sign == "/":
            result, value = x / y, a / b
        else:
            result, value = {"+": (x + y, a + b), "-": (x - y, a - b), "*": (x * y, a * b)}[sign]
    assert result.contains(value)


@given(first=intervals(), second=intervals())
def test_lattice_operations_hold_every_value(first, second):
    (x, a), (y, b) = first, second
    assert x.max(y).contains(max(a, b))
    assert x.min(y).contains(min(a, b))
    assert abs(x).contains(abs(a))
    assert (-x).contains(-a)
    assert x.hull(y).contains(a)
    assert x.hull(y).contains(y)
    assert x.contains(b) == ((common := x.meet(y)) is not None and common.contains(b))


@given(drawn=intervals(st.fractions(-30, 30, max_denominator=100)), exponent=st.integers(-7, 7))
def test_a_whole_power_holds_every_value(drawn, exponent):
    x, a = drawn
    assume(a != 0 or exponent >= 0)
    assert (x**exponent).contains(a**exponent)
    assert (x ** Interval.exactly(exponent)).contains(a**exponent)


@given(
    drawn=intervals(st.fractions(0, 30, max_denominator=100)),
    power=intervals(st.fractions(-4, 4, max_denominator=70)),
)
def test_a_real_power_holds_every_value(drawn, power):
    (x, a), (y, b) = drawn, power
    assume(x.low >= 0 and a > 0)
    with precision(80), mpmath.workdps(DIGITS):
        value = mpmath.power(real(a), real(b))
        assert holds(x**y, value)
        assert holds(x**b, value)


# ---------------------------------------------------------------- ends that stay exact


@pytest.mark.parametrize(
    ("name", "low", "high", "first", "last"),
    [
        ("log", 0, 1, -INFINITY, 0),
        ("log", 1, INFINITY, 0, INFINITY),
        ("exp", -INFINITY, 0, 0, 1),
        ("sqrt", 0, 4, 0, 2),
        ("atanh", -1, 0, -INFINITY, 0),
        ("acosh", 1, INFINITY, 0, INFINITY),
        ("tanh", -INFINITY, INFINITY, -1, 1),
        ("erf", 0, INFINITY, 0, 1),
        ("sigmoid", -INFINITY, 0, 0, Fraction(1, 2)),
        ("cosh", -INFINITY, INFINITY, 1, INFINITY),
        ("lgamma", 2, INFINITY, 0, INFINITY),
        ("trigamma", 0, INFINITY, 0, INFINITY),
        ("digamma", 0, INFINITY, -INFINITY, INFINITY),
        ("sin", 0, 10, -1, 1),
        ("sin", -INFINITY, 0, -1, 1),
        ("floor", Fraction(-1, 2), Fraction(7, 2), -1, 3),
        ("sign", -3, 0, -1, 0),
    ],
)
def test_ends_of_a_range_are_exact(name, low, high, first, last):
    assert getattr(elementary, name)(Interval.of(low, high)) == Interval.of(first, last)


def test_a_wave_turns_inside():
    assert elementary.sin(Interval.of(1, 2)).high == 1
    assert elementary.sin(Interval.of(1, 2)).low > 0
    assert elementary.cos(Interval.of(-1, 1)) == Interval(elementary.cos(ONE).low, ONE.high)
    assert elementary.cos(Interval.of(3, 4)).low == -1


def test_functions_that_turn_reach_their_lowest_value():
    least = elementary.xlogx(UNIT)
    assert float(least.low) == pytest.approx(-1 / mpmath.e, rel=1e-15)
    assert least.high == 0
    lowest = elementary.lgamma(Interval.of(1, 2))
    assert float(lowest.low) == pytest.approx(-0.12148629053584961, rel=1e-14)


def test_the_turn_of_lgamma_is_where_digamma_changes_sign():
    low, high = elementary.LGAMMA_TURN
    with precision(120):
        assert elementary.digamma(Interval.exactly(low)).high < 0
        assert elementary.digamma(Interval.exactly(high)).low > 0


def test_nought_times_a_half_line_is_nought():
    assert ZERO * Interval.of(1, INFINITY) == ZERO
    assert ZERO * WHOLE == ZERO


def test_division_by_an_interval_with_0():
    assert Interval.of(1, INFINITY) == ONE / UNIT
    assert ONE / Interval.of(-2, 0) == Interval.of(-INFINITY, Fraction(-1, 2))
    assert ONE / Interval.of(-1, 1) == WHOLE
    with pytest.raises(Undefined, match="division by 0"):
        ONE / ZERO


def test_a_square_is_not_a_product():
    assert Interval.of(-1, 2) ** 2 == Interval.of(0, 4)
    assert Interval.of(-1, 2) ** 3 == Interval.of(-1, 8)
    assert Interval.of(-1, 2) ** -2 == Interval.of(Fraction(1, 4), INFINITY)
    assert Interval.of(-1, 2) ** 0 == ONE


def test_powers_at_the_ends():
    assert Interval.of(0, 4) ** Fraction(1, 2) == Interval.of(0, 2)
    assert UNIT ** Fraction(-1, 2) == Interval.of(1, INFINITY)
    assert UNIT ** Interval.of(Fraction(1, 3), 5) == UNIT
    assert NONNEGATIVE ** Fraction(3, 2) == NONNEGATIVE


def test_infinities_of_either_sign_cancel_to_anything():
    assert NONNEGATIVE - NONNEGATIVE == WHOLE
    assert NONNEGATIVE / Interval.of(1, INFINITY) == NONNEGATIVE


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("log", -1, 1), ("sqrt", -1, 0), ("acos", 0, 2), ("acosh", 0, 1), ("digamma", -2, -1)],
)
def test_a_function_outside_of_its_domain(name, low, high):
    with pytest.raises(Undefined, match=name):
        getattr(elementary, name)(Interval.of(low, high))


def test_a_root_of_a_negative_number():
    with pytest.raises(Undefined, match="root"):
        Interval.of(-1, 1) ** Fraction(1, 3)
    with pytest.raises(Undefined, match="power"):
        Interval.of(-1, 1) ** UNIT


@pytest.mark.parametrize("value", [float("nan"), sympy.nan, sympy.I, "1", None])
def test_what_is_no_real_number(value):
    with pytest.raises(TypeError):
        Interval.exactly(value)


def test_ends_in_the_wrong_order():
    with pytest.raises(ValueError, match="no number lies"):
        Interval.of(1, 0)


# ---------------------------------------------------------------- making and reading


@given(NUMBERS)
def test_a_number_is_held_as_narrowly_as_the_precision_allows(number):
    made = Interval.exactly(number)
    assert made.contains(number)
    if number.denominator & (number.denominator - 1) == 0 and number.numerator.bit_length() < 53:
        assert made.is_point
        assert rational(made.low) == number
    else:
        assert not made.contains(number + Fraction(number) / 2**40) or number == 0


@pytest.mark.parametrize(
    ("value", "same"),
    [(sympy.Rational(-3, 4), Fraction(-3, 4)), (sympy.Integer(7), 7), (0.5, Fraction(1, 2))],
)
def test_numbers_of_other_libraries(value, same):
    assert Interval.exactly(value) == Interval.exactly(same)


def test_infinite_numbers():
    assert Interval.of(-sympy.oo, INFINITY) == WHOLE
    assert WHOLE.contains(INFINITY)
    assert not Interval.of(0, 1).contains(sympy.oo)


@given(intervals())
def test_a_midpoint_is_finite_and_inside(drawn):
    x, _ = drawn
    assert x.midpoint.is_finite()
    assert x.contains(x.midpoint)


def test_precision_narrows():
    with precision(53):
        rough = elementary.exp(ONE)
    with precision(200):
        fine = elementary.exp(ONE)
    assert rough.contains(fine)
    assert fine.width < rough.width / 2**100


def test_equal_intervals_are_one_key():
    assert len({WHOLE, Interval(NEGATIVE_INFINITY, POSITIVE_INFINITY), UNIT}) == 2


def test_text():
    assert repr(Interval.of(Fraction(1, 2), INFINITY)) == "[0.50000000000000000, oo]"
