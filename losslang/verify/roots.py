"""Where a formula of one variable changes its sign: exactly, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, ZERO
from losslang.verify.compose import spread
from losslang.verify.statement import Bounds, Region


class Unordered(Exception):
    """A sign or an order cannot be told for every setting of the region."""


Run = tuple[Bounds, int]
"""An interval and the sign of a formula inside it."""

MAX_DEPTH = 12


@dataclass(frozen=True)
class Line:
    """An interval of ``variable`` whose ends, like all coefficients, are formulas over a region."""

    variable: sympy.Symbol
    bounds: Bounds
    region: Region

    def within(self, bounds: Bounds) -> Line:
        """A part of the line."""
        return replace(self, bounds=bounds)

    def joined(self, left: Bounds, right: Bounds) -> Bounds:
        """Two neighbouring intervals as one."""
        return replace(left, high=right.high, high_closed=right.high_closed)

    @cached_property
    def inside(self) -> Region:
        """The region with the variable inside the interval."""
        return self.region.having(
            self.variable, replace(self.bounds, low_closed=False, high_closed=False)
        )

    # ------------------------------------------------------------ numbers

    def sign(self, expr: Expr) -> int:
        """The sign of a formula without the variable. Raises :class:`Unordered`."""
        if expr.is_infinite and expr.is_extended_real:
            return 1 if expr.is_extended_positive else -1
        for form in _forms(expr):
            if form == ZERO:
                return 0
            found = _sign(form, self.region)
            if found is not None:
                return found
        raise Unordered

    def compare(self, left: Expr, right: Expr) -> int:
        """-1, 0 or 1 as ``left`` is below, at or above ``right``. Raises :class:`Unordered`."""
        if left == right:
            return 0
        if left in _ENDS or right in _ENDS:
            return -1 if left == S.NegativeInfinity or right == S.Infinity else 1
        return self.sign(left - right)

    # ------------------------------------------------------------ questions about formulas

    def is_positive(self, expr: Expr) -> bool:
        """Whether ``expr`` is known to be above 0 inside the interval."""
        found = _sign(expr, self.inside)
        if found is not None:
            return found == 1
        try:
            return all(sign == 1 for _, sign in self.signs(expr)) and len(self.signs(expr)) == 1
        except Unordered:
            return False

    def vanishes(self, expr: Expr) -> bool:
        """Whether ``expr`` is known to be 0 somewhere inside the interval."""
        if _sign(expr, self.inside) in (-1, 1):
            return False
        try:
            runs = self.signs(expr)
        except Unordered:
            return False
        return len(runs) > 1 or runs[0][1] == 0

    def only_sign(self, expr: Expr) -> int:
        """The sign of ``expr`` inside the interval. Raises :class:`Unordered` if it changes."""
        found = {sign for _, sign in self.signs(expr)}
        if len(found) != 1:
            raise Unordered
        return found.pop()

    def signs(self, expr: Expr) -> list[Run]:
        """Adjacent intervals that make up the line, with the sign of ``expr`` inside each.

        Neighbours may have the same sign. Raises :class:`Unordered`.
        """
        points, signs = self._signs(expr, 0)
        ends = [self.bounds.low, *points, self.bounds.high]
        runs: list[Run] = []
        for n, sign in enumerate(signs):
            first, last = n == 0, n == len(signs) - 1
            low_closed = self.bounds.low_closed if first else True
            high_closed = self.bounds.high_closed if last else True
            runs.append((Bounds(ends[n], ends[n + 1], low_closed, high_closed), sign))
        return runs

    # ------------------------------------------------------------ signs by shape

    def _signs(self, expr: Expr, depth: int) -> Signs:
        x = self.variable
        if depth > MAX_DEPTH:
            raise Unordered
        if x not in expr.free_symbols:
            return (), (self.sign(expr),)
        if isinstance(expr, sympy.Mul):
            found: Signs = ((), (1,))
            for factor in expr.args:
                found = self._product(found, self._signs(factor, depth + 1))
            return found
        if isinstance(expr, sympy.exp):
            return (), (1,)
        if isinstance(expr, sympy.Pow):
            return self._power(expr, depth)
        definite = _sign(expr, self.inside)
        if definite is not None:
            return (), (definite,)
        if expr == x:
            return self._crossing(ZERO, 1)
        if not isinstance(expr, sympy.Add):
            return self._above(expr, ZERO, depth)
        return self._sum(expr, depth)

    def _sum(self, expr: sympy.Add, depth: int) -> Signs:
        x = self.variable
        expanded = sympy.expand(expr)
        if not isinstance(expanded, sympy.Add):
            return self._signs(expanded, depth + 1)
        if expanded.is_polynomial(x):
            return self._polynomial(expanded, depth)
        moving = [term for term in expanded.args if x in term.free_symbols]
        if len(moving) == 1:
            rest = expanded - moving[0]
            factor, function = moving[0].as_independent(x, as_Add=False)
            signs = self._above(function, sympy.cancel(-rest / factor), depth)
            return self._times(signs, self.sign(factor))
        quotient = sympy.factor(sympy.together(expr))
        if not isinstance(quotient, sympy.Add):
            return self._signs(quotient, depth + 1)
        exponential = self._in_exponentials(expanded, depth)
        if exponential is not None:
            return exponential
        raise Unordered

    def _polynomial(self, expr: Expr, depth: int) -> Signs:
        x = self.variable
        coefficients = sympy.Poly(expr, x).all_coeffs()
        if len(coefficients) == 2:
            a, b = coefficients
            return self._crossing(sympy.cancel(-b / a), self._nonzero(a))
        factored = sympy.factor(expr)
        if not isinstance(factored, sympy.Add):
            return self._signs(factored, depth + 1)
        if len(coefficients) != 3:
            raise Unordered
        a, b, c = coefficients
        discriminant, up = sympy.expand(b**2 - 4 * a * c), self._nonzero(a)
        if self.sign(discriminant) < 0:
            return (), (up,)
        root = sympy.sqrt(discriminant)
        ends = ((-b - root) / (2 * a), (-b + root) / (2 * a))
        first, second = (self._crossing(sympy.cancel(end), 1) for end in ends)
        return self._times(self._product(first, second), up)

    def _power(self, expr: sympy.Pow, depth: int) -> Signs:
        if expr.exp.is_integer and not expr.exp.free_symbols:
            points, signs = self._signs(expr.base, depth + 1)
            return points, signs if int(expr.exp) % 2 else tuple(abs(sign) for sign in signs)
        points, signs = self._signs(expr.base, depth + 1)
        if any(sign < 0 for sign in signs):
            raise Unordered
        return points, signs

    def _above(self, function: Expr, level: Expr, depth: int) -> Signs:
        """The signs of ``function - level`` by the inverse of a monotone function."""
        name = type(function)
        if isinstance(function, sympy.Pow):
            return self._power_above(function.base, function.exp, level, depth)
        u = function.args[0] if function.args else ZERO
        if name is sympy.exp:
            if self.sign(level) <= 0:
                return (), (1,)
            return self._signs(u - sympy.log(level), depth + 1)
        if name is sympy.log:
            return self._signs(u - sympy.exp(level), depth + 1)
        if name in _INVERSES:
            low, high, inverse = _INVERSES[name]
            if self.compare(level, low) <= 0:
                return (), (1,)
            if self.compare(level, high) >= 0:
                return (), (-1,)
            return self._signs(u - inverse(level), depth + 1)
        if name is sympy.cosh:
            if self.compare(level, ONE) < 0:
                return (), (1,)
            end = sympy.acosh(level)
            return self._product(self._signs(u - end, depth + 1), self._signs(u + end, depth + 1))
        raise Unordered

    def _power_above(self, base: Expr, exponent: Expr, level: Expr, depth: int) -> Signs:
        """The signs of ``base ** exponent - level``."""
        if self.variable in exponent.free_symbols:
            raise Unordered
        if exponent.is_Integer and exponent < 0:
            power = base**-exponent
            return self._product(
                self._signs(1 - level * power, depth + 1), self._signs(power, depth + 1)
            )
        sign = self.sign(level)
        if exponent.is_Integer and exponent % 2:
            return self._signs(base - sign * (sign * level) ** (1 / exponent), depth + 1)
        if sign < 0:
            return (), (1,)
        if exponent.is_Integer:
            end = level ** (1 / exponent)
            return self._product(
                self._signs(base - end, depth + 1), self._signs(base + end, depth + 1)
            )
        if not self.is_positive(base):
            raise Unordered
        if sign == 0:
            return (), (1,)
        return self._times(
            self._signs(base - level ** (1 / exponent), depth + 1), self._nonzero(exponent)
        )

    def _in_exponentials(self, expr: Expr, depth: int) -> Signs | None:
        """A formula of exp(x) alone, as one of y = exp(x) > 0."""
        x, y = self.variable, sympy.Dummy("y", positive=True)
        rule: dict[Basic, Basic] = {}
        for power in expr.atoms(sympy.exp):
            count = sympy.cancel(power.args[0] / x)
            if not count.is_Integer:
                return None
            rule[power] = y ** int(count)
        inside = substitute(expr, rule)
        if x in inside.free_symbols:
            return None
        bounds = Bounds(_exp(self.bounds.low), _exp(self.bounds.high))
        line = Line(y, bounds, self.region)
        points, signs = line._signs(sympy.factor(sympy.together(inside)), depth + 1)
        return tuple(sympy.log(point) for point in points), signs

    # ------------------------------------------------------------ sign patterns

    def _nonzero(self, expr: Expr) -> int:
        sign = self.sign(expr)
        if sign == 0:
            raise Unordered
        return sign

    def _crossing(self, point: Expr, direction: int) -> Signs:
        """The signs of a function that crosses 0 at ``point``, upward for direction 1."""
        if self.compare(point, self.bounds.low) <= 0:
            return (), (direction,)
        if self.compare(point, self.bounds.high) >= 0:
            return (), (-direction,)
        return (point,), (-direction, direction)

    @staticmethod
    def _times(signs: Signs, factor: int) -> Signs:
        return signs[0], tuple(factor * sign for sign in signs[1])

    def _product(self, left: Signs, right: Signs) -> Signs:
        """The signs of a product, on the intervals between the points of both factors."""
        points: list[Expr] = []
        signs = [left[1][0] * right[1][0]]
        i = j = 0
        while i < len(left[0]) or j < len(right[0]):
            if i == len(left[0]):
                order = 1
            elif j == len(right[0]):
                order = -1
            else:
                order = self.compare(left[0][i], right[0][j])
            points.append(left[0][i] if order <= 0 else right[0][j])
            i += order <= 0
            j += order >= 0
            signs.append(left[1][i] * right[1][j])
        return tuple(points), tuple(signs)


Signs = tuple[tuple[Expr, ...], tuple[int, ...]]
"""Points inside an interval, in order, and the signs before, between and after them."""

_ENDS = (S.Infinity, S.NegativeInfinity)

_INVERSES: dict[type, tuple[Expr, Expr, Callable[[Expr], Expr]]] = {
    sympy.atan: (-S.Pi / 2, S.Pi / 2, sympy.tan),
    sympy.tanh: (-ONE, ONE, sympy.atanh),
    sympy.erf: (-ONE, ONE, sympy.erfinv),
    sympy.sinh: (*reversed(_ENDS), sympy.asinh),
    sympy.asinh: (*reversed(_ENDS), sympy.sinh),
}
"""Rising functions: the ends of their range, and the inverse."""


def _forms(expr: Expr) -> tuple[Expr, ...]:
    """Ways to write a number whose sign is sought."""
    expanded = sympy.expand(expr)
    return expr, expanded, sympy.factor(sympy.together(expanded))


def _sign(expr: Expr, region: Region) -> int | None:
    found = spread(expr, region)
    if found is None:
        return None
    if found.stands("=="):
        return 0
    return 1 if found.positive else -1 if found.negative else None


def _exp(end: Expr) -> Expr:
    if end in _ENDS:
        return S.Infinity if end == S.Infinity else ZERO
    return sympy.exp(end)
