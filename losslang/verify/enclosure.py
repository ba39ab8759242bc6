"""Sets of real numbers between two ends that know whether the ends belong to them.

An :class:`~losslang.verify.interval.Interval` rounds outward and cannot tell ``x > 0`` from
``x >= 0``. A :class:`Range` adds, for each end, whether it may be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy
from flint import arb
from sympy import Expr

from losslang.ir.facts import FACTS
from losslang.verify import elementary
from losslang.verify.interval import NOUGHT, UNIT, WHOLE, Interval
from losslang.verify.statement import Relation


@dataclass(frozen=True, slots=True)
class Range:
    """Real numbers within ``hull``; an end that is not ``reached`` is no member. All are finite."""

    hull: Interval
    reaches_low: bool = True
    reaches_high: bool = True

    def __post_init__(self) -> None:
        # No member is infinite.
        object.__setattr__(self, "reaches_low", self.reaches_low and self.hull.low.is_finite())
        object.__setattr__(self, "reaches_high", self.reaches_high and self.hull.high.is_finite())

    @property
    def positive(self) -> bool:
        """All members are above 0."""
        return self.hull.low > NOUGHT or (self.hull.low == NOUGHT and not self.reaches_low)

    @property
    def nonnegative(self) -> bool:
        """No member is below 0."""
        return bool(self.hull.low >= NOUGHT)

    @property
    def negative(self) -> bool:
        """All members are below 0."""
        return self.hull.high < NOUGHT or (self.hull.high == NOUGHT and not self.reaches_high)

    @property
    def nonpositive(self) -> bool:
        """No member is above 0."""
        return bool(self.hull.high <= NOUGHT)

    @property
    def nonzero(self) -> bool:
        """0 is no member."""
        return self.positive or self.negative

    def stands(self, relation: Relation) -> bool:
        """Whether ``x relation 0`` for all members."""
        match relation:
            case ">":
                return self.positive
            case ">=":
                return self.nonnegative
            case "<":
                return self.negative
            case "<=":
                return self.nonpositive
            case "!=":
                return self.nonzero
            case "==":
                return bool(self.hull.low == NOUGHT and self.hull.high == NOUGHT)

    def meet(self, other: Range) -> Range:
        """What is known where both hold; this one if they have nothing in common."""
        hull = self.hull.meet(other.hull)
        if hull is None:
            return self
        return Range(
            hull,
            _reached(
                hull.low, (self.hull.low, self.reaches_low), (other.hull.low, other.reaches_low)
            ),
            _reached(
                hull.high,
                (self.hull.high, self.reaches_high),
                (other.hull.high, other.reaches_high),
            ),
        )

    def join(self, other: Range) -> Range:
        """The numbers of both and those between."""
        hull = self.hull.hull(other.hull)
        return Range(
            hull,
            any(r.reaches_low for r in (self, other) if r.hull.low == hull.low),
            any(r.reaches_high for r in (self, other) if r.hull.high == hull.high),
        )

    def __neg__(self) -> Range:
        return Range(-self.hull, self.reaches_high, self.reaches_low)

    def __add__(self, other: Range) -> Range:
        return Range(
            self.hull + other.hull,
            self.reaches_low and other.reaches_low,
            self.reaches_high and other.reaches_high,
        )

    def __mul__(self, other: Range) -> Range:
        hull = self.hull * other.hull
        return Range(hull, _corner(self, other, hull.low), _corner(self, other, hull.high))


def _reached(end: arb, *ends: tuple[arb, bool]) -> bool:
    return all(reached for value, reached in ends if value == end)


def _corner(one: Range, other: Range, value: arb) -> bool:
    """Whether the product of two ranges may be ``value``, an end of its hull."""
    found = False
    for x, reaches_x in _ends(one):
        for y, reaches_y in _ends(other):
            if x == NOUGHT or y == NOUGHT:
                zero = (x == NOUGHT and reaches_x) or (y == NOUGHT and reaches_y)
                found = found or (zero and value == NOUGHT)
            elif reaches_x and reaches_y:
                # Rounding moves ends outward only, so an end that is not a corner is not reached.
                found = found or bool((x * y).overlaps(value))
    return found


def _ends(of: Range) -> tuple[tuple[arb, bool], tuple[arb, bool]]:
    return (of.hull.low, of.reaches_low), (of.hull.high, of.reaches_high)


ANYTHING = Range(WHOLE, False, False)
TRUTH = Range(UNIT)
ABOVE_ZERO = Range(Interval.of(0, sympy.oo), False, False)
FROM_ZERO = Range(Interval.of(0, sympy.oo), True, False)


def above(end: arb, reached: bool) -> Range:
    """All numbers from ``end`` on."""
    return Range(Interval.of(end, sympy.oo), reached)


def below(end: arb, reached: bool) -> Range:
    """All numbers up to ``end``."""
    return Range(Interval.of(-sympy.oo, end), True, reached)


def constant(expr: Expr) -> Range | None:
    """Where a number lies, if it is one that we know."""
    if expr.is_Rational:
        return Range(Interval.exactly(expr))
    if expr == sympy.pi:
        ball = arb.pi()
    elif expr == sympy.E:
        ball = arb(1).exp()
    elif expr == sympy.EulerGamma:
        ball = arb.const_euler()
    else:
        return None
    return Range(Interval.exactly(ball))


def whole_power(base: Range, n: int) -> Range | None:
    """``x ** n``; ``None`` if that may be a division by 0."""
    if n < 0:
        if not base.nonzero:
            return None
        return _inverse(_natural_power(base, -n))
    return _natural_power(base, n)


def _natural_power(base: Range, n: int) -> Range:
    hull = base.hull**n
    if n % 2:
        return Range(hull, base.reaches_low, base.reaches_high)
    if base.nonnegative:
        return Range(hull, base.reaches_low, base.reaches_high)
    if base.nonpositive:
        return Range(hull, base.reaches_high, base.reaches_low)
    return Range(hull)


def _inverse(of: Range) -> Range:
    """1/x for a range without 0."""
    return Range(of.hull.reciprocal(), of.reaches_high, of.reaches_low)


def rational_power(base: Range, exponent: sympy.Rational) -> Range | None:
    """``x ** exponent`` of a nonnegative ``x``; ``None`` if that may be a division by 0."""
    if exponent < 0:
        power = rational_power(base, -exponent) if base.positive else None
        return None if power is None else _inverse(power)
    hull = base.hull ** Fraction(int(exponent.p), int(exponent.q))
    return Range(hull, base.reaches_low, base.reaches_high)


def applied(name: str, x: Range) -> Range | None:
    """A primitive of one argument; ``None`` if that may be outside of its domain."""
    facts = FACTS.get(name)
    function = getattr(elementary, name, None)
    if name == "abs":
        return x if x.nonnegative else -x if x.nonpositive else Range(abs(x.hull))
    if facts is None or function is None or not within(x, facts.domain):
        return None
    low = high = True
    if facts.increasing:
        low, high = x.reaches_low, x.reaches_high
    elif facts.decreasing:
        low, high = x.reaches_high, x.reaches_low
    return Range(function(x.hull), low, high).meet(_range_of(facts.range))


def within(x: Range, domain: sympy.Interval) -> bool:
    """Whether all members lie in an interval."""
    low, high = domain.inf, domain.sup
    if not low.is_infinite:
        end = Interval.exactly(low).low
        if x.hull.low < end or (x.hull.low == end and x.reaches_low and domain.left_open):
            return False
    if not high.is_infinite:
        end = Interval.exactly(high).high
        if x.hull.high > end or (x.hull.high == end and x.reaches_high and domain.right_open):
            return False
    return True


def _range_of(interval: sympy.Interval) -> Range:
    ends = [_end(interval.inf), _end(interval.sup)]
    hull = Interval(ends[0].low, ends[1].high)
    return Range(hull, not interval.left_open, not interval.right_open)


def _end(value: Expr) -> Interval:
    if value.is_Rational or value.is_infinite:
        return Interval.exactly(value)
    multiple = value / sympy.pi
    return Interval.exactly(arb.pi()) * Interval.exactly(multiple)


def real_power(base: Range, exponent: Range) -> Range | None:
    """``x ** y`` where it is the exponential of ``y log(x)``, or 0."""
    if base.positive:
        logs = applied("log", base)
        return None if logs is None else applied("exp", exponent * logs)
    if base.nonnegative and exponent.positive:
        if base.hull.high <= UNIT.high:
            return Range(UNIT, True, base.reaches_high)
        return FROM_ZERO
    return None


def greatest(values: list[Range]) -> Range:
    """The greatest of some numbers."""
    made = values[0]
    for value in values[1:]:
        hull = made.hull.max(value.hull)
        low = all(r.reaches_low for r in (made, value) if r.hull.low == hull.low)
        high = any(r.reaches_high for r in (made, value) if r.hull.high == hull.high)
        made = Range(hull, low, high)
    return made
