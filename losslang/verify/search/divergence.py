"""Guesses about divergences: limits of f at its ends, points, constants of the linear part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy
from sympy import Integer, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.property import Strategy
from losslang.verify.readings import Divergence
from losslang.verify.search.candidates import UNUSABLE
from losslang.verify.search.critical import is_inside, points_of
from losslang.verify.search.limits import limit_of
from losslang.verify.search.numbers import sign_of
from losslang.verify.statement import Region, Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import divergence as theorems
from losslang.verify.theorems.pieces import Pieces, Silent
from losslang.verify.verdict import Witness


def _pieces(reading: Divergence) -> Pieces | None:
    try:
        return theorems.along(reading)
    except Silent:
        return None


def strict(reading: Divergence, question: Question) -> Iterator[Guess]:
    """The piece that 1 is in, or that ends there."""
    p = _pieces(reading)
    for n in range(0 if p is None else len(p)):
        yield {"piece": Integer(n)}


def hollows(reading: Divergence, question: Question) -> Iterator[Guess]:
    """Points at which f'' seems negative."""
    p = _pieces(reading)
    if p is not None:
        yield from points_of(p, lambda n: p.formula(n, 2), -1)


def ranges(reading: Divergence, question: Question) -> Iterator[Guess]:
    """What f(t) tends to at 0 and f(t)/t at infinity."""
    p = _pieces(reading)
    if p is None:
        return
    zero = limit_of(p.formula(0), p.variable, S.Zero, "+", p.region)
    rise = sympy.expand(p.formula(len(p) - 1) / p.variable)
    far = limit_of(rise, p.variable, S.Infinity, "-", p.region)
    if zero is not None and far is not None and not (zero + far).has(*UNUSABLE, S.Infinity):
        yield {"zero": sympy.simplify(zero), "far": sympy.simplify(far)}


def blow_ups(reading: Divergence, question: Question) -> Iterator[Guess]:
    """At 0 first, then at infinity."""
    yield {"low": S.One}
    yield {"low": S.Zero}


def mirrors(reading: Divergence, question: Question) -> Iterator[Guess]:
    """The c of f(t) - t f(1/t) = c (t - 1), whose slope at 1 it is."""
    t = reading.t
    gap = reading.f - t * substitute(reading.f, {t: 1 / t})
    yield {"slope": sympy.simplify(substitute(derivative(gap, t), {t: S.One}))}
    at = [substitute(gap, {t: S(n)}) for n in (2, 3)]
    yield {"slope": sympy.simplify(at[1] - at[0])}


SHARES = (
    (Rational(1, 2), Rational(1, 5)),
    (Rational(1, 3), Rational(3, 4)),
    (Rational(1, 10), Rational(2, 3)),
)


def slants(reading: Divergence, question: Question) -> Iterator[Guess]:
    """Ratios t at which f''(t) seems to differ from f''(1/t) / t^3."""
    p = _pieces(reading)
    if p is None:
        return
    for at in (Integer(2), Integer(4), Rational(3, 2)):
        places = [[n for n in range(len(p)) if is_inside(p, n, t)] for t in (at, 1 / at)]
        for here, there in product(*places):
            gap = p.at(here, at, 2) - at**-3 * p.at(there, 1 / at, 2)
            sign = sign_of(gap, reading.region)
            if sign:
                numbers = {"piece": here, "other": there, "sign": sign}
                yield {"at": at, **{name: Integer(n) for name, n in numbers.items()}}


def entropies(reading: Divergence, question: Question) -> Iterator[Guess]:
    """The c and d of f = c t log t + d (t - 1), or of f = -c log t + d (t - 1)."""
    curve = derivative(derivative(reading.f, reading.t), reading.t)
    scale = sympy.simplify(substitute(curve, {reading.t: S.One}))
    slope = sympy.simplify(substitute(derivative(reading.f, reading.t), {reading.t: S.One}))
    yield {"scale": scale, "slope": slope - scale, "forward": S.One}
    yield {"scale": scale, "slope": slope + scale, "forward": S.Zero}


def bends(reading: Divergence, question: Question) -> Iterator[Guess]:
    """Arguments between which the divergences differ by what is not affine."""
    for (a, b), at in product(SHARES, (Rational(1, 2), Rational(1, 4))):
        try:
            found = [theorems.bend(reading, a, b, at, at / 2, way) for way in (True, False)]
        except Silent:
            continue
        signs = [sign_of(expr, reading.region) for expr in found]
        if all(signs):
            place = {"first": a, "second": b, "at": at, "step": at / 2}
            yield {**place, "sign": Integer(signs[0]), "sign'": Integer(signs[1])}


# ---------------------------------------------------------------- witnesses


def _fixed(reading: Divergence) -> bool:
    return all(symbol.is_integer for symbol in reading.region.symbols)


def unequal(case: Case) -> Witness | None:
    """Two distributions and their divergences either way."""
    if not _fixed(case.reading):
        return None
    for p, q in SHARES:
        there, back = (theorems.two_classes(case.reading, *pair) for pair in ((p, q), (q, p)))
        if sign_of(there - back, Region()):
            values = {"first": (p, 1 - p), "second": (q, 1 - q), "there": there, "back": back}
            says = "the divergence of the first from the second is another the other way round"
            return Witness(values, (Sign(there - back, "!=", Region()),), says)
    return None


F_DIVERGENCE: tuple[Strategy, ...] = (
    Strategy(theorems.F_DIVERGENCE, strict),
    Strategy(theorems.STARTS_OFF),
    Strategy(theorems.CONCAVE_SOMEWHERE, hollows),
)
NONNEGATIVE: tuple[Strategy, ...] = (Strategy(theorems.NONNEGATIVE),)
BOUNDED: tuple[Strategy, ...] = (
    Strategy(theorems.BOUNDED, ranges),
    Strategy(theorems.UNBOUNDED, blow_ups),
)
RANGE: tuple[Strategy, ...] = (Strategy(theorems.RANGE, ranges),)
SYMMETRIC: tuple[Strategy, ...] = (
    Strategy(theorems.SYMMETRIC, mirrors),
    Strategy(theorems.NOT_SYMMETRIC, slants, unequal),
)
JOINTLY_CONVEX: tuple[Strategy, ...] = (
    Strategy(theorems.JOINTLY_CONVEX),
    Strategy(theorems.NOT_JOINTLY_CONVEX, hollows),
)
BREGMAN: tuple[Strategy, ...] = (
    Strategy(theorems.BREGMAN, entropies),
    Strategy(theorems.NOT_BREGMAN, bends),
)
