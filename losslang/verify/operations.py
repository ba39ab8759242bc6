"""What a formula is made of: each operation's range, float value and slopes.

A *slope* is an interval around every value of a partial derivative. Where an operation has a kink,
it is the range of Clarke's generalized derivative (Clarke, "Optimization and Nonsmooth Analysis",
1983, chapter 2), for which the mean value theorem still holds (Lebourg's, theorem 2.3.7 there).
An operation that jumps has no slope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce
from typing import Any, TypeAlias

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

Slope: TypeAlias = Callable[..., Interval]
"""The partial derivative for one argument, a function of the value and of all arguments."""

Tangent: TypeAlias = "tuple[Interval, ...] | None"
"""The partial derivatives for the inputs; ``None`` where a value depends on none of them."""

Missing: TypeAlias = Undefined
"""In place of a value or tangent: why there is none. Only an untaken branch may forgive it."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """A smooth operation: its range over intervals, and its value in double precision.

    ``domains`` of the arguments are closed; a negative power is undefined at 0 besides.
    """

    name: str
    bound: Callable[..., Interval]
    number: Callable[..., float]
    slopes: tuple[Slope, ...] = ()
    domains: tuple[Interval, ...] = ()

    def clip(self, operands: Sequence[Interval | Missing]) -> list[Interval | Missing]:
        """The operands' parts inside the domains.

        Raises:
            Undefined: Nothing of an operand is inside.
        """
        clipped = list(operands)
        for n, domain in enumerate(self.domains):
            operand = clipped[n]
            if domain is not WHOLE and isinstance(operand, Interval):
                clipped[n] = _overlap(self.name, operand, domain)
        return clipped

    def apply(self, operands: Sequence[Interval | Missing], partial: bool) -> Interval:
        """The range; raises :class:`Undefined` where there is none."""
        for operand in operands:
            if isinstance(operand, Undefined):
                raise operand
        return self.bound(*operands)

    def tangent(
        self, value: Interval, operands: Sequence[Any], tangents: Sequence[Tangent | Missing]
    ) -> Tangent:
        """The chain rule."""
        total: list[Interval] | None = None
        for slope, tangent in zip(self.slopes, tangents, strict=True):
            if isinstance(tangent, Undefined):
                raise tangent
            if tangent is None:
                continue
            factor = slope(value, *operands)
            terms = [_scaled(entry, factor) for entry in tangent]
            total = (
                terms if total is None else [_plus(a, b) for a, b in zip(total, terms, strict=True)]
            )
        return None if total is None else tuple(total)


class Jump(Operation):
    """An operation that is constant but for jumps: truth values, ``floor`` and ``sign``."""

    __slots__ = ()

    def tangent(
        self, value: Interval, operands: Sequence[Any], tangents: Sequence[Tangent | Missing]
    ) -> Tangent:
        """None at all where the value is one number; else there may be a jump."""
        if value.is_point:
            return None
        raise Undefined(f"{self.name} may jump")


class Extremum(Operation):
    """``max``, or ``min``, of several numbers."""

    __slots__ = ()

    def tangent(
        self, value: Interval, operands: Sequence[Any], tangents: Sequence[Tangent | Missing]
    ) -> Tangent:
        """The hull over the arguments that may be the extreme one."""
        signed = operands if self.name == "max" else [-operand for operand in operands]
        best = max(range(len(signed)), key=lambda n: signed[n].low)
        rivals = [n for n, one in enumerate(signed) if n == best or one.high > signed[best].low]
        return _hull([tangents[n] for n in rivals])


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Operation):
    """``yes if test else no``; ``continuous`` where both sides agree wherever the test changes."""

    continuous: bool = False

    def apply(self, operands: Sequence[Interval | Missing], partial: bool) -> Interval:
        """The side that the test takes, or the hull of both; ``partial`` drops an undefined one."""
        found = [side for side in self._taken(operands) if isinstance(side, Interval)]
        missing = [side for side in self._taken(operands) if isinstance(side, Undefined)]
        if missing and not (partial and found):
            raise missing[0]
        return reduce(Interval.hull, found)

    def tangent(
        self, value: Interval, operands: Sequence[Any], tangents: Sequence[Tangent | Missing]
    ) -> Tangent:
        """That of the side that the test takes, or the hull of both."""
        test, yes, no = operands
        if isinstance(yes, Undefined):
            return _hull(tangents[2:])
        if isinstance(no, Undefined):
            return _hull(tangents[1:2])
        if not test.is_point and not self.continuous:
            raise Undefined("the sides of a conditional may not meet")
        return _hull(self._taken([test, *tangents[1:]]))

    @staticmethod
    def _taken(operands: Sequence) -> Sequence:  # type: ignore[type-arg]
        test, yes, no = operands
        if isinstance(test, Undefined):
            raise test
        return (yes, no) if not test.is_point else (no,) if test.low == NOUGHT else (yes,)


class Connective(Jump):
    """``and`` or ``or``, which one argument may decide though another is undefined."""

    __slots__ = ()

    def apply(self, operands: Sequence[Interval | Missing], partial: bool) -> Interval:
        """The range; raises :class:`Undefined` where an undefined argument matters."""
        known = [operand for operand in operands if isinstance(operand, Interval)]
        value = self.bound(*known) if known else UNIT
        if len(known) < len(operands) and value != (ZERO if self.name == "and" else ONE):
            raise next(operand for operand in operands if isinstance(operand, Undefined))
        return value


class Power(Operation):
    """``x ** y`` for any numbers; a negative base only where the exponent is a whole number."""

    __slots__ = ()

    def clip(self, operands: Sequence[Interval | Missing]) -> list[Interval | Missing]:
        """Without negative bases unless the exponent is one whole number."""
        base, exponent = operands
        if not isinstance(base, Interval) or not isinstance(exponent, Interval):
            return [base, exponent]
        if exponent.is_point and exponent.low.is_integer():
            return [base, exponent]
        return [_overlap("power", base, NONNEGATIVE), exponent]


def _overlap(name: str, operand: Interval, domain: Interval) -> Interval:
    common = operand.meet(domain)
    if common is None:
        raise Undefined(f"{name} of {operand}")
    return common


def _scaled(entry: Interval, factor: Interval) -> Interval:
    return entry if entry is ZERO or factor is ONE else factor * entry


def _plus(a: Interval, b: Interval) -> Interval:
    return b if a is ZERO else a if b is ZERO else a + b


def _hull(tangents: Sequence[Tangent | Missing]) -> Tangent:
    known: list[tuple[Interval, ...]] = []
    for tangent in tangents:
        if isinstance(tangent, Undefined):
            raise tangent
        if tangent is not None:
            known.append(tangent)
    if not known:
        return None
    hull = known[0]
    for other in known[1:]:
        hull = tuple(a.hull(b) for a, b in zip(hull, other, strict=True))
    return hull if len(known) == len(tangents) else tuple(entry.hull(ZERO) for entry in hull)


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
    scale = Interval.exactly(2) / Interval.exactly(arb.pi()).sqrt()
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
