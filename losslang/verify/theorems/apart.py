"""Losses that are sums of functions of numbers that vary independently of each other.

For sums over the other classes of phi(z_y - z_k) the differences are such numbers, for sums of
binary losses the logits, and a loss of the worst difference has one of them. What the sum takes in
is then what its terms take in, each as often as it occurs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy
from sympy import Expr, Interval, S

from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.readings.pooled import Pooled
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.multiclass import pairwise, worst
from losslang.verify.theorems.one_vs_all import one_vs_all
from losslang.verify.theorems.pieces import Pieces, Silent, number
from losslang.verify.theorems.premises import (
    approached,
    continuous,
    everywhere,
    premises,
    sign,
    tends,
)


@dataclass(frozen=True)
class Summand:
    """Function ``k`` of a number on the whole line, which occurs ``times``."""

    name: str
    pieces: Pieces
    k: int
    times: Expr


def summands(reading: Multiclass | Pooled) -> tuple[Summand, ...]:
    """The functions whose sum the loss is. Raises :class:`Silent`."""
    others = reading.classes - 1
    if isinstance(reading, Pooled):
        found = one_vs_all(reading)
        return Summand("A", found, 0, S.One), Summand("B", found, 1, others)
    try:
        return (Summand("phi", worst(reading), 0, S.One),)
    except Silent:
        return (Summand("phi", pairwise(reading), 0, others),)


def _end(case: Case, part: Summand, below: bool) -> Iterator[Premise]:
    """The guess holds the infimum (``below``) or supremum of a function, and where it shows."""
    p, k = part.pieces, part.k
    name = f"{'low' if below else 'high'} {part.name}"
    value, turn = case.guess[name], S.NegativeOne if below else S.One
    place = {"piece": case.guess[f"{name} piece"], "at": case.guess[f"{name} at"]}
    word = "lower" if below else "upper"
    yield from everywhere(
        p,
        f"{part.name} has the {word} bound {value}",
        lambda n: turn * (value - p.formula(n, 0, k)),
        ">=",
    )
    yield from continuous(p, 0, k)
    label = f"{value} is the best {word} bound of {part.name}"
    yield from approached(p, label, lambda n: p.formula(n, 0, k), value, place)


def _both(case: Case, *belows: bool) -> Iterator[Premise]:
    yield sign("there are others", case.reading.classes - 1, ">", case.reading.region)
    for part in summands(case.reading):
        for below in belows:
            yield from _end(case, part, below)


def _total(case: Case, word: str) -> Expr:
    return sympy.Add(
        *(part.times * case.guess[f"{word} {part.name}"] for part in summands(case.reading))
    )


@premises()
def _stays_between(case: Case) -> Iterator[Premise]:
    yield from _both(case, True, False)


@premises()
def _stays_above(case: Case) -> Iterator[Premise]:
    yield from _both(case, True)


@premises()
def _is_nonnegative(case: Case) -> Iterator[Premise]:
    yield from _both(case, True)
    yield sign("the infimum is not negative", _total(case, "low"), ">=", case.reading.region)


@premises()
def _is_negative(case: Case) -> Iterator[Premise]:
    yield from _both(case, True)
    yield sign("the infimum is negative", _total(case, "low"), "<", case.reading.region)


@premises()
def _reaches(case: Case) -> Iterator[Premise]:
    """The infimum or the supremum may be infinite."""
    yield sign("there are others", case.reading.classes - 1, ">", case.reading.region)
    for below in (True, False):
        if case.guess.get("infinite") == (S.NegativeInfinity if below else S.Infinity):
            yield from _grows(case)
        else:
            for part in summands(case.reading):
                yield from _end(case, part, below)


def _grows(case: Case) -> Iterator[Premise]:
    """One function tends to plus or minus infinity at an end."""
    parts, value = summands(case.reading), case.guess["infinite"]
    part = parts[number(case.guess, "part", len(parts))]
    if not value.is_infinite:
        raise Silent
    n = number(case.guess, "piece", len(part.pieces))
    low = case.guess["at"] == S.NegativeInfinity
    formula = part.pieces.formula(n, 0, part.k)
    yield tends(part.pieces, f"{part.name} is unbounded", formula, n, low, value)


@premises()
def _is_unbounded(case: Case) -> Iterator[Premise]:
    yield sign("there are others", case.reading.classes - 1, ">", case.reading.region)
    yield from _grows(case)


@premises()
def _is_unbounded_below(case: Case) -> Iterator[Premise]:
    if case.guess["infinite"] != S.NegativeInfinity:
        raise Silent
    yield from _grows(case)


def _range(case: Case) -> Expr:
    infinite = case.guess.get("infinite")
    low = S.NegativeInfinity if infinite == S.NegativeInfinity else _total(case, "low")
    high = S.Infinity if infinite == S.Infinity else _total(case, "high")
    return sympy.Tuple(low, high)


_SAYS = "the loss is a sum of functions of numbers that vary independently of each other: "
_KINDS = (Multiclass, Pooled)

RANGE = Theorem(
    "apart-range",
    "range",
    _KINDS,
    _SAYS + "its infimum and supremum are the sums of theirs",
    "the definition",
    _reaches,
    value=_range,
)
BOUNDED = Theorem(
    "apart-bounded",
    "bounded",
    _KINDS,
    _SAYS + "all are bounded",
    "the definition",
    _stays_between,
    value=lambda case: Interval(_total(case, "low"), _total(case, "high")),
)
UNBOUNDED = Theorem(
    "apart-unbounded",
    "bounded",
    _KINDS,
    _SAYS + "one is unbounded",
    "the definition",
    _is_unbounded,
    holds=False,
)
BOUNDED_BELOW = Theorem(
    "apart-bounded-below",
    "bounded_below",
    _KINDS,
    _SAYS + "all are bounded below",
    "the definition",
    _stays_above,
    value=lambda case: _total(case, "low"),
)
UNBOUNDED_BELOW = Theorem(
    "apart-unbounded-below",
    "bounded_below",
    _KINDS,
    _SAYS + "one is unbounded below",
    "the definition",
    _is_unbounded_below,
    holds=False,
)
NONNEGATIVE = Theorem(
    "apart-nonnegative",
    "nonnegative",
    _KINDS,
    _SAYS + "the sum of their infima is not negative",
    "the definition",
    _is_nonnegative,
)
NEGATIVE = Theorem(
    "apart-negative",
    "nonnegative",
    _KINDS,
    _SAYS + "the sum of their infima is negative",
    "the definition",
    _is_negative,
    holds=False,
)

THEOREMS = (RANGE, BOUNDED, UNBOUNDED, BOUNDED_BELOW, UNBOUNDED_BELOW, NONNEGATIVE, NEGATIVE)
