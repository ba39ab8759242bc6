"""Bregman divergences of a target and of a function of the prediction."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.readings import Regression
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only, opened, smooth
from losslang.verify.theorems.homogeneity import inside_of
from losslang.verify.theorems.not_elicited import Along
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import continuous, everywhere, sign, stated


@stated
def _bregman(case: Case) -> Iterator[Premise]:
    """D(y, a(f)) has the slope phi''(a(f)) a'(f) (a(f) - y) in f."""
    reading: Regression = case.reading
    f, y, region = reading.prediction, reading.target, reading.region
    generator, link = only(case.guess["generator"], region, y), only(case.guess["link"], region, f)
    curved = substitute(derivative(derivative(generator, y), y), {y: link})
    p = smooth(reading.loss, f, reading.prediction_bounds, region.having(y, reading.target_bounds))
    yield from continuous(p)
    slope = curved * derivative(link, f) * (link - y)
    label = "the slope is phi''(a) a' (a - y)"
    yield from everywhere(p, label, lambda n: p.formula(n, 1) - slope, "==")
    within = region.having(f, opened(reading.prediction_bounds))
    yield sign("phi is strictly convex", curved, ">", within)
    yield sign("the link increases", derivative(link, f), ">", within)


@stated
def _not_bregman(case: Case) -> Iterator[Premise]:
    """A Bregman divergence differs, for two predictions, by an affine function of the target."""
    reading: Regression = case.reading
    guess, region = case.guess, reading.region
    if reading.target.is_integer:
        raise Silent
    first, second, y, step = (
        only(guess[n], region) for n in ("prediction", "other", "target", "step")
    )
    for f in (first, second):
        yield from inside_of(f, reading.prediction_bounds, case)
    bend: Expr = S.Zero
    for n, weight in ((-1, 1), (0, -2), (1, 1)):
        yield from inside_of(y + n * step, reading.target_bounds, case)
        for f, side in ((first, 1), (second, -1)):
            value, reasons = Along.of(reading, y + n * step).value(f)
            yield from reasons
            bend += weight * side * value
    yield sign("the difference is not affine in the target", guess["sign"] * bend, ">", region)


BREGMAN = Theorem(
    "bregman",
    "bregman",
    Regression,
    "up to a term in y, L = phi(y) - phi(a) - phi'(a) (y - a), phi strictly convex, a(f) rising",
    "Savage 1971, Elicitation of Personal Probabilities and Expectations, section 5",
    _bregman,
    value=lambda case: case.guess["generator"],
)

NOT_BREGMAN = Theorem(
    "not-bregman",
    "bregman",
    Regression,
    "L(f, y) - L(g, y) is not affine in y, as it is for every D(y, a(f)) of Bregman",
    "proof in docs/design/theory.md: What a Bregman divergence looks like",
    _not_bregman,
    holds=False,
)

THEOREMS = (BREGMAN, NOT_BREGMAN)
