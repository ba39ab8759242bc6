"""Where an answer changes as a hyperparameter moves: a guess, to be proved on both sides.

Single settings are decided on a grid. Between two with different answers the candidates are the
roots of the formulas that the theorems ask about, and the simplest numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import sympy
from sympy import Abs, Basic, Expr, Rational, S

from losslang.ir.binders import walk
from losslang.ir.heads import At, Index, Size
from losslang.ir.loss import Loss
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify import solving
from losslang.verify.partition import half, pinned, restricted
from losslang.verify.prover import Budget
from losslang.verify.statement import Bounds, Region, Sign
from losslang.verify.theorem import Question, Reading
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


@dataclass(frozen=True)
class Change:
    """The answer differs below and above ``at``, which itself goes with the side above if so.

    ``beside`` is the answer on both sides of ``at`` where it is known, and ``here`` the one at
    ``at`` itself, which then stands alone.
    """

    symbol: sympy.Symbol
    at: Expr
    above_closed: bool
    beside: bool | None = None
    here: bool | None = None


@dataclass
class Survey:
    """Answers at single settings, along a line for each hyperparameter and size."""

    region: Region
    lines: list[_Line]

    def first(self) -> bool | None:
        """The answer at the setting that all lines go through."""
        return self.lines[0].first() if self.lines else None

    def meet(self) -> Change | None:
        """Two hyperparameters that have to be equal, or different, for the property to hold."""
        for n, line in enumerate(self.lines):
            for other in self.lines[n + 1 :]:
                if _may_meet(self.region, line.symbol, other.symbol) and line.singles_out(
                    other, self.region
                ):
                    return _alone(Change(line.symbol, other.symbol, True), line.first())
        return None

    def turn(self) -> Change | None:
        """An end that belongs to the settings, where the answer is another one."""
        for line in self.lines:
            found = line.turn(self.region)
            if found is not None:
                return found
        return None

    def fill(self) -> None:
        """Decide settings on one line after the other, until one has both answers."""
        for line in self.lines:
            line.fill(self.region)
            if len(set(line.known.values())) > 1:
                return

    @property
    def answers(self) -> set[bool]:
        """The different answers that were found."""
        return {answer for line in self.lines for answer in line.known.values()}

    def change(self) -> Change | None:
        """A place where the answer changes, or ``None`` if none was found."""
        for line in self.lines:
            found = line.change(self.region)
            if found is not None:
                return found
        return None


def _may_meet(region: Region, one: sympy.Symbol, form: Expr) -> bool:
    """Whether a real hyperparameter may have the value of a formula in another, free of it."""
    pair = {one} | form.free_symbols
    for symbol in pair:
        bounds = region.bounds(symbol)
        if bounds is None or symbol.is_integer:
            return False
        if (bounds.low.free_symbols | bounds.high.free_symbols) & pair:
            return False
    return len(pair) == 2 and _divides(region, one, form)


def _simple_forms(symbol: sympy.Symbol) -> tuple[Expr, ...]:
    """Formulas in a hyperparameter at which an answer about another is likely to change."""
    return (symbol, -symbol, 1 - symbol, 1 + symbol, 1 / symbol)


def free(parameters: Region, way: tuple[Cut, ...]) -> bool:
    """Whether more than one setting lies on the way."""
    region = restricted(parameters, way)
    return len(_fixed(region)) < len(region.variables)


def end_of_half(decider: Decider, way: tuple[Cut, ...]) -> Change | None:
    """An end that belongs to a half: a proof may have to treat it by itself."""
    region = restricted(decider.parameters, way)
    cut_symbols = {cut.symbol for cut in way}
    for symbol, bounds in region.variables:
        if symbol.is_integer or symbol not in cut_symbols or bounds.low == bounds.high:
            continue
        if bounds.low_closed:
            return Change(symbol, bounds.low, False)
        if bounds.high_closed:
            return Change(symbol, bounds.high, True)
    return None


def _alone(change: Change, beside: bool | None) -> Change:
    """The change, if the answer on both sides of it is the same."""
    return replace(change, beside=beside, here=None if beside is None else not beside)


def special(decider: Decider, way: tuple[Cut, ...], answer: bool | None) -> Change | None:
    """The end of a domain, or an exponent at which a power is affine and bends to neither side.

    For settings that all have one ``answer``, but no common proof.
    """
    region = restricted(decider.parameters, way)
    for symbol, bounds in region.variables:
        if symbol.is_integer or bounds.low == bounds.high:
            continue
        if bounds.low_closed and bounds.low.is_number:
            return Change(symbol, bounds.low, False)
        if bounds.high_closed and bounds.high.is_number:
            return Change(symbol, bounds.high, True)
    exponents = [e.exp for reading in decider.readings for e in _powers(reading)]
    for symbol, bounds in region.variables:
        if symbol.is_integer or not any(exp.has(symbol) for exp in exponents):
            continue
        low, high = bounds.low, bounds.high
        if low.is_number and high.is_number and low < 1 < high:
            return Change(symbol, S.One, True, beside=answer, here=answer)
    return None


def _powers(reading: Reading) -> Iterator[sympy.Pow]:
    for name in (f.name for f in fields(reading)):
        formula = getattr(reading, name)
        if isinstance(formula, Expr):
            yield from formula.atoms(sympy.Pow)


def tested(decider: Decider, way: tuple[Cut, ...]) -> Change | None:
    """A number that the loss itself tests a hyperparameter against, where it changes its course."""
    region = restricted(decider.parameters, way)
    for symbol, bounds in region.variables:
        if symbol.is_integer or not (bounds.low.is_number and bounds.high.is_number):
            continue
        for at in sorted(_tests(decider.loss, symbol)):
            if bounds.low < at < bounds.high:
                return Change(symbol, at, True)
            if at == bounds.low < bounds.high and bounds.low_closed:
                return Change(symbol, at, False)
            if at == bounds.high > bounds.low and bounds.high_closed:
                return Change(symbol, at, True)
    return None


def _tests(loss: Loss, symbol: sympy.Symbol) -> set[Expr]:
    found: set[Expr] = set()
    for part in (e for term in loss.terms for e in walk(term.body)):
        if part.free_symbols == {symbol} and isinstance(part, Equal | Less | LessEqual | Abs):
            difference = part.args[0] - (0 if isinstance(part, Abs) else part.args[1])
            if difference.is_polynomial(symbol) and not any(map(_is_read, walk(difference))):
                roots = sympy.Poly(difference, symbol).ground_roots()
                found.update(root for root in roots if root.is_real)
    return found


def _is_read(part: Basic) -> bool:
    return isinstance(part, At | Index | Size)


def survey(decider: Decider, question: Question, way: tuple[Cut, ...], budget: Budget) -> Survey:
    """A look at settings on the way, of which none is decided yet."""
    region = restricted(decider.parameters, way)
    fixed = _fixed(region)
    region = region.setting(fixed)
    base = generic(region)
    if base is None:
        return Survey(region, [])
    base |= fixed
    asked = question.arguments
    base = {s: value for s, value in base.items() if s.name not in asked}
    symbols = (s for s in region.symbols if s.name not in asked)
    shared: dict[tuple[Cut, ...], bool | None] = {}
    lines = [_Line(decider, question, way, s, base, budget, asked=shared) for s in symbols]
    return Survey(region, lines)


def _fixed(region: Region) -> dict[sympy.Symbol, Expr]:
    """The variables that have one value left."""
    return {s: b.low for s, b in region.variables if b.low == b.high}


def generic(region: Region) -> dict[sympy.Symbol, Expr] | None:
    """A setting of all variables at which nothing special happens."""
    setting: dict[sympy.Symbol, Expr] = {}
    for symbol, bounds in region.variables:
        options = SIZES[1:] if symbol.is_integer else _unlike(setting.values())
        inside = [
            v for v in (*options, *_within(bounds.subs(setting))) if bounds.subs(setting).holds(v)
        ]
        if not inside:
            return None
        setting[symbol] = inside[0]
    return setting


def _unlike(taken: Collection[Expr]) -> list[Expr]:
    """Numbers for the next hyperparameter: equal ones are special."""
    return sorted(GENERIC, key=lambda value: value in taken)


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
    known: dict[Expr, bool] = field(default_factory=dict)
    asked: dict[tuple[Cut, ...], bool | None] = field(default_factory=dict)

    def answer(self, value: Expr) -> bool | None:
        """The verdict at one setting; ``None`` if it is open."""
        at = pinned(self.base | {self.symbol: value})
        if at not in self.asked:
            found = self.decider.attempt(self.question, at, self.budget.part(SETTING_SECONDS))
            self.asked[at] = found.holds if isinstance(found, Part) else None
        return self.asked[at]

    def first(self) -> bool | None:
        """The answer where the line begins."""
        return self.answer(self.base[self.symbol])

    def singles_out(self, other: _Line, region: Region) -> bool:
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
            (*SIZES, *_ends(numeric))
            if self.symbol.is_integer
            else (*GRID, *_ends(numeric), *_within(numeric))
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
        for end in _ends(bounds):
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
            change = _alone(change, self.known[low])
        for form in self._forms(change.at, region):
            if self._follows(change, form, self.known[low], region):
                return replace(change, at=form)
        return change

    def _forms(self, at: Expr, region: Region) -> Iterator[Expr]:
        """Formulas in the other hyperparameters that have the value here."""
        others = [s for s in self.base if s != self.symbol and not s.is_integer and s in region]
        for form in (f for s in others for f in _simple_forms(s)):
            if self._number(form) == at and _may_meet(region, self.symbol, form):
                yield form
        if others:
            for form in sorted(dict.fromkeys(self._candidates(region)), key=_likelihood):
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
        simple = [low, high, *_simple(low, high)]
        for candidate in [*sorted(dict.fromkeys(inside), key=_likelihood), *simple]:
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
        near = _rational(value)
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
                for root in _roots(formula, self.symbol, region):
                    value = self._number(root)
                    if value.is_real and value.is_finite and _divides(region, self.symbol, root):
                        found.append(root)

        with suppress(NotImplementedError, TypeError, ValueError, AttributeError, ArithmeticError):
            self.budget.part(CANDIDATE_SECONDS).within(collect)
        return found


def _divides(region: Region, symbol: sympy.Symbol, at: Expr) -> bool:
    """Whether the settings below and above a candidate are all there are."""
    try:
        half(region, Cut(symbol, at, True, True))
    except ValueError:
        return False
    return True


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


def _likelihood(candidate: Expr) -> tuple[int, int, str]:
    """Roots that depend on other hyperparameters first: they can be right for all of them."""
    kind = 0 if candidate.free_symbols else 1 if candidate.is_Rational else 2
    return (kind, int(candidate.count_ops()), str(candidate))


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
            solved = solving.solve(numerator, symbol)
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
