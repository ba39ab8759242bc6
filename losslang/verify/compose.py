"""Ranges of formulas by composition: from the bounds of variables, part by part, outward.

:func:`spread` returns an interval that holds every value of a formula over a region, or ``None``
if the formula may have no value somewhere. It is part of what the checker trusts, so it asks
nothing of SymPy's assumptions: whatever it says follows from bounds, conditions and the facts of
the primitives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import sympy
from flint import arb
from sympy import Basic, Expr

from losslang.ir.binders import substitute
from losslang.ir.facts import FACTS
from losslang.ir.heads import At, Max, Min
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.truth import And, Equal, Less, LessEqual, Truth
from losslang.verify import elementary
from losslang.verify.interval import NOUGHT, WHOLE, Interval, Undefined, precision
from losslang.verify.statement import Bounds, Region, Relation

ONE = arb(1)
FAR = arb(2) ** 64
"""Exponentials of larger numbers are not evaluated."""


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
TRUTH = Range(Interval(NOUGHT, ONE))
ABOVE_ZERO = Range(Interval.of(0, sympy.oo), False, False)
FROM_ZERO = Range(Interval.of(0, sympy.oo), True, False)

Known: TypeAlias = dict[Basic, Range | None]


def spread(expr: Expr, region: Region) -> Range | None:
    """Where the values of ``expr`` lie; ``None`` unless it is known to have one everywhere."""
    return Composition(region).range(expr)


class Composition:
    """Ranges of many expressions over one region; each part is looked at once."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self._place = {symbol: n for n, symbol in enumerate(region.symbols)}
        self._known: Known = {}
        self._given = _given(region.conditions)

    def range(self, expr: Expr) -> Range | None:
        """Like :func:`spread`."""
        with precision():
            return self._range(expr)

    def defined(self, expr: Expr) -> bool:
        """Whether ``expr`` is known to have a value everywhere."""
        return self.range(expr) is not None

    def _range(self, expr: Basic) -> Range | None:
        if expr not in self._known:
            self._known[expr] = None  # an unsound loop would find nothing
            try:
                found = self._look(expr)
            except Undefined:
                found = None
            given = self._given.get(expr)
            if found is not None and given is not None:
                found = found.meet(given)
            if found is not None and not found.nonzero and isinstance(expr, sympy.Add):
                self._known[expr] = found
                found = self._by_ends(expr, found)
            self._known[expr] = found
        return self._known[expr]

    def _look(self, expr: Basic) -> Range | None:
        if isinstance(expr, sympy.Symbol):
            return self._symbol(expr)
        if isinstance(expr, sympy.Add):
            return self._sum(expr)
        if isinstance(expr, sympy.Mul):
            return self._product(expr)
        if isinstance(expr, sympy.Pow):
            return self._power(expr)
        if isinstance(expr, sympy.Number | sympy.NumberSymbol):
            return _number(expr)
        if isinstance(expr, At):
            return self._read(expr)
        if isinstance(expr, Max | Min):
            return self._extremum(expr)
        if isinstance(expr, Truth):
            return self._truth(expr)
        return self._function(expr)

    # ------------------------------------------------------------ leaves

    def _symbol(self, symbol: sympy.Symbol) -> Range | None:
        bounds = self.region.bounds(symbol)
        return None if bounds is None else self._bounds(bounds, self._place[symbol])

    def _bounds(self, bounds: Bounds, place: int) -> Range | None:
        """The numbers of an interval whose ends mention variables before ``place``."""
        made = ANYTHING
        for end, closed, low in (
            (bounds.low, bounds.low_closed, True),
            (bounds.high, bounds.high_closed, False),
        ):
            if end.is_infinite:
                continue
            if any(self._place.get(s, place) >= place for s in end.free_symbols):
                return None
            value = self._range(end)
            if value is None:
                continue
            if low:
                half = Range(
                    Interval.of(value.hull.low, sympy.oo), closed and value.reaches_low, False
                )
            else:
                half = Range(
                    Interval.of(-sympy.oo, value.hull.high), False, closed and value.reaches_high
                )
            made = made.meet(half)
        return made

    def _read(self, expr: At) -> Range | None:
        bounds = dict(self.region.reads).get(expr.tensor)
        return ANYTHING if bounds is None else self._bounds(bounds, len(self._place))

    # ------------------------------------------------------------ arithmetic

    def _sum(self, expr: sympy.Add) -> Range | None:
        total = Range(Interval.exactly(0))
        for term in expr.args:
            value = self._range(term)
            if value is None:
                return None
            total = total + value
        return total

    def _product(self, expr: sympy.Mul) -> Range | None:
        total = Range(Interval.exactly(1))
        for factor in expr.args:
            value = self._range(factor)
            if value is None:
                return None
            total = total * value
        return total

    def _power(self, expr: sympy.Pow) -> Range | None:
        base, exponent = self._range(expr.base), self._range(expr.exp)
        if base is None or exponent is None:
            return None
        if expr.exp.is_Integer:
            return _whole_power(base, int(expr.exp))
        if expr.exp.is_Rational and base.nonnegative:
            return _rational_power(base, expr.exp)
        if base.positive:
            logs = exponent * _apply("log", base)
            return _apply("exp", logs)
        if base.nonnegative and exponent.positive:
            top = FROM_ZERO
            if base.hull.high <= ONE:
                top = Range(Interval(NOUGHT, ONE), True, base.reaches_high)
            return top
        return None

    # ------------------------------------------------------------ functions

    def _function(self, expr: Basic) -> Range | None:
        row = primitive_of(expr)
        if row is None:
            return None
        arguments = [self._range(part) for part in operands(expr)]
        if any(value is None for value in arguments):
            return None
        if row.name == "xlogy":
            x, y = arguments
            if not (y.positive or (operands(expr)[0] == operands(expr)[1] and y.nonnegative)):
                return None
            return Range(elementary.xlogy(x.hull, y.hull))
        return _apply(row.name, arguments[0])

    def _extremum(self, expr: Max | Min) -> Range | None:
        values = [self._range(part) for part in expr.args]
        if any(value is None for value in values):
            return None
        if isinstance(expr, Min):
            return -_greatest([-value for value in values])
        return _greatest(values)

    def _truth(self, expr: Truth) -> Range | None:
        return TRUTH if all(self._range(part) is not None for part in expr.args) else None

    # ------------------------------------------------------------ sums whose parts move together

    def _by_ends(self, expr: sympy.Add, found: Range) -> Range:
        """A sum that is affine in a variable is extreme at its ends.

        Only ends that are no dyadic numbers are looked at: intervals know the others.
        """
        for symbol in reversed(self.region.symbols):
            if symbol not in expr.free_symbols:
                continue
            bounds = self.region.bounds(symbol)
            assert bounds is not None
            if _is_plain(bounds.low) and _is_plain(bounds.high):
                continue
            slope = sympy.diff(expr, symbol) if _is_polynomial(expr, symbol) else None
            if slope is None or symbol in slope.free_symbols:
                continue
            steep = self._range(slope)
            if steep is None or not (steep.nonnegative or steep.nonpositive):
                continue
            first, last = (bounds.low, bounds.low_closed), (bounds.high, bounds.high_closed)
            if not steep.nonnegative:
                first, last = last, first
            return found.meet(self._between(expr, symbol, first, last, steep.nonzero))
        return found

    def _between(
        self,
        expr: Expr,
        symbol: sympy.Symbol,
        first: tuple[Expr, bool],
        last: tuple[Expr, bool],
        strict: bool,
    ) -> Range:
        made = ANYTHING
        for (end, closed), low in ((first, True), (last, False)):
            value = None if end.is_infinite else self._range(sympy.expand(expr.subs(symbol, end)))
            if value is None:
                continue
            reached = closed or not strict
            if low:
                made = made.meet(
                    Range(
                        Interval.of(value.hull.low, sympy.oo), reached and value.reaches_low, False
                    )
                )
            else:
                made = made.meet(
                    Range(
                        Interval.of(-sympy.oo, value.hull.high),
                        False,
                        reached and value.reaches_high,
                    )
                )
        return made


def _is_plain(end: Expr) -> bool:
    """Whether an end is infinite or a dyadic number, so that intervals hold it exactly."""
    if end.is_infinite:
        return True
    return bool(end.is_Rational) and int(end.q) & (int(end.q) - 1) == 0


def _is_polynomial(expr: Expr, symbol: sympy.Symbol) -> bool:
    return bool(expr.is_polynomial(symbol))


def _given(conditions: tuple[Expr, ...]) -> dict[Basic, Range]:
    """What conditions say of the differences of their sides, and of a side if the other is 0."""
    made: dict[Basic, Range] = {}
    for condition in conditions:
        for part in condition.args if isinstance(condition, And) else (condition,):
            if isinstance(part, Less | LessEqual):
                left, right = part.args
                sign = ABOVE_ZERO if isinstance(part, Less) else FROM_ZERO
                made[right - left] = sign
                made[left - right] = -sign
            elif isinstance(part, Equal):
                left, right = part.args
                made[left - right] = made[right - left] = Range(Interval.exactly(0))
    return made


def _number(expr: Expr) -> Range | None:
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


def _whole_power(base: Range, n: int) -> Range | None:
    if n < 0:
        if not base.nonzero:
            return None
        return _inverse(_whole_power_of(base, -n))
    return _whole_power_of(base, n)


def _whole_power_of(base: Range, n: int) -> Range:
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


def _rational_power(base: Range, exponent: sympy.Rational) -> Range | None:
    if exponent < 0:
        power = _rational_power(base, -exponent) if base.positive else None
        return None if power is None else _inverse(power)
    power = base.hull ** _fraction(exponent)
    return Range(power, base.reaches_low, base.reaches_high)


def _fraction(value: sympy.Rational) -> object:
    from fractions import Fraction

    return Fraction(int(value.p), int(value.q))


def _apply(name: str, x: Range) -> Range | None:
    """The range of a primitive of one argument."""
    facts = FACTS.get(name)
    function = getattr(elementary, name, None)
    if name == "abs":
        made = x if x.nonnegative else -x if x.nonpositive else Range(abs(x.hull))
        return made
    if facts is None or function is None or not _within(x, facts.domain):
        return None
    low = high = True
    if facts.increasing:
        low, high = x.reaches_low, x.reaches_high
    elif facts.decreasing:
        low, high = x.reaches_high, x.reaches_low
    return Range(function(x.hull), low, high).meet(_range_of(facts.range))


def _within(x: Range, domain: sympy.Interval) -> bool:
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


def _greatest(values: list[Range]) -> Range:
    made = values[0]
    for value in values[1:]:
        hull = made.hull.max(value.hull)
        low = all(r.reaches_low for r in (made, value) if r.hull.low == hull.low)
        high = any(r.reaches_high for r in (made, value) if r.hull.high == hull.high)
        made = Range(hull, low, high)
    return made
