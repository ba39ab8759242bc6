"""Theorems about binary losses on a probability q or on a score v, with a loss for each label.

``positive`` is what the label 1 costs, ``negative`` what the other label costs, and
L(eta, x) = eta positive(x) + (1 - eta) negative(x). The loss decides for the label 1 where q is
above 1/2, or v above 0: the ``middle``. Proofs that are our own stand in docs/design/theory.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.verify.readings import Binary, Margin, Probability
from losslang.verify.statement import LINE, UNIT, Bounds, Region, Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.curve import convexity
from losslang.verify.theorems.halves import HALF, OWN
from losslang.verify.theorems.halves import above as above_all
from losslang.verify.theorems.pieces import (
    Pieces,
    Silent,
    continuous,
    defined,
    everywhere,
    gaps,
    inside,
    number,
    pieces,
    premises,
    sign,
    tends,
)

POSITIVE, NEGATIVE = 0, 1
SCORES = (Binary, Margin)


def parts(reading: Binary | Probability | Margin) -> tuple[sympy.Symbol, Bounds, Expr, Expr, Expr]:
    """Variable, its bounds, the middle, and what the labels 1 and 0 cost."""
    if isinstance(reading, Probability):
        return reading.q, UNIT, HALF, reading.positive, reading.negative
    if isinstance(reading, Binary):
        return reading.v, LINE, S.Zero, reading.positive, reading.negative
    return reading.m, LINE, S.Zero, reading.phi, defined(reading.phi, {reading.m: -reading.m})


def pair(case: Case) -> Pieces:
    """The pieces of both losses."""
    x, bounds, _, positive, negative = parts(case.reading)
    return _found(pieces(case.reading.region, x, bounds, positive, negative))


def side(case: Case, above: bool) -> Pieces:
    """The pieces of both losses on one side of the middle, which belongs to it."""
    x, bounds, middle, positive, negative = parts(case.reading)
    if above:
        bounds = replace(bounds, low=middle, low_closed=True)
    else:
        bounds = replace(bounds, high=middle, high_closed=True)
    return _found(pieces(case.reading.region, x, bounds, positive, negative))


def _found(found: Pieces | None) -> Pieces:
    if found is None:
        raise Silent
    return found


def joined(p: Pieces) -> Iterator[Premise]:
    """Both losses are continuous."""
    yield from continuous(p, 0, POSITIVE)
    yield from continuous(p, 0, NEGATIVE)


def total(p: Pieces, n: int, order: int) -> Expr:
    """A derivative of positive + negative on a piece."""
    return p.formula(n, order, POSITIVE) + p.formula(n, order, NEGATIVE)


# ---------------------------------------------------------------- proper


def balance(case: Case, p: Pieces, n: int) -> Expr:
    """L's slope at the probability that the score states, up to a positive factor."""
    x = p.variable
    positive, negative = p.formula(n, 1, POSITIVE), p.formula(n, 1, NEGATIVE)
    if isinstance(case.reading, Probability):
        return x * positive + (1 - x) * negative
    return sympy.exp(x) * positive + negative


def _proper(strict: bool):  # type: ignore[no-untyped-def]
    @premises()
    def build(case: Case) -> Iterator[Premise]:
        p = pair(case)
        label = "the expected loss is stationary at the true probability"
        yield from everywhere(p, label, lambda n: balance(case, p, n), "==")
        slope = lambda n: p.formula(n, 1, NEGATIVE)  # noqa: E731
        yield from everywhere(p, "the weight is positive", slope, ">" if strict else ">=")
        yield from joined(p)

    return build


@premises()
def _not_stationary(case: Case) -> Iterator[Premise]:
    p = pair(case)
    n, point = number(case.guess, "piece", len(p)), case.guess["at"]
    yield from inside(p, n, point)
    slope = defined(balance(case, p, n), {p.variable: point})
    yield sign(f"the expected loss is not stationary at {point}", slope, "!=", p.region)


@premises()
def _negative_weight(case: Case) -> Iterator[Premise]:
    p = pair(case)
    n, point = number(case.guess, "piece", len(p)), case.guess["at"]
    yield from inside(p, n, point)
    yield sign(f"the weight at {point} is negative", p.at(n, point, 1, NEGATIVE), "<", p.region)


@premises()
def _no_weight(case: Case) -> Iterator[Premise]:
    p = pair(case)
    n = number(case.guess, "piece", len(p))
    yield sign(
        "the loss of label 0 is flat on a piece", p.formula(n, 1, NEGATIVE), "==", p.where(n)
    )


def weight(case: Case) -> Expr | None:
    """w(q) = negative'(q)/q, for a loss of a probability in one piece."""
    if not isinstance(case.reading, Probability):
        return None
    p = pair(case)
    return sympy.simplify(p.formula(0, 1, NEGATIVE) / p.variable) if len(p) == 1 else None


SHUFORD = "Shuford, Albert & Massengill 1966, thm 1; Reid & Williamson 2010, thm 1"
READS = (Probability, Binary, Margin)


def _proper_theorems(property: str, strict: bool) -> tuple[Theorem, ...]:
    word = "strictly proper" if strict else "proper"
    about = {"property": property, "reads": READS, "holds": False}
    refuting = (
        Theorem(
            f"{property}: not stationary",
            says=f"A loss is not {word} if, for some probability, telling it is no stationary "
            "point of the expected loss. A score v tells the probability sigmoid(v).",
            source=SHUFORD,
            premises=_not_stationary,
            **about,  # type: ignore[arg-type]
        ),
        Theorem(
            f"{property}: negative weight",
            says=f"A loss is not {word} if negative'(q)/q is negative somewhere: telling that "
            "probability is then a maximum of the expected loss, or not stationary.",
            source=SHUFORD,
            premises=_negative_weight,
            **about,  # type: ignore[arg-type]
        ),
        Theorem(
            f"{property}: no weight",
            says="A loss is not strictly proper if it does not change on an interval.",
            source=SHUFORD,
            premises=_no_weight,
            **about,  # type: ignore[arg-type]
        ),
    )
    return (
        Theorem(
            property.replace("_", "-"),
            property,
            READS,
            f"A loss is {word} if q positive'(q) + (1 - q) negative'(q) = 0 and negative'(q) is "
            f"{'positive' if strict else 'nonnegative'} for all q in (0, 1), between joints. A "
            "score v tells the probability sigmoid(v).",
            SHUFORD,
            _proper(strict),
            value=weight,
        ),
        *(refuting if strict else refuting[:2]),
    )


PROPER = _proper_theorems("proper", False)
STRICTLY_PROPER = _proper_theorems("strictly_proper", True)

# ---------------------------------------------------------------- calibrated at the middle


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


def _tilted(above: bool):  # type: ignore[no-untyped-def]
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

# ---------------------------------------------------------------- minimisers, order, links


def rising(p: Pieces, n: int) -> Expr:
    """Has the sign of the slope of negative'/|positive'|, where positive' < 0."""
    positive, negative = p.formula(n, 1, POSITIVE), p.formula(n, 1, NEGATIVE)
    return negative * p.formula(n, 2, POSITIVE) - p.formula(n, 2, NEGATIVE) * positive


def ordered(p: Pieces, strict: bool) -> Iterator[Premise]:
    """positive' < 0 < negative', and negative'/|positive'| rises."""
    yield from joined(p)
    yield from everywhere(p, "the loss of label 1 falls", lambda n: p.formula(n, 1, POSITIVE), "<")
    yield from everywhere(p, "the loss of label 0 rises", lambda n: p.formula(n, 1, NEGATIVE), ">")
    yield from everywhere(
        p, "the ratio of their slopes rises", lambda n: rising(p, n), ">" if strict else ">="
    )
    for n, joint in enumerate(p.joints):
        left, right = ([p.at(m, joint, 1, k) for k in (POSITIVE, NEGATIVE)] for m in (n, n + 1))
        gap = left[NEGATIVE] * right[POSITIVE] - right[NEGATIVE] * left[POSITIVE]
        yield sign(f"it does not fall at {joint}", gap, ">=", p.region)


def _ends(p: Pieces) -> Iterator[Premise]:
    ratio = [-p.formula(n, 1, NEGATIVE) / p.formula(n, 1, POSITIVE) for n in (0, len(p) - 1)]
    yield tends(p, "the ratio starts at 0", ratio[0], 0, True, S.Zero)
    yield tends(p, "the ratio goes to infinity", ratio[1], len(p) - 1, False, S.Infinity)


@premises()
def _order(case: Case) -> Iterator[Premise]:
    p = pair(case)
    yield from ordered(p, True)
    for n, joint in enumerate(p.joints):
        for k in (POSITIVE, NEGATIVE):
            slope = p.at(n + 1, joint, 1, k) - p.at(n, joint, 1, k)
            yield sign(f"no kink at {joint}", slope, "==", p.region)
    yield from _ends(p)


@premises()
def _order_convex(case: Case) -> Iterator[Premise]:
    p, g = pair(case), case.guess
    last, strict = len(p) - 1, number(g, "strict", 2)
    yield from everywhere(p, "the loss of label 1 falls", lambda n: p.formula(n, 1, POSITIVE), "<")
    yield from everywhere(p, "the loss of label 0 rises", lambda n: p.formula(n, 1, NEGATIVE), ">")
    for k in (POSITIVE, NEGATIVE):
        relation: Relation = ">" if k == strict else ">="
        for n in range(len(p)):
            yield sign("the loss is convex", p.formula(n, 2, k), relation, p.where(n))
        yield from continuous(p, 0, k)
        yield from continuous(p, 1, k)
    for low, n, steep, flat in ((True, 0, POSITIVE, NEGATIVE), (False, last, NEGATIVE, POSITIVE)):
        if g["bottom" if low else "top"] == 0:
            yield tends(p, "a slope vanishes at the end", p.formula(n, 1, flat), n, low, S.Zero)
        else:
            infinite = S.NegativeInfinity if low else S.Infinity
            yield tends(
                p, "a slope is infinite at the end", p.formula(n, 1, steep), n, low, infinite
            )


@premises("eta")
def _minimiser(case: Case) -> Iterator[Premise]:
    p, point = pair(case), case.guess["minimiser"]
    yield from ordered(p, False)
    eta, region = _chance(case)
    n = number(case.guess, "piece", len(p))
    for distance in gaps(point, p.spans[n]):
        yield sign("the minimiser lies in its piece", distance, ">", region)
    slope = eta * p.formula(n, 1, POSITIVE) + (1 - eta) * p.formula(n, 1, NEGATIVE)
    at = defined(slope, {p.variable: point})
    yield sign("the expected loss is stationary there", at, "==", region)


def _chance(case: Case) -> tuple[sympy.Symbol, Region]:
    eta = case.reading.region.fresh("eta")
    return eta, case.reading.region.having(eta, UNIT)


@premises("v")
def _composite(case: Case) -> Iterator[Premise]:
    p = pair(case)
    gap = lambda n: p.formula(n, 1, NEGATIVE) - p.formula(n, 1, POSITIVE)  # noqa: E731
    yield from everywhere(p, "the slopes differ", gap, ">")
    yield from everywhere(p, "the inverse link rises", lambda n: rising(p, n), ">")
    yield from joined(p)
    for n, joint in enumerate(p.joints):
        for k in (POSITIVE, NEGATIVE):
            slope = p.at(n + 1, joint, 1, k) - p.at(n, joint, 1, k)
            yield sign(f"no kink at {joint}", slope, "==", p.region)
        at = p.at(n, joint, 1, NEGATIVE) - p.at(n, joint, 1, POSITIVE)
        yield sign(f"the slopes differ at {joint}", at, ">", p.region)
    for name, low, turn in (("bottom", True, S.NegativeOne), ("top", False, S.One)):
        n, reach = (0 if low else len(p) - 1), case.guess[name]
        if not reach.is_infinite:
            bound = turn * (reach - (S.Zero if low else S.One))
            yield sign("the inverse link reaches all probabilities", bound, ">=", p.region)
        elif reach != turn * S.Infinity:
            raise Silent
        link = p.formula(n, 1, NEGATIVE) / gap(n)
        yield tends(p, "the inverse link tends to it", link, n, low, reach)
    if "link" in case.guess:
        v = case.reading.region.fresh("v")
        stated = defined(case.guess["link"], {v: p.variable})
        yield from everywhere(
            p, "it has this formula", lambda n: stated * gap(n) - p.formula(n, 1, NEGATIVE), "=="
        )


RATIO_ORDER = Theorem(
    "ratio-of-slopes-rises",
    "order_preserving",
    (Probability, Binary, Margin),
    "If positive' < 0 < negative' and negative'/|positive'| rises from 0 to infinity, each "
    "probability has one best prediction, and likelier examples have higher ones.",
    OWN + "Best predictions of a probability",
    _order,
)
CONVEX_ORDER = Theorem(
    "slopes-of-both-rise",
    "order_preserving",
    (Probability, Binary, Margin),
    "If both losses are convex, one strictly, positive' < 0 < negative', and at each end one slope "
    "wins out, each probability has one best prediction, and likelier examples have higher ones.",
    OWN + "Best predictions of a probability",
    _order_convex,
)
ORDER = (
    RATIO_ORDER,
    CONVEX_ORDER,
    replace(
        RATIO_ORDER,
        name="ratio-of-slopes-rises-so-recoverable",
        property="recoverable",
        reads=(Probability, Binary),
    ),
    replace(
        CONVEX_ORDER,
        name="slopes-of-both-rise-so-recoverable",
        property="recoverable",
        reads=(Probability, Binary),
    ),
    Theorem(
        "stationary-prediction",
        "minimiser",
        (Probability, Binary),
        "If positive' < 0 < negative' and negative'/|positive'| does not fall, a stationary "
        "point of the expected loss is its minimiser; the value is it for eta = P(Y = 1 | x).",
        OWN + "Best predictions of a probability",
        _minimiser,
        value=lambda case: case.guess.get("minimiser"),
    ),
    Theorem(
        "score-proper-composite",
        "proper_composite",
        Binary,
        "A loss of a score with negative' > positive' is strictly proper composite if its inverse "
        "link negative'/(negative' - positive') rises from 0 to 1.",
        "Reid & Williamson 2010, thm 6; " + OWN + "Scores that tell probabilities",
        _composite,
        value=lambda case: case.guess.get("link"),
    ),
)

PROBABILITY: tuple[Theorem, ...] = (*PROPER, *STRICTLY_PROPER, *CALIBRATED, *ORDER)
