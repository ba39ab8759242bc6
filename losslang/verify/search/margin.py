"""How to show calibration and symmetry of margin losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.property import Strategy
from losslang.verify.readings import Margin
from losslang.verify.sampling import points
from losslang.verify.search.critical import (
    Place,
    attempt,
    ends,
    places,
    points_of,
    spots,
    stationary,
    suprema,
    tidy,
)
from losslang.verify.search.numbers import sign_of
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question, Reading
from losslang.verify.theorems import halves as terms
from losslang.verify.theorems.halves import LOWER, UPPER
from losslang.verify.theorems.margin import MARGIN
from losslang.verify.theorems.pieces import Pieces, Silent
from losslang.verify.verdict import Witness

ODDS = tuple(Rational(n) for n in ("1", "3/5", "3/4", "51/100", "9/10", "501/1000", "99/100"))
GRID = (*(n / 8 for n in range(1, 97)), 16.0, 24.0, 48.0, 1 / 64)
Finder = Callable[[Case, Pieces], Iterable[Guess]]


def by_halves(find: Finder) -> Callable[[Margin, Question], Iterable[Guess]]:
    """Guesses made from the two halves of ``phi``; none where they have no pieces."""
    return by_pieces(terms.halves, find)


def by_whole(find: Finder) -> Callable[[Margin, Question], Iterable[Guess]]:
    """Guesses made from the pieces of ``phi``; none where there are none."""
    return by_pieces(terms.whole, find)


def by_pieces(
    cut: Callable[[Case], Pieces], find: Finder
) -> Callable[[Reading, Question], Iterable[Guess]]:
    """Guesses made from what a case is cut into; none where it cannot be cut."""

    def search(reading: Reading, question: Question) -> Iterator[Guess]:
        case = Case(reading, question)
        try:
            yield from find(case, cut(case))
        except Silent:
            return

    return search


def lows(p: Pieces, k: int) -> list[Place]:
    """Where function ``k`` of the halves seems to be least; the value is that of -phi."""
    return suprema(p, [lambda n: -p.formula(n, 0, k)])


def scores(p: Pieces) -> Iterator[Expr]:
    """Scores above 0 worth trying: joints and where phi or phi(u) + phi(-u) is stationary."""
    found = [*p.joints]
    for n in range(len(p)):
        for formula in (p.formula(n, 0, UPPER), terms.both(p, n)):
            found += [place.at for place in stationary(p, n, formula)]
    found += [S.One, Rational(2), Rational(1, 2)]
    yield from dict.fromkeys(found)


# ---------------------------------------------------------------- guesses


def still_falling(case: Case, p: Pieces) -> Iterator[Guess]:
    """Points at or above 0 where the slope seems negative."""
    for n, span in enumerate(p.spans):
        for point in (S.Zero, span.high, span.low, *spots(p, n)):
            if not point.is_finite or sign_of(-point, p.region) > 0:
                continue
            slope = attempt(p.at, n, point, 1)
            if slope is not None and sign_of(slope, p.region) < 0:
                yield {"piece": sympy.Integer(n), "at": point}
                break


def total(case: Case) -> Expr:
    """2 phi(0), the sum of a symmetric loss."""
    return tidy(2 * terms.phi(case, S.Zero))


def _symmetric(case: Case, p: Pieces) -> Iterator[Guess]:
    for low in lows(p, LOWER)[:2]:
        for better in list(scores(p))[:6]:
            yield {"sum": total(case), "low": -low.value, "better": better}


def _one_score(case: Case, p: Pieces) -> Iterator[Guess]:
    for low in lows(p, LOWER)[:2]:
        yield from ({"low": -low.value, "better": better} for better in list(scores(p))[:7])


def _far(case: Case, p: Pieces) -> Iterator[Guess]:
    last = len(p) - 1
    sums = [e.value for e in ends(p, last, terms.both(p, last)) if e.at == S.Infinity]
    limits = [e.value for e in ends(p, last, p.formula(last, 0, UPPER)) if e.at == S.Infinity]
    for low in lows(p, LOWER)[:2]:
        yield from ({"low": -low.value, "sum": s, "limit": x} for s in sums for x in limits)


def _falling(case: Case, p: Pieces) -> Iterator[Guess]:
    last = len(p) - 1
    for place in ends(p, last, p.formula(last, 0, UPPER)):
        if place.at == S.Infinity and place.value.is_finite:
            yield {"low": place.value}


def _lin(case: Case, p: Pieces) -> Iterator[Guess]:
    last = len(p) - 1
    both = [lambda n: -p.formula(n, 0, UPPER), lambda n: -p.formula(n, 0, LOWER)]
    difference = p.formula(last, 0, LOWER) - p.formula(last, 0, UPPER)
    gaps = [e.value for e in ends(p, last, difference) if e.at == S.Infinity]
    for low in suprema(p, both)[:1]:
        yield from ({"low": -low.value, "gap": gap} for gap in gaps)


def _kinks(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from ({"joint": sympy.Integer(n)} for n, joint in enumerate(p.joints) if joint == 0)


def _wrong(case: Case, p: Pieces) -> Iterator[Guess]:
    """Odds and wrong scores that seem to beat every right score of a grid."""
    costs = _grid(case, p)
    for eta in ODDS:
        if not costs or not all(_wrong_wins(row, eta) for row in costs):
            continue
        least = min(costs[0], key=lambda at: _cost(costs[0], eta, at) if at <= 0 else math.inf)
        yield from ({"eta": eta, "score": score} for score in _simple(p, least))
        for n in range(len(p)):
            for place in stationary(p, n, terms.cost(p, n, 1 - eta)):
                yield {"eta": eta, "score": -place.at}


def _simple(p: Pieces, least: float) -> Iterator[Expr]:
    yield S.Zero
    yield from (-joint for joint in p.joints)
    if not p.region.variables:
        yield Rational(least)


def _grid(case: Case, p: Pieces) -> list[dict[float, float]]:
    """Values of ``phi`` in floats at scores of both signs, for a few settings."""
    reading = case.reading
    rows = []
    for settings in islice(points(p.region), 3):
        tape = compile_tape(substitute(reading.phi, settings), (reading.m,))
        kinks = [float(substitute(joint, settings)) for joint in p.joints]
        places = {0.0, *GRID, *kinks}
        row = {at: tape.float((at,)) for sign in (1, -1) for at in (sign * x for x in places)}
        if not all(map(math.isfinite, row.values())):
            return []
        rows.append(row)
    return rows


def _cost(row: dict[float, float], eta: Expr, at: float) -> float:
    return float(eta) * row[at] + (1 - float(eta)) * row[-at]


def _wrong_wins(row: dict[float, float], eta: Expr) -> bool:
    wrong = min(_cost(row, eta, at) for at in row if at <= 0)
    right = min(_cost(row, eta, at) for at in row if at > 0)
    return wrong <= right + 1e-9 * max(1, abs(right))


def _wrong_limit(case: Case, p: Pieces) -> Iterator[Guess]:
    last = len(p) - 1
    for eta in ODDS:
        for place in ends(p, last, terms.cost(p, last, 1 - eta)):
            if place.at == S.Infinity and place.value != S.Infinity:
                yield {"eta": eta, "limit": place.value}


def _sum(case: Case, p: Pieces) -> Iterator[Guess]:
    yield {"sum": total(case)}


def _two_sums(reading: Margin, question: Question) -> Iterator[Guess]:
    case = Case(reading, question)
    points: tuple[Expr, ...] = (Rational(3), S.One, Rational(1, 2), Rational(2), Rational(10))
    if reading.region.symbols and reading.phi.has(sympy.exp):
        points = (sympy.log(3), *points)  # exponentials are whole numbers there
    for point in points:
        for other in (S.Zero, S.One):
            gap = attempt(_gap, case, point, other)
            if gap is not None and sign_of(gap, reading.region) != 0:
                yield {"one": point, "other": other}


def _gap(case: Case, one: Expr, other: Expr) -> Expr:
    return _sum_at(case, one) - _sum_at(case, other)


def _sum_at(case: Case, point: Expr) -> Expr:
    return terms.phi(case, point) + terms.phi(case, -point)


# ---------------------------------------------------------------- witnesses


def kink_witness(case: Case) -> Witness | None:
    """Odds for which 0 is the best score: between even odds and the last with 0 a minimiser."""
    p = terms.whole(case)
    n = int(case.guess["joint"])
    left, right = p.at(n, S.Zero, 1), p.at(n + 1, S.Zero, 1)
    if (left + right).free_symbols:
        return None
    last = left / (left + right) if sign_of(-right, p.region) > 0 else S.One
    eta = tidy((Rational(1, 2) + last) / 2)
    return Witness(
        {"eta": eta, "score": S.Zero},
        (
            Sign(eta * left - (1 - eta) * right, "<="),
            Sign(eta * right - (1 - eta) * left, ">="),
            Sign(eta - terms.HALF, ">"),
        ),
        f"for eta = {eta} the expected loss is least at the score 0, which decides for no label",
    )


def wrong_witness(case: Case) -> Witness | None:
    """The odds, the wrong score, and what a few right ones cost beside it."""
    eta, score = case.guess["eta"], case.guess.get("score", Rational(-50))
    least = case.guess.get("limit")
    least = terms.cost_at(case, eta, score) if least is None else least
    right = tuple(Rational(n) for n in ("1/4", "1", "4"))
    costs = [terms.cost_at(case, eta, a) for a in right]
    if any(cost.free_symbols for cost in costs) or least.free_symbols or least.is_infinite:
        return None
    return Witness(
        {
            "eta": eta,
            "score": score,
            "expected loss": least,
            "right scores": right,
            "their loss": tuple(costs),
        },
        tuple(Sign(cost - least, ">=") for cost in costs),
        f"for eta = {eta} the score {score} costs {least}, and no score above 0 costs less",
    )


def sums_witness(case: Case) -> Witness | None:
    """Two margins with different sums."""
    one, other = case.guess["one"], case.guess["other"]
    first, second = _sum_at(case, one), _sum_at(case, other)
    if (first - second).free_symbols:
        return None
    return Witness(
        {"margins": (one, other), "sums": (first, second)},
        (Sign(first - second, "!="),),
        f"phi(m) + phi(-m) is {first} at m = {one} and {second} at m = {other}",
    )


# ---------------------------------------------------------------- strategies

_T = {theorem.name: theorem for theorem in MARGIN}

CALIBRATED_FAILS = (
    ("convex-kink-at-zero", by_whole(_kinks), kink_witness),
    ("wrong-score-is-best", by_halves(_wrong), wrong_witness),
    ("wrong-scores-at-infinity-are-best", by_halves(_wrong_limit), wrong_witness),
)
CALIBRATED = (
    Strategy(_T["convex-still-falling"], by_whole(still_falling)),
    Strategy(_T["convex-calibrated"]),
    Strategy(_T["falling"], by_halves(_falling)),
    Strategy(_T["slope-condition"]),
    *(Strategy(_T[name], guesses, witness) for name, guesses, witness in CALIBRATED_FAILS),
    Strategy(_T["symmetric-calibrated"], by_halves(_symmetric)),
    Strategy(_T["one-good-score"], by_halves(_one_score)),
    Strategy(_T["good-scores-at-infinity"], by_halves(_far)),
    Strategy(_T["lower-on-the-right"], by_halves(_lin)),
)
SYMMETRIC = (
    Strategy(_T["sums-differ"], _two_sums, sums_witness),
    Strategy(_T["sum-is-constant"], by_halves(_sum)),
)
_ = (places, points_of)
