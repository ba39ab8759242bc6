"""Calibration and symmetry of margin losses ``phi(m)``; :mod:`.halves` explains the terms.

Proofs that are our own stand in docs/design/theory.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, S

from losslang.ir.truth import Equal
from losslang.verify.readings import Margin
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.curve import convexity
from losslang.verify.theorems.halves import (
    HALF,
    LOWER,
    OWN,
    UPPER,
    above,
    both,
    cost,
    cost_at,
    falls_at_zero,
    falls_later,
    halves,
    joined,
    phi,
    serves_both,
    slopes,
    symmetry,
    turn,
    whole,
)
from losslang.verify.theorems.pieces import Pieces, Silent, jump, number
from losslang.verify.theorems.premises import everywhere, premises, sign, tends

# ---------------------------------------------------------------- calibration: it holds


@premises()
def _convex_calibrated(case: Case) -> Iterator[Premise]:
    p = whole(case)
    yield from convexity(p)
    for n, joint in enumerate(p.joints):
        test = Equal(joint, S.Zero)
        if test != S.Zero and not joint.is_nonzero:
            yield sign("no kink at 0", jump(p, n), "==", p.region.where(test))
    yield from falls_at_zero(p)


@premises()
def _convex_falls_later(case: Case) -> Iterator[Premise]:
    p = whole(case)
    yield from convexity(p)
    for n, joint in enumerate(p.joints):
        if Equal(joint, S.Zero) != S.Zero and not joint.is_nonzero:
            yield sign(f"no kink at {joint}", jump(p, n), "==", p.region)
    yield from falls_later(case, p)


@premises()
def _symmetric_calibrated(case: Case) -> Iterator[Premise]:
    yield from symmetry(case)
    p, low, better = halves(case), case.guess["low"], case.guess["better"]
    yield from above(p, low, LOWER, label="phi is at least low left of 0")
    yield from joined(p)
    yield sign("a score above 0", better, ">", p.region)
    yield sign("is better than low", low - phi(case, better), ">", p.region)


@premises()
def _slope_condition(case: Case) -> Iterator[Premise]:
    yield from slopes(halves(case))


@premises()
def _falling(case: Case) -> Iterator[Premise]:
    p, low = halves(case), case.guess["low"]
    last = len(p) - 1
    if not low.is_finite:
        raise Silent
    yield from joined(p)
    yield from everywhere(p, "phi does not rise right of 0", lambda n: p.formula(n, 1, UPPER), "<=")
    yield from everywhere(p, "phi does not rise left of 0", lambda n: p.formula(n, 1, LOWER), ">=")
    yield sign("the slopes on both sides of 0 agree", turn(p), "==", p.region)
    yield sign("the slope at 0 is negative", p.at(0, S.Zero, 1, UPPER), "<", p.region)
    yield tends(p, "phi has a limit", p.formula(last, 0, UPPER), last, False, low)


@premises()
def _lin(case: Case) -> Iterator[Premise]:
    p, low, gap = halves(case), case.guess["low"], case.guess["gap"]
    difference = lambda n: p.formula(n, 0, LOWER) - p.formula(n, 0, UPPER)  # noqa: E731
    yield from everywhere(p, "phi(u) < phi(-u)", difference, ">")
    for joint in p.joints:
        at = p.value(joint, LOWER) - p.value(joint, UPPER)
        yield sign(f"phi(u) < phi(-u) at {joint}", at, ">", p.region)
    yield from above(p, low, UPPER, LOWER, label="phi is at least low")
    yield from joined(p)
    yield sign("the slopes on both sides of 0 agree", turn(p), "==", p.region)
    yield sign("the slope at 0 is negative", p.at(0, S.Zero, 1, UPPER), "<", p.region)
    last = len(p) - 1
    if gap != S.Infinity:
        yield sign("the gap at infinity is positive", gap, ">", p.region)
    yield tends(p, "phi(-u) - phi(u) tends to it", difference(last), last, False, gap)


@premises()
def _one_score(case: Case) -> Iterator[Premise]:
    yield from serves_both(case, case.guess["better"])
    p, low, better = halves(case), case.guess["low"], case.guess["better"]
    yield from above(p, low, LOWER, label="phi is at least low left of 0")
    yield sign("the score lies above 0", better, ">", p.region)
    yield sign("it is better than low", low - phi(case, better), ">", p.region)


@premises()
def _far_scores(case: Case) -> Iterator[Premise]:
    p, low, g = halves(case), case.guess["low"], case.guess
    last = len(p) - 1
    yield from joined(p)
    yield from everywhere(
        p, "phi(u) + phi(-u) is at least its limit", lambda n: both(p, n) - g["sum"], ">="
    )
    yield tends(p, "phi(u) + phi(-u) tends to it", both(p, last), last, False, g["sum"])
    yield from above(p, low, LOWER, label="phi is at least low left of 0")
    yield tends(p, "phi has a limit", p.formula(last, 0, UPPER), last, False, g["limit"])
    yield sign("which is below low", low - g["limit"], ">", p.region)


CALIBRATED_HOLDS = (
    Theorem(
        "convex-calibrated",
        "calibrated",
        Margin,
        "A convex margin loss is calibrated if it is differentiable at 0 with a negative slope.",
        "Bartlett, Jordan & McAuliffe 2006, thm 2",
        _convex_calibrated,
    ),
    Theorem(
        "convex-still-falling",
        "calibrated",
        Margin,
        "A convex margin loss is calibrated if it is differentiable at 0 and still falls at some "
        "score m >= 0, for then its slope at 0 is negative.",
        "Bartlett, Jordan & McAuliffe 2006, thm 2",
        _convex_falls_later,
    ),
    Theorem(
        "falling",
        "calibrated",
        Margin,
        "A continuous margin loss that never rises, has a limit at infinity and a negative slope "
        "at 0 is calibrated, convex or not.",
        "Lin 2004, thm 3.1, with the minimiser at infinity; " + OWN + "Lower on the right",
        _falling,
    ),
    Theorem(
        "slope-condition",
        "calibrated",
        Margin,
        "A continuous margin loss with phi'(u) + phi'(-u) < 0 and phi'(-u) <= phi'(u) for all u "
        "> 0, and a negative slope at 0, is calibrated, convex or not.",
        OWN + "Slope condition",
        _slope_condition,
    ),
    Theorem(
        "symmetric-calibrated",
        "calibrated",
        Margin,
        "A margin loss with phi(m) + phi(-m) constant is calibrated if it gets lower right of 0 "
        "than anywhere left of it.",
        "Charoenphakdee, Lee & Sugiyama 2019, thm 4",
        _symmetric_calibrated,
    ),
    Theorem(
        "one-good-score",
        "calibrated",
        Margin,
        "A continuous margin loss is calibrated if some v > 0 minimises phi(m) + phi(-m) and "
        "phi(v) is below the infimum of phi over m <= 0.",
        OWN + "One good score",
        _one_score,
    ),
    Theorem(
        "good-scores-at-infinity",
        "calibrated",
        Margin,
        "A continuous margin loss is calibrated if phi(m) + phi(-m) tends to its infimum at "
        "infinity and phi to a limit below its infimum over m <= 0.",
        OWN + "One good score",
        _far_scores,
    ),
    Theorem(
        "lower-on-the-right",
        "calibrated",
        Margin,
        "A continuous margin loss, bounded below, with phi(u) < phi(-u) for u > 0, a gap that "
        "stays positive at infinity and a negative slope at 0, is calibrated.",
        "Lin 2004, thm 3.1, with the minimiser at infinity; " + OWN + "Lower on the right",
        _lin,
    ),
)

# ---------------------------------------------------------------- calibration: it fails


@premises()
def _wrong_score(case: Case) -> Iterator[Premise]:
    p, eta, score = halves(case), case.guess["eta"], case.guess["score"]
    yield sign("the label 1 is the likelier", eta - HALF, ">", p.region)
    yield sign("eta is a probability", 1 - eta, ">=", p.region)
    yield sign("the score is not above 0", -score, ">=", p.region)
    least = cost_at(case, eta, score)
    yield from everywhere(
        p, f"no score u > 0 beats {score}", lambda n: cost(p, n, eta) - least, ">="
    )
    for joint in p.joints:
        at = cost_at(case, eta, joint) - least
        yield sign(f"nor does {joint}", at, ">=", p.region)


@premises()
def _wrong_limit(case: Case) -> Iterator[Premise]:
    p, eta, least = halves(case), case.guess["eta"], case.guess["limit"]
    last = len(p) - 1
    yield sign("the label 1 is the likelier", eta - HALF, ">", p.region)
    yield sign("eta is a probability", 1 - eta, ">=", p.region)
    yield from _above_limit(case, p, eta, least)
    yield tends(p, "far wrong scores cost so much", cost(p, last, 1 - eta), last, False, least)


def _above_limit(case: Case, p: Pieces, eta: Expr, least: Expr) -> Iterator[Premise]:
    if least == S.NegativeInfinity:
        return
    yield from everywhere(p, "no score u > 0 is better", lambda n: cost(p, n, eta) - least, ">=")
    for joint in p.joints:
        yield sign(f"nor is {joint}", cost_at(case, eta, joint) - least, ">=", p.region)


@premises()
def _kink_at_zero(case: Case) -> Iterator[Premise]:
    p = whole(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield from convexity(p)
    yield sign("there is a joint at 0", p.joints[n], "==", p.region)
    yield sign("the slope jumps there", jump(p, n), ">", p.region)


CALIBRATED_FAILS = (
    Theorem(
        "convex-kink-at-zero",
        "calibrated",
        Margin,
        "A convex margin loss with a kink at 0 is not calibrated: the score 0 is best for a "
        "range of label probabilities.",
        "Bartlett, Jordan & McAuliffe 2006, thm 2",
        _kink_at_zero,
        holds=False,
    ),
    Theorem(
        "wrong-score-is-best",
        "calibrated",
        Margin,
        "A margin loss is not calibrated if, for some eta > 1/2, a score v <= 0 costs no more than "
        "every score above 0.",
        "Bartlett, Jordan & McAuliffe 2006, def. 1",
        _wrong_score,
        holds=False,
    ),
    Theorem(
        "wrong-scores-at-infinity-are-best",
        "calibrated",
        Margin,
        "A margin loss is not calibrated if, for some eta > 1/2, the cost of scores that go to "
        "minus infinity tends to no more than the cost of every score above 0.",
        "Bartlett, Jordan & McAuliffe 2006, def. 1",
        _wrong_limit,
        holds=False,
    ),
)

# ---------------------------------------------------------------- symmetry


@premises()
def _symmetric(case: Case) -> Iterator[Premise]:
    yield from symmetry(case)


@premises()
def _asymmetric(case: Case) -> Iterator[Premise]:
    one, other = case.guess["one"], case.guess["other"]
    first, second = (phi(case, m) + phi(case, -m) for m in (one, other))
    yield sign("the sums differ", first - second, "!=", case.reading.region)


GHOSH = "Ghosh, Manwani & Sastry 2015, thm 1; van Rooyen, Menon & Williamson 2015, thm 4"
SYMMETRIC = (
    Theorem(
        "sum-is-constant",
        "symmetric",
        Margin,
        "A margin loss is symmetric if phi(m) + phi(-m) is constant; evenly flipped labels then "
        "leave the minimiser of its risk as it is.",
        GHOSH,
        _symmetric,
        value=lambda case: case.guess.get("sum"),
    ),
    Theorem(
        "sums-differ",
        "symmetric",
        Margin,
        "A margin loss is not symmetric if phi(m) + phi(-m) differs at two margins.",
        GHOSH,
        _asymmetric,
        holds=False,
    ),
)


MARGIN: tuple[Theorem, ...] = (*CALIBRATED_HOLDS, *CALIBRATED_FAILS, *SYMMETRIC)
