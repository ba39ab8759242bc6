"""Which functional of the target's distribution a regression loss elicits.

A loss elicits a functional T if, whenever T(Y) corresponds to an allowed prediction, the minimiser
of the expected loss E L(Y, f) is T(Y) or a fixed increasing function of it (the value says which).
Y is any random target with finitely many values. All of it rests on one lemma, proved in
docs/design/theory.md: a continuous loss whose slope in f is w(f) V(f, y), w > 0, has its minimum
where E V(f, Y) changes its sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.readings import Regression, Residual
from losslang.verify.settle import settled
from losslang.verify.statement import LINE, Bounds, Region
from losslang.verify.theorem import Case, Premise, Question, Theorem
from losslang.verify.theorems.pieces import Pieces, Silent, jump, known_pieces
from losslang.verify.theorems.premises import continuous, everywhere, sign, stated

MEAN = sympy.Symbol("<mean>", real=True)
"""In the guess ``inverse``: the number that the link of the minimiser is."""

E = sympy.Function("E")
"""In values: the expectation."""
QUANTILE, EXPECTILE, LOCATION = map(sympy.Function, ("quantile", "expectile", "location"))
"""In values: functionals of the target's law; a third argument of the first is a weight."""

SOURCE = "proof in docs/design/theory.md: The sign of an identification function"
GNEITING = "Gneiting 2011, Making and Evaluating Point Forecasts, theorem "


def asked(case: Case, *words: str) -> None:
    """Silent unless the question is about one of the functionals, or about any."""
    if case.question.property == "elicits" and case.question.arguments[:1] not in [
        (w,) for w in words
    ]:
        raise Silent


def level(reading: Regression, question: Question) -> Expr | None:
    """The level that a question names, a number or a hyperparameter; ``None`` without one."""
    if question.arguments[:1] == ("median",):
        return Rational(1, 2)
    if len(question.arguments) < 2:
        return None
    word = question.arguments[1]
    named = {symbol.name: symbol for symbol in reading.region.symbols}
    try:
        return named.get(word) or Rational(word)
    except (TypeError, ValueError):
        raise Silent from None


def opened(bounds: Bounds) -> Bounds:
    """The interval without its ends."""
    return Bounds(bounds.low, bounds.high)


def smooth(function: Expr, variable: sympy.Symbol, bounds: Bounds, region: Region) -> Pieces:
    """The smooth pieces of a function; Silent where they are not to be had."""
    return known_pieces(region, variable, bounds, settled(function, region))


def only(expr: Expr, region: Region, *symbols: sympy.Symbol) -> Expr:
    """A guessed formula, which may speak of the region's variables and ``symbols`` alone."""
    if not expr.free_symbols <= {*region.symbols, *symbols}:
        raise Silent
    return expr


# ---------------------------------------------------------------- means


@stated
def _mean(case: Case) -> Iterable[Premise]:
    asked(case, "mean")
    return _ratio(case, case.reading.target, S.One)


@stated
def _middle(case: Case) -> Iterable[Premise]:
    asked(case, "expectile")
    wanted = level(case.reading, case.question)
    if wanted is not None:
        yield sign("the level is 1/2", wanted - Rational(1, 2), "==", case.reading.region)
    yield from _ratio(case, case.reading.target, S.One)


@stated
def _ratio_of_means(case: Case) -> Iterable[Premise]:
    y, guess = case.reading.target, case.guess
    return _ratio(case, *(only(guess[n], case.reading.region, y) for n in ("response", "scale")))


def _ratio(case: Case, response: Expr, scale: Expr) -> Iterator[Premise]:
    """The slope is w(f) (a(f) v(y) - h(y)), so it changes its sign where a(f) = E h / E v."""
    reading: Regression = case.reading
    f, y, region = reading.prediction, reading.target, reading.region
    weight, link = (only(case.guess[name], region, f) for name in ("weight", "link"))
    inverse = only(case.guess["inverse"], region, MEAN)
    targets = region.having(y, reading.target_bounds)
    predictions = region.having(f, opened(reading.prediction_bounds))
    p = smooth(reading.loss, f, reading.prediction_bounds, targets)
    slope = weight * (link * scale - response)
    yield from continuous(p)
    yield from everywhere(p, "the slope factors", lambda n: _gap(p.formula(n, 1), slope), "==")
    yield sign("the weight is positive", weight, ">", predictions)
    yield sign("the link increases", derivative(link, f), ">", predictions)
    yield sign("the scale is positive", scale, ">", targets)
    yield sign("the link is inverted", substitute(inverse, {MEAN: link}) - f, "==", predictions)


def _gap(one: Expr, other: Expr) -> Expr:
    """The difference, which is 0 if the two are the same multiplied out."""
    gap = one - other
    return S.Zero if sympy.expand(gap) == S.Zero else gap


def _mean_value(case: Case) -> Expr:
    guess, scale = case.guess, case.guess.get("scale", S.One)
    average = _expectation(guess.get("response", case.reading.target))
    value: Expr = substitute(guess["inverse"], {MEAN: average / _expectation(scale)})
    return value


def _expectation(expr: Expr) -> Expr:
    number, rest = expr.as_coeff_Mul()
    return number * (rest if rest == S.One else E(rest))


ELICITS_MEAN = Theorem(
    "elicits-mean",
    "elicits",
    Regression,
    "the slope in the prediction f is w(f) (a(f) - y), w positive and a increasing",
    f"{GNEITING}7; {SOURCE}",
    _mean,
    value=_mean_value,
)
ELICITS_MIDDLE = Theorem(
    "elicits-middle-expectile",
    "elicits",
    Regression,
    "the loss elicits the mean, which is the expectile at 1/2",
    f"{GNEITING}7; {SOURCE}",
    _middle,
    value=lambda _: Rational(1, 2),
)
MINIMISER_MEAN = Theorem(
    "minimiser-mean",
    "minimiser",
    Regression,
    "the slope in f is w(f) (a(f) v(y) - h(y)), w, v positive, a increasing: a(f) = E h / E v",
    f"{GNEITING}8; {SOURCE}",
    _ratio_of_means,
    value=_mean_value,
)


# ---------------------------------------------------------------- quantiles and expectiles


@stated
def _quantile(case: Case) -> Iterable[Premise]:
    asked(case, "quantile", "median")
    at = case.guess["level"]
    scale = case.guess.get("scale", S.One)
    if case.question.property == "elicits" and scale != S.One:
        raise Silent
    return _tilted(case, scale, -at, 1 - at)


@stated
def _expectile(case: Case) -> Iterable[Premise]:
    asked(case, "expectile")
    at, gap = case.guess["level"], case.reading.prediction - case.reading.target
    return _tilted(case, S.One, at * gap, (1 - at) * gap)


def _tilted(case: Case, scale: Expr, low: Expr, high: Expr) -> Iterator[Premise]:
    """The slope is w(f) v(y) ``low`` where f < y, and w(f) v(y) ``high`` where f > y."""
    reading: Regression = case.reading
    f, y, region = reading.prediction, reading.target, reading.region
    weight, at = only(case.guess["weight"], region, f), only(case.guess["level"], region)
    factor = weight * only(scale, region, y)
    wanted = level(reading, case.question)
    whole, targets = reading.prediction_bounds, region.having(y, opened(reading.target_bounds))
    if not _covers(whole, reading.target_bounds):
        raise Silent
    below = smooth(reading.loss, f, Bounds(whole.low, y, whole.low_closed), targets)
    above = smooth(reading.loss, f, Bounds(y, whole.high, False, whole.high_closed), targets)
    if wanted is not None:
        yield sign(f"the level is {wanted}", at - wanted, "==", region)
    yield sign("the level is above 0", at, ">", region)
    yield sign("the level is below 1", 1 - at, ">", region)
    yield from _sloped(below, "below", len(below) - 1, y, factor * low)
    yield from _sloped(above, "above", 0, y, factor * high)
    yield sign("the weight is positive", weight, ">", region.having(f, opened(whole)))
    yield sign("the scale is positive", scale, ">", targets)


def _sloped(p: Pieces, side: str, last: int, y: Expr, slope: Expr) -> Iterator[Premise]:
    """On one side of the target the loss has the slope; piece ``last`` leads up to the target."""
    yield from continuous(p)
    jump = p.at(last, y) - p.value(y)
    yield sign(f"the loss is continuous from {side}", jump, "==", p.region)
    label = f"the slope {side} the target"
    yield from everywhere(p, label, lambda n: p.formula(n, 1) - slope, "==")


def _covers(predictions: Bounds, targets: Bounds) -> bool:
    """Whether the targets are open and plainly allowed as predictions."""
    low = targets.low == predictions.low or predictions.low == S.NegativeInfinity
    high = targets.high == predictions.high or predictions.high == S.Infinity
    shared = (targets.low_closed and targets.low == predictions.low) or (
        targets.high_closed and targets.high == predictions.high
    )
    return low and high and not shared


def _quantile_value(case: Case) -> Expr:
    scale = case.guess.get("scale", S.One)
    value: Expr = QUANTILE(
        case.reading.target, case.guess["level"], *([scale] if scale != S.One else [])
    )
    return value


ELICITS_QUANTILE = Theorem(
    "elicits-quantile",
    "elicits",
    Regression,
    "the slope in f is w(f) > 0 times -tau below the target and times 1 - tau above it",
    f"{GNEITING}9; {SOURCE}",
    _quantile,
    value=lambda case: case.guess["level"],
)
ELICITS_EXPECTILE = Theorem(
    "elicits-expectile",
    "elicits",
    Regression,
    "the slope in f is w(f) (f - y), w > 0, times tau below the target and 1 - tau above it",
    f"{GNEITING}10; {SOURCE}",
    _expectile,
    value=lambda case: case.guess["level"],
)
MINIMISER_QUANTILE = Theorem(
    "minimiser-quantile",
    "minimiser",
    Regression,
    "the slope in f is w(f) v(y) > 0 times -tau below the target and times 1 - tau above it",
    f"{GNEITING}9, and 5 for the weight v; {SOURCE}",
    _quantile,
    value=_quantile_value,
)
MINIMISER_EXPECTILE = Theorem(
    "minimiser-expectile",
    "minimiser",
    Regression,
    ELICITS_EXPECTILE.says,
    ELICITS_EXPECTILE.source,
    _expectile,
    value=lambda case: EXPECTILE(case.reading.target, case.guess["level"]),
)


# ---------------------------------------------------------------- location


@stated
def _location(case: Case) -> Iterator[Premise]:
    reading: Residual = case.reading
    p = smooth(reading.rho, reading.r, LINE, reading.region)
    yield from continuous(p)
    yield from everywhere(p, "psi does not decrease", lambda n: p.formula(n, 2), ">=")
    for n, joint in enumerate(p.joints):
        yield sign(f"psi does not drop at {joint}", jump(p, n), ">=", p.region)


MINIMISER_LOCATION = Theorem(
    "minimiser-location",
    "minimiser",
    Residual,
    "rho is convex, so the minimisers are the f at which E psi(f - Y) passes through 0, psi = rho'",
    "Huber 1964, Robust Estimation of a Location Parameter, section 3",
    _location,
    value=lambda case: LOCATION(derivative(case.reading.rho, case.reading.r), case.reading.r),
)

THEOREMS = (
    *(ELICITS_MEAN, ELICITS_QUANTILE, ELICITS_EXPECTILE, ELICITS_MIDDLE),
    *(MINIMISER_MEAN, MINIMISER_QUANTILE, MINIMISER_EXPECTILE, MINIMISER_LOCATION),
)
