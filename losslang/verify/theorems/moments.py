"""Losses of a prediction f and a variance v that the mean and variance of the target minimise."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.readings import Regression
from losslang.verify.statement import LINE, POSITIVE, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only, smooth
from losslang.verify.theorems.pieces import Pieces, Silent, defined
from losslang.verify.theorems.premises import continuous, sign, stated

NIX = (
    "Nix and Weigend 1994, Estimating the Mean and Variance of the Target Probability Distribution"
)
PROOF = "proof in docs/design/theory.md: A mean and a variance"


def variance(reading: Regression) -> sympy.Symbol:
    """The one input besides prediction and target, a positive number. Silent without."""
    if len(reading.others) != 1 or reading.prediction_bounds != LINE:
        raise Silent
    (v,) = reading.others
    if reading.region.bounds(v) != POSITIVE:
        raise Silent
    return v


def slopes(reading: Regression) -> tuple[Pieces, Pieces]:
    """The loss along the prediction and along the variance, smooth. Silent where it has kinks."""
    f, y, v = reading.prediction, reading.target, variance(reading)
    targets = reading.region.having(y, reading.target_bounds)
    kept = tuple(pair for pair in targets.having(f, LINE).variables if pair[0] != v)
    others = Region(kept, targets.conditions, targets.reads)
    pair = smooth(reading.loss, f, LINE, targets), smooth(reading.loss, v, POSITIVE, others)
    if any(len(p) != 1 for p in pair):
        raise Silent
    return pair


@stated
def _moments(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    f, y, v = reading.prediction, reading.target, variance(reading)
    along_f, along_v = slopes(reading)
    for p, name, gap in (
        (along_f, "weight of the mean", f - y),
        (along_v, "weight of the variance", v - (f - y) ** 2),
    ):
        weight = only(case.guess[name], reading.region, f)
        yield from continuous(p)
        yield sign("the slope factors", p.formula(0, 1) - weight * gap, "==", p.where(0))
        yield sign("the weight is positive", weight, ">", reading.region.having(f, LINE))


@stated
def _other_moments(case: Case) -> Iterator[Premise]:
    """The target is 1 or -1, each with one half: its mean is 0 and its variance 1."""
    reading: Regression = case.reading
    if reading.target_bounds != LINE or reading.target.is_integer:
        raise Silent
    total: Expr = S.Zero
    along_f, along_v = slopes(reading)
    p = along_v if case.guess["in"] == S.One else along_f
    for y in (S.One, S.NegativeOne):
        rule = {reading.target: y, reading.prediction: S.Zero, variance(reading): S.One}
        total += defined(p.formula(0, 1), rule)
    left = reading.region.setting({variance(reading): S.One})
    yield sign("the slope of the expected loss is not 0", total, "!=", left)


MOMENTS = Theorem(
    "mean-and-variance",
    "elicits_variance",
    Regression,
    "the slopes are w (f - y) and u (v - (f - y)^2), with positive w and u that know no y",
    f"{NIX}, section 2; {PROOF}",
    _moments,
    value=lambda case: variance(case.reading),
)
OTHER_MOMENTS = Theorem(
    "not-mean-and-variance",
    "elicits_variance",
    Regression,
    "for the target 1 or -1 the expected loss has a slope at the mean 0 and the variance 1",
    f"{NIX}, section 2; {PROOF}",
    _other_moments,
    holds=False,
)

THEOREMS = (MOMENTS, OTHER_MOMENTS)
