"""Real numbers for the reference interpreter: exact while they stay rational, else many digits.

Numbers are ``int`` and ``Fraction`` until a root or a function makes them irrational, so ties
among sums, products and quotients of what was passed in are exact. Two irrational numbers that
agree to all digits but the last :data:`GUARD` of the working precision count as equal: rounding
breaks no tie. A number without a value among the reals is ``nan``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cmp_to_key
from typing import Any, TypeAlias

import mpmath

Number: TypeAlias = Any
"""``int``, ``Fraction`` or ``mpmath.mpf``."""

GUARD = 15
MAX_EXACT_BITS = 20_000


def number(value: Any) -> Number:
    """``value`` (a Python, NumPy, SymPy or mpmath number, or a decimal) without rounding."""
    if isinstance(value, mpmath.mpf | int | Fraction):
        return value
    if isinstance(value, str):
        return Fraction(value)
    if getattr(value, "is_Rational", False):
        return Fraction(int(value.p), int(value.q))
    if hasattr(value, "as_integer_ratio"):
        try:
            return Fraction(*value.as_integer_ratio())
        except (OverflowError, ValueError):
            return mpmath.mpf(float(value))
    return int(value)


def rough(value: Number) -> Any:
    """``value`` as a floating-point number of the working precision."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return value if isinstance(value, mpmath.mpf) else mpmath.mpf(value)


def total(values: Iterable[Number]) -> Number:
    """The sum."""
    exact: Number = 0
    inexact = None
    for value in values:
        if isinstance(value, mpmath.mpf):
            inexact = value if inexact is None else inexact + value
        else:
            exact += value
    return _settled(exact) if inexact is None else inexact + rough(exact)


def product(factors: Iterable[Callable[[], Number]]) -> Number:
    """The product; 0 as soon as one factor is 0, whatever the others are."""
    exact: Number = 1
    inexact = None
    undefined = False
    for factor in factors:
        value = factor()
        if value == 0:
            return 0
        if not isinstance(value, mpmath.mpf):
            exact *= value
        elif mpmath.isnan(value):
            undefined = True
        else:
            inexact = value if inexact is None else inexact * value
    if undefined:
        return mpmath.nan
    return _settled(exact) if inexact is None else inexact * rough(exact)


def power(base: Number, exponent: Number) -> Number:
    """``base ** exponent``; ``nan`` for 0 to a negative power and roots of negative numbers."""
    if exponent == 0:
        return 1
    if base == 0:
        return 0 if exponent > 0 else mpmath.nan
    whole = exponent == (int(exponent) if mpmath.isfinite(exponent) else None)
    if base < 0 and not whole:
        return mpmath.nan
    exact = not isinstance(base, mpmath.mpf) and not isinstance(exponent, mpmath.mpf)
    if exact and whole and abs(exponent) * _bits(base) <= MAX_EXACT_BITS:
        return Fraction(base) ** int(exponent)
    return mpmath.power(rough(base), int(exponent) if whole else rough(exponent))


def apply(function: Callable[..., Any], *args: Number) -> Number:
    """``function`` of real numbers where its value is real, else ``nan``."""
    try:
        value = function(*map(rough, args))
    except (ValueError, ZeroDivisionError):
        return mpmath.nan
    return mpmath.nan if isinstance(value, mpmath.mpc) else value


def compare(left: Number, right: Number) -> int | None:
    """-1, 0 or 1 as ``left`` is less than, equal to or greater than ``right``; ``None`` for nan."""
    if left == right:
        return 0
    if isinstance(left, mpmath.mpf) or isinstance(right, mpmath.mpf):
        left, right = rough(left), rough(right)
        if mpmath.isnan(left) or mpmath.isnan(right):
            return None
        noise = max(abs(left), abs(right)) * mpmath.mpf(10) ** (GUARD - mpmath.mp.dps)
        if mpmath.isfinite(noise) and abs(left - right) <= noise:
            return 0
    return -1 if left < right else 1


def descending(values: Iterable[tuple[int, Number]]) -> list[tuple[int, Number]]:
    """Places with their values, the greatest first; ties stay in order."""

    def order(left: tuple[int, Number], right: tuple[int, Number]) -> int:
        return compare(right[1], left[1]) or 0

    return sorted(values, key=cmp_to_key(order))


def log_of_sum(values: list[Number]) -> Number:
    """``log(sum(exp(v)))``; -inf for no values."""
    highest = max(map(rough, values), default=mpmath.ninf)
    if not mpmath.isfinite(highest):
        return highest
    return highest + mpmath.log(mpmath.fsum(mpmath.exp(rough(v) - highest) for v in values))


def _bits(value: Number) -> int:
    fraction = Fraction(value)
    return max(fraction.numerator.bit_length(), fraction.denominator.bit_length())


def _settled(value: Number) -> Number:
    """An exact number while it is short, else its approximation."""
    return value if isinstance(value, int) or _bits(value) <= MAX_EXACT_BITS else rough(value)
