"""How to show what the tail of a margin loss is like."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Rational, S

from losslang.verify.property import Strategy
from losslang.verify.search.critical import ends, tidy
from losslang.verify.search.distributions import flat
from losslang.verify.search.limits import limit_of
from losslang.verify.search.margin import by_whole
from losslang.verify.theorem import Case, Guess
from losslang.verify.theorems.pieces import Pieces
from losslang.verify.theorems.tails import TAILS


def _starts(p: Pieces) -> Iterator[Expr]:
    low = p.spans[-1].low
    base = low if low.is_finite else S.Zero
    yield from (base + step for step in (S.One, Rational(2), Rational(4), Rational(16)))
    if base.is_positive:
        yield base


def _at_infinity(p: Pieces, expr: Expr) -> Expr | None:
    return limit_of(expr, p.variable, S.Infinity, "-", p.region)


def _raising(case: Case, p: Pieces) -> Iterator[Guess]:
    last, z = len(p) - 1, p.variable
    first = p.formula(last, 1)
    powers = [Rational(2), Rational(3, 2)]
    if first != 0:
        ratio = _at_infinity(p, -z * p.formula(last, 2) / first)
        if ratio is not None and ratio.is_finite:
            powers = [tidy(ratio), tidy((1 + ratio) / 2)]
    yield from ({"power": power, "start": start} for power in powers for start in _starts(p))


def _exponential(case: Case, p: Pieces) -> Iterator[Guess]:
    last, u = len(p) - 1, p.variable
    first = p.formula(last, 1)
    if first == 0:
        return
    ratio = _at_infinity(p, sympy.simplify(p.formula(last, 2) / first))
    if ratio is None or not ratio.is_finite or ratio == 0:
        return
    rate = tidy(-ratio)
    scale = _at_infinity(p, sympy.simplify(-first * sympy.exp(rate * u)))
    if scale is None or not scale.is_finite:
        return
    for decay in (rate / 4, rate / 2, rate):
        for start in (S.One, Rational(4), Rational(16)):
            yield {"rate": rate, "scale": scale, "decay": decay, "start": start}


def _flat(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from ({"start": start} for start in _starts(p))


def _other(case: Case, p: Pieces) -> Iterator[Guess]:
    last = len(p) - 1
    if p.formula(last, 1) != 0:
        for place in ends(p, last, p.formula(last, 2) / p.formula(last, 1)):
            if place.at == S.Infinity:
                yield {"value": place.value}


_T = {theorem.name: theorem for theorem in TAILS}

RAISING_TAIL = (
    Strategy(_T["no-raising-tail"]),
    Strategy(_T["raising-tail"], by_whole(_raising)),
)
EXPONENTIAL_TAIL = (
    Strategy(_T["flat-tail"], by_whole(_flat), flat),
    Strategy(_T["tail-of-another-kind"], by_whole(_other)),
    Strategy(_T["exponential-tail"], by_whole(_exponential)),
)
