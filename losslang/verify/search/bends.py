"""Inputs of a loss of arrays between which it exceeds its chord.

The loss is written out once for a few sizes and labels, and then searched in floats: for the place
and the direction in which its second difference is most negative, compared with its size.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sympy import Expr, Integer, Rational, S

from losslang.ir.binders import is_undefined
from losslang.ir.heads import Axis
from losslang.ir.loss import EVERYTHING, Input, Loss
from losslang.verify import instances
from losslang.verify.evaluate import compile_tape
from losslang.verify.instances import Entry, Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.sampling import points
from losslang.verify.search import structure
from losslang.verify.search.counterexamples import jensen
from losslang.verify.search.sections import drawn
from losslang.verify.theorem import Guess, Question
from losslang.verify.theorems import structure as theorems

TRIES = 500
CLIMBS = 200
SETTINGS = 4
CLEAR = 1e-7
SIZES = (1, 8, 2, 3)
"""How many places all axes have but those of classes and the batch."""
MARGINS = (0, 1, 2, 3, 5, 8)
STEPS = (Rational(1, 2), S.One, Rational(2), Rational(4))

Place = tuple[int, ...]
"""Numbers of entries in quarters."""


def bends(reading: Structure, question: Question) -> Iterator[Guess]:
    """Lines, and three numbers on them, the loss at the middle one above the chord."""
    known = theorems.array(reading.loss, question.input)
    if known is None or known.kind != "real" or known.domain != EVERYTHING:
        return
    for seed, size in enumerate(SIZES):
        chance = random.Random(seed)
        base = _inputs(reading.loss, known, size, chance)
        if base is None:
            continue
        search = Search.of(reading, known, base, chance)
        if search is not None:
            yield from search.guesses()


def _inputs(loss: Loss, known: Input, size: int, chance: random.Random) -> Inputs | None:
    """Labels of which one is rare, and numbers for the other inputs."""
    like = drawn(loss, 0)
    if like is None:
        return None
    pointed = {i.over.name for i in loss.inputs if i.over is not None}
    sizes = {a: 2 if a in pointed else 1 if a == "batch" else size for a in like.sizes}
    entries: dict[Entry, Expr] = {}
    for each in loss.inputs:
        for n, at in enumerate(instances.places(each, sizes)):
            entries[each.name, at] = _entry(each, n, chance)
        if each.kind == "simplex":
            return None
    found = Inputs(sizes, entries)
    return found if instances.admits(loss, found) else None


def _entry(known: Input, n: int, chance: random.Random) -> Expr:
    match known.kind:
        case "index" | "bit" | "bool" | "label" | "int":
            return S.One if n == 0 else S.Zero
        case "sign":
            return S.One if n == 0 else S.NegativeOne
    number = Rational(chance.randint(-8, 8), 4)
    return number if number in known.domain else S.One


class Search:
    """Second differences of one loss, as a function of the entries of one input."""

    def __init__(
        self,
        base: Inputs,
        keys: Sequence[Entry],
        right: Sequence[int],
        values: Sequence[Callable[[Place], float]],
        chance: random.Random,
    ) -> None:
        self.base, self.keys, self.right = base, list(keys), list(right)
        self.values, self.chance = values, chance

    @classmethod
    def of(
        cls, reading: Structure, known: Input, base: Inputs, chance: random.Random
    ) -> Search | None:
        """The loss at the sizes and labels of ``base``; ``None`` where it cannot be written out."""
        keys = [(known.name, at) for at in instances.places(known, base.sizes)]
        symbols = [reading.region.fresh(f"x{n}") for n in range(len(keys))]
        entries = dict(base.entries) | dict(zip(keys, symbols, strict=True))
        formula = instances.formula(reading.loss, Inputs(base.sizes, entries))
        if formula is None or is_undefined(formula) or len(keys) > 40:
            return None
        free = reading.region.symbols
        tape = compile_tape(formula, (*free, *symbols))
        settings = list(islice(points(reading.region), SETTINGS)) if free else [{}]
        values = [
            lambda place, at=[float(setting[s]) for s in free]: tape.float(
                [*at, *(n / 4 for n in place)]
            )
            for setting in settings
        ]
        return cls(base, keys, _right(reading.loss, known, base, keys), values, chance)

    def guesses(self) -> Iterator[Guess]:
        """The clearest lines that were found."""
        tries = [self._start() for _ in range(TRIES)]
        ranked = sorted(((self.gap(*each), each) for each in tries), key=lambda pair: -pair[0])
        found = [self._climbed(*each) for each in ranked[:3]]
        for gap, (place, way, step) in sorted(found, key=lambda pair: -pair[0])[:2]:
            if gap > CLEAR:
                yield self._guess(place, way, step)

    def gap(self, place: Place, way: Place, step: Expr) -> float:
        """By how much the loss exceeds its chord, by its size, at the worst of the settings."""
        quarters = int(4 * step)
        low, high = (
            tuple(n + turn * quarters * d for n, d in zip(place, way, strict=True))
            for turn in (-1, 1)
        )
        worst = math.inf
        for value in self.values:
            here, ends = value(place), (value(low), value(high))
            scale = 1 + abs(here) + abs(ends[0]) + abs(ends[1])
            gap = (2 * here - sum(ends)) / scale if math.isfinite(scale) else -1.0
            worst = min(worst, gap)
            if worst < -0.1:
                break
        return worst

    def _start(self) -> tuple[Place, Place, Expr]:
        """Scores that favour the labels or not by some margin, and a few entries to move."""
        draw = self.chance
        margin = 4 * draw.choice(MARGINS)
        common = 4 * draw.choice((0, 0, 0, -8, 8))
        place = [common + (margin if ok else 0) for ok in self.right]
        for n in draw.sample(range(len(place)), min(len(place), draw.choice((0, 1, 2, 4)))):
            place[n] = common + draw.randint(-32, 32)
        way = [0] * len(place)
        for n in draw.sample(range(len(way)), min(len(way), draw.choice((1, 1, 2)))):
            way[n] = draw.choice((-1, 1))
        return tuple(place), tuple(way), draw.choice(STEPS)

    def _climbed(
        self, gap: float, start: tuple[Place, Place, Expr]
    ) -> tuple[float, tuple[Place, Place, Expr]]:
        draw = self.chance
        for _ in range(CLIMBS):
            place, way, step = start
            moved = list(place)
            moved[draw.randrange(len(moved))] += draw.choice((-16, -4, -2, -1, 1, 2, 4, 16))
            other = (tuple(moved), way, draw.choice((step, step, *STEPS)))
            new = self.gap(*other)
            if new > gap:
                gap, start = new, other
        return gap, start

    def _guess(self, place: Place, way: Place, step: Expr) -> Guess:
        entries = dict(self.base.entries)
        entries |= {key: Rational(n, 4) for key, n in zip(self.keys, place, strict=True)}
        along = {
            " ".join(map(str, ("along", name, *at))): Integer(d)
            for (name, at), d in zip(self.keys, way, strict=True)
            if d
        }
        chord = {"low": -step, "middle": S.Zero, "high": step}
        return Inputs(self.base.sizes, entries).data() | along | chord


def _right(loss: Loss, known: Input, base: Inputs, keys: Sequence[Entry]) -> list[bool]:
    """Which entries are the labels' own; every other one where there are no such labels."""
    labels = [i for i in loss.inputs if i.kind == "index" and i.over in known.axes]
    if not labels:
        return [n % 2 == 0 for n in range(len(keys))]
    (label, *_), found = labels, []
    for _, at in keys:
        where: dict[Axis | None, int] = dict(zip(known.dims, at, strict=True))
        spot = tuple(where.get(axis, 0) for axis in label.dims)
        found.append(base.entries.get((label.name, spot)) == where.get(label.over))
    return found


_T = {theorem.name: theorem for theorem in theorems.CONVEX}
NOT_CONVEX = (*structure.NOT_CONVEX, Strategy(_T["above-a-chord-on-a-line"], bends, jensen))
