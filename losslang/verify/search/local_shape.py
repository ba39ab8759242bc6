"""How to find the shape of losses of the label's probability: convex, steep, bounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice, pairwise

import sympy
from sympy import Expr, Rational, S, Symbol

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.ir.heads import Branch
from losslang.verify.property import Strategy
from losslang.verify.readings.local import Local
from losslang.verify.sampling import points
from losslang.verify.search.candidates import (
    GRID,
    PLACES,
    function_of,
    greatest,
    limit,
    nearest,
    slightly_above,
    solutions,
    variants,
)
from losslang.verify.search.critical import suprema
from losslang.verify.search.local import bounded_slopes, head_weights
from losslang.verify.search.local_parts import HALF, Guesses, ends_of, formula_of, slope_of, told
from losslang.verify.statement import UNIT, Relation, Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import local, local_range, local_shape, local_steep
from losslang.verify.theorems.pieces import Silent, pieces
from losslang.verify.verdict import Witness

MOST = 1e4
"""A function that comes up to this is taken to be unbounded."""

PLAINLY = 1e-3
"""How far from 0 a formula is at a place that makes a readable witness."""


def _extremes(formula: Callable[[Local], Expr], sign: int) -> Guesses:
    """Places and ends where a formula may be below 0 (above, if ``sign`` is -1)."""

    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        expr, p = formula(reading), reading.p
        value = function_of(expr, p)
        if value is not None:
            place, extreme = greatest(lambda x: -sign * value(x))
            if extreme > 0:
                yield from ({"place": x} for x in PLACES if -sign * value(float(x)) > PLAINLY)
                yield {"place": nearest(place) if 0 < nearest(place) < 1 else Rational(place)}
            return
        for at, found in zip((S.Zero, S.One), ends_of(reading, expr), strict=True):
            if found is not None:
                yield {"end": at, "value": found}
        bare = _bare(reading, expr)
        if bare != expr:
            yield from _beside_turns(bare, p)
        yield from ({"place": place} for place in islice(PLACES, 6))
        yield from _beside_turns(expr, p)

    return guesses


def _bare(reading: Local, expr: Expr) -> Expr:
    """``expr`` with the hyperparameters that may be 0 at 0: it often turns at the same places."""
    zero = {s: S.Zero for s, b in reading.region.variables if b.low == 0 and b.low_closed}
    return substitute(expr, zero)


def _beside_turns(expr: Expr, p: Symbol) -> Iterator[Guess]:
    """Where a formula turns, and places on both sides of where it vanishes."""
    for turn in islice(solutions(derivative(expr, p), p), 2):
        yield {"place": turn}
    for root in islice(solutions(expr, p), 3):
        yield {"place": root / 2}
        yield {"place": (1 + root) / 2}


def _curvature(reading: Local) -> Expr:
    p, slope = reading.p, slope_of(reading)
    return p * (1 - p) * derivative(slope, p) + (1 - 2 * p) * slope


def _pull(reading: Local) -> Expr:
    terms = sympy.Add.make_args(slope_of(reading))
    return (1 - reading.p) * sympy.Add(*(reading.p * term for term in terms))


def _greatest_sizes(formula: Callable[[Local], Expr]) -> Guesses:
    """Places in pieces of the unit interval where a formula of f may be greatest in size."""

    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        for f in variants(reading.f):
            parts = pieces(reading.region, reading.p, UNIT, f)
            if parts is None:
                continue
            formulas = [formula(replace(reading, f=parts.formula(n))) for n in range(len(parts))]
            sides = (formulas.__getitem__, lambda n, of=formulas: -of[n])
            for place in suprema(parts, sides):
                yield place.guess | {"most": place.value}

    return guesses


def _pulls(reading: Local, question: Question) -> Iterable[Guess]:
    """A number just above the greatest q (1 - q) |f'|, or a plain one."""
    f = pieces(reading.region, reading.p, UNIT, reading.f)
    formulas = [_pull(replace(reading, f=f.formula(n))) for n in range(len(f))] if f else []
    values = [function_of(formula, reading.p) for formula in formulas]
    if f is None or not all(values):
        yield {"most": S.One}
        return
    most = S.Zero
    for n, value in enumerate(values):
        low, high = (float(end) for end in (f.spans[n].low, f.spans[n].high))
        grid = [low + (high - low) * x for x in GRID]
        _, here = greatest(lambda x, value=value: abs(value(x)), grid)  # type: ignore[misc]
        most = max(most, here)
    yield {"most": slightly_above(most)}


def _bounded_terms(terms: Callable[[Local], tuple[local_steep.Term, ...]]) -> Guesses:
    """Numbers that the terms' shapes seem to stay below."""

    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        if reading.f.has(Branch):
            return
        try:
            tops = [_top(reading, term.shape) for term in terms(reading)]
        except Silent:
            return
        if max(tops, default=MOST) < MOST:
            for spare in (0, 1):
                eighths = (math.ceil(most * (1 - 1e-9) * 8) + spare for most in tops)
                yield {f"term {n}": Rational(most, 8) for n, most in enumerate(eighths)}

    return guesses


def _if_free(guesses: Guesses) -> Guesses:
    """The guesses where f has hyperparameters."""
    return lambda reading, question: (
        guesses(reading, question) if reading.f.free_symbols - {reading.p} else ()
    )


def _top(reading: Local, shape: Expr) -> float:
    """The greatest size of a function of p that is seen at a few settings."""
    found = [0.0]
    ends = {s: b.low for s, b in reading.region.variables if b.low_closed and b.low.is_number}
    for setting in islice(points(reading.region), 8):
        found += [_greatest(substitute(shape, {**setting, **at}), reading.p) for at in ({}, ends)]
    return max(found)


def _greatest(shape: Expr, p: Symbol) -> float:
    value = function_of(shape, p)
    return MOST if value is None else greatest(lambda x: abs(value(x)))[1]


def _peaks(reading: Local, question: Question) -> Iterable[Guess]:
    pull = sympy.expand_mul(_pull(reading))
    return (
        {"place": root} for root in islice(solutions(derivative(pull, reading.p), reading.p), 6)
    )


def _infinite_ends(
    formula: Callable[[Local], Expr],
) -> Guesses:
    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        expr = formula(reading)
        for at, found in zip((S.Zero, S.One), ends_of(reading, expr), strict=True):
            if found is not None and found.is_infinite:
                yield {"end": at, "value": found}

    return guesses


def _bend(reading: Local) -> Expr:
    return reading.p * (1 - reading.p) * _curvature(reading)


def _bends(reading: Local, question: Question) -> Iterable[Guess]:
    p, slope = reading.p, slope_of(reading)
    along, across = p**2 * derivative(slope, p) + p * slope, p * slope
    yield {"most": HALF}
    sides = [function_of(e, p) for e in (along, across)]
    if sides[0] is not None and sides[1] is not None:
        a, b = sides[0], sides[1]
        _, most = greatest(lambda x: 2 * (1 - x) ** 2 * abs(a(x)) + abs(b(x)) / 2)
        yield {"most": nearest(most)}
        yield {"most": slightly_above(most, 1e-4)}


def _limits(reading: Local, question: Question) -> Iterable[Guess]:
    start, end = ends_of(reading, reading.f)
    if start is not None and end is not None:
        yield {"start": start, "end": end}


def _turning(reading: Local, question: Question) -> Iterable[Guess]:
    for limits in _limits(reading, question):
        for root in islice(solutions(slope_of(reading), reading.p), 4):
            yield {**limits, "place": root}


def _frames(reading: Local, question: Question) -> Iterable[Guess]:
    """Two numbers around f."""
    value = function_of(reading.f, reading.p)
    if value is None:
        return
    _, most = greatest(value)
    _, least = greatest(lambda x: -value(x))
    if max(abs(most), abs(least)) < 1e6:
        yield {
            "low": sympy.Integer(int(-least // 1) - 1),
            "high": sympy.Integer(int(most // 1) + 2),
        }


def _low(reading: Local, question: Question) -> Iterable[Guess]:
    yield {"low": S.Zero}
    yield from ({"low": low} for low in told(*ends_of(reading, reading.f)))
    yield from ({"low": frame["low"]} for frame in _frames(reading, question))


def _at_place(
    says: str, formula: Callable[[Local], Expr], relation: Relation
) -> Callable[[Case], Witness | None]:
    """The value of a formula at the place, or close to the end, that was found."""

    def witness(case: Case) -> Witness | None:
        expr, p = formula(case.reading), case.reading.p
        places = [case.guess["place"]] if "place" in case.guess else []
        if not places:
            near = [Rational(1, 10**n) for n in (1, 2, 3, 4, 6, 9)]
            places = near if case.guess["end"] == S.Zero else [1 - x for x in near]
        for place in places:
            value = substitute(expr, {p: place})
            number = float(value.evalf()) if not value.free_symbols else 0.0
            if number < 0 if relation == "<" else number > 0:
                return Witness({"p": place}, (Sign(value, relation),), says)
        return None

    return witness


def _growing(formula: Callable[[Local], Expr], says: str) -> Callable[[Case], Witness]:
    """A formula beyond 1000 in size, near an end."""

    def witness(case: Case) -> Witness:
        expr, p = formula(case.reading), case.reading.p
        near = [Rational(1, 10**n) for n in (3, 6, 12, 100, 300)]
        values = []
        for x in near:
            place = x if case.guess["end"] == S.Zero else 1 - x
            values.append((place, substitute(expr, {p: place})))
        sign = 1 if case.guess["value"] == S.Infinity else -1
        rises = [Sign(sign * (b[1] - a[1]), ">") for a, b in pairwise(values[:3])]
        return Witness({"p": tuple(place for place, _ in values[:3])}, tuple(rises), says)

    return witness


def _bending(reading: Local, question: Question) -> Iterable[Guess]:
    """Where the loss bends down; also after a power and a logarithm have been taken out."""
    if function_of(reading.f, reading.p) is None:
        yield from islice(_extremes(_curvature, 1)(reading, question), 4)
        for weight in islice(head_weights(reading), 4):
            guess = {**weight, "slow": S.One, "end": S.Zero}
            shape = local.weighted(Case(reading, question, guess), _curvature(reading))
            found = limit(shape, reading.p, S.Zero, "+")
            if found is not None:
                yield {**guess, "value": found}
    yield from _extremes(_curvature, 1)(reading, question)


CONVEX = (
    Strategy(local_shape.CONVEX),
    Strategy(
        local_shape.NOT_CONVEX,
        _bending,
        _at_place("the loss bends down between two logits", _curvature, "<"),
    ),
    Strategy(
        local_shape.NOT_CONVEX_RISING,
        _extremes(slope_of, -1),
        _at_place("f rises there", slope_of, ">"),
    ),
    Strategy(local_shape.CONVEX_FOR_TWO),
    Strategy(local_shape.CONVEX_ON_SIMPLEX),
)

LIPSCHITZ = (
    Strategy(local_steep.LIPSCHITZ_PEAK, _peaks),
    Strategy(
        local_steep.NOT_LIPSCHITZ,
        _infinite_ends(_pull),
        _growing(_pull, "the slope in the label's logit grows without bound"),
    ),
    Strategy(local_steep.LIPSCHITZ, _greatest_sizes(_pull)),
    Strategy(local_steep.LIPSCHITZ_AT_MOST, _pulls),
    Strategy(local_steep.LIPSCHITZ_BY_TERMS, _bounded_terms(local_steep.slope_terms)),
)

SMOOTH = (
    Strategy(local_steep.SMOOTH_BY_TERMS, _if_free(_bounded_terms(local_steep.bend_terms))),
    Strategy(
        local_steep.NOT_SMOOTH,
        _infinite_ends(_bend),
        _growing(_bend, "the second derivative grows without bound"),
    ),
    Strategy(local_steep.SMOOTH, _greatest_sizes(lambda reading: 2 * _bend(reading))),
    Strategy(local_steep.SMOOTH_AT_MOST, _bends),
    Strategy(local_steep.SMOOTH_BY_TERMS, _bounded_terms(local_steep.bend_terms)),
)

NONNEGATIVE = (
    Strategy(local_range.NONNEGATIVE),
    Strategy(
        local_range.NOT_NONNEGATIVE,
        _extremes(formula_of, 1),
        _at_place("f < 0 there", formula_of, "<"),
    ),
)

MONOTONE = (
    Strategy(local_range.MONOTONE),
    Strategy(
        local_range.NOT_MONOTONE, _extremes(slope_of, -1), _at_place("f rises there", slope_of, ">")
    ),
)

RANGE = (
    Strategy(local_range.RANGE, _limits),
    Strategy(local_range.RANGE_TURNING, _turning),
)

BOUNDED = (
    Strategy(local_range.BOUNDED_FALLING, _limits),
    Strategy(
        local_range.UNBOUNDED,
        _infinite_ends(formula_of),
        _growing(formula_of, "the loss is unbounded"),
    ),
    Strategy(local_range.BOUNDED, _frames),
    Strategy(local_range.BOUNDED_BY_SLOPE, bounded_slopes),
)

BOUNDED_BELOW = (
    Strategy(local_range.BOUNDED_BELOW, _low),
    Strategy(
        local_range.UNBOUNDED_BELOW,
        _infinite_ends(formula_of),
        _growing(formula_of, "the loss falls without bound"),
    ),
)
