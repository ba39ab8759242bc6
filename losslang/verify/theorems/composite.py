"""Margin losses whose score tells the probability of the label; terms as in :mod:`.halves`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.verify.readings import Margin
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.curve import convexity
from losslang.verify.theorems.halves import (
    LOWER,
    OWN,
    UPPER,
    above,
    both,
    cost,
    differentiable,
    halves,
    phi,
    weighed,
    weight,
    whole,
    wronskian,
)
from losslang.verify.theorems.pieces import Pieces, Silent, defined, number, place
from losslang.verify.theorems.premises import everywhere, inside, premises, sign, tends


def covering(case: Case, p: Pieces) -> Iterator[Premise]:
    """The inverse link reaches 1: on the last piece, or with the guessed limit ``reach``."""
    last = len(p) - 1
    reach = case.guess.get("reach")
    if reach is None:
        yield sign(
            "the inverse link is 1 in the end", p.formula(last, 1, UPPER), ">=", p.where(last)
        )
        return
    if reach != S.Infinity:
        yield sign("the limit is at least 1", reach - 1, ">=", p.region)
    link = p.formula(last, 1, LOWER) / weight(p, last)
    yield tends(p, "the inverse link tends to it", link, last, False, reach)


@premises("v")
def _composite(case: Case) -> Iterator[Premise]:
    yield from composite(case, halves(case))


def composite(case: Case, p: Pieces) -> Iterator[Premise]:
    """The inverse link rises from 1/2 to 1, on the first ``rising`` pieces, and stays there."""
    rising = _rising(case, p)
    yield from differentiable(p)
    yield from weighed(p)
    for n in range(len(p)):
        where = p.where(n)
        if n < rising:
            yield sign("the inverse link rises", wronskian(p, n), ">", where)
        else:
            yield sign("the inverse link is at least 1", p.formula(n, 1, UPPER), ">=", where)
    if rising == len(p):
        yield from covering(case, p)
    yield from _stated(case, p, rising)


def _rising(case: Case, p: Pieces) -> int:
    return number(case.guess, "rising", len(p) + 1)


def _stated(case: Case, p: Pieces, rising: int) -> Iterator[Premise]:
    """The guess ``link``, a formula of v, is the inverse link where it is inside (0, 1)."""
    link = case.guess.get("link")
    if link is None:
        return
    v = case.reading.region.fresh("v")
    right, left = (defined(link, {v: turn * p.variable}) for turn in (1, -1))
    for n in range(len(p)):
        where = p.where(n)
        if n < rising:
            for e, slope in ((right, p.formula(n, 1, LOWER)), (1 - left, p.formula(n, 1, LOWER))):
                yield sign(
                    "the inverse link has this formula", e * weight(p, n) - slope, "==", where
                )
        else:
            yield sign("the formula is at least 1", right - 1, ">=", where)
            yield sign("and at most 0 on the other side", left, "<=", where)


def _link(case: Case) -> Expr | None:
    link, p = case.guess.get("link"), halves(case)
    if link is None or _rising(case, p) == len(p):
        return link
    return sympy.Max(0, sympy.Min(1, link))


@premises()
def _bounded_link(case: Case) -> Iterator[Premise]:
    p, most = halves(case), case.guess["most"]
    yield from differentiable(p)
    yield from weighed(p)
    yield sign("the bound is below 1", 1 - most, ">", p.region)
    yield from everywhere(
        p,
        "the inverse link is bounded",
        lambda n: most * weight(p, n) - p.formula(n, 1, LOWER),
        ">=",
    )


@premises()
def _flat_link(case: Case) -> Iterator[Premise]:
    p = halves(case)
    n, point = place(case.guess, p)
    yield from inside(p, n, point)
    yield sign("the inverse link does not rise on the piece", wronskian(p, n), "<=", p.where(n))
    yield from _informative(p, n, point)


def _informative(p: Pieces, n: int, point: Expr) -> Iterator[Premise]:
    """The inverse link at a point lies in (0, 1)."""
    upper, lower = p.at(n, point, 1, UPPER), p.at(n, point, 1, LOWER)
    yield sign(f"the inverse link at {point} is below 1", upper, "<", p.region)
    yield sign("and above 0", lower, ">", p.region)


@premises()
def _shared_score(case: Case) -> Iterator[Premise]:
    p, score = halves(case), case.guess["score"]
    least, total = phi(case, score), phi(case, score) + phi(case, -score)
    yield from above(p, least, UPPER, LOWER, label="phi is least there")
    yield from everywhere(p, "phi(u) + phi(-u) is least there", lambda n: both(p, n) - total, ">=")
    for point in (S.Zero, *p.joints):
        for turn in (1, -1):
            yield sign(f"also at {turn * point}", phi(case, turn * point) - least, ">=", p.region)
        at = phi(case, point) + phi(case, -point) - total
        yield sign(f"also at {point}", at, ">=", p.region)


@premises()
def _shared_kink(case: Case) -> Iterator[Premise]:
    p = halves(case)
    one, other = case.guess["one"], case.guess["other"]
    yield from convexity(whole(case))
    yield sign("the probabilities differ", other - one, ">", p.region)
    yield sign("they are probabilities", one, ">", p.region)
    yield sign("they are probabilities", 1 - other, ">", p.region)
    n = number(case.guess, "joint", len(p))
    point = S.Zero if n == 0 else p.joints[n - 1]
    for eta in (one, other):
        after = defined(cost(p, n, eta, 1), {p.variable: point})
        yield sign("the cost does not fall after the kink", after, ">=", p.region)
        if n == 0:
            before = -defined(cost(p, 0, 1 - eta, 1), {p.variable: point})
        else:
            before = defined(cost(p, n - 1, eta, 1), {p.variable: point})
        yield sign("it does not rise before the kink", before, "<=", p.region)


@premises()
def _canonical(case: Case) -> Iterator[Premise]:
    p = halves(case)
    yield from composite(case, p)
    for n in range(_rising(case, p)):
        gap = weight(p, n) - case.guess["weight"]
        yield sign("phi'(u) + phi'(-u) is constant", gap, "==", p.where(n))


@premises()
def _uncanonical(case: Case) -> Iterator[Premise]:
    p, weights = halves(case), []
    for name in ("one", "other"):
        n, point = number(case.guess, f"{name} piece", len(p)), case.guess[name]
        yield from inside(p, n, point)
        yield from _informative(p, n, point)
        weights.append(defined(weight(p, n), {p.variable: point}))
    yield sign("phi'(u) + phi'(-u) is not constant", weights[0] - weights[1], "!=", p.region)


@premises()
def _recoverable(case: Case) -> Iterator[Premise]:
    p = halves(case)
    yield from differentiable(p)
    yield from weighed(p)
    yield from covering(case, p)


REID = "Reid & Williamson 2010, cor. 12"
COMPOSITE_LINK = OWN + "Scores that tell probabilities"
BOUNDED_LINK = Theorem(
    "link-stays-below-one",
    "proper_composite",
    Margin,
    "If phi'(-v)/(phi'(v) + phi'(-v)) stays below a number less than 1, the expected loss has no "
    "minimiser for the largest probabilities.",
    COMPOSITE_LINK,
    _bounded_link,
    holds=False,
)
SHARED_SCORE = Theorem(
    "score-for-many-probabilities",
    "proper_composite",
    Margin,
    "A score that minimises phi and phi(m) + phi(-m) minimises the expected loss for every "
    "probability above 1/2, so it does not tell which one it is.",
    COMPOSITE_LINK,
    _shared_score,
    holds=False,
)
SHARED_KINK = Theorem(
    "kink-for-many-probabilities",
    "proper_composite",
    Margin,
    "A kink of a convex loss that is the best score for two probabilities does not tell which.",
    COMPOSITE_LINK,
    _shared_kink,
    holds=False,
)
FLAT_LINK = Theorem(
    "link-does-not-rise",
    "proper_composite",
    Margin,
    "If phi'(-v)/(phi'(v) + phi'(-v)) lies inside (0, 1) and does not rise over an interval, no "
    "score in it is the one best score for a probability.",
    COMPOSITE_LINK,
    _flat_link,
    holds=False,
)


def _about(theorem: Theorem, property: str) -> Theorem:
    return replace(
        theorem, name=f"{theorem.name}-so-not-{property.removesuffix('_link')}", property=property
    )


COMPOSITE: tuple[Theorem, ...] = (
    Theorem(
        "proper-composite",
        "proper_composite",
        Margin,
        "A differentiable margin loss with phi'(v) + phi'(-v) < 0 is strictly proper composite if "
        "phi'(-v)/(phi'(v) + phi'(-v)), its inverse link, rises from 0 to 1.",
        REID + "; " + COMPOSITE_LINK,
        _composite,
        value=_link,
    ),
    BOUNDED_LINK,
    SHARED_SCORE,
    SHARED_KINK,
    FLAT_LINK,
    Theorem(
        "canonical-link",
        "canonical_link",
        Margin,
        "The link of a proper composite margin loss is canonical if phi'(v) + phi'(-v) is constant "
        "where the inverse link is inside (0, 1).",
        "Buja, Stuetzle & Shen 2005, sec. 6; Reid & Williamson 2010, sec. 6.1",
        _canonical,
        value=lambda case: case.guess.get("weight"),
    ),
    Theorem(
        "link-not-canonical",
        "canonical_link",
        Margin,
        "The link is not canonical if phi'(v) + phi'(-v) differs at two scores whose inverse links "
        "are inside (0, 1).",
        "Buja, Stuetzle & Shen 2005, sec. 6; Reid & Williamson 2010, sec. 6.1",
        _uncanonical,
        holds=False,
    ),
    *(_about(t, "canonical_link") for t in (BOUNDED_LINK, SHARED_SCORE, SHARED_KINK, FLAT_LINK)),
    Theorem(
        "probability-recoverable",
        "recoverable",
        Margin,
        "If phi is differentiable, phi'(v) + phi'(-v) < 0, and phi'(-v)/(phi'(v) + phi'(-v)) "
        "reaches 1, every probability has a best score and each score is best for one "
        "probability only.",
        COMPOSITE_LINK,
        _recoverable,
    ),
    *(_about(t, "recoverable") for t in (BOUNDED_LINK, SHARED_SCORE, SHARED_KINK)),
)
_ = Silent
