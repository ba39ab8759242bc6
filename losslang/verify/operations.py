"""The kinds of operations that a formula is made of: their ranges and the chain rule.

A *slope* is an interval around every value of a partial derivative. Where an operation has a kink,
it is the range of Clarke's generalized derivative (Clarke, "Optimization and Nonsmooth Analysis",
1983, chapter 2), for which the mean value theorem still holds (Lebourg's, theorem 2.3.7 there).
An operation that jumps has no slope.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

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
    """``x ** y``. A negative base has a value where the exponent is one whole number."""

    __slots__ = ()

    def apply(self, operands: Sequence[Interval | Missing], partial: bool) -> Interval:
        """The range; ``partial`` drops what is undefined: negative bases but to whole exponents."""
        base, exponent = operands
        if not isinstance(base, Interval) or not isinstance(exponent, Interval):
            return Operation.apply(self, operands, partial)
        if not partial or base.low >= NOUGHT or _is_whole(exponent):
            return self.bound(base, exponent)
        found = []
        if base.high >= NOUGHT:
            found.append(self.bound(_overlap("power", base, NONNEGATIVE), exponent))
        if not exponent.high.floor() < exponent.low:  # an infinity has a nan for its floor
            size = self.bound(-_overlap("power", base, -NONNEGATIVE), exponent)
            found += [size, -size]
        if not found:
            raise Undefined(f"power of {base}")
        return reduce(Interval.hull, found)

    def tangent(
        self, value: Interval, operands: Sequence[Any], tangents: Sequence[Tangent | Missing]
    ) -> Tangent:
        """The chain rule, with no negative base but to a whole exponent."""
        base, exponent = operands
        if not _is_whole(exponent):
            base = _overlap("power", base, NONNEGATIVE)
        return Operation.tangent(self, value, (base, exponent), tangents)


def _is_whole(x: Interval) -> bool:
    return x.is_point and x.low.is_integer()


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
