"""Where an answer changes as a hyperparameter moves: a guess, to be proved on both sides.

Single settings are decided on a grid. Between two with different answers the candidates are the
roots of the formulas that the theorems ask about, and the simplest numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy
from sympy import Expr, Rational, S

from losslang.verify.partition import half
from losslang.verify.prover import Budget, within
from losslang.verify.statement import Bounds, Region, Sign
from losslang.verify.theorem import Question
from losslang.verify.verdict import Cut, Part

if TYPE_CHECKING:
    from losslang.verify.decide import Decider

GRID = tuple(
    Rational(n)
    for n in ("1", "0", "2", "-1", "1/2", "-2", "3", "-1/2", "3/2", "10", "-10", "1/4", "4")
)
SIZES = tuple(sympy.Integer(n) for n in (2, 3, 4, 5))
GENERIC = tuple(Rational(n) for n in ("3/4", "2", "3/2", "1/3", "-1/2", "-2"))
HALVINGS = 5


@dataclass(frozen=True)
class Change:
    """The answer differs below and above ``at``, which itself goes with the side above if so."""

    symbol: sympy.Symbol
    at: Expr
    above_closed: bool


def change(
    decider: Decider, question: Question, way: tuple[Cut, ...], budget: Budget
) -> Change | None:
    """A place where the answer changes within the settings on the way, or ``None``."""
    region = decider.parameters
    for cut in way:
        region = half(region, cut)
    region = _unfixed(region)
    base = generic(region)
    if base is None:
        return None
    for symbol, _ in region.variables:
        line = _Line(decider, question, way, symbol, base, budget)
        found = line.change(region)
        if found is not None:
            return found
        if budget.left() <= 0:
            return None
    return None


def _unfixed(region: Region) -> Region:
    fixed = {s: b.low for s, b in region.variables if b.low == b.high}
    return region.setting(fixed) if fixed else region


def generic(region: Region) -> dict[sympy.Symbol, Expr] | None:
    """A setting of all variables at which nothing special happens."""
    setting: dict[sympy.Symbol, Expr] = {}
    for symbol, bounds in region.variables:
        options = SIZES[1:] if symbol.is_integer else GENERIC
        inside = [
            v for v in (*options, *_within(bounds.subs(setting))) if holds(v, bounds.subs(setting))
        ]
        if not inside:
            return None
        setting[symbol] = inside[0]
    return setting


def holds(value: Expr, bounds: Bounds) -> bool:
    """Whether a number lies in bounds that are numbers."""
    above = value > bounds.low or (bounds.low_closed and value == bounds.low)
    below = value < bounds.high or (bounds.high_closed and value == bounds.high)
    return bool(above == True and below == True)  # noqa: E712 - SymPy's truth values


def _within(bounds: Bounds) -> Iterator[Expr]:
    low, high = bounds.low, bounds.high
    if low.is_finite and high.is_finite:
        for share in (Rational(1, 2), Rational(1, 3), Rational(4, 5)):
            yield sympy.nsimplify(low + (high - low) * share, rational=True)
    elif low.is_finite:
        yield from (low + n for n in (1, Rational(1, 2), 3))
    elif high.is_finite:
        yield from (high - n for n in (1, Rational(1, 2), 3))


@dataclass
class _Line:
    """Settings that differ from ``base`` in one symbol alone."""

    decider: Decider
    question: Question
    way: tuple[Cut, ...]
    symbol: sympy.Symbol
    base: dict[sympy.Symbol, Expr]
    budget: Budget

    def answer(self, value: Expr) -> bool | None:
        """The verdict at one setting; ``None`` if it is open."""
        at = self.base | {self.symbol: value}
        cuts = tuple(Cut(s, v, above, True) for s, v in at.items() for above in (False, True))
        found = self.decider.attempt(self.question, cuts, self.budget.part(3.0))
        return found.holds if isinstance(found, Part) else None

    def change(self, region: Region) -> Change | None:
        bounds = region.bounds(self.symbol)
        assert bounds is not None
        others = {s: v for s, v in self.base.items() if s != self.symbol}
        numeric = bounds.subs(others)
        grid = SIZES if self.symbol.is_integer else (*GRID, *_ends(numeric), *_within(numeric))
        known: dict[Expr, bool] = {}
        for value in dict.fromkeys(grid):
            if self.budget.left() <= 0:
                break
            if holds(value, numeric):
                answer = self.answer(value)
                if answer is not None:
                    known[value] = answer
            if len(set(known.values())) > 1 and len(known) >= 6:
                break
        ordered = sorted(known)
        for low, high in itertools.pairwise(ordered):
            if known[low] != known[high]:
                return self._between(low, high, known, region)
        return None

    def _between(
        self, low: Expr, high: Expr, known: dict[Expr, bool], region: Region
    ) -> Change | None:
        if self.symbol.is_integer:
            return Change(self.symbol, high, True)
        candidates = [c for c in self._candidates(region) if low <= self._number(c) <= high]
        for _ in range(HALVINGS):
            inside = [c for c in candidates if low <= self._number(c) <= high]
            if len({self._number(c) for c in inside}) == 1 and inside[0] not in (low, high):
                break
            middle = (low + high) / 2
            answer = self.answer(middle)
            if answer is None or self.budget.left() <= 0:
                break
            known[middle] = answer
            low, high = (middle, high) if answer == known[low] else (low, middle)
        inside = [c for c in candidates if low <= self._number(c) <= high]
        simple = [low, high, *_simple(low, high)]
        for candidate in sorted(dict.fromkeys([*inside, *simple]), key=_complexity):
            value = self._number(candidate)
            answer = known.get(candidate)
            if answer is None:
                answer = self.answer(value) if value.is_Rational else None
            # A threshold that is no rational number is left to the side that proves it.
            closed = answer == known[high] if answer is not None else True
            if self._confirmed(value, low, high, known):
                return Change(self.symbol, candidate, closed)
        return None

    def _confirmed(self, value: Expr, low: Expr, high: Expr, known: dict[Expr, bool]) -> bool:
        """Whether the answer changes close to a candidate."""
        step = (high - low) / 64
        near = _rational(value)
        for side, end in ((near - step, low), (near + step, high)):
            if low < side < high and self.answer(side) not in (None, known[end]):
                return False
        return True

    def _number(self, candidate: Expr) -> Expr:
        others = {s: v for s, v in self.base.items() if s != self.symbol}
        return candidate.subs(others)

    def _candidates(self, region: Region) -> list[Expr]:
        """Values of the symbol at which a formula that some theorem asks about vanishes."""
        found: list[Expr] = []

        def collect() -> None:
            for formula in dict.fromkeys(
                self.decider.formulas(self.question, self.way, self.budget)
            ):
                for root in _roots(formula, self.symbol, region):
                    if self._number(root).is_real and self._number(root).is_finite:
                        found.append(root)

        with suppress(NotImplementedError, TypeError, ValueError, AttributeError, ArithmeticError):
            within(min(6.0, self.budget.left()), collect)
        return found


def _rational(value: Expr) -> Expr:
    return value if value.is_Rational else Rational(Fraction(float(value)).limit_denominator(10**6))


def _ends(bounds: Bounds) -> Iterable[Expr]:
    return [end for end in (bounds.low, bounds.high) if end.is_finite]


def _simple(low: Expr, high: Expr) -> Iterator[Expr]:
    """The simplest rational numbers between two."""
    for denominator in range(1, 13):
        first = sympy.ceiling(low * denominator)
        if low < first / S(denominator) < high:
            yield first / S(denominator)


def _complexity(candidate: Expr) -> tuple[int, int, str]:
    if candidate.is_Rational:
        return (0 if candidate.is_integer else 1, int(candidate.q), str(candidate))
    return (2, int(candidate.count_ops()), str(candidate))


def _roots(formula: Sign, symbol: sympy.Symbol, region: Region) -> Iterator[Expr]:
    """Where ``formula`` vanishes, as a function of the other hyperparameters."""
    if symbol not in formula.expr.free_symbols:
        return
    inner = [(s, b) for s, b in formula.region.variables if s not in region and s != symbol]
    for expr in _special(formula.expr, inner):
        if symbol not in expr.free_symbols:
            continue
        numerator = sympy.together(expr).as_numer_denom()[0]
        try:
            solved = sympy.solve(numerator, symbol)
        except (NotImplementedError, ValueError, TypeError):
            continue
        for root in solved:
            if isinstance(root, Expr) and root.free_symbols <= set(region.symbols):
                yield root


def _special(expr: Expr, inner: list[tuple[sympy.Symbol, Bounds]]) -> Iterator[Expr]:
    """``expr`` with its inner variables at ends, in the middle, and in the limit."""
    if not inner:
        yield expr
        return
    (symbol, bounds), rest = inner[0], inner[1:]
    if symbol not in expr.free_symbols:
        yield from _special(expr, rest)
        return
    values = [*_ends(bounds), *_within(bounds), S.Zero, S.One]
    for value in dict.fromkeys(values):
        inside = expr.subs(symbol, value)
        if not inside.has(S.NaN, S.Infinity, S.NegativeInfinity, S.ComplexInfinity):
            yield from _special(inside, rest)
    for end, side in ((bounds.low, "+"), (bounds.high, "-")):
        try:
            limit = sympy.limit(expr, symbol, end, side)
        except (NotImplementedError, ValueError, TypeError, AttributeError):
            continue
        if isinstance(limit, Expr) and limit.is_finite is not False:
            yield from _special(limit, rest)
