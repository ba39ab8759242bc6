"""Regression losses that are negative log-likelihoods, up to a term in the target alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.readings import Regression
from losslang.verify.statement import LINE, POSITIVE, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.pieces import Silent, defined
from losslang.verify.theorems.premises import lies_in, sign, stated

LAWS: Mapping[str, Callable[[Expr, Expr, Expr], Expr]] = {
    "normal": lambda f, y, scale: (y - f) ** 2 / (2 * scale) + sympy.log(scale) / 2,
    "laplace": lambda f, y, scale: sympy.Abs(y - f) / scale + sympy.log(scale),
    "poisson": lambda f, y, scale: sympy.exp(f) - y * f,
}
"""-log of the density at y, without terms in y alone, by the prediction f and by what else is
predicted, 1 for a loss without: the normal law of the mean f and that variance, the Laplace law of
the median f and that scale, and the law of counts whose rate is exp(f)."""


def scale(reading: Regression, law: str) -> sympy.Symbol | None:
    """The input that is the law's scale; ``None`` without one. Silent for other inputs."""
    others = reading.others
    if len(others) > (0 if law == "poisson" else 1) or reading.prediction_bounds != LINE:
        raise Silent
    if any(reading.region.bounds(symbol) != POSITIVE for symbol in others):
        raise Silent
    return others[0] if others else None


def gap(case: Case) -> tuple[Expr, Region]:
    """What the loss has more than -log of the density, and where. Silent for an unknown law."""
    reading: Regression = case.reading
    (law,) = case.question.arguments or ("",)
    if law not in LAWS:
        raise Silent
    f, y, known = reading.prediction, reading.target, scale(reading, law)
    region = reading.region.having(y, reading.target_bounds).having(f, LINE)
    return reading.loss - LAWS[law](f, y, known or S.One), region


def start(reading: Regression) -> dict[sympy.Symbol, Expr]:
    """The prediction 0 and the scale 1."""
    return {reading.prediction: S.Zero, **dict.fromkeys(reading.others, S.One)}


@stated
def _likelihood(case: Case) -> Iterator[Premise]:
    more, region = gap(case)
    here = substitute(more, start(case.reading))
    yield sign("what is more depends on the target alone", more - here, "==", region)


@stated
def _no_likelihood(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    more, _ = gap(case)
    there = {s: case.guess[s.name] for s in (*start(reading), reading.target)}
    if not all(number.is_Rational for number in there.values()):
        raise Silent
    if reading.target.is_integer and not there[reading.target].is_integer:
        raise Silent
    bounds = {**dict.fromkeys(reading.others, POSITIVE), reading.target: reading.target_bounds}
    for symbol, within in bounds.items():
        yield from lies_in("it is allowed", there[symbol], within, Region())
    here = start(reading) | {reading.target: there[reading.target]}
    left = reading.region.setting(dict.fromkeys(reading.others, S.One))
    more = defined(more, there) - defined(more, here)
    yield sign("what is more is not the same for another prediction", more, "!=", left)


LIKELIHOOD = Theorem(
    "likelihood",
    "likelihood",
    Regression,
    "the loss less -log of the law's density does not depend on what is predicted",
    "the definition",
    _likelihood,
)
NO_LIKELIHOOD = Theorem(
    "no-likelihood",
    "likelihood",
    Regression,
    "the loss less -log of the law's density is another number for another prediction",
    "the definition",
    _no_likelihood,
    holds=False,
)

THEOREMS = (LIKELIHOOD, NO_LIKELIHOOD)
