"""Which functionals a regression loss does not elicit: laws on two values that give it away.

The mean, the quantiles and the expectiles of a target that is t for sure are t. So a loss that
elicits one has the same best predictions for every law with that functional as for t alone. Each
theorem names a law, with the weight ``share`` on ``first`` and the rest on ``second``, whose
functional is ``target``, and the one ``prediction`` that is best for ``target`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.compose import spread
from losslang.verify.readings import Regression
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import asked, level, only, smooth
from losslang.verify.theorems.pieces import Pieces, Silent, jump
from losslang.verify.theorems.premises import continuous, everywhere, inside, lies_in, sign, stated

TWO_LAWS = "proof in docs/design/theory.md: Two laws with one mean"
NO_LEVEL = "proof in docs/design/theory.md: No level fits"


@dataclass(frozen=True)
class Along:
    """The loss along the prediction, for one target."""

    pieces: Pieces

    @classmethod
    def of(cls, reading: Regression, y: Expr, bounds: Bounds | None = None) -> Along:
        """Silent for what can be no target."""
        loss = substitute(reading.loss, {reading.target: only(y, reading.region)})
        within = reading.prediction_bounds if bounds is None else bounds
        return cls(smooth(loss, reading.prediction, within, reading.region))

    def value(self, f: Expr) -> tuple[Expr, list[Premise]]:
        """The loss at a prediction, by the formula of the piece that holds it if one does."""
        n = self._piece(f)
        return (self.pieces.value(f), []) if n is None else self._read(n, f, 0)

    def slope(self, f: Expr) -> tuple[Expr, list[Premise]]:
        """The slope at a prediction that is inside a piece, or between two that join smoothly."""
        n = self._piece(f)
        if n is not None:
            return self._read(n, f, 1)
        p = self.pieces
        if f not in p.joints:
            raise Silent
        n = p.joints.index(f)
        bend = sign("the slope does not jump", jump(p, n), "==", p.region)
        return p.at(n, f, 1), [*continuous(p), bend]

    def _read(self, n: int, f: Expr, order: int) -> tuple[Expr, list[Premise]]:
        return self.pieces.at(n, f, order), list(inside(self.pieces, n, f))

    def _piece(self, f: Expr) -> int | None:
        for n, span in enumerate(self.pieces.spans):
            ends = [(span.low, f - span.low), (span.high, span.high - f)]
            if all(self._is_positive(gap) for end, gap in ends if not end.is_infinite):
                return n
        return None

    def _is_positive(self, gap: Expr) -> bool:
        found = spread(sympy.expand(gap), self.pieces.region)
        return found is not None and found.positive


def _alone(reading: Regression, f: Expr, y: Expr) -> Iterator[Premise]:
    """``f`` is the only best prediction for the target ``y``."""
    whole = reading.prediction_bounds
    least, reasons = Along.of(reading, y).value(f)
    yield from reasons
    label = f"{f} is the best prediction for the target {y}"
    for side in (
        Bounds(whole.low, f, whole.low_closed),
        Bounds(f, whole.high, False, whole.high_closed),
    ):
        yield from _exceeds(Along.of(reading, y, side).pieces, least, label)


def _exceeds(p: Pieces, least: Expr, label: str) -> Iterator[Premise]:
    """A function is above a number, at the ends that it has as well."""
    yield from everywhere(p, label, lambda n: p.formula(n) - least, ">")
    bounds = p.bounds
    ends = [bounds.low] * bounds.low_closed + [bounds.high] * bounds.high_closed
    for point in (*p.joints, *ends):
        yield sign(label, p.value(point) - least, ">", p.region)


def _allowed(
    reading: Regression, predictions: Sequence[Expr], targets: Sequence[Expr]
) -> Iterator[Premise]:
    """The numbers can be what they stand for."""
    if reading.target.is_integer and not all(y.is_integer for y in targets):
        raise Silent
    for label, points, bounds in (
        ("a prediction is allowed", predictions, reading.prediction_bounds),
        ("a target is possible", targets, reading.target_bounds),
    ):
        for point in points:
            yield from lies_in(label, only(point, reading.region), bounds, reading.region)


# ---------------------------------------------------------------- a functional of known level


def _functional(case: Case, first: Expr, second: Expr, share: Expr, t: Expr) -> Iterator[Premise]:
    """The functional that is asked about is ``t``."""
    region, word = case.reading.region, case.question.arguments[0]
    yield sign("the share is positive", share, ">", region)
    yield sign("the share is below 1", 1 - share, ">", region)
    if word == "mean":
        yield sign(f"the mean is {t}", share * first + (1 - share) * second - t, "==", region)
        return
    at = level(case.reading, case.question)
    if at is None:
        raise Silent
    if word == "expectile":
        yield sign("the expectile is above one", t - first, ">", region)
        yield sign("the expectile is below the other", second - t, ">", region)
        tilt = (1 - at) * share * (t - first) - at * (1 - share) * (second - t)
        yield sign(f"the expectile is {t}", tilt, "==", region)
    elif t in (first, second):
        yield sign("the targets are in order", second - first, ">", region)
        yield sign(f"the quantile is {t}", share - at if t == first else at - share, ">", region)
    else:
        raise Silent


def _law(case: Case) -> tuple[Expr, ...]:
    asked(case, "mean", "median", "quantile", "expectile")
    only(case.guess["share"], case.reading.region)
    return tuple(case.guess[name] for name in ("first", "second", "share", "target", "prediction"))


def _slopes(
    reading: Regression, first: Expr, second: Expr, f: Expr
) -> tuple[tuple[Expr, Expr], tuple[Premise, ...]]:
    """The slopes of the losses of two targets at a prediction, and why there are any."""
    low, smooth_low = Along.of(reading, first).slope(f)
    high, smooth_high = Along.of(reading, second).slope(f)
    return (low, high), (*smooth_low, *smooth_high)


@stated
def _not_by_slope(case: Case) -> Iterator[Premise]:
    first, second, share, t, f = _law(case)
    reading = case.reading
    yield from _allowed(reading, [f], [first, second, t])
    yield from _functional(case, first, second, share, t)
    yield from _alone(reading, f, t)
    (low, high), smooth = _slopes(reading, first, second, f)
    yield from smooth
    mixed = case.guess["sign"] * (share * low + (1 - share) * high)
    yield sign(f"the expected loss is not stationary at {f}", mixed, ">", reading.region)


@stated
def _not_by_value(case: Case) -> Iterator[Premise]:
    first, second, share, t, f = _law(case)
    reading, better = case.reading, case.guess["better"]
    yield from _allowed(reading, [f, better], [first, second, t])
    yield from _functional(case, first, second, share, t)
    yield from _alone(reading, f, t)
    gain: Expr = S.Zero
    for y, weight in ((first, share), (second, 1 - share)):
        for prediction, side in ((f, 1), (better, -1)):
            value, reasons = Along.of(reading, y).value(prediction)
            yield from reasons
            gain += side * weight * value
    yield sign(f"{better} is better on average than {f}", gain, ">", reading.region)


NOT_BY_SLOPE = Theorem(
    "elicits-not-by-slope",
    "elicits",
    Regression,
    "a law has the functional t, but its expected loss is not stationary where t alone is best",
    TWO_LAWS,
    _not_by_slope,
    holds=False,
)
NOT_BY_VALUE = Theorem(
    "elicits-not-by-value",
    "elicits",
    Regression,
    "a law has the functional t, but some prediction beats the one that is best for t alone",
    TWO_LAWS,
    _not_by_value,
    holds=False,
)


@stated
def _ambiguous(case: Case) -> Iterator[Premise]:
    asked(case, "mean", "median", "quantile", "expectile")
    reading, guess = case.reading, case.guess
    t, f, other = (guess[name] for name in ("target", "prediction", "other"))
    yield from _allowed(reading, [f, other], [t])
    along = Along.of(reading, t)
    least, reasons = along.value(f)
    again, more = along.value(other)
    yield from (*reasons, *more)
    yield sign("the predictions differ", other - f, ">", reading.region)
    yield sign("the predictions are as good", again - least, "==", reading.region)
    label = f"none is better than {f} for the target {t}"
    yield from everywhere(along.pieces, label, lambda n: along.pieces.formula(n) - least, ">=")
    for point in along.pieces.joints:
        yield sign(label, along.pieces.value(point) - least, ">=", reading.region)


AMBIGUOUS = Theorem(
    "elicits-ambiguous",
    "elicits",
    Regression,
    "a target that is certain has two best predictions, but only one mean, quantile and expectile",
    "the definition",
    _ambiguous,
    holds=False,
)


# ---------------------------------------------------------------- no level at all

SHARES = (Rational(1, 2), Rational(1, 3))


def _any_level(case: Case, word: str) -> None:
    if case.question.arguments != (word,):
        raise Silent


@stated
def _no_quantile(case: Case) -> Iterator[Premise]:
    _any_level(case, "quantile")
    reading, guess = case.reading, case.guess
    first, second = guess["first"], guess["second"]
    bests = ((first, guess["prediction"], S.One), (second, guess["other"], S.NegativeOne))
    yield from _allowed(reading, [guess["prediction"], guess["other"]], [first, second])
    yield sign("the targets are in order", second - first, ">", reading.region)
    for y, f, side in bests:
        yield from _alone(reading, f, y)
        (low, high), smooth = _slopes(reading, first, second, f)
        yield from smooth
        for share in SHARES:
            mixed = side * guess["sign"] * (share * low + (1 - share) * high)
            yield sign(f"the expected loss is not stationary at {f}", mixed, ">", reading.region)


@stated
def _no_expectile(case: Case) -> Iterator[Premise]:
    _any_level(case, "expectile")
    reading, guess = case.reading, case.guess
    first, second, upper, t, f = (
        guess[n] for n in ("first", "second", "upper", "target", "prediction")
    )
    yield from _allowed(reading, [f], [first, second, upper, t])
    yield from _alone(reading, f, t)
    for gap in (t - first, t - second, upper - t):
        yield sign("the targets are in order", gap, ">", reading.region)
    slopes = []
    for y in (first, second, upper):
        slope, reasons = Along.of(reading, y).slope(f)
        slopes.append(slope)
        yield from reasons
    uneven = guess["sign"] * (slopes[0] * (t - second) - slopes[1] * (t - first))
    yield sign("the slopes are not in proportion to the distances", uneven, ">", reading.region)


NO_QUANTILE = Theorem(
    "elicits-no-quantile",
    "elicits",
    Regression,
    "for two laws on the same two values, neither value's best prediction is stationary",
    NO_LEVEL,
    _no_quantile,
    holds=False,
)
NO_EXPECTILE = Theorem(
    "elicits-no-expectile",
    "elicits",
    Regression,
    "the slopes at a prediction for two targets below are not in proportion to the distances",
    NO_LEVEL,
    _no_expectile,
    holds=False,
)

THEOREMS = (NOT_BY_SLOPE, NOT_BY_VALUE, AMBIGUOUS, NO_QUANTILE, NO_EXPECTILE)
