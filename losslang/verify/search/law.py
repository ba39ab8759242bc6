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
from losslang.verify.verdict import Witness

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
