"""Guesses about robustness, scale and convexity of regression losses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, product

import sympy
from sympy import Expr, Integer, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.property import Strategy
from losslang.verify.readings import Curve, Regression, Residual
from losslang.verify.sampling import points
from losslang.verify.search import elicitation
from losslang.verify.search.critical import ends, points_of, stationary, suprema, unbounded
from losslang.verify.search.limits import limit_of
from losslang.verify.search.numbers import likely, sign_of, values
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import bregman, homogeneity, joint
from losslang.verify.theorems import regression as theorems
from losslang.verify.theorems.elicitation import MEAN
from losslang.verify.theorems.pieces import Pieces, Silent

HALF = Rational(1, 2)
INFINITIES = (S.Infinity, S.NegativeInfinity)


def _pieces(reading: Residual) -> Pieces | None:
    try:
        return theorems.along(reading)
    except Silent:
        return None


# ---------------------------------------------------------------- influence


def influence(reading: Residual, question: Question) -> Iterator[Guess]:
    """Where the size of psi seems greatest: at one place, or at one of two."""
    p = _pieces(reading)
    if p is None:
        return
    found = suprema(p, [lambda n: p.formula(n, 1), lambda n: -p.formula(n, 1)])
    for place in found:
        yield place.guess
        yield {**place.guess, "plain": S.One}
    if not found:
        psi = ((n, p.formula(n, 1)) for n in range(len(p)))
        yield from (place.guess for n, formula in psi for place in stationary(p, n, formula))
    for one, other in combinations(found[:4], 2):
        yield {**one.guess, **{f"{name}'": part for name, part in other.guess.items()}}


def rests(reading: Residual, question: Question) -> Iterator[Guess]:
    """Finite limits of psi, at first 0."""
    p = _pieces(reading)
    if p is None:
        return
    yield {"low": S.Zero, "high": S.Zero}
    lows = [e.value for e in ends(p, 0, p.formula(0, 1)) if e.at == S.NegativeInfinity]
    last = len(p) - 1
    highs = [e.value for e in ends(p, last, p.formula(last, 1)) if e.at == S.Infinity]
    for low, high in product(lows, highs):
        if low.is_finite and high.is_finite:
            yield {"low": low, "high": high}


def explosions(reading: Residual, question: Question) -> Iterator[Guess]:
    """Ends of pieces at which psi may be infinite: those where it seems so, and infinity."""
    p = _pieces(reading)
    if p is None:
        return
    found = list(unbounded(p, lambda n: p.formula(n, 1), *INFINITIES))
    yield from ({**g, "limit": g["value"], "low": _is_low(p, g)} for g in found)
    for piece, low, limit in ((len(p) - 1, 0, S.Infinity), (0, 1, S.NegativeInfinity)):
        yield {"piece": Integer(piece), "low": Integer(low), "limit": limit}


def _is_low(p: Pieces, guess: Guess) -> Expr:
    return Integer(int(guess["at"] == p.spans[int(guess["piece"])].low))


def fades(reading: Residual, question: Question) -> Iterator[Guess]:
    """Nothing to guess, if psi does not seem to grow far out."""
    p = _pieces(reading)
    if p is None:
        return
    for n, side in ((len(p) - 1, 1), (0, -1)):
        near, far = (
            substitute(p.formula(n, 1), {p.variable: Integer(side * 2**k)}) for k in (20, 40)
        )
        if any(change < 0 for change in values(near**2 - far**2, p.region)):
            return
    yield {}


def risen(reading: Residual, question: Question) -> Iterator[Guess]:
    """A point of the last piece at which psi seems positive."""
    p = _pieces(reading)
    if p is not None:
        last = len(p) - 1
        found = points_of(p, lambda n: p.formula(n, 1) if n == last else S.Zero, 1, 1)
        yield from ({"at": guess["at"]} for guess in found)


def remains(reading: Residual, question: Question) -> Iterator[Guess]:
    """Limits of psi at infinity other than 0."""
    p = _pieces(reading)
    if p is None:
        return
    for n, end in ((len(p) - 1, S.Infinity), (0, S.NegativeInfinity)):
        side = "-" if end == S.Infinity else "+"
        value = limit_of(sympy.simplify(p.formula(n, 1)), p.variable, end, side, p.region)
        if value is not None and value != 0:
            yield {"limit": value, "low": Integer(int(end == S.NegativeInfinity))}


def falls(reading: Residual, question: Question) -> Iterator[Guess]:
    """Where rho seems to fall as the error grows."""
    p = _pieces(reading)
    if p is not None:
        yield from points_of(p, lambda n: p.variable * p.formula(n, 1), -1)


# ---------------------------------------------------------------- homogeneity


def degrees(reading: Regression, question: Question) -> Iterator[Guess]:
    """The degree that the formula has by composition, else that of Euler's equation at a point."""
    f, y = reading.prediction, reading.target
    try:
        found = homogeneity.degree(reading.loss, frozenset((f, y)))
        yield {"degree": S.Zero if found is None else found}
    except Silent:
        grown = f * derivative(reading.loss, f) + y * derivative(reading.loss, y)
        at = {f: S.One, y: Integer(2)}
        yield {"degree": sympy.simplify(substitute(grown, at) / substitute(reading.loss, at))}


def uneven(reading: Regression, question: Question) -> Iterator[Guess]:
    """Numbers at which doubling twice is not doubling squared."""
    found: Iterator[Guess] = _uneven(reading, question)
    return islice(found, 4)


def _uneven(reading: Regression, question: Question) -> Iterator[Guess]:
    for unit, (f, y) in product(elicitation.scales(reading), PLACES):
        place = {"prediction": f * unit, "target": y * unit}
        sign = sign_of(_growth(reading, place), reading.region)
        guess = {**place, "sign": Integer(sign)}
        if sign and likely(homogeneity.NOT_HOMOGENEOUS, Case(reading, question, guess)):
            yield guess


PLACES = ((1, 2), (HALF, 0), (HALF, HALF / 2), (2, 1), (0, 1), (-1, 1))


def _growth(reading: Regression, guess: Guess) -> Expr:
    a, b, c = (
        substitute(
            reading.loss,
            {
                reading.prediction: S(n * guess["prediction"]),
                reading.target: S(n * guess["target"]),
            },
        )
        for n in (1, 2, 4)
    )
    return a * c - b**2


# ---------------------------------------------------------------- Bregman


def generators(reading: Regression, question: Question) -> Iterator[Guess]:
    """Twice the integral of phi'' = w / a', for a slope w(f) (a(f) - y), along the mean."""
    f = reading.prediction
    mean = sympy.Symbol(reading.target.name, positive=True)
    for guess in elicitation.means(reading, question):
        curved = guess["weight"] / derivative(guess["link"], f)
        at = sympy.simplify(substitute(curved, {f: substitute(guess["inverse"], {MEAN: mean})}))
        twice = _integral(_integral(at, mean), mean)
        if not twice.has(sympy.Integral):
            generator = sympy.expand(twice).xreplace({mean: reading.target})
            yield {"generator": generator, "link": guess["link"]}


def _integral(expr: Expr, symbol: sympy.Symbol) -> Expr:
    """An antiderivative, for powers the one that is right in general."""
    found = sympy.piecewise_fold(sympy.integrate(sympy.expand(expr), symbol))
    return found.args[0][0] if isinstance(found, sympy.Piecewise) else found


def bends(reading: Regression, question: Question) -> Iterator[Guess]:
    """Two predictions whose losses differ by what is not affine in the target."""
    found = _bends(reading, question)
    return islice(found, 4)


def _bends(reading: Regression, question: Question) -> Iterator[Guess]:
    for unit, (f, g), y, step in product(
        elicitation.scales(reading), PAIRS, (1, 2, 3, 0), (1, HALF)
    ):
        place = {"prediction": f * unit, "other": g * unit, "target": y * unit, "step": step * unit}
        sign = sign_of(_bend(reading, place), reading.region)
        guess = {**place, "sign": Integer(sign)}
        if sign and likely(bregman.NOT_BREGMAN, Case(reading, question, guess)):
            yield guess


PAIRS = ((1, 3), (0, 1), (HALF, 2), (-2, 1))


def _bend(reading: Regression, guess: Guess) -> Expr:
    """Second difference in the target of the difference of two predictions' losses."""
    f, g, y, step = (guess[n] for n in ("prediction", "other", "target", "step"))

    def loss(prediction: Expr, target: Expr) -> Expr:
        return substitute(
            reading.loss, {reading.prediction: S(prediction), reading.target: S(target)}
        )

    return sympy.Add(
        *(
            w * (loss(f, y + n * step) - loss(g, y + n * step))
            for n, w in ((-1, 1), (0, -2), (1, 1))
        )
    )


# ---------------------------------------------------------------- two inputs

DIRECTIONS = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2))


def saddles(reading: Curve, question: Question) -> Iterator[Guess]:
    """A point and a direction in which the loss seems to bend down."""
    if len(question.arguments) != 2 or question.arguments[0] != reading.input:
        return
    a = reading.variable
    region = reading.region.having(a, reading.bounds)
    others = [s for s in reading.region.symbols if s.name == question.arguments[1]]
    if not others:
        return
    b = others[0]
    in_a, in_b = (derivative(reading.function, s) for s in (a, b))
    aa, ab, bb = derivative(in_a, a), derivative(in_a, b), derivative(in_b, b)
    for point in islice(points(region), 40):
        short = {s: _short(value) for s, value in point.items()}
        for u, v in DIRECTIONS:
            bend = substitute(u**2 * aa + 2 * u * v * ab + v**2 * bb, short)
            found = values(bend, reading.region.setting(short))
            if found and max(found) < -1e-6:
                place = {f"at {s.name}": value for s, value in short.items()}
                guess = {"first": Integer(u), "second": Integer(v), **place}
                if likely(joint.NOT_JOINTLY_CONVEX, Case(reading, question, guess)):
                    yield guess
                    break


def _short(value: Expr) -> Expr:
    rounded = Rational(value).limit_denominator(4)
    return rounded if rounded != 0 or value == 0 else Rational(value).limit_denominator(20)


BOUNDED_INFLUENCE: tuple[Strategy, ...] = (
    Strategy(theorems.BOUNDED_INFLUENCE, influence),
    Strategy(theorems.INFLUENCE_SETTLES, rests),
    Strategy(theorems.UNBOUNDED_INFLUENCE, explosions),
)
REDESCENDING: tuple[Strategy, ...] = (
    Strategy(theorems.REJECTS),
    Strategy(theorems.REDESCENDS, fades),
    Strategy(theorems.CLIMBS, risen),
    Strategy(theorems.STAYS, remains),
)
ERROR_MONOTONE: tuple[Strategy, ...] = (
    Strategy(theorems.ERROR_COUNTS),
    Strategy(theorems.ERROR_PAYS, falls),
)
HOMOGENEOUS: tuple[Strategy, ...] = (
    Strategy(homogeneity.HOMOGENEOUS_PARTS, degrees),
    Strategy(homogeneity.HOMOGENEOUS, degrees),
    Strategy(homogeneity.NOT_HOMOGENEOUS, uneven),
)
BREGMAN: tuple[Strategy, ...] = (
    Strategy(bregman.BREGMAN, generators),
    Strategy(bregman.NOT_BREGMAN, bends),
)
JOINTLY_CONVEX: tuple[Strategy, ...] = (
    Strategy(joint.JOINTLY_CONVEX),
    Strategy(joint.NOT_JOINTLY_CONVEX, saddles),
)
