"""Ranges of formulas by composition: from the bounds of variables, part by part, outward.

:func:`spread` returns a range that holds every value of a formula over a region, or ``None`` if the
formula may have no value somewhere. It is part of what the checker trusts, so it asks nothing of
SymPy's assumptions: whatever it says follows from bounds, conditions and the facts of the
primitives.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TypeAlias

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import substitute
from losslang.ir.heads import At, Max, Min
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.truth import Equal, Less, LessEqual, Truth, conjuncts
from losslang.verify import elementary
from losslang.verify.enclosure import (
    ABOVE_ZERO,
    ANYTHING,
    FROM_ZERO,
    TRUTH,
    Range,
    above,
    applied,
    below,
    constant,
    greatest,
    rational_power,
    real_power,
    whole_power,
)
from losslang.verify.interval import Interval, Undefined, precision
from losslang.verify.statement import Bounds, Region

Known: TypeAlias = dict[Basic, Range | None]

RISING = (sympy.log, sympy.exp, sympy.tanh, sympy.atan)
"""Functions that rise strictly wherever they have a value."""
ORDERS = (
    ("positive", ABOVE_ZERO),
    ("negative", -ABOVE_ZERO),
    ("nonnegative", FROM_ZERO),
    ("nonpositive", -FROM_ZERO),
)
"""What a rising function does with two places that differ so."""


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
                if not found.nonzero:
                    found = self._by_pairs(expr, found)
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
            return constant(expr)
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
                made = made.meet(above(value.hull.low, closed and value.reaches_low))
            else:
                made = made.meet(below(value.hull.high, closed and value.reaches_high))
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
            return whole_power(base, int(expr.exp))
        if expr.exp.is_Rational and base.nonnegative:
            return rational_power(base, expr.exp)
        return real_power(base, exponent)

    # ------------------------------------------------------------ functions

    def _function(self, expr: Basic) -> Range | None:
        row = primitive_of(expr)
        if row is None:
            return None
        arguments = self._all(operands(expr))
        if arguments is None:
            return None
        if row.name == "xlogy":
            x, y = arguments
            if not (y.positive or (operands(expr)[0] == operands(expr)[1] and y.nonnegative)):
                return None
            return Range(elementary.xlogy(x.hull, y.hull))
        return applied(row.name, arguments[0])

    def _extremum(self, expr: Max | Min) -> Range | None:
        values = self._all(expr.args)
        if values is None:
            return None
        if isinstance(expr, Min):
            return -greatest([-value for value in values])
        return greatest(values)

    def _all(self, parts: Iterable[Expr]) -> list[Range] | None:
        found = [self._range(part) for part in parts]
        values = [value for value in found if value is not None]
        return values if len(values) == len(found) else None

    def _truth(self, expr: Truth) -> Range | None:
        return None if self._all(expr.args) is None else TRUTH

    # ------------------------------------------------------------ sums whose parts move together

    def _by_ends(self, expr: sympy.Add, found: Range) -> Range:
        """A sum that is affine in a variable is extreme at the variable's ends."""
        for symbol in reversed(self.region.symbols):
            if symbol not in expr.free_symbols or not expr.is_polynomial(symbol):
                continue
            bounds = self.region.bounds(symbol)
            slope = sympy.diff(expr, symbol)
            if bounds is None or symbol in slope.free_symbols:
                continue
            steep = self._range(slope)
            if steep is None or not (steep.nonnegative or steep.nonpositive):
                continue
            first, last = (bounds.low, bounds.low_closed), (bounds.high, bounds.high_closed)
            if not steep.nonnegative:
                first, last = last, first
            found = found.meet(self._between(expr, symbol, first, last, steep.nonzero))
            if found.nonzero:
                return found
        return found

    def _by_pairs(self, expr: sympy.Add, found: Range) -> Range:
        """A rising function, taken at two places with opposite weights, keeps their order.

        So does a power whose exponent has a sign.
        """
        seen = [
            (term, factor, sympy.Mul(*(other for other in factors if other != factor)))
            for term in expr.args
            for factors in (sympy.Mul.make_args(term),)
            for factor in factors
            if isinstance(factor, RISING) or (isinstance(factor, sympy.Pow) and _is_real(factor))
            if factor.free_symbols
        ]
        for (first, f, weight), (second, g, against) in combinations(seen, 2):
            if f.func != g.func or weight + against != 0:
                continue
            order = self._order(f, g)
            if order is None:
                continue
            times, rest = self._range(weight), self._range(expr - first - second)
            if times is not None and rest is not None:
                found = found.meet(rest + times * order)
                if found.nonzero:
                    return found
        return found

    def _order(self, f: Expr, g: Expr) -> Range | None:
        """Where f - g lies, for values of a rising function, or powers that differ in one part."""
        if not isinstance(f, sympy.Pow) or not isinstance(g, sympy.Pow):
            return self._sign(f.args[0] - g.args[0])
        if not all((base := self._range(e.base)) is not None and base.positive for e in (f, g)):
            return None
        if f.exp == g.exp:
            gap, slope = self._sign(f.base - g.base), self._sign(f.exp)
        elif f.base == g.base:
            gap, slope = self._sign(f.exp - g.exp), self._sign(f.base - 1)
        else:
            return None
        return None if gap is None or slope is None else gap * slope

    def _sign(self, expr: Expr) -> Range | None:
        """All numbers of the sign that an expression has, if it is known to have one."""
        found = self._range(sympy.expand(expr))
        return found and next((r for known, r in ORDERS if getattr(found, known)), None)

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
            value = (
                None
                if end.is_infinite
                else self._range(sympy.expand(substitute(expr, {symbol: end})))
            )
            if value is None:
                continue
            reached = closed or not strict
            if low:
                made = made.meet(above(value.hull.low, reached and value.reaches_low))
            else:
                made = made.meet(below(value.hull.high, reached and value.reaches_high))
        return made


def _is_real(power: sympy.Pow) -> bool:
    """Whether the exponent is no number, so that the power is one of a positive base."""
    return not power.exp.is_number


def _given(conditions: tuple[Expr, ...]) -> dict[Basic, Range]:
    """What conditions say of the differences of their sides, and of a side if the other is 0."""
    made: dict[Basic, Range] = {}
    for part in conjuncts(*conditions):
        if isinstance(part, Less | LessEqual):
            left, right = part.args
            sign = ABOVE_ZERO if isinstance(part, Less) else FROM_ZERO
            made[right - left] = sign
            made[left - right] = -sign
        elif isinstance(part, Equal):
            left, right = part.args
            made[left - right] = made[right - left] = Range(Interval.exactly(0))
    return made
