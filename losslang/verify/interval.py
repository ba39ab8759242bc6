"""Closed intervals of extended real numbers with exact ends and outward rounding.

The ends are ``flint.arb`` numbers of radius zero (dyadic numbers or an infinity). Every operation
evaluates the ball arithmetic of Arb (Johansson, "Arb: efficient arbitrary-precision
midpoint-radius interval arithmetic", 2017) at such points only and rounds the two balls outward:
domains stay exact, and an end that is representable stays exact.

An interval stands for the real numbers in it. A result holds the value at every choice of *finite*
members for which it is defined, and limits at infinite ends, so ``0 * [1, oo]`` is 0. An operation
without any value raises :class:`Undefined`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq, fmpz

POSITIVE_INFINITY = arb.pos_inf()
NEGATIVE_INFINITY = arb.neg_inf()
NOUGHT = arb(0)

PRECISION = 80
"""Working precision in bits where nothing else is said."""

MAX_ROOT = 64
"""The highest root that is taken as a root, not by exponentials."""

MAX_WHOLE = 2**32
"""Exponents of an interval's kind are whole numbers up to here, beyond which they are real."""


class Undefined(ValueError):
    """An operation has no value somewhere on its arguments."""


@contextmanager
def precision(bits: int = PRECISION) -> Iterator[None]:
    """Round to ``bits`` bits inside of a ``with`` statement."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def down(ball: arb, least: arb = NEGATIVE_INFINITY) -> arb:
    """A lower bound of ``ball``, where ``least`` is known to be one. A nan is without bounds."""
    bound = ball.lower()
    return bound if bound > least else least


def up(ball: arb, most: arb = POSITIVE_INFINITY) -> arb:
    """An upper bound of ``ball``, where ``most`` is known to be one."""
    bound = ball.upper()
    return bound if bound < most else most


def rational(end: arb) -> Fraction:
    """The value of a finite end."""
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def integer(end: arb) -> int:
    """The value of an end that is a whole number."""
    whole = end.unique_fmpz()
    assert whole is not None
    return int(whole)


@dataclass(frozen=True, slots=True, repr=False)
class Interval:
    """All real numbers from ``low`` to ``high``; an end may be infinite."""

    low: arb
    high: arb

    # ------------------------------------------------------------ making

    @classmethod
    def exactly(cls, value: Any) -> Interval:
        """The narrowest interval around a number.

        Args:
            value: An int, Fraction, float, a SymPy rational or infinity, or an ``arb``; floats are
                taken at their exact values.

        Raises:
            TypeError: ``value`` is of another type or nan.
        """
        ball = _ball(value)
        if ball.is_nan():
            raise TypeError("nan is no number")
        return cls(ball.lower(), ball.upper())

    @classmethod
    def of(cls, low: Any, high: Any) -> Interval:
        """From ``low`` to ``high``, numbers as :meth:`exactly` takes; rounded outward.

        Raises:
            ValueError: ``low`` is greater than ``high``.
        """
        made = cls(cls.exactly(low).low, cls.exactly(high).high)
        if made.low > made.high:
            raise ValueError(f"no number lies from {low} to {high}")
        return made

    # ------------------------------------------------------------ reading

    @property
    def is_point(self) -> bool:
        """Whether it holds one number."""
        return self.low == self.high

    @property
    def is_finite(self) -> bool:
        """Whether both ends are finite."""
        return self.low.is_finite() and self.high.is_finite()

    @property
    def width(self) -> arb:
        """The distance of the ends, rounded up."""
        return NOUGHT if self.is_point else up(self.high - self.low)

    @property
    def midpoint(self) -> arb:
        """A finite number halfway; of an unbounded interval, one well inside."""
        low, high = self.low, self.high
        if low.is_finite() and high.is_finite():
            middle = ((low + high) / 2).mid()
            return low if middle < low else high if middle > high else middle
        if low.is_finite():
            return (2 * abs(low) + low + 1).mid()
        if high.is_finite():
            return (high - 2 * abs(high) - 1).mid()
        if self.is_point:
            raise Undefined("an infinity has no midpoint")
        return NOUGHT

    def contains(self, value: Any) -> bool:
        """Whether a number or another interval lies inside, decided without rounding."""
        if isinstance(value, Interval):
            return bool(self.low <= value.low and value.high <= self.high)
        around = Interval.exactly(value)
        if self.contains(around) or around.is_point:
            return self.contains(around)
        if not self.low <= around.high or not around.low <= self.high:
            return False
        number = _fraction(value)
        return (not self.low.is_finite() or rational(self.low) <= number) and (
            not self.high.is_finite() or number <= rational(self.high)
        )

    def __hash__(self) -> int:
        # An infinite ``arb`` has no hash of its own.
        return hash(
            tuple(end.man_exp() if end.is_finite() else None for end in (self.low, self.high))
        )

    def __repr__(self) -> str:
        return f"[{_written(self.low)}, {_written(self.high)}]"

    # ------------------------------------------------------------ sets

    def hull(self, other: Interval) -> Interval:
        """The narrowest interval around both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def meet(self, other: Interval) -> Interval | None:
        """What both have in common, ``None`` where that is nothing."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low <= high else None

    def max(self, other: Interval) -> Interval:
        """The greater of two numbers."""
        return Interval(max(self.low, other.low), max(self.high, other.high))

    def min(self, other: Interval) -> Interval:
        """The smaller of two numbers."""
        return Interval(min(self.low, other.low), min(self.high, other.high))

    # ------------------------------------------------------------ arithmetic

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __abs__(self) -> Interval:
        if self.low >= NOUGHT:
            return self
        if self.high <= NOUGHT:
            return -self
        return Interval(NOUGHT, max(-self.low, self.high))

    def __add__(self, other: Interval) -> Interval:
        return Interval(down(self.low + other.low), up(self.high + other.high))

    def __sub__(self, other: Interval) -> Interval:
        return Interval(down(self.low - other.high), up(self.high - other.low))

    def __mul__(self, other: Interval) -> Interval:
        a, b, c, d = self.low, self.high, other.low, other.high
        if c >= NOUGHT:
            low = _times(a, c if a >= NOUGHT else d)
            high = _times(b, d if b >= NOUGHT else c)
        elif d <= NOUGHT:
            low = _times(b, c if b >= NOUGHT else d)
            high = _times(a, d if a >= NOUGHT else c)
        elif a >= NOUGHT:
            low, high = _times(b, c), _times(b, d)
        elif b <= NOUGHT:
            low, high = _times(a, d), _times(a, c)
        else:
            return Interval(
                min(down(_times(a, d)), down(_times(b, c))),
                max(up(_times(a, c)), up(_times(b, d))),
            )
        return Interval(down(low), up(high))

    def __truediv__(self, other: Interval) -> Interval:
        c, d = other.low, other.high
        if c < NOUGHT < d:
            return self if self.is_point and self.low == NOUGHT else WHOLE
        if c == NOUGHT or d == NOUGHT:
            return self * other.reciprocal()
        if d < NOUGHT:
            return (-self) / (-other)
        a, b = self.low, self.high
        return Interval(
            down(_over(a, d if a >= NOUGHT else c, NEGATIVE_INFINITY)),
            up(_over(b, c if b >= NOUGHT else d, POSITIVE_INFINITY)),
        )

    def reciprocal(self) -> Interval:
        """``1 / x``: the whole line around 0, a half-line where 0 is an end.

        Raises:
            Undefined: It is 0 alone.
        """
        low, high = self.low, self.high
        if low < NOUGHT < high:
            return WHOLE
        if low == NOUGHT and high == NOUGHT:
            raise Undefined("division by 0")
        return Interval(
            NEGATIVE_INFINITY if high == NOUGHT else down(1 / high),
            POSITIVE_INFINITY if low == NOUGHT else up(1 / low),
        )

    # ------------------------------------------------------------ powers

    def __pow__(self, exponent: int | Fraction | Interval) -> Interval:
        """``x ** exponent``, with ``x ** 0 = 1`` throughout.

        Raises:
            Undefined: A negative number to a power that is not whole, or 0 to a negative one.
        """
        if isinstance(exponent, Interval):
            whole = _whole(exponent)
            return self._real_power(exponent) if whole is None else self._whole_power(whole)
        if exponent.denominator == 1:
            return self._whole_power(int(exponent))
        if exponent < 0:
            return (self**-exponent).reciprocal()
        if self.low < NOUGHT:
            raise Undefined("a root of a negative number")
        if exponent.denominator > MAX_ROOT:
            return self._real_power(Interval.exactly(exponent))
        return self._root(exponent.denominator)._whole_power(exponent.numerator)

    def _whole_power(self, n: int) -> Interval:
        if n == 1:
            return self
        if n < 0:
            return self._whole_power(-n).reciprocal()
        if n == 0:
            return ONE
        base = self if n % 2 else abs(self)
        return Interval(down(_raised(base.low, n)), up(_raised(base.high, n)))

    def _root(self, n: int) -> Interval:
        low, high = self.low, self.high
        return Interval(
            down(low.root(n) if low.is_finite() else low, NOUGHT),
            up(high.root(n) if high.is_finite() else high),
        )

    def _real_power(self, exponent: Interval) -> Interval:
        # x ** y is monotone in either one, so its extremes are those of y * log(x) at the corners.
        if self.low < NOUGHT:
            raise Undefined("a power of a negative number")
        logs = exponent * Interval(down(_log(self.low)), up(_log(self.high)))
        return Interval(down(logs.low.exp(), NOUGHT), up(logs.high.exp()))


def _ball(value: Any) -> arb:
    if isinstance(value, arb | int | float):
        return arb(value)
    if _is_infinite(value):
        return POSITIVE_INFINITY if value > 0 else NEGATIVE_INFINITY
    number = _fraction(value)
    return arb(fmpq(number.numerator, number.denominator))


def _is_infinite(value: Any) -> bool:
    if isinstance(value, float):
        return value in (float("inf"), float("-inf"))
    return bool(getattr(value, "is_extended_real", False) and value.is_infinite)


def _fraction(value: Any) -> Fraction:
    if isinstance(value, arb):
        return rational(value)
    if isinstance(value, int | float | Fraction):
        return Fraction(value)
    if getattr(value, "is_Rational", False):
        return Fraction(int(value.p), int(value.q))
    raise TypeError(f"{value!r} is not a rational number")


def _written(end: arb) -> str:
    if end.is_finite():
        return str(end.str(17, radius=False))
    return "oo" if end > NOUGHT else "-oo"


def _times(x: arb, y: arb) -> arb:
    """The product, with ``0 * oo = 0``."""
    product = x * y
    return NOUGHT if product.is_nan() else product


def _over(x: arb, y: arb, bound: arb) -> arb:
    """A corner of a quotient: where both are infinite, 0 or ``bound``, the farthest limit."""
    quotient = x / y
    if not quotient.is_nan():
        return quotient
    return bound if (x > NOUGHT) == (bound > NOUGHT) else NOUGHT


def _raised(x: arb, n: int) -> arb:
    if x.is_finite():
        return x ** fmpz(n)
    return x if n % 2 else POSITIVE_INFINITY


def _log(x: arb) -> arb:
    if x == NOUGHT:
        return NEGATIVE_INFINITY
    return x if x == POSITIVE_INFINITY else x.log()


def _whole(exponent: Interval) -> int | None:
    if exponent.is_point and exponent.low.is_integer() and abs(exponent.low) < MAX_WHOLE:
        return integer(exponent.low)
    return None


WHOLE = Interval(NEGATIVE_INFINITY, POSITIVE_INFINITY)
ZERO = Interval(NOUGHT, NOUGHT)
ONE = Interval(arb(1), arb(1))
NONNEGATIVE = Interval(NOUGHT, POSITIVE_INFINITY)
UNIT = Interval(NOUGHT, arb(1))
