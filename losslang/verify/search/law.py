"""Laws on two values at which a regression loss is seen not to elicit a functional."""

from __future__ import annotations

import math
from fractions import Fraction

from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.readings import Regression
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case
from losslang.verify.theorems.not_elicited import SHARES, Along
from losslang.verify.verdict import Witness
from losslang.verify.wording import short

STEPS = 400


def witness(case: Case) -> Witness | None:
    """The law, its functional, and a prediction with a smaller expected loss."""
    reading: Regression = case.reading
    guess = case.guess
    if reading.region.variables:
        return None
    first, second, share, f = (guess[n] for n in ("first", "second", "share", "prediction"))
    better = guess.get("better")
    if better is None:
        better = _better(reading, first, second, share)
    gain = _expected(reading, first, second, share, f) - _expected(
        reading, first, second, share, better
    )
    if gain.free_symbols or compile_tape(gain, ()).float(()) <= 0:
        return None
    word = " ".join(case.question.arguments) or "functional"
    return Witness(
        {
            "target": (first, second),
            "probability": (share, 1 - share),
            word: guess["target"],
            reading.inputs[0]: f,
            "better": better,
        },
        (Sign(gain, ">"),),
        f"for a target that is {first} with probability {share} and else {second}, whose {word} is "
        f"{guess['target']}, the prediction {better} has a smaller expected loss than {f}",
    )


def never_stationary(case: Case) -> Witness | None:
    """Two values, and laws on them for which the best predictions of neither are best."""
    reading, guess = case.reading, case.guess
    if reading.region.variables:
        return None
    first, second, f, other = (guess[n] for n in ("first", "second", "prediction", "other"))
    facts: list[Sign] = []
    found: list[Expr] = []
    for share in SHARES:
        better = _better(reading, first, second, share)
        least = _expected(reading, first, second, share, better)
        costs = (_expected(reading, first, second, share, each) for each in (f, other))
        facts += [Sign(cost - least, ">") for cost in costs]
        found.append(better)
    return Witness(
        {"target": (first, second), reading.inputs[0]: (f, other), "better": tuple(found)},
        tuple(facts),
        f"a target that is {first} with probability {' or '.join(map(str, SHARES))} and else "
        f"{second} has no other quantiles than {first} and {second}, yet {found[0]} or {found[1]} "
        f"costs less than what is best for those, {f} and {other}",
    )


def out_of_proportion(case: Case) -> Witness | None:
    """Two targets below a prediction, and the slopes there."""
    reading, guess = case.reading, case.guess
    if reading.region.variables:
        return None
    first, second, t, f = (guess[n] for n in ("first", "second", "target", "prediction"))
    slopes = tuple(Along.of(reading, y).slope(f)[0] for y in (first, second))
    uneven = guess["sign"] * (slopes[0] * (t - second) - slopes[1] * (t - first))
    return Witness(
        {"target": (first, second), reading.inputs[0]: f, "slopes": slopes},
        (Sign(uneven, ">"),),
        f"at {f}, which is best for the target {t}, the loss has the slopes {short(slopes[0])} and "
        f"{short(slopes[1])} for the targets {first} and {second}, which is not in proportion to "
        f"their distances {t - first} and {t - second} from {t}",
    )


def _expected(reading: Regression, first: Expr, second: Expr, share: Expr, f: Expr) -> Expr:
    def loss(y: Expr) -> Expr:
        value: Expr = substitute(reading.loss, {reading.prediction: f, reading.target: y})
        return value

    return share * loss(first) + (1 - share) * loss(second)


def _better(reading: Regression, first: Expr, second: Expr, share: Expr) -> Expr:
    """A prediction with a small expected loss, as a short fraction."""
    expected = _expected(reading, first, second, share, reading.prediction)
    tape = compile_tape(expected, (reading.prediction,))
    low, high = _ends(reading, first, second)
    grid = [low + (high - low) * n / STEPS for n in range(1, STEPS)]
    least = min(grid, key=lambda f: _finite(tape.float([f])))
    return Rational(Fraction(least).limit_denominator(50))


def _ends(reading: Regression, first: Expr, second: Expr) -> tuple[float, float]:
    low, high = sorted((float(first), float(second)))
    bounds, margin = reading.prediction_bounds, 1 + high - low
    ends = low - margin, high + margin
    least = ends[0] if bounds.low == S.NegativeInfinity else max(ends[0], float(bounds.low))
    most = ends[1] if bounds.high == S.Infinity else min(ends[1], float(bounds.high))
    return least, most


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf
