"""The operations of formulas: each one's range, value in double precision, and slopes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, reduce

from flint import arb

from losslang.verify import elementary, floats
from losslang.verify.interval import (
    NONNEGATIVE,
    NOUGHT,
    ONE,
    UNIT,
    WHOLE,
    ZERO,
    Interval,
    Undefined,
)
from losslang.verify.operations import (
    Choice,
    Connective,
    Extremum,
    Jump,
    Operation,
    Power,
    Slope,
)


def _off_pole(x: Interval) -> Interval:
    if x.low < NOUGHT < x.high:
        raise Undefined("there may be a pole inside")
    return x


# ---------------------------------------------------------------- arithmetic


def _sum(*terms: Interval) -> Interval:
    return reduce(Interval.__add__, terms)


@cache
def add(count: int) -> Operation:
    """The sum of ``count`` numbers."""
    return Operation("add", _sum, lambda *xs: sum(xs), (lambda *_: ONE,) * count)


NEGATE = Operation("negate", Interval.__neg__, lambda x: -x, (lambda v, x: -ONE,))
MULTIPLY = Operation(
    "multiply",
    Interval.__mul__,
    lambda x, y: x * y,
    (lambda v, x, y: y, lambda v, x, y: x),
)
DIVIDE = Operation(
    "divide",
    Interval.__truediv__,
    floats.divide,
    (lambda v, x, y: _off_pole(y).reciprocal(), lambda v, x, y: -(v / _off_pole(y))),
)


@cache
def power(exponent: Fraction) -> Operation:
    """``x ** exponent`` for a rational exponent."""
    less = exponent - 1

    def slope(value: Interval, x: Interval) -> Interval:
        return Interval.exactly(exponent) * (_off_pole(x) if less < 0 else x) ** less

    return Operation(
        f"power {exponent}",
        lambda x: x**exponent,
        lambda x: floats.power(x, float(exponent)),
        (slope,),
        (WHOLE if exponent.denominator == 1 else NONNEGATIVE,),
    )


def _power_slope(value: Interval, x: Interval, y: Interval) -> Interval:
    less = y - ONE
    return y * (_off_pole(x) if less.low < NOUGHT else x) ** less


POWER = Power(
    "power",
    Interval.__pow__,
    floats.power,
    (
        _power_slope,
        lambda v, x, y: ZERO if v == ZERO else v * elementary.log(x),
    ),
)


# ---------------------------------------------------------------- functions of one number


def _kink(value: Interval, x: Interval) -> Interval:
    return ONE if x.low >= NOUGHT else -ONE if x.high <= NOUGHT else Interval.of(-1, 1)


def _square_root_below(x: Interval) -> Interval:
    return x ** Fraction(-1, 2)


def _bell(x: Interval) -> Interval:
    """``1 / cosh(x)**2``."""
    return (elementary.cosh(x) ** 2).reciprocal()


def _steepness_of_tan(value: Interval, x: Interval) -> Interval:
    if value is WHOLE:
        raise Undefined("there may be a pole inside")
    return ONE + value**2


def _gauss(x: Interval) -> Interval:
    scale = Interval.exactly(2) / elementary.sqrt(Interval.exactly(arb.pi()))
    return scale * elementary.exp(-(x**2))


_HALF = Interval.exactly(Fraction(1, 2))
_QUARTER = Interval.exactly(Fraction(1, 4))

_SLOPES: dict[str, Slope] = {
    "exp": lambda v, x: v,
    "log": lambda v, x: x.reciprocal(),
    "sqrt": lambda v, x: _HALF * _square_root_below(x),
    "sin": lambda v, x: elementary.cos(x),
    "cos": lambda v, x: -elementary.sin(x),
    "tan": _steepness_of_tan,
    "asin": lambda v, x: _square_root_below(ONE - x**2),
    "acos": lambda v, x: -_square_root_below(ONE - x**2),
    "atan": lambda v, x: (ONE + x**2).reciprocal(),
    "sinh": lambda v, x: elementary.cosh(x),
    "cosh": lambda v, x: elementary.sinh(x),
    "tanh": lambda v, x: _bell(x),
    "asinh": lambda v, x: _square_root_below(ONE + x**2),
    "acosh": lambda v, x: _square_root_below(x**2 - ONE),
    "atanh": lambda v, x: (ONE - x**2).reciprocal(),
    "erf": lambda v, x: _gauss(x),
    "abs": _kink,
    "sigmoid": lambda v, x: _QUARTER * _bell(_HALF * x),
    "softplus": lambda v, x: elementary.sigmoid(x),
    "lgamma": lambda v, x: elementary.digamma(x),
    "digamma": lambda v, x: elementary.trigamma(x),
    "trigamma": lambda v, x: elementary.tetragamma(x),
    "xlogx": lambda v, x: elementary.log(x) + ONE,
}

FUNCTIONS: dict[str, Operation] = {
    name: Operation(
        name,
        Interval.__abs__ if name == "abs" else getattr(elementary, name),
        floats.FUNCTIONS[name],
        (slope,),
        (elementary.domain(name),),
    )
    for name, slope in _SLOPES.items()
} | {
    name: Jump(name, getattr(elementary, name), floats.FUNCTIONS[name])
    for name in ("floor", "sign")
}
"""The functions of one number by name."""

XLOGY = Operation(
    "xlogy",
    elementary.xlogy,
    floats.xlogy,
    (lambda v, x, y: elementary.log(y), lambda v, x, y: x / y),
    (WHOLE, NONNEGATIVE),
)


# ---------------------------------------------------------------- order and truth

MAX = Extremum("max", lambda *xs: reduce(Interval.max, xs), floats.greatest)
MIN = Extremum("min", lambda *xs: reduce(Interval.min, xs), floats.least)


def _truth(certain: bool, impossible: bool) -> Interval:
    return ONE if certain else ZERO if impossible else UNIT


def _less(x: Interval, y: Interval) -> Interval:
    return _truth(x.high < y.low, x.low >= y.high)


def _less_equal(x: Interval, y: Interval) -> Interval:
    return _truth(x.high <= y.low, x.low > y.high)


def _equal(x: Interval, y: Interval) -> Interval:
    return _truth(
        x.is_point and x == y,
        x.high < y.low or x.low > y.high,
    )


def _inner(closed: Callable[[Interval, Interval], Interval]) -> Callable[..., Interval]:
    """The comparison of inputs and constants inside of a box, where no end is taken on."""

    def compare(x: Interval, y: Interval) -> Interval:
        if x.is_point and y.is_point:
            return closed(x, y)
        return _truth(x.high <= y.low, x.low >= y.high)

    return compare


LESS = Jump("<", _less, lambda x, y: float(x < y))
LESS_EQUAL = Jump("<=", _less_equal, lambda x, y: float(x <= y))
EQUAL = Jump("==", _equal, lambda x, y: float(x == y))
INNER_LESS = Jump("<", _inner(_less), LESS.number)
INNER_LESS_EQUAL = Jump("<=", _inner(_less_equal), LESS_EQUAL.number)

NOT = Jump("not", lambda x: ONE - x, lambda x: float(x == 0))
AND = Connective("and", MIN.bound, floats.least)
OR = Connective("or", MAX.bound, floats.greatest)


@cache
def choose(continuous: bool) -> Operation:
    """``yes if test else no``."""
    return Choice("choose", lambda *_: WHOLE, floats.choose, continuous=continuous)
