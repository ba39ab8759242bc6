"""How to show that scores of a margin loss tell probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.property import Strategy
from losslang.verify.search.critical import attempt, ends, spot, spots, suprema
from losslang.verify.search.curve import no_witness
from losslang.verify.search.distributions import no_best_score, one_score
from losslang.verify.search.margin import by_halves, scores
from losslang.verify.search.numbers import sign_of
from losslang.verify.theorem import Case, Guess
from losslang.verify.theorems import halves as terms
from losslang.verify.theorems.composite import COMPOSITE
from losslang.verify.theorems.halves import LOWER, UPPER
from losslang.verify.theorems.pieces import Pieces, defined
from losslang.verify.watchdog import within

ODDS = tuple(Rational(n, 20) for n in range(1, 20))


def link(p: Pieces, n: int) -> Expr:
    """The inverse link on a piece of the halves."""
    slope = p.formula(n, 1, LOWER) / terms.weight(p, n)
    short = within(2.0, lambda: sympy.simplify(slope))
    return slope if short is None else short


def _reaches(p: Pieces) -> list[dict[str, Expr]]:
    """What the inverse link tends to; nothing where it is 1 from some score on."""
    last = len(p) - 1
    if p.formula(last, 1, UPPER) == 0:
        return [{}]
    slope = p.formula(last, 1, LOWER) / terms.weight(p, last)
    return [{"reach": e.value} for e in ends(p, last, slope) if e.at == S.Infinity] + [{}]


def _composite(case: Case, p: Pieces) -> Iterator[dict[str, Expr]]:
    v = case.reading.region.fresh("v")
    formula = attempt(lambda: substitute(link(p, 0), {p.variable: v}))
    for rising in range(len(p), 0, -1):
        for reach in _reaches(p) if rising == len(p) else [{}]:
            guess = {"rising": sympy.Integer(rising), **reach}
            if formula is not None:
                yield guess | {"link": formula}
            yield guess


def _bounded(case: Case, p: Pieces) -> Iterator[Guess]:
    for place in suprema(p, [lambda n: link(p, n)])[:2]:
        if sign_of(1 - place.value, p.region) > 0:
            yield {"most": place.value}


def _flat(case: Case, p: Pieces) -> Iterator[Guess]:
    for n in range(len(p)):
        yield from spot(p, n)


def _shared(case: Case, p: Pieces) -> Iterator[Guess]:
    for score in (S.Zero, *list(scores(p))[:5], *(-joint for joint in p.joints)):
        yield {"score": score}


def _kinks(case: Case, p: Pieces) -> Iterator[Guess]:
    """Joints of the halves (0 is the first) and two odds for which they seem to be best."""
    for n in range(len(p)):
        point = S.Zero if n == 0 else p.joints[n - 1]
        good = [eta for eta in ODDS if _is_best(p, n, point, eta)]
        if len(good) > 1:
            yield {"joint": sympy.Integer(n), "one": good[0], "other": good[-1]}


def _is_best(p: Pieces, n: int, point: Expr, eta: Expr) -> bool:
    after = attempt(lambda: defined(terms.cost(p, n, eta, 1), {p.variable: point}))
    before = attempt(
        lambda: (
            -defined(terms.cost(p, 0, 1 - eta, 1), {p.variable: point})
            if n == 0
            else defined(terms.cost(p, n - 1, eta, 1), {p.variable: point})
        )
    )
    if after is None or before is None:
        return False
    return (after == 0 or sign_of(after, p.region) > 0) and (
        before == 0 or sign_of(before, p.region) < 0
    )


def _canonical(case: Case, p: Pieces) -> Iterator[Guess]:
    weight = within(2.0, lambda: sympy.simplify(terms.weight(p, 0)))
    if weight is None or p.variable in weight.free_symbols:
        return
    for guess in _composite(case, p):
        yield {name: value for name, value in guess.items() if name != "link"} | {"weight": weight}


def _uncanonical(case: Case, p: Pieces) -> Iterator[Guess]:
    """Two scores whose inverse links seem to lie inside (0, 1)."""
    found = [
        (n, point)
        for n in range(len(p))
        for point in islice((x for x in spots(p, n) if _tells(p, n, x)), 4)
    ]
    for (n, one), (m, other) in combinations(found, 2):
        yield {
            "one piece": sympy.Integer(n),
            "one": one,
            "other piece": sympy.Integer(m),
            "other": other,
        }


def _tells(p: Pieces, n: int, point: Expr) -> bool:
    slopes = [attempt(p.at, n, point, 1, k) for k in (UPPER, LOWER)]
    if slopes[0] is None or slopes[1] is None:
        return False
    return sign_of(slopes[0], p.region) < 0 < sign_of(slopes[1], p.region)


def _recoverable(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from _reaches(p)


_T = {theorem.name: theorem for theorem in COMPOSITE}
_FAILS = {
    "link-stays-below-one": _bounded,
    "score-for-many-probabilities": _shared,
    "kink-for-many-probabilities": _kinks,
    "link-does-not-rise": _flat,
}
_SEEN = {
    "link-stays-below-one": no_best_score,
    "score-for-many-probabilities": one_score,
    "kink-for-many-probabilities": one_score,
}


def _refuting(suffix: str = "", *names: str) -> tuple[Strategy, ...]:
    chosen = names or tuple(_FAILS)
    return tuple(
        Strategy(_T[name + suffix], by_halves(_FAILS[name]), _SEEN.get(name, no_witness))
        for name in chosen
    )


PROPER_COMPOSITE = (
    Strategy(_T["proper-composite"], by_halves(_composite)),
    *_refuting(),
)
CANONICAL_LINK = (
    Strategy(_T["canonical-link"], by_halves(_canonical)),
    Strategy(_T["link-not-canonical"], by_halves(_uncanonical)),
    *_refuting("-so-not-canonical"),
)
RECOVERABLE = (
    Strategy(_T["probability-recoverable"], by_halves(_recoverable)),
    *_refuting(
        "-so-not-recoverable",
        "link-stays-below-one",
        "score-for-many-probabilities",
        "kink-for-many-probabilities",
    ),
)
