"""Range of losses of the label's probability: sign, direction, bounds."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.readings.local import Local
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import conditions, parts, smooth
from losslang.verify.theorems.local_shape import infinite, somewhere, towards_end
from losslang.verify.theorems.pieces import Pieces, Silent
from losslang.verify.theorems.premises import continuous, everywhere, inside, sign, tends


@conditions
def _is_nonnegative(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from everywhere(f, "f >= 0", f.formula, ">=")
    for joint in f.joints:
        yield sign("f >= 0 at a kink", f.value(joint), ">=", f.region)


@conditions
def _is_negative(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from somewhere(case, f, "f < 0 there", f.formula, "<")


NONNEGATIVE = Theorem(
    "local-shape-nonnegative",
    "nonnegative",
    Local,
    "f >= 0",
    "definition",
    _is_nonnegative,
)

NOT_NONNEGATIVE = Theorem(
    "local-shape-negative",
    "nonnegative",
    Local,
    "f < 0 for some probability of the label",
    "definition",
    _is_negative,
    holds=False,
)


def _falling(f: Pieces) -> Iterator[Premise]:
    yield from everywhere(f, "f' <= 0", lambda n: f.formula(n, 1), "<=")
    yield from continuous(f)


@conditions
def _falls(case: Case) -> Iterator[Premise]:
    yield from _falling(parts(case.reading))


@conditions
def _rises(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from somewhere(case, f, "f rises there", lambda n: f.formula(n, 1), ">")


MONOTONE = Theorem(
    "local-shape-monotone",
    "monotone",
    Local,
    "f' <= 0: the loss never rises with the probability of the label",
    "definition",
    _falls,
)

NOT_MONOTONE = Theorem(
    "local-shape-not-monotone",
    "monotone",
    Local,
    "f rises somewhere",
    "definition",
    _rises,
    holds=False,
)


def _limits(case: Case, f: Pieces) -> Iterator[Premise]:
    """The limits ``start`` at 0 and ``end`` at 1."""
    last = len(f) - 1
    yield tends(f, "f(0)", f.formula(0), 0, True, case.guess["start"])
    yield tends(f, "f(1)", f.formula(last), last, False, case.guess["end"])


@conditions
def _falls_between(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from _falling(f)
    yield from _limits(case, f)


@conditions
def _falls_boundedly(case: Case) -> Iterator[Premise]:
    if case.guess["start"].is_infinite or case.guess["end"].is_infinite:
        raise Silent
    f = parts(case.reading)
    yield from _falling(f)
    yield from _limits(case, f)


@conditions
def _lies_between(case: Case) -> Iterator[Premise]:
    f, low, high = parts(case.reading), case.guess["low"], case.guess["high"]
    yield from everywhere(f, "f is bounded below", lambda n: f.formula(n) - low, ">=")
    yield from everywhere(f, "f is bounded above", lambda n: f.formula(n) - high, "<=")
    yield from continuous(f)


@conditions
def _changes_little(case: Case) -> Iterator[Premise]:
    f, most = parts(case.reading), case.guess["steepness"]
    yield from everywhere(f, "f' is bounded below", lambda n: f.formula(n, 1) + most, ">=")
    yield from everywhere(f, "f' is bounded above", lambda n: f.formula(n, 1) - most, "<=")
    yield from continuous(f)


@conditions
def _turns_once(case: Case) -> Iterator[Premise]:
    """f is convex with its least value at ``place``."""
    f, place = smooth(case.reading), case.guess["place"]
    yield from _limits(case, f)
    yield from inside(f, 0, place)
    yield sign("f is convex", f.formula(0, 2), ">=", f.where(0))
    yield sign("f'(place) = 0", f.at(0, place, 1), "==", f.region)


@conditions
def _is_unbounded(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    infinite(case)
    yield from towards_end(case, f, "f", f.formula)


@conditions
def _is_unbounded_below(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    if case.guess["value"] != S.NegativeInfinity:
        raise Silent
    yield from towards_end(case, f, "f", f.formula)


@conditions
def _has_floor(case: Case) -> Iterator[Premise]:
    f, low = parts(case.reading), case.guess["low"]
    yield from everywhere(f, "f is bounded below", lambda n: f.formula(n) - low, ">=")
    yield from continuous(f)


def _falling_range(case: Case) -> Expr:
    return sympy.Tuple(case.guess["end"], case.guess["start"])


def _turning_range(case: Case) -> Expr:
    start, end = case.guess["start"], case.guess["end"]
    least = smooth(case.reading).at(0, case.guess["place"])
    greatest = S.Infinity if S.Infinity in (start, end) else sympy.Max(start, end)
    return sympy.Tuple(least, greatest)


RANGE = Theorem(
    "local-shape-range",
    "range",
    Local,
    "f falls, so its limits at 1 and at 0 are its infimum and its supremum",
    "definition",
    _falls_between,
    value=_falling_range,
)

RANGE_TURNING = Theorem(
    "local-shape-range-turning",
    "range",
    Local,
    "f is convex, least at a place and greatest towards an end",
    "definition",
    _turns_once,
    value=_turning_range,
)

BOUNDED_FALLING = Theorem(
    "local-shape-bounded-falling",
    "bounded",
    Local,
    "f falls between finite limits at 0 and at 1",
    "definition",
    _falls_boundedly,
)

BOUNDED = Theorem(
    "local-shape-bounded",
    "bounded",
    Local,
    "f lies between two numbers",
    "definition",
    _lies_between,
)

BOUNDED_BY_SLOPE = Theorem(
    "local-shape-bounded-by-slope",
    "bounded",
    Local,
    "f is continuous and f' bounded, so f changes by no more than that between 0 and 1",
    "the mean value theorem",
    _changes_little,
)

UNBOUNDED = Theorem(
    "local-shape-unbounded",
    "bounded",
    Local,
    "f is infinite in the limit at an end",
    "definition",
    _is_unbounded,
    holds=False,
)

BOUNDED_BELOW = Theorem(
    "local-shape-bounded-below",
    "bounded_below",
    Local,
    "f lies above a number",
    "definition",
    _has_floor,
)

UNBOUNDED_BELOW = Theorem(
    "local-shape-unbounded-below",
    "bounded_below",
    Local,
    "f goes to minus infinity at an end",
    "definition",
    _is_unbounded_below,
    holds=False,
)

THEOREMS = (
    *(NONNEGATIVE, NOT_NONNEGATIVE, MONOTONE, NOT_MONOTONE),
    *(RANGE, RANGE_TURNING, BOUNDED_FALLING, BOUNDED, BOUNDED_BY_SLOPE, UNBOUNDED),
    *(BOUNDED_BELOW, UNBOUNDED_BELOW),
)
