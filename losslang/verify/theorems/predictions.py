"""Minimisers of binary losses, their order, and links; terms as in :mod:`.labels`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.verify.readings import Binary, Margin, Probability
from losslang.verify.statement import UNIT, Region, Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.halves import OWN
from losslang.verify.theorems.labels import NEGATIVE, POSITIVE, joined, pair
from losslang.verify.theorems.pieces import Pieces, Silent, defined, gaps, jump, number
from losslang.verify.theorems.premises import continuous, everywhere, premises, sign, tends


def rising(p: Pieces, n: int) -> Expr:
    """Has the sign of the slope of negative'/|positive'|, where positive' < 0."""
    positive, negative = p.formula(n, 1, POSITIVE), p.formula(n, 1, NEGATIVE)
    return negative * p.formula(n, 2, POSITIVE) - p.formula(n, 2, NEGATIVE) * positive


def opposed(p: Pieces) -> Iterator[Premise]:
    """positive' < 0 < negative'."""
    yield from everywhere(p, "the loss of label 1 falls", lambda n: p.formula(n, 1, POSITIVE), "<")
    yield from everywhere(p, "the loss of label 0 rises", lambda n: p.formula(n, 1, NEGATIVE), ">")


def _no_kinks(p: Pieces, n: int) -> Iterator[Premise]:
    """Neither slope jumps at joint ``n``."""
    for k in (POSITIVE, NEGATIVE):
        yield sign(f"no kink at {p.joints[n]}", jump(p, n, 1, k), "==", p.region)


def ordered(p: Pieces, strict: bool) -> Iterator[Premise]:
    """positive' < 0 < negative', and negative'/|positive'| rises."""
    yield from joined(p)
    yield from opposed(p)
    yield from everywhere(
        p, "the ratio of their slopes rises", lambda n: rising(p, n), ">" if strict else ">="
    )
    for n, joint in enumerate(p.joints):
        left, right = ([p.at(m, joint, 1, k) for k in (POSITIVE, NEGATIVE)] for m in (n, n + 1))
        gap = left[NEGATIVE] * right[POSITIVE] - right[NEGATIVE] * left[POSITIVE]
        yield sign(f"it does not fall at {joint}", gap, ">=", p.region)


def _ends(p: Pieces) -> Iterator[Premise]:
    ratio = [-p.formula(n, 1, NEGATIVE) / p.formula(n, 1, POSITIVE) for n in (0, len(p) - 1)]
    yield tends(p, "the ratio starts at 0", ratio[0], 0, True, S.Zero)
    yield tends(p, "the ratio goes to infinity", ratio[1], len(p) - 1, False, S.Infinity)


@premises()
def _order(case: Case) -> Iterator[Premise]:
    p = pair(case)
    yield from ordered(p, True)
    for n in range(len(p.joints)):
        yield from _no_kinks(p, n)
    yield from _ends(p)


@premises()
def _order_convex(case: Case) -> Iterator[Premise]:
    p, g = pair(case), case.guess
    last, strict = len(p) - 1, number(g, "strict", 2)
    yield from opposed(p)
    for k in (POSITIVE, NEGATIVE):
        relation: Relation = ">" if k == strict else ">="
        for n in range(len(p)):
            yield sign("the loss is convex", p.formula(n, 2, k), relation, p.where(n))
        yield from continuous(p, 0, k)
        yield from continuous(p, 1, k)
    for low, n, steep, flat in ((True, 0, POSITIVE, NEGATIVE), (False, last, NEGATIVE, POSITIVE)):
        if g["bottom" if low else "top"] == 0:
            yield tends(p, "a slope vanishes at the end", p.formula(n, 1, flat), n, low, S.Zero)
        else:
            infinite = S.NegativeInfinity if low else S.Infinity
            yield tends(
                p, "a slope is infinite at the end", p.formula(n, 1, steep), n, low, infinite
            )


@premises("eta")
def _minimiser(case: Case) -> Iterator[Premise]:
    p, point = pair(case), case.guess["minimiser"]
    yield from ordered(p, False)
    eta, region = _chance(case)
    n = number(case.guess, "piece", len(p))
    for distance in gaps(point, p.spans[n]):
        yield sign("the minimiser lies in its piece", distance, ">", region)
    slope = eta * p.formula(n, 1, POSITIVE) + (1 - eta) * p.formula(n, 1, NEGATIVE)
    at = defined(slope, {p.variable: point})
    yield sign("the expected loss is stationary there", at, "==", region)


def _chance(case: Case) -> tuple[sympy.Symbol, Region]:
    eta = case.reading.region.fresh("eta")
    return eta, case.reading.region.having(eta, UNIT)


@premises("v")
def _composite(case: Case) -> Iterator[Premise]:
    p = pair(case)
    gap = lambda n: p.formula(n, 1, NEGATIVE) - p.formula(n, 1, POSITIVE)  # noqa: E731
    yield from everywhere(p, "the slopes differ", gap, ">")
    yield from everywhere(p, "the inverse link rises", lambda n: rising(p, n), ">")
    yield from joined(p)
    for n, joint in enumerate(p.joints):
        yield from _no_kinks(p, n)
        at = p.at(n, joint, 1, NEGATIVE) - p.at(n, joint, 1, POSITIVE)
        yield sign(f"the slopes differ at {joint}", at, ">", p.region)
    for name, low, turn in (("bottom", True, S.NegativeOne), ("top", False, S.One)):
        n, reach = (0 if low else len(p) - 1), case.guess[name]
        if not reach.is_infinite:
            bound = turn * (reach - (S.Zero if low else S.One))
            yield sign("the inverse link reaches all probabilities", bound, ">=", p.region)
        elif reach != turn * S.Infinity:
            raise Silent
        link = p.formula(n, 1, NEGATIVE) / gap(n)
        yield tends(p, "the inverse link tends to it", link, n, low, reach)
    if "link" in case.guess:
        v = case.reading.region.fresh("v")
        stated = defined(case.guess["link"], {v: p.variable})
        yield from everywhere(
            p, "it has this formula", lambda n: stated * gap(n) - p.formula(n, 1, NEGATIVE), "=="
        )


RATIO_ORDER = Theorem(
    "ratio-of-slopes-rises",
    "order_preserving",
    (Probability, Binary, Margin),
    "If positive' < 0 < negative' and negative'/|positive'| rises from 0 to infinity, each "
    "probability has one best prediction, and likelier examples have higher ones.",
    OWN + "Best predictions of a probability",
    _order,
)
CONVEX_ORDER = Theorem(
    "slopes-of-both-rise",
    "order_preserving",
    (Probability, Binary, Margin),
    "If both losses are convex, one strictly, positive' < 0 < negative', and at each end one slope "
    "wins out, each probability has one best prediction, and likelier examples have higher ones.",
    OWN + "Best predictions of a probability",
    _order_convex,
)
ORDER = (
    RATIO_ORDER,
    CONVEX_ORDER,
    replace(
        RATIO_ORDER,
        name="ratio-of-slopes-rises-so-recoverable",
        property="recoverable",
        reads=(Probability, Binary),
    ),
    replace(
        CONVEX_ORDER,
        name="slopes-of-both-rise-so-recoverable",
        property="recoverable",
        reads=(Probability, Binary),
    ),
    Theorem(
        "stationary-prediction",
        "minimiser",
        (Probability, Binary),
        "If positive' < 0 < negative' and negative'/|positive'| does not fall, a stationary "
        "point of the expected loss is its minimiser; the value is it for eta = P(Y = 1 | x).",
        OWN + "Best predictions of a probability",
        _minimiser,
        value=lambda case: case.guess.get("minimiser"),
    ),
    Theorem(
        "score-proper-composite",
        "proper_composite",
        Binary,
        "A loss of a score with negative' > positive' is strictly proper composite if its inverse "
        "link negative'/(negative' - positive') rises from 0 to 1.",
        "Reid & Williamson 2010, thm 6; " + OWN + "Scores that tell probabilities",
        _composite,
        value=lambda case: case.guess.get("link"),
    ),
)
