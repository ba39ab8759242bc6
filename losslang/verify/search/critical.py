"""Guesses about formulas of one variable in pieces: points of a sign, limits, suprema.

Nothing here is trusted: what a theorem needs of a guess it asks for in its premises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, islice, pairwise, product
from typing import Any

import sympy
from sympy import Expr, Rational, S

from losslang.diagnostics import InternalError
from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.ir.heads import Max
from losslang.verify.sampling import looks_false
from losslang.verify.search.candidates import solutions, usable
from losslang.verify.search.limits import limit_of
from losslang.verify.search.numbers import sign_of, values
from losslang.verify.statement import LINE, Region, Sign
from losslang.verify.theorem import Guess
from losslang.verify.theorems.pieces import Pieces, Silent, defined
from losslang.verify.watchdog import within

SOLVE_SECONDS = 1.0
MAX_DEGREE = 12
STEPS = tuple(Rational(n) for n in ("1", "1/2", "2", "4", "1/8", "10", "1/64", "50"))
SHARES = tuple(
    Rational(n)
    for n in ("1/2", "1/4", "3/4", "1/16", "15/16", "1/256", "255/256", "1/9999", "9998/9999")
)
PREFERRED = (
    S.One,
    S.Zero,
    S.NegativeOne,
    Rational(2),
    Rational(-2),
    Rational(1, 2),
    Rational(-1, 2),
)


@dataclass(frozen=True)
class Place:
    """A value of a formula at ``at`` in a piece, or what it tends to there."""

    value: Expr
    piece: int
    at: Expr
    which: int = 0

    @property
    def guess(self) -> dict[str, Expr]:
        """The place as part of a guess."""
        return {
            "value": self.value,
            "piece": sympy.Integer(self.piece),
            "at": self.at,
            "which": sympy.Integer(self.which),
        }


def spots(p: Pieces, n: int) -> Iterator[Expr]:
    """Points that seem to lie inside a piece, for all settings of the region."""
    span, seen = p.spans[n], set()
    for point in (*PREFERRED, *_spots(p, span.low, span.high)):
        if point not in seen and is_inside(p, n, point):
            yield point
        seen.add(point)


def is_inside(p: Pieces, n: int, point: Expr) -> bool:
    """Whether a point seems to lie inside a piece."""
    span = p.spans[n]
    gaps = (point - span.low, span.high - point)
    return all(gap == S.Infinity or sign_of(gap, p.region) > 0 for gap in gaps)


def _spots(p: Pieces, low: Expr, high: Expr) -> Iterator[Expr]:
    if low.is_finite and high.is_finite:
        yield from (low + (high - low) * share for share in SHARES)
        return
    scales = [S.One, *_scales(p.region)]
    origins = [s for s, b in p.region.variables if b == LINE and not s.is_integer]
    for scale, step, origin in product(scales, STEPS, origins if low == -high else []):
        yield origin + scale * step
    for scale in scales:
        for step in STEPS:
            if low.is_finite:
                yield low + scale * step
            elif high.is_finite:
                yield high - scale * step
            else:
                yield scale * step
                yield -scale * step


def _scales(region: Region) -> Iterator[Expr]:
    for symbol, bounds in region.variables:
        if symbol.is_positive or (bounds.low.is_nonnegative and not bounds.low_closed):
            yield from (1 / symbol, 1 + 1 / symbol, symbol)
        if symbol.is_nonnegative or bounds.low.is_nonnegative:
            yield from (1 + symbol, 1 / (1 + symbol))


def points_of(
    p: Pieces, expr: Callable[[int], Expr], sign: int, most: int = 4
) -> Iterator[dict[str, Expr]]:
    """Places where a formula seems to have a sign, whatever the setting."""
    found = 0
    for n in range(len(p)):
        formula = expr(n)
        for place in islice(_with_sign(p, n, formula, sign, _everywhere(p, n, formula)), 2):
            yield place
            found += 1
        if found >= most:
            return


def _everywhere(p: Pieces, n: int, formula: Expr) -> Iterator[Expr]:
    """Points of a piece, and in the end one between any two roots of a quotient of polynomials."""
    yield from spots(p, n)
    low, high = p.spans[n].low, p.spans[n].high
    if (low.free_symbols | high.free_symbols) or formula.free_symbols != {p.variable}:
        return
    if not formula.is_rational_function(p.variable):
        return
    top = sympy.Poly(sympy.fraction(sympy.together(formula))[0], p.variable)
    if top.degree() > MAX_DEGREE or not top.domain.is_Exact:
        return
    marks = [root for root in sympy.real_roots(top, multiple=True) if is_inside(p, n, root)]
    marks = [end for end in (low, *dict.fromkeys(marks), high) if end.is_finite]
    for left, right in pairwise(map(float, marks)):
        middle = Fraction((left + right) / 2)
        tries = (middle.limit_denominator(10**digits) for digits in range(1, 13))
        yield from (Rational(x) for x in islice((x for x in tries if left < x < right), 1))


def beside_roots(p: Pieces, expr: Callable[[int], Expr], sign: int) -> Iterator[dict[str, Expr]]:
    """Places beside those where a formula with hyperparameters vanishes, where it has a sign."""
    for n in range(len(p)):
        formula = expr(n)
        # Exponentials beside logarithms have no roots that can be written down.
        if formula.free_symbols & set(p.region.symbols) and not formula.has(sympy.log):
            yield from islice(_with_sign(p, n, formula, sign, _beside_roots(p, n, formula)), 2)


def _with_sign(
    p: Pieces, n: int, formula: Expr, sign: int, points: Iterable[Expr]
) -> Iterator[dict[str, Expr]]:
    for point in points:
        value = attempt(defined, formula, {p.variable: point})
        if value is None or sign_of(value, p.region) != sign:
            continue
        if looks_false(Sign(value, ">" if sign > 0 else "<", p.region)) is None:
            yield {"piece": sympy.Integer(n), "at": point}


def spot(p: Pieces, n: int) -> Iterator[dict[str, Expr]]:
    """A place inside a piece, if one is found."""
    for point in spots(p, n):
        yield {"piece": sympy.Integer(n), "at": point}
        return


def _beside_roots(p: Pieces, n: int, formula: Expr) -> Iterator[Expr]:
    for root in roots(formula, p.variable, 2.0):
        for step in (sympy.log(2), S.One, Rational(1, 8)):
            yield from (x for x in (root - step, root + step) if is_inside(p, n, x))


def attempt(compute: Callable[..., Expr], *args: Any) -> Expr | None:
    """What a computation gives, if it speaks of the case."""
    try:
        return compute(*args)
    except (Silent, InternalError, ValueError, TypeError, ZeroDivisionError):
        return None


def ends(p: Pieces, n: int, formula: Expr, which: int = 0) -> Iterator[Place]:
    """What a formula tends to at the ends of a piece."""
    span = p.spans[n]
    for end, side in ((span.low, "+"), (span.high, "-")):
        value = limit_of(formula, p.variable, end, side, p.region)
        if value is not None and value.free_symbols <= set(p.region.symbols):
            yield Place(tidy(value), n, end, which)


def stationary(p: Pieces, n: int, formula: Expr, which: int = 0) -> Iterator[Place]:
    """Values of a formula where its derivative vanishes inside a piece."""
    slope = attempt(derivative, formula, p.variable)
    if slope is None or slope == 0:
        return
    for root in roots(slope, p.variable):
        if root.free_symbols <= set(p.region.symbols) and is_inside(p, n, root):
            value = attempt(defined, formula, {p.variable: root})
            if value is not None and usable(value):
                yield Place(tidy(value), n, root, which)


def roots(expr: Expr, variable: sympy.Symbol, seconds: float = SOLVE_SECONDS) -> list[Expr]:
    """Real roots that can be written down, as far as they are found in time."""
    if expr.could_extract_minus_sign():
        expr = -expr
    return list(_known_roots(expr, variable, seconds))


@lru_cache(maxsize=256)
def _known_roots(expr: Expr, variable: sympy.Symbol, seconds: float) -> tuple[Expr, ...]:
    found = list(obvious_roots(expr, variable))

    def solve() -> None:
        found.extend(root for root in _roots(expr, variable) if root not in found)

    with suppress(NotImplementedError, ValueError, TypeError, AttributeError, RecursionError):
        within(seconds, solve)
    return tuple(found)


def obvious_roots(expr: Expr, variable: sympy.Symbol) -> Iterator[Expr]:
    """Roots among zero and the symbols that the variable is compared with: residuals turn there."""
    others = sorted(expr.free_symbols - {variable}, key=lambda s: s.name)
    for root in (S.Zero, *(s for s in others if expr.has(s - variable, variable - s))):
        if substitute(expr, {variable: root}) == 0:
            yield root


def _roots(expr: Expr, variable: sympy.Symbol) -> Iterator[Expr]:
    rates = [_rate(e, variable) for e in expr.atoms(sympy.exp)]
    if rates and all(r is not None and r.is_rational for r in rates):
        unit = sympy.gcd([abs(r) for r in rates if r is not None])
        y = sympy.Dummy("y", positive=True)
        rule = {e: _power(e, variable, unit, y) for e in expr.atoms(sympy.exp)}
        plain = expr.xreplace(rule)
        if variable not in plain.free_symbols:
            above = sympy.fraction(sympy.together(plain))[0]
            for root in sympy.solve(sympy.factor(above), y):
                if root.is_positive is not False and usable(root):
                    yield _log(root) / unit
            return
    yield from solutions(expr, variable)


def _log(quotient: Expr) -> Expr:
    """The logarithm of a quotient whose parts are taken for positive."""
    if isinstance(quotient, sympy.Pow) and quotient.exp.is_Rational:
        return quotient.exp * _log(quotient.base)
    above, below = sympy.fraction(sympy.together(quotient))
    if below.subs(dict.fromkeys(below.free_symbols, 0)).is_negative:
        above, below = -above, -below
    return sympy.expand_log(sympy.log(above) - sympy.log(below), force=True)


def split_logs(expr: Expr) -> Expr:
    """``expr`` with logarithms of quotients written as differences, and collected."""
    split = sympy.expand(
        expr.replace(lambda e: isinstance(e, sympy.log), lambda e: _log(e.args[0]))
    )
    return sympy.collect(split, sorted(split.atoms(sympy.log), key=sympy.default_sort_key))


def _rate(e: Expr, variable: sympy.Symbol) -> Expr | None:
    slope = sympy.diff(e.args[0], variable)
    return None if variable in slope.free_symbols else slope


def _power(e: Expr, variable: sympy.Symbol, unit: Expr, y: sympy.Symbol) -> Expr:
    slope = _rate(e, variable)
    rest = sympy.expand(e.args[0] - slope * variable)
    return y ** (slope / unit) * sympy.exp(rest)


def tidy(value: Expr) -> Expr:
    """A shorter form of a value, if it is found soon."""
    if value.is_Rational or value.is_Symbol or value.is_infinite:
        return value
    short = within(
        1.0, lambda: sympy.simplify(sympy.nsimplify(value) if value.is_number else value)
    )
    return short if short is not None and usable(short) else value


def places(p: Pieces, exprs: Sequence[Callable[[int], Expr]]) -> list[Place]:
    """Values at ends and stationary points."""
    found: list[Place] = []
    for which, expr in enumerate(exprs):
        for n in range(len(p)):
            formula = attempt(expr, n)
            if formula is None:
                continue
            if p.variable not in formula.free_symbols:
                found.append(Place(tidy(formula), n, next(spots(p, n), p.spans[n].high), which))
                continue
            found += ends(p, n, formula, which)
            found += stationary(p, n, formula, which)
    return found


def suprema(p: Pieces, exprs: Sequence[Callable[[int], Expr]]) -> list[Place]:
    """Where the formulas seem to be greatest, the likeliest first; none if one is unbounded."""
    rows = _values(p, exprs)
    ranked = sorted(rows, key=lambda row: (-len(row[1]), sympy.count_ops(row[0].value)))
    return [place for place, wins in ranked if wins]


def greatest(p: Pieces, exprs: Sequence[Callable[[int], Expr]]) -> Iterator[dict[str, Expr]]:
    """Guesses of a supremum: at one place, or at the better one of two, told by the setting."""
    rows = _values(p, exprs)
    yield from (place.guess for place in suprema(p, exprs))
    everywhere = frozenset[int]().union(*(wins for _, wins in rows))
    for (one, wins), (other, others) in combinations(rows, 2):
        if wins != everywhere and others != everywhere and wins | others == everywhere:
            yield {
                **one.guess,
                **{f"second {name}": part for name, part in other.guess.items()},
                "first value": one.value,
                "value": Max(one.value, other.value),
            }


def _values(
    p: Pieces, exprs: Sequence[Callable[[int], Expr]]
) -> list[tuple[Place, frozenset[int]]]:
    """Values at ends and stationary points, and at which samples none is greater."""
    found = places(p, exprs)
    if any(place.value == S.Infinity for place in found):
        return []
    rows = [
        (place, values(place.value, p.region))
        for place in found
        if place.value.is_finite is not False
    ]
    rows = [(place, row) for place, row in rows if row]
    if not rows:
        return []
    count = min(len(row) for _, row in rows)
    tops = [max(row[i] for _, row in rows) for i in range(count)]
    return [
        (
            place,
            frozenset(i for i in range(count) if row[i] >= tops[i] - 1e-9 * max(1, abs(tops[i]))),
        )
        for place, row in rows
    ]


def unbounded(p: Pieces, expr: Callable[[int], Expr], *infinities: Expr) -> Iterator[Guess]:
    """Ends of pieces where a formula tends to infinity."""
    for n in range(len(p)):
        for place in ends(p, n, expr(n)):
            if place.value in infinities:
                yield place.guess
