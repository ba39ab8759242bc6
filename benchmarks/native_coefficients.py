"""Compute the polynomials of ``losslang/codegen/native/mathematics.h``.

Usage: ``python -m benchmarks.native_coefficients``. Each function is smooth on its interval, so
that the polynomial through its values at Chebyshev's points errs only a few times as much as the
best one. Printed for each are the coefficients, constant first, rounded to the dtype, and the error
that they make, relative to the result that they are a part of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy
from mpmath import mp, mpf

mp.dps = 60

Function = Callable[[mpf], mpf]

NARROWEST = mpf(10) ** -20
"""Nearer than this to 0 a quotient with limit is evaluated here; 20 digits are left."""
MARGIN = mpf("1.001")
"""Intervals are a little longer than they need to be, for arguments that were rounded."""
ROOT = mpmath.findroot(mpmath.digamma, 1.4616)
SILVER = (mpmath.sqrt(2) - 1) ** 2


@dataclass(frozen=True)
class Fit:
    """``value`` on ``[low, high]``; an error of 1 in it is one of ``weight`` in the result."""

    name: str
    value: Function
    weight: Function
    low: mpf
    high: mpf
    degrees: dict[type[numpy.floating], int]


def of_root(function: Function) -> Function:
    """``z -> function(sqrt(z)) / sqrt(z)``, for an odd function."""

    def value(z: mpf) -> mpf:
        root = mpmath.sqrt(max(z, NARROWEST))
        return function(root) / root

    return value


def tail(function: Function, *start: mpf) -> Function:
    """What multiplies ``z**n`` when ``function`` begins with the ``n`` coefficients ``start``."""

    def value(z: mpf) -> mpf:
        z = z if abs(z) > NARROWEST else NARROWEST
        return (function(z) - mpmath.polyval(start[::-1], z)) / z ** len(start)

    return value


def scaled_erfc(t: mpf) -> mpf:
    """``exp(a**2) * erfc(a)`` where ``t = (a - 3) / (a + 3)``."""
    a = 3 * (1 + t) / (1 - t)
    return mpmath.exp(a * a) * mpmath.erfc(a)


F32, F64 = numpy.float32, numpy.float64
HALF_LN2 = mpmath.log(2) / 2 * MARGIN
EIGHTH = (mp.pi / 4) ** 2 * MARGIN

FITS = (
    Fit(
        *("exp", tail(mpmath.exp, mpf(1), mpf(1)), lambda r: r**2 / mpmath.exp(r)),
        *(-HALF_LN2, HALF_LN2, {F32: 5, F64: 10}),
    ),
    Fit(
        *("exp, short", tail(mpmath.exp, mpf(1), mpf(1)), lambda r: r**2 / mpmath.exp(r)),
        *(-HALF_LN2, HALF_LN2, {F32: 4}),
    ),
    Fit(
        *("log", tail(of_root(lambda s: 2 * mpmath.atanh(s)), mpf(2), mpf(2) / 3)),
        *(lambda z: z**2 / 2, mpf(0), SILVER**2 * MARGIN, {F32: 2, F64: 7}),
    ),
    Fit("erf", of_root(lambda a: mpmath.erf(a) - a), lambda z: mpf(1), mpf(0), mpf(1), {F64: 12}),
    Fit(
        *("erfc", scaled_erfc, lambda t: mpf("0.19")),
        *(mpf("-0.5"), mpf(1) / 3, {F64: 14}),
    ),
    Fit("sin", tail(of_root(mpmath.sin), mpf(1)), lambda z: z, mpf(0), EIGHTH, {F64: 6}),
    Fit(
        *("cos", tail(lambda z: mpmath.cos(mpmath.sqrt(z)), mpf(1), -mpf(1) / 2)),
        *(lambda z: z**2, mpf(0), EIGHTH, {F64: 6}),
    ),
    Fit(
        *("atan", tail(of_root(mpmath.atan), mpf(1)), lambda z: z),
        *(mpf(0), SILVER * MARGIN, {F64: 11}),
    ),
    Fit("asin", tail(of_root(mpmath.asin), mpf(1)), lambda z: z, mpf(0), mpf("0.25"), {F64: 12}),
    Fit(
        *("digamma", lambda t: mpmath.digamma(t + 1.5) / (t + 1.5 - ROOT), lambda t: mpf(1)),
        *(mpf("-0.5"), mpf("0.5"), {F64: 22}),
    ),
)


def chebyshev(fit: Fit, degree: int) -> list[mpf]:
    """Coefficients of the polynomial through the values at Chebyshev's points."""
    centre, half, count = (fit.low + fit.high) / 2, (fit.high - fit.low) / 2, degree + 1
    points = [centre + half * mpmath.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    powers = mpmath.matrix([[point**k for k in range(count)] for point in points])
    return list(mpmath.lu_solve(powers, mpmath.matrix([fit.value(point) for point in points])))


def largest_error(fit: Fit, coefficients: list[float]) -> mpf:
    """At some hundred points, of the polynomial with these coefficients."""
    exact = [mpf(coefficient) for coefficient in reversed(coefficients)]
    return max(
        abs(mpmath.polyval(exact, x) - fit.value(x)) * fit.weight(x)
        for x in mpmath.linspace(fit.low, fit.high, 300)
    )


def two_over_pi(shift: int, modulus: int, bits: int, count: int) -> list[float]:
    """``2**shift * 2 / pi`` modulo ``2**modulus`` as a sum: all but the last have ``bits`` bits."""
    with mpmath.workprec(shift + 400):
        rest = mpf(2) ** shift * 2 / mp.pi % mpf(2) ** modulus
        found = []
        for index in range(1, count):
            unit = mpf(2) ** (modulus - index * bits)
            found.append(float(mpmath.floor(rest / unit) * unit))
            rest -= found[-1]
        return [*found, float(rest)]


def main() -> None:
    for fit in FITS:
        for dtype, degree in fit.degrees.items():
            found = [float(dtype(float(value))) for value in chebyshev(fit, degree)]
            binary = mpmath.nstr(mpmath.log(largest_error(fit, found), 2), 3)
            print(f"{fit.name}, {dtype.__name__}, 2**{binary}")
            print("   ", ", ".join(f"{value:.{9 if dtype is F32 else 17}g}" for value in found))
    print("two_over_pi, double")
    for row in zip(*(two_over_pi(32 * block, 54, 53, 4) for block in range(32)), strict=True):
        print("   ", ", ".join(f"{value:.17g}" for value in row))
    print("two_over_pi, float")
    for shift in (30, 79):
        print("   ", ", ".join(f"{value:.17g}" for value in two_over_pi(shift, 25, 29, 4)))


if __name__ == "__main__":
    main()
