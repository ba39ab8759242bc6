"""Quotients of polynomials with rational coefficients, in anonymous generators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sympy
from flint import Ordering, fmpq, fmpq_mpoly_ctx
from sympy import Rational

Poly: TypeAlias = Any

PLACES = 20
"""The most atoms that a normal form may have."""

MAX_TERMS = 4000
MAX_EXPONENT = 60

RING = fmpq_mpoly_ctx.get(tuple(f"a{n}" for n in range(PLACES)), Ordering.degrevlex)
ONE = RING.constant(1)
NOUGHT = RING.constant(0)


class TooHard(Exception):
    """A formula has no normal form of reasonable size."""


@dataclass(frozen=True)
class Quotient:
    """``top / bottom``, two polynomials without a common factor."""

    top: Poly
    bottom: Poly = field(default_factory=lambda: ONE)

    @classmethod
    def of(cls, top: Poly, bottom: Poly) -> Quotient:
        """In lowest terms, with 1 as the leading coefficient of ``bottom``."""
        if bottom.is_zero():
            raise TooHard("division by 0")
        if not bottom.is_constant():
            common = top.gcd(bottom)
            if not common.is_constant():
                top, bottom = divmod(top, common)[0], divmod(bottom, common)[0]
        lead = bottom.leading_coefficient()
        if len(top) + len(bottom) > MAX_TERMS:
            raise TooHard("too many terms")
        return cls(top / lead, bottom / lead)

    def __add__(self, other: Quotient) -> Quotient:
        if self.bottom == other.bottom:
            return Quotient.of(self.top + other.top, self.bottom)
        return Quotient.of(
            self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom
        )

    def __mul__(self, other: Quotient) -> Quotient:
        return Quotient.of(self.top * other.top, self.bottom * other.bottom)

    def __neg__(self) -> Quotient:
        return Quotient(-self.top, self.bottom)

    def __pow__(self, n: int) -> Quotient:
        if abs(n) > MAX_EXPONENT and not (self.top.is_constant() and self.bottom.is_constant()):
            raise TooHard("too large an exponent")
        if n < 0:
            return Quotient.of(self.bottom ** (-n), self.top ** (-n))
        return Quotient.of(self.top**n, self.bottom**n)

    @property
    def is_zero(self) -> bool:
        """Whether it is the number 0."""
        return bool(self.top.is_zero())


UNITY = Quotient(ONE)
ZERO = Quotient(NOUGHT)


def constant(value: Rational) -> Quotient:
    """A rational number."""
    return Quotient(RING.constant(fmpq(int(value.p), int(value.q))))


def rational(value: fmpq) -> Rational:
    """A coefficient as SymPy writes it."""
    value = fmpq(value)
    return Rational(int(value.p), int(value.q))


def primes(value: Rational) -> Iterator[tuple[Poly, int]]:
    """The factors of a positive rational number; one that is large stays whole."""
    for number, sign in ((int(value.p), 1), (int(value.q), -1)):
        if number == 1:
            continue
        parts = sympy.factorint(number) if number < 10**9 else {number: 1}
        for prime, exponent in parts.items():
            yield RING.constant(int(prime)), sign * int(exponent)
