"""Answers at settings that differ in one hyperparameter alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import sympy
from sympy import Expr, Rational

from losslang.verify.partition import pinned
from losslang.verify.prover import Budget
from losslang.verify.statement import Bounds, Region
from losslang.verify.theorem import Question
from losslang.verify.thresholds.candidates import (
    likelihood,
    rational,
    roots,
    simple_forms,
    simplest,
)
from losslang.verify.thresholds.change import Change, alone, divides, may_meet
from losslang.verify.thresholds.settings import SIZES, ends, within
from losslang.verify.verdict import Cut, Part

if TYPE_CHECKING:
    from losslang.verify.decide import Decider, Open

GRID = tuple(
    Rational(n)
    for n in ("1", "0", "2", "-1", "1/2", "-2", "3", "-1/2", "3/2", "10", "-10", "1/4", "4")
)
HALVINGS = 5
MAX_KNOWN = 12
MAX_OPEN = 3
"""After so many settings that were left open, and none decided, no more are looked at."""

SETTING_SECONDS = 1.5
CANDIDATE_SECONDS = 2.5
MEETING_STEPS = tuple(Rational(n) for n in ("1", "1/4", "1/16"))
NEAR, MOVES = Rational(1, 64), tuple(Rational(n) for n in ("1/2", "1/4", "-1/4", "-1/16"))
"""How far from a change to look, and to move the others to see whether it goes with them."""

LINE_SHARE = 0.6
"""The share of the time that is kept when a line has been looked at."""


@dataclass
class Line:
    """Settings that differ from ``base`` in one symbol alone."""

    decider: Decider
    question: Question
    way: tuple[Cut, ...]
    symbol: sympy.Symbol
    base: dict[sympy.Symbol, Expr]
    budget: Budget
    known: dict[Expr, bool] = field(default_factory=dict)
    asked: dict[tuple[Cut, ...], bool | None] = field(default_factory=dict)

    def answer(self, value: Expr) -> bool | None:
        """The verdict at one setting; ``None`` if it is open."""
        at = pinned(self.base | {self.symbol: value})
        if at not in self.asked:
            found = self._decided(at)
            # A refutation may choose its sizes.
            free = tuple(cut for cut in at if cut.symbol not in self.decider.sizes)
            if not isinstance(found, Part) and free != at:
                found = self._decided(free)
            self.asked[at] = found.holds if isinstance(found, Part) else None
        return self.asked[at]

    def _decided(self, at: tuple[Cut, ...]) -> Part | Open:
        return self.decider.attempt(self.question, at, self.budget.part(SETTING_SECONDS))

    def first(self) -> bool | None:
        """The answer where the line begins."""
        return self.answer(self.base[self.symbol])

    def singles_out(self, other: Line, region: Region) -> bool:
        """Whether the answer is another one where the symbol has the value of the other line's."""
        bounds = self._bounds(region)
        value = self.base[other.symbol]
        if self.first() is None or not bounds.holds(value):
            return False
        if self.answer(value) in (None, self.first()):
            return False
        near = ((value - step, value + step) for step in MEETING_STEPS)
        beside = next((two for two in near if all(bounds.holds(v) for v in two)), ())
        if not beside or any(self.answer(v) != self.first() for v in beside):
            return False
        moved = replace(self, base=self.base | {other.symbol: beside[1]}, asked={})
        return moved.answer(beside[1]) == self.answer(value)

    def fill(self, region: Region) -> None:
        """Decide the settings of a grid, as far as the time goes."""
        numeric = self._bounds(region)
        grid = (
            (*SIZES, *ends(numeric))
            if self.symbol.is_integer
            else (*GRID, *ends(numeric), *within(numeric))
        )
        end = self.budget.left() * LINE_SHARE
        for value in dict.fromkeys(grid):
            if self.budget.left() <= end:
                self.budget.give_up()
                return
            if len(self.known) >= MAX_KNOWN or self._is_hopeless():
                return
            if numeric.holds(value):
                answer = self.answer(value)
                if answer is not None:
                    self.known[value] = answer

    def _bounds(self, region: Region) -> Bounds:
        bounds = region.bounds(self.symbol)
        assert bounds is not None
        return bounds.subs({s: v for s, v in self.base.items() if s != self.symbol})

    def _is_hopeless(self) -> bool:
        """Whether one setting after the other was left open."""
        return len(self.asked) >= MAX_OPEN and not any(a is not None for a in self.asked.values())

    def turn(self, region: Region) -> Change | None:
        """An end that belongs to the settings, where the answer is another one."""
        first, bounds = self.first(), self._bounds(region)
        if first is None or self.symbol.is_integer:
            return None
        for end in ends(bounds):
            answer = self.answer(end) if bounds.holds(end) else None
            if answer not in (None, first):
                self.known |= {end: answer, self.base[self.symbol]: first}
                return Change(self.symbol, end, end == bounds.high)
        return None

    def change(self, region: Region) -> Change | None:
        """Between two neighbours on the grid with different answers."""
        ordered = sorted(self.known)
        for low, high in pairwise(ordered):
            if self.known[low] != self.known[high]:
                found = self._between(low, high, self.known, region)
                return found if found is None else self._refined(found, low, region)
        return None

    def _refined(self, change: Change, low: Expr, region: Region) -> Change:
        """The change, with a note if it is alone, and at a formula in others if it goes with them.

        ``low`` is a setting below it.
        """
        if not change.at.is_Rational or self.symbol.is_integer:
            return change
        right = change.at + NEAR
        above = change.above_closed and self._bounds(region).holds(right)
        if above and self.answer(right) == self.known[low]:
            change = alone(change, self.known[low])
        for form in self._forms(change.at, region):
            if self._follows(change, form, self.known[low], region):
                return replace(change, at=form)
        return change

    def _forms(self, at: Expr, region: Region) -> Iterator[Expr]:
        """Formulas in the other hyperparameters that have the value here."""
        others = [s for s in self.base if s != self.symbol and not s.is_integer and s in region]
        for form in (f for s in others for f in simple_forms(s)):
            if self._number(form) == at and may_meet(region, self.symbol, form):
                yield form
        if others:
            for form in sorted(dict.fromkeys(self._candidates(region)), key=likelihood):
                if form.free_symbols and self._number(form) == at:
                    yield form

    def _follows(self, change: Change, form: Expr, below: bool, region: Region) -> bool:
        """Whether the change stays at ``form`` when its hyperparameters have other values."""
        elsewhere = dict(self.base)
        for other in form.free_symbols:
            bounds = region.bounds(other)
            steps = (self.base[other] + step for step in MOVES)
            inside = (v for v in steps if bounds and bounds.subs(self.base).holds(v))
            elsewhere[other] = next(inside, self.base[other])
        moved = replace(self, base=elsewhere, asked={})
        place, bounds = moved._number(form), moved._bounds(region)
        near = (place - NEAR, place, place + NEAR)
        if place == change.at or not all(bounds.holds(v) for v in near):
            return False
        left, here, right = map(moved.answer, near)
        at = below == (not change.above_closed) if change.beside is None else not below
        return (left, here, right) == (below, at, not below if change.beside is None else below)

    def _between(
        self, low: Expr, high: Expr, known: dict[Expr, bool], region: Region
    ) -> Change | None:
        if self.symbol.is_integer:
            return Change(self.symbol, high, True)
        plain = self._at_an_end(low, high)
        if plain is not None:
            return plain
        candidates = [c for c in self._candidates(region) if self._lies(c, low, high)]
        for _ in range(HALVINGS):
            inside = [c for c in candidates if self._lies(c, low, high)]
            if len({self._number(c) for c in inside}) == 1 and inside[0] not in (low, high):
                break
            middle = (low + high) / 2
            answer = self.answer(middle)
            if answer is None or self.budget.left() <= 0:
                break
            known[middle] = answer
            low, high = (middle, high) if answer == known[low] else (low, middle)
        inside = [c for c in candidates if self._lies(c, low, high)]
        simple = [low, high, *simplest(low, high)]
        for candidate in [*sorted(dict.fromkeys(inside), key=likelihood), *simple]:
            value = self._number(candidate)
            answer = known.get(value, self.answer(value))
            closed = answer in (None, known[high])
            if self._confirmed(value, low, high, known):
                return Change(self.symbol, candidate, closed)
        return None

    def _at_an_end(self, low: Expr, high: Expr) -> Change | None:
        """One of two settings of the grid, if the answer stays the same until close to it."""
        first, last = low, high
        while self.budget.left() and (first == low or last == high):
            if last - first <= (high - low) / 2**HALVINGS:
                above = last == high
                return Change(self.symbol, high if above else low, above)
            middle = (first + last) / 2
            answer = self.answer(middle)
            if answer is None:
                return None
            self.known[middle] = answer
            first, last = (middle, last) if answer == self.known[low] else (first, middle)
        return None

    def _confirmed(self, value: Expr, low: Expr, high: Expr, known: dict[Expr, bool]) -> bool:
        """Whether the answer changes close to a candidate."""
        step = (high - low) / 64
        near = rational(value)
        for side, end in ((near - step, low), (near + step, high)):
            if low < side < high and self.answer(side) not in (None, known[end]):
                return False
        return True

    def _lies(self, candidate: Expr, low: Expr, high: Expr) -> bool:
        """Whether a candidate lies between two settings, as floats tell."""
        try:
            return float(low) <= float(self._number(candidate)) <= float(high)
        except (TypeError, ValueError, OverflowError):
            return False

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
                for root in roots(formula, self.symbol, region):
                    value = self._number(root)
                    if value.is_real and value.is_finite and divides(region, self.symbol, root):
                        found.append(root)

        with suppress(NotImplementedError, TypeError, ValueError, AttributeError, ArithmeticError):
            self.budget.part(CANDIDATE_SECONDS).within(collect)
        return found
