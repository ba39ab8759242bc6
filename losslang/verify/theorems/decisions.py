"""Calibration of binary losses with a loss for each label; terms as in :mod:`.labels`."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.readings import Binary, Probability
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.curve import convexity
from losslang.verify.theorems.halves import HALF, OWN
from losslang.verify.theorems.halves import above as above_all
from losslang.verify.theorems.labels import NEGATIVE, POSITIVE, joined, pair, parts, side, total
from losslang.verify.theorems.pieces import Silent, defined, gaps
from losslang.verify.theorems.premises import Premises, everywhere, premises, sign


@premises()
def _balanced(case: Case) -> Iterator[Premise]:
    below, above, middle = side(case, False), side(case, True), parts(case.reading)[2]
    yield from joined(below)
    yield from joined(above)
    falls = "below the middle, the loss of label 1 falls"
    yield from everywhere(below, falls, lambda n: below.formula(n, 1, POSITIVE), "<")
    yield from everywhere(below, "and so does the sum", lambda n: total(below, n, 1), "<=")
    rises = "above the middle, the loss of label 0 rises"
    yield from everywhere(above, rises, lambda n: above.formula(n, 1, NEGATIVE), ">")
    yield from everywhere(above, "and so does the sum", lambda n: total(above, n, 1), ">=")
    balanced = "the slopes in the middle add to zero"
    for p, n in ((above, 0), (below, len(below) - 1)):
        slopes = [p.at(n, middle, 1, k) for k in (POSITIVE, NEGATIVE)]
        yield sign(balanced, sympy.Add(*slopes), "==", p.region)
        yield sign("and are not zero", slopes[POSITIVE], "<", p.region)


def _tilted(above: bool) -> Premises:
    """The sum of the losses only gets better towards the middle, and goes on behind it."""

    @premises()
    def build(case: Case) -> Iterator[Premise]:
        wrong, behind = side(case, not above), side(case, above)
        middle, low = parts(case.reading)[2], case.guess["low"]
        turn = S.One if above else S.NegativeOne
        yield from joined(wrong)
        yield from above_all(wrong, low, POSITIVE, NEGATIVE, label="the losses are bounded below")
        yield from everywhere(
            wrong, "the sum falls towards the middle", lambda n: turn * total(wrong, n, 1), "<="
        )
        n = 0 if above else len(behind) - 1
        yield from joined(behind)
        slope = behind.at(n, middle, 1, POSITIVE) + behind.at(n, middle, 1, NEGATIVE)
        yield sign("and falls on behind it", turn * slope, "<", behind.region)

    return build


@premises()
def _wrong_decision(case: Case) -> Iterator[Premise]:
    g, (x, _, middle, positive, negative) = case.guess, parts(case.reading)
    if g["label"] not in (S.Zero, S.One):
        raise Silent
    label = g["label"] == S.One
    p, turn, eta = side(case, label), S.One if label else S.NegativeOne, g["eta"]
    yield sign("the label is the likelier", turn * (eta - HALF), ">", p.region)
    for distance in (eta, 1 - eta):
        yield sign("eta is a probability", distance, ">=", p.region)
    yield sign("the decision is the other label", turn * (middle - g["score"]), ">=", p.region)
    for distance in gaps(g["score"], parts(case.reading)[1]):
        yield sign("the score is possible", distance, ">", p.region)

    def risk(rule: dict[sympy.Symbol, Expr]) -> Expr:
        return eta * defined(positive, rule) + (1 - eta) * defined(negative, rule)

    least = risk({x: g["score"]})
    for n in range(len(p)):
        cost = eta * p.formula(n, 0, POSITIVE) + (1 - eta) * p.formula(n, 0, NEGATIVE)
        yield sign("no better decision costs less", cost - least, ">=", p.where(n))
    for joint in p.joints:
        yield sign(f"nor does {joint}", risk({x: joint}) - least, ">=", p.region)


def convexity_of_both(case: Case) -> Iterator[Premise]:
    """The losses for both labels are convex."""
    p = pair(case)
    yield from convexity(p, POSITIVE)
    yield from convexity(p, NEGATIVE)


def middle_slopes(case: Case, above: bool) -> tuple[Expr, Expr]:
    """The slopes of both losses on one side of the middle."""
    p, middle = side(case, above), parts(case.reading)[2]
    n = 0 if above else len(p) - 1
    return p.at(n, middle, 1, POSITIVE), p.at(n, middle, 1, NEGATIVE)


@premises()
def _convex_balanced(case: Case) -> Iterator[Premise]:
    yield from convexity_of_both(case)
    region = case.reading.region
    for above in (True, False):
        positive, negative = middle_slopes(case, above)
        yield sign("the slopes in the middle add to zero", positive + negative, "==", region)
        yield sign("and are not zero", positive, "<", region)


@premises()
def _convex_tilted(case: Case) -> Iterator[Premise]:
    where = case.guess["where"]
    if where not in (S.One, S.NegativeOne):
        raise Silent
    yield from convexity_of_both(case)
    slopes = middle_slopes(case, bool(where > 0))
    label = "for even odds the best prediction lies on one side of the middle"
    yield sign(label, where * sympy.Add(*slopes), "<", case.reading.region)


CALIBRATED = (
    Theorem(
        "convex-and-balanced",
        "calibrated",
        (Probability, Binary),
        "If the loss is convex for both labels, it is calibrated if in the middle the slopes for "
        "the two labels add to zero without being zero.",
        OWN + "Balanced losses",
        _convex_balanced,
    ),
    Theorem(
        "convex-and-tilted",
        "calibrated",
        (Probability, Binary),
        "If the loss is convex for both labels, it is not calibrated if the slopes for the two "
        "labels do not add to zero in the middle: some less likely label wins.",
        OWN + "Balanced losses",
        _convex_tilted,
        holds=False,
    ),
    Theorem(
        "balanced-losses",
        "calibrated",
        (Probability, Binary),
        "A loss is calibrated if, below the middle, the loss of label 1 and the sum of both losses "
        "fall, above it the loss of label 0 and the sum rise, and the slopes add to zero in it.",
        OWN + "Balanced losses",
        _balanced,
    ),
    *(
        Theorem(
            f"tilted-{word}",
            "calibrated",
            (Probability, Binary),
            f"A loss that, for even odds, only gets better up to the middle and is still getting "
            f"better as it goes {word} it is not calibrated: some less likely label wins.",
            OWN + "Balanced losses",
            _tilted(word == "above"),
            holds=False,
        )
        for word in ("above", "below")
    ),
    Theorem(
        "wrong-decision-is-best",
        "calibrated",
        (Probability, Binary),
        "A loss is not calibrated if, for some eta, a decision for the less likely label costs no "
        "more than every decision for the likelier one.",
        "Bartlett, Jordan & McAuliffe 2006, def. 1",
        _wrong_decision,
        holds=False,
    ),
)
