"""Guesses for what a regression loss elicits: factors of its slope, and laws that give it away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product

import sympy
from sympy import Expr, Rational, S, Symbol

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify import solving
from losslang.verify.cells import cells
from losslang.verify.property import Strategy
from losslang.verify.readings import Regression
from losslang.verify.search.law import never_stationary, out_of_proportion, witness
from losslang.verify.search.numbers import likely, sign_of
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import elicitation, not_elicited
from losslang.verify.theorems.elicitation import MEAN

HALF = Rational(1, 2)


# ---------------------------------------------------------------- the slope in factors


def _slopes(reading: Regression, bounds: Bounds) -> list[Expr]:
    """The slopes in the prediction of the pieces within ``bounds``."""
    region = reading.region.having(reading.target, reading.target_bounds)
    found = cells(reading.loss, reading.prediction, bounds, region) or ()
    return [_spread(derivative(cell.formula, reading.prediction)) for cell in found]


def _spread(expr: Expr) -> Expr:
    """A sum of products, with exponentials and powers of sums taken apart."""
    return sympy.expand(sympy.expand_power_exp(sympy.expand(expr)))


def _separated(slope: Expr, f: Symbol, y: Symbol) -> dict[Expr, Expr] | None:
    """``slope`` as a sum of parts in ``f`` by their factors in ``y``."""
    found: dict[Expr, Expr] = {}
    for term in sympy.Add.make_args(slope):
        rest, in_y = term.as_independent(y, as_Add=False)
        if f in in_y.free_symbols:
            return None
        number, in_y = in_y.as_coeff_Mul()
        found[in_y] = found.get(in_y, S.Zero) + number * rest
    return {v: part for v, part in found.items() if sympy.simplify(part) != 0}


def ratios(reading: Regression, question: Question) -> Iterator[Guess]:
    """The parts of a slope w(f) (a(f) v(y) - h(y)), and the inverse of the link a."""
    f, y = reading.prediction, reading.target
    slopes = _slopes(reading, reading.prediction_bounds)
    for slope in dict.fromkeys(slopes):
        parts = _separated(slope, f, y)
        if parts is None or len(parts) != 2:
            continue
        pairs = list(parts.items())
        pairs.sort(key=lambda pair: pair[0] != S.One)
        for (scale, rising), (response, falling) in (pairs, pairs[::-1]):
            for flip in (1, -1):
                weight = sympy.factor(-flip * falling)
                link = sympy.simplify(sympy.powsimp(rising / weight))
                for inverse in _inverses(link, f):
                    yield {
                        "weight": weight,
                        "link": link,
                        "scale": scale,
                        "response": flip * response,
                        "inverse": inverse,
                    }


def _inverses(link: Expr, f: Symbol) -> Iterator[Expr]:
    if link == f:
        yield MEAN
        return
    plain = Symbol(f.name, real=True)
    try:
        found = solving.solve(link.xreplace({f: plain}) - MEAN, plain)
    except (NotImplementedError, ValueError, TypeError):
        return
    for root in found:
        if root.free_symbols.isdisjoint((f, plain)):
            yield root


def means(reading: Regression, question: Question) -> Iterator[Guess]:
    """Of those, the ones whose response is the target itself."""
    if question.arguments[:1] in (("median",), ("quantile",)):
        return
    for guess in ratios(reading, question):
        if guess["scale"] == S.One:
            ratio = sympy.simplify(guess["response"] / reading.target)
            if not ratio.free_symbols & {reading.target, reading.prediction}:
                link = sympy.expand(guess["link"] / ratio)
                inverse = substitute(guess["inverse"], {MEAN: MEAN * ratio})
                weight = sympy.expand(guess["weight"] * ratio)
                yield {"weight": weight, "link": link, "inverse": inverse}


def _tilts(reading: Regression) -> tuple[Expr, Expr] | None:
    """The slopes below and above the target, if there is one of each."""
    y, whole = reading.target, reading.prediction_bounds
    low = set(_slopes(reading, Bounds(whole.low, y)))
    high = set(_slopes(reading, Bounds(y, whole.high)))
    return (low.pop(), high.pop()) if len(low) == 1 == len(high) else None


def quantiles(reading: Regression, question: Question) -> Iterator[Guess]:
    """Level, weight and scale of slopes -tau w(f) v(y) and (1 - tau) w(f) v(y)."""
    yield from _levels(reading, S.One)


def expectiles(reading: Regression, question: Question) -> Iterator[Guess]:
    """Level and weight of slopes tau w(f) (f - y) and (1 - tau) w(f) (f - y)."""
    yield from _levels(reading, reading.prediction - reading.target)


def _levels(reading: Regression, gap: Expr) -> Iterator[Guess]:
    slopes = _tilts(reading)
    if slopes is None:
        return
    low, high = (sympy.simplify(s / gap) for s in slopes)
    if gap == S.One:
        low = -low
    total = sympy.factor(sympy.simplify(low + high))
    at = sympy.simplify(low / total) if total != 0 else S.NaN
    if at.free_symbols & {reading.prediction, reading.target}:
        return
    rest, scale = total.as_independent(reading.target, as_Add=False)
    for flip in (1, -1):
        yield {"level": at, "weight": flip * rest, "scale": flip * scale}


# ---------------------------------------------------------------- laws on two values

TRIES, ENOUGH = 40, 2
VALUES = ((0, 1), (0, 4), (-3, 1), (1, 2), (1, 5), (1, 10))


def scales(reading: Regression) -> Iterator[Expr]:
    """Units for residuals: hyperparameters that may measure them, then one."""
    for symbol in reading.region.symbols:
        if symbol.is_positive and not symbol.is_integer:
            yield symbol
            yield 1 / symbol
    yield S.One


def _tilting(reading: Regression) -> list[Expr]:
    """Hyperparameters between 0 and 1, and the loss's own level if it seems to have one."""
    levels = islice((guess["level"] for guess in _levels(reading, S.One)), 1)
    symbols = [
        s
        for s, b in reading.region.variables
        if b.low.is_nonnegative and (1 - b.high).is_nonnegative
    ]
    return list(dict.fromkeys((*symbols, *levels)))


def _shares(reading: Regression) -> list[Expr]:
    tilts = [share for t in _tilting(reading) for share in (t / 2, (1 + t) / 2, (t + HALF) / 2)]
    return [HALF, Rational(3, 4), Rational(1, 4), *tilts]


def _laws(reading: Regression, question: Question) -> Iterator[Guess]:
    """Laws on two values with the functional that is asked about."""
    word, at = question.arguments[0], elicitation.level(reading, question)
    for unit, (low, high), share in product(scales(reading), VALUES, _shares(reading)):
        first, second = S(low * unit), S(high * unit)
        law = {"first": first, "second": second, "share": share}
        if word == "mean":
            yield law | {"target": sympy.expand(share * first + (1 - share) * second)}
        elif word == "expectile" and at is not None:
            weights = (1 - at) * share, at * (1 - share)
            t = sympy.simplify((weights[0] * first + weights[1] * second) / sympy.Add(*weights))
            yield law | {"target": t}
        elif at is not None:
            yield from (law | {"target": t} for t in (first, second))


def _best(reading: Regression, y: Expr) -> Iterator[Expr]:
    """What may be the best prediction for a target that is ``y`` for sure."""
    yield y
    f = Symbol(reading.prediction.name, real=True)
    slope = derivative(substitute(reading.loss, {reading.target: y}), reading.prediction)
    if slope.has(sympy.exp, sympy.log) and slope.free_symbols <= {reading.prediction}:
        try:
            yield from solving.solve(substitute(slope, {reading.prediction: f}), f)
        except (NotImplementedError, ValueError, TypeError):
            return


def by_slope(reading: Regression, question: Question) -> Iterable[Guess]:
    """Laws whose functional is no stationary point."""
    slope = derivative(reading.loss, reading.prediction)
    return islice(_by_slope(reading, question, slope), ENOUGH)


def _by_slope(reading: Regression, question: Question, slope: Expr) -> Iterator[Guess]:
    for law in islice(_laws(reading, question), TRIES):
        for f in _best(reading, law["target"]):
            at = [
                substitute(slope, {reading.prediction: f, reading.target: law[n]})
                for n in ("first", "second")
            ]
            sign = sign_of(law["share"] * at[0] + (1 - law["share"]) * at[1], reading.region)
            if sign:
                guess = {**law, "prediction": f, "sign": S(sign)}
                if likely(not_elicited.NOT_BY_SLOPE, Case(reading, question, guess)):
                    yield guess


def by_value(reading: Regression, question: Question) -> Iterable[Guess]:
    """Laws for which some prediction beats the functional."""
    return islice(_by_value(reading, question), ENOUGH)


def _by_value(reading: Regression, question: Question) -> Iterator[Guess]:
    levels = _tilting(reading)
    for law in _laws(reading, question):
        first, second = law["first"], law["second"]
        tilts = [(1 - t) * first + t * second for t in levels]
        middle = [first + (second - first) * Rational(n, 6) for n in range(1, 6)]
        for f in _best(reading, law["target"]):
            for better in (first, second, *tilts, *middle):
                gain = _gain(reading, law, f, better)
                if better != f and sign_of(gain, reading.region) == 1:
                    guess = {**law, "prediction": f, "better": better}
                    if likely(not_elicited.NOT_BY_VALUE, Case(reading, question, guess)):
                        yield guess


def _gain(reading: Regression, law: Guess, f: Expr, better: Expr) -> Expr:
    def loss(prediction: Expr, target: Expr) -> Expr:
        return substitute(reading.loss, {reading.prediction: prediction, reading.target: target})

    weighted = ((law["first"], law["share"]), (law["second"], 1 - law["share"]))
    return sympy.Add(*(w * (loss(f, y) - loss(better, y)) for y, w in weighted))


def plateaus(reading: Regression, question: Question) -> Iterator[Guess]:
    """A target for which two predictions seem equally good, and none better."""
    for unit, t, (low, high) in product(scales(reading), (0, 2), ((-HALF, HALF), (-1, 0), (0, 1))):
        place = {"target": t * unit, "prediction": (t + low) * unit, "other": (t + high) * unit}
        guess = {name: S(value) for name, value in place.items()}
        if likely(not_elicited.AMBIGUOUS, Case(reading, question, guess)):
            yield guess


def no_quantile(reading: Regression, question: Question) -> Iterator[Guess]:
    """Two values neither of which is ever stationary."""
    for unit, (low, high) in product(scales(reading), VALUES):
        first, second = low * unit, high * unit
        for f, other in product(_best(reading, first), _best(reading, second)):
            for sign in (-1, 1):
                law = {"first": first, "second": second, "sign": S(sign)}
                guess = law | {"prediction": f, "other": other}
                if likely(not_elicited.NO_QUANTILE, Case(reading, question, guess)):
                    yield guess


TRIPLES = ((-2, Rational(-1, 2), 1), (-4, -1, 2), (-3, -1, 1), (-5, -2, 3))


def no_expectile(reading: Regression, question: Question) -> Iterator[Guess]:
    """A prediction and two targets below it whose slopes are out of proportion."""
    for unit, (low, middle, high), t in product(scales(reading), TRIPLES, (0, 6)):
        for f in _best(reading, S(t) * unit):
            for sign in (-1, 1):
                guess = {
                    "first": (t + low) * unit,
                    "second": (t + middle) * unit,
                    "upper": (t + high) * unit,
                    "target": S(t) * unit,
                    "prediction": f,
                    "sign": S(sign),
                }
                if likely(not_elicited.NO_EXPECTILE, Case(reading, question, guess)):
                    yield guess


ELICITS: tuple[Strategy, ...] = (
    Strategy(elicitation.ELICITS_MEAN, means),
    Strategy(elicitation.ELICITS_QUANTILE, quantiles),
    Strategy(elicitation.ELICITS_EXPECTILE, expectiles),
    Strategy(elicitation.ELICITS_MIDDLE, means),
    Strategy(not_elicited.NOT_BY_SLOPE, by_slope, witness),
    Strategy(not_elicited.NOT_BY_VALUE, by_value, witness),
    Strategy(not_elicited.AMBIGUOUS, plateaus),
    Strategy(not_elicited.NO_QUANTILE, no_quantile, never_stationary),
    Strategy(not_elicited.NO_EXPECTILE, no_expectile, out_of_proportion),
)
MINIMISER: tuple[Strategy, ...] = (
    Strategy(elicitation.MINIMISER_MEAN, ratios),
    Strategy(elicitation.MINIMISER_QUANTILE, quantiles),
    Strategy(elicitation.MINIMISER_EXPECTILE, expectiles),
    Strategy(elicitation.MINIMISER_LOCATION),
)
