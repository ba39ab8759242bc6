"""How to show what follows from composition, and inputs at which it does not hold.

Inputs are drawn at random: small sizes, rational entries. What looks false there in floating point
is proposed; whether it is false is for the premises to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import sympy
from sympy import Expr, Integer, Rational, S

from losslang.ir.binders import is_undefined, occurs, walk
from losslang.ir.heads import Branch
from losslang.verify.arrays import spread_of
from losslang.verify.property import Strategy
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.structure import Structure
from losslang.verify.search import curve as along
from losslang.verify.search.counterexamples import (
    below_zero,
    flat,
    jensen,
    last_piece,
    on_the_line,
    undefined,
    way,
)
from losslang.verify.search.ends import ends
from losslang.verify.search.sections import (
    GRID,
    SEEDS,
    Float,
    drawn,
    floats,
    lines,
    plain_lines,
    segments,
    special,
)
from losslang.verify.theorem import Case, Guess, Question, Theorem
from losslang.verify.theorems import requirements, sections
from losslang.verify.theorems import structure as theorems


def _curve(reading: Structure, question: Question, guess: Guess) -> Curve | None:
    return sections.line(Case(reading, question, guess))


def chords(reading: Structure, question: Question) -> Iterator[Guess]:
    """Lines and three numbers on them, the loss at the middle one above the chord."""
    found: list[tuple[float, Guess]] = []
    for guess in (*segments(reading.loss, question), *lines(reading.loss, question)):
        curve = _curve(reading, question, guess)
        if curve is None:
            continue
        grid = GRID if curve.bounds.low.is_infinite else (S.Zero, S.Half, S.One)
        functions = floats(curve.function, curve.region, curve.variable)
        best = _above_chord(functions, grid)
        if best is not None:
            gap, (low, high) = best
            chosen = {"low": low, "middle": (low + high) / 2, "high": high}
            found.append((gap, dict(guess) | chosen))
        if len(found) == 3:
            yield from _largest_first(found)
            found.clear()
    yield from _largest_first(found)


def _largest_first(found: list[tuple[float, Guess]]) -> list[Guess]:
    return [guess for _, guess in sorted(found, key=lambda pair: -pair[0])]


def _above_chord(
    functions: list[Float], grid: tuple[Expr, ...]
) -> tuple[float, tuple[Expr, Expr]] | None:
    """The ends of the chord that the middle exceeds most, at the worst of the settings."""
    best: tuple[float, tuple[Expr, Expr]] | None = None
    for n, low in enumerate(grid):
        for high in grid[n + 1 :]:
            gaps = []
            for f in functions:
                ends, middle = f(float(low)) + f(float(high)), f(float(low + high) / 2)
                scale = 1 + abs(ends) + abs(middle)
                gaps.append((2 * middle - ends) / scale if math.isfinite(scale) else -1.0)
            gap = min(gaps, default=-1.0)
            if gap > 1e-9 and (best is None or gap > best[0]):
                best = gap, (low, high)
    return best


def negative_values(reading: Structure, question: Question) -> Iterator[Guess]:
    """Inputs at which the loss seems negative."""
    for seed in range(SEEDS):
        inputs = drawn(reading.loss, seed)
        if inputs is None:
            continue
        found = sections.value(Case(reading, question, inputs.data()))
        if found is None:
            continue
        s = reading.region.fresh("s")
        values = [f(0.0) for f in floats(found, reading.region, s)]
        if values and all(v < -1e-9 for v in values):
            yield inputs.data()


def on_lines(
    strategies: tuple[Strategy, ...], name: str, order: int | None = None
) -> Callable[..., Iterator[Guess]]:
    """Guesses for a theorem about curves, made on lines by the search for curves.

    If an order is given, only on lines along which the derivative of that order seems unbounded.
    """
    (strategy,) = (s for s in strategies if s.theorem.name == name)

    def guesses(reading: Structure, question: Question) -> Iterator[Guess]:
        tried = 0
        for guess in lines(reading.loss, question):
            curve = _curve(reading, question, guess)
            if curve is None or curve.variable not in curve.function.free_symbols:
                continue
            tried += 1
            if order is None or _grows_steep(curve, order):
                for more in islice(strategy.guesses(curve, question), 3):
                    yield dict(guess) | dict(more)
            if tried >= 6:
                return

    return guesses


def _grows_steep(curve: Curve, order: int) -> bool:
    """Whether difference quotients grow towards some entry in quarters, or far out."""
    functions = floats(curve.function, curve.region, curve.variable, 2)
    ways = [(n / 4, turn * 1e-2, turn * 1e-4) for n in range(-48, 49) for turn in (-1, 1)]
    ways += [(0.0, turn * 50.0, turn * 250.0) for turn in (-1, 1)]
    return not functions or any(
        abs(_quotient(f, at, near, order)) > abs(_quotient(f, at, far, order)) + 1
        for f in functions
        for at, far, near in ways
    )


def _quotient(f: Float, at: float, step: float, order: int) -> float:
    """A difference quotient that takes the place of a derivative, beside ``at``."""
    first, second, third = (f(at + n * step) for n in (1, 2, 3))
    return (second - first) / step if order == 1 else (third - 2 * second + first) / step**2


def level(reading: Structure, question: Question) -> Iterator[Guess]:
    """Plain lines on which the second derivative seems to be 0 at the start."""
    for guess in plain_lines(reading.loss, question):
        yield dict(guess) | {"piece": S.Zero, "at": S.Zero}


def flattening(reading: Structure, question: Question) -> Iterator[Guess]:
    """Plain lines on which the second derivative seems to vanish far away."""
    for guess in plain_lines(reading.loss, question):
        curve = _curve(reading, question, guess)
        if curve is not None:
            (strategy,) = (s for s in along.STRONGLY_CONVEX if s.theorem.name == VANISHING)
            yield from (dict(guess) | dict(more) for more in strategy.guesses(curve, question))


VANISHING = "curvature-vanishes"


def jumping(strategies: tuple[Strategy, ...], name: str) -> Callable[..., Iterator[Guess]]:
    """The same for jumps, which only cases, and directions of vectors, bring about."""
    guesses = on_lines(strategies, name)

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        known = theorems.array(reading.loss, question.input)
        if known is None:
            return
        for term in reading.loss.terms:
            for part in walk(term.body):
                below = isinstance(part, sympy.Pow) and part.exp.is_negative
                if (below or isinstance(part, Branch)) and occurs(known.tensor, part):
                    yield from guesses(reading, question)
                    return

    return found


def growing(strategies: tuple[Strategy, ...], name: str) -> Callable[..., Iterator[Guess]]:
    """The same, on lines along which the values seem to grow without bound first."""
    guesses = on_lines(strategies, name)

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        for guess in lines(reading.loss, question):
            curve = _curve(reading, question, guess)
            if curve is None:
                continue
            values = [
                (f(50.0), f(200.0)) for f in floats(curve.function, curve.region, curve.variable)
            ]
            if values and all(abs(b) > abs(a) + 10 for a, b in values):
                sign = S.Infinity if values[0][1] > 0 else S.NegativeInfinity
                yield dict(guess) | {
                    "piece": Integer(last_piece(curve)),
                    "at": S.Infinity,
                    "value": sign,
                }
        yield from guesses(reading, question)

    return found


def outgrowing(falls: bool) -> Callable[..., Iterator[Guess]]:
    """Lines on which values seem to stay beyond a line, that of ``rate`` and ``offset``."""

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        for guess in lines(reading.loss, question):
            curve = _curve(reading, question, guess)
            if curve is None or not curve.bounds.high.is_infinite:
                continue
            functions = floats(curve.function, curve.region, curve.variable)
            for turn in (-1,) if falls else (1, -1):
                slopes = [turn * (f(1000.0) - f(500.0)) / 500 for f in functions]
                if slopes and min(slopes) > 0.05:
                    rate = Rational(round(8 * min(slopes)), 16)
                    for offset in (2, 8, 40):
                        yield dict(guess) | {"rate": turn * rate, "offset": Integer(offset)}

    return found


def plainly_nonnegative(reading: Structure, question: Question) -> Iterator[Guess]:
    """Terms together or apart, where composition alone shows it: that takes no time."""
    for guess in together_or_apart(reading, question):
        terms = theorems.summands(Case(reading, question, guess))
        ranges = (spread_of(term.body, where) for term, where in terms)
        if all(known is not None and known.nonnegative for known in ranges):
            yield guess


def together_or_apart(reading: Structure, question: Question) -> Iterator[Guess]:
    """Terms with the same results as one, and each by itself."""
    yield {}
    if len(reading.loss.terms) > 1:
        yield {"apart": S.One}


def steepest(reading: Structure, question: Question) -> Iterator[Guess]:
    """Lines on which the loss seems to be as steep as composition allows."""
    case = Case(reading, question)
    most = theorems.steepest(case)
    if most is None:
        return
    for guess in lines(reading.loss, question):
        curve = _curve(reading, question, guess)
        if curve is None:
            continue
        length = sympy.sqrt(sympy.Add(*(v**2 for v in sections.slopes(guess).values())))
        rate = curve.function - most * length * curve.variable
        functions = floats(rate, curve.region, curve.variable)
        for low, high in pairwise(GRID):
            if functions and all(abs(f(float(high)) - f(float(low))) < 1e-9 for f in functions):
                yield dict(guess) | {"low": low, "high": high}
                break


def breaks(reading: Structure, question: Question) -> Iterator[Guess]:
    """Inputs at which a requirement seems to fail: all alike, all zero, or drawn."""
    loss = reading.loss
    for number in range(len(loss.requires)):
        for inputs in special(loss):
            data = inputs.data() | {"requirement": Integer(number)}
            needed = loss.requires[number]
            for place in range(min(4, len(requirements.places(needed, inputs)))):
                guess = data | {"place": Integer(place), "part": S.Zero}
                found = requirements.broken(Case(reading, question, guess))
                if (
                    found is not None
                    and not is_undefined(found[1].expr)
                    and _is_so(found[1].expr, found[1].relation)
                ):
                    yield guess


def _is_so(expr: Expr, relation: str) -> bool:
    """Whether it is, or may be for some setting."""
    if expr.is_Rational:
        return bool(expr == 0 if relation == "==" else expr <= 0 if relation == "<=" else expr < 0)
    return bool(expr.free_symbols) and not expr.is_positive


_T: dict[str, Theorem] = {theorem.name: theorem for theorem in theorems.THEOREMS}

PLAINLY_NONNEGATIVE = (Strategy(_T["nonnegative-by-composition"], plainly_nonnegative),)

NONNEGATIVE = (
    Strategy(_T["nonnegative-by-composition"]),
    Strategy(_T["negative-for-some-inputs"], negative_values, below_zero),
)

BOUNDED_BELOW = (
    Strategy(_T["bounded-below-by-composition"], ends("low")),
    Strategy(_T["falls-below-a-line"], outgrowing(True), way),
    Strategy(
        _T["tends-to-minus-infinity-on-a-line"],
        growing(along.BOUNDED_BELOW, "tends-to-minus-infinity"),
        way,
    ),
)

BOUNDED = (Strategy(_T["bounded-by-composition"], ends("low", "high")),)

NOT_BOUNDED = (
    Strategy(_T["outgrows-a-line"], outgrowing(False), way),
    Strategy(_T["tends-to-infinity-on-a-line"], growing(along.BOUNDED, "tends-to-infinity"), way),
)

CONVEX = (Strategy(_T["convex-by-composition"], together_or_apart),)

NOT_CONVEX = (Strategy(_T["above-a-chord-on-a-line"], chords, jensen),)

LIPSCHITZ = (
    Strategy(_T["lipschitz-by-composition"], steepest),
    Strategy(_T["lipschitz-at-most"]),
    Strategy(
        _T["slope-unbounded-on-a-line"],
        on_lines(along.LIPSCHITZ, "slope-unbounded", 1),
        on_the_line(along.LIPSCHITZ, "slope-unbounded"),
    ),
    Strategy(
        _T["jump-so-not-lipschitz-on-a-line"],
        jumping(along.LIPSCHITZ, "jump-so-not-lipschitz"),
        on_the_line(along.LIPSCHITZ, "jump-so-not-lipschitz"),
    ),
)

DIFFERENTIABLE = (
    Strategy(_T["differentiable-by-composition"]),
    Strategy(
        _T["kink-so-not-differentiable-on-a-line"],
        on_lines(along.DIFFERENTIABLE, "kink-so-not-differentiable"),
        on_the_line(along.DIFFERENTIABLE, "kink-so-not-differentiable"),
    ),
    Strategy(
        _T["jump-so-not-differentiable-on-a-line"],
        jumping(along.DIFFERENTIABLE, "jump-so-not-differentiable"),
        on_the_line(along.DIFFERENTIABLE, "jump-so-not-differentiable"),
    ),
)

SMOOTH = (
    Strategy(
        _T["kink-so-not-smooth-on-a-line"],
        on_lines(along.SMOOTH, "kink-so-not-smooth"),
        on_the_line(along.SMOOTH, "kink-so-not-smooth"),
    ),
    Strategy(
        _T["curvature-unbounded-on-a-line"],
        on_lines(along.SMOOTH, "curvature-unbounded", 2),
        on_the_line(along.SMOOTH, "curvature-unbounded"),
    ),
)

STRONGLY_CONVEX = (
    Strategy(_T["curvature-not-positive-on-a-line"], level, flat),
    Strategy(
        _T["curvature-not-positive-on-a-line"],
        on_lines(along.STRONGLY_CONVEX, "curvature-not-positive"),
        flat,
    ),
    Strategy(_T["curvature-vanishes-on-a-line"], flattening),
)

WELL_DEFINED = (
    Strategy(requirements.HOLD),
    Strategy(requirements.FAIL, breaks, undefined),
)
