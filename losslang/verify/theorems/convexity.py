"""Convexity, strong convexity and self-concordance along one real input."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.statement import Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.along import (
    ALONG,
    CALCULUS,
    LINEAR,
    along,
    at_low_end,
    curve_of,
    guessed,
    pinned,
    settled_along,
    uniform,
    within,
)
from losslang.verify.theorems.pieces import Pieces, Silent, jump, number, place
from losslang.verify.theorems.premises import (
    Premises,
    bends_up,
    continuous,
    everywhere,
    inside,
    premises,
    sign,
    supremum,
    tends,
)


def convexity(p: Pieces, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` is convex."""
    yield from everywhere(
        p, "the second derivative is not negative", lambda n: p.formula(n, 2, k), ">="
    )
    yield from bends_up(p, k)


@premises()
def _convex(case: Case) -> Iterator[Premise]:
    yield from convexity(along(case))


ORDINALS = ("", "first", "second", "third")


def _at_a_place(*facts: tuple[int, str, Relation]) -> Premises:
    """Refuting premises: derivatives at the guessed place that are "not positive" or such."""

    @premises()
    def build(case: Case) -> Iterator[Premise]:
        yield from pinned(case)
        p = settled_along(case)
        n, point = place(case.guess, p)
        yield from inside(p, n, point)
        for order, word, relation in facts:
            label = f"the {ORDINALS[order]} derivative at {point} is {word}"
            yield sign(label, p.at(n, point, order), relation, p.region)

    return build


@premises()
def _slope_falls(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = settled_along(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield sign(f"the slope falls at {p.joints[n]}", jump(p, n), "<", p.region)


@premises()
def _concave_far_out(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, g = settled_along(case), case.guess
    n, rate, power, value = number(g, "piece", len(p)), g["rate"], g["power"], g["value"]
    low = at_low_end(case, p, n)
    end, x = g["at"], p.variable
    if (rate.free_symbols | power.free_symbols) or not (rate.is_Rational and power.is_Rational):
        raise Silent
    if end.is_infinite:
        scale = sympy.exp(rate * x) * (-x if low else x) ** power
    else:
        scale = (x - end if low else end - x) ** power
    label = "the second derivative, times a positive factor, tends to it"
    yield tends(p, label, p.formula(n, 2) * scale, n, low, value)
    if value != S.NegativeInfinity:
        yield sign("the limit is negative", value, "<", p.region)


@premises()
def _chord(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    curve, g = curve_of(case), case.guess
    low, middle, high = g["low"], g["middle"], g["high"]
    region = curve.region
    for point in (low, high):
        yield from within(point, curve.bounds, case)
    yield sign("the points are in order", middle - low, ">", region)
    yield sign("the points are in order", high - middle, ">", region)
    rule = {s: g[f"input {s.name}"] for s in curve.others if f"input {s.name}" in g}

    def f(x: Expr) -> Expr:
        return sympy.sympify(curve.function.xreplace({**rule, curve.variable: x}))

    above = f(middle) * (high - low) - f(low) * (high - middle) - f(high) * (middle - low)
    yield sign("the middle lies above the chord", above, ">", region)


CONVEX = Theorem(
    "convex-by-pieces",
    "convex",
    LINEAR,
    "A continuous function is convex if its second derivative is nonnegative between its kinks and "
    "its slope rises at each of them.",
    "Hiriart-Urruty & Lemaréchal 2001, Fundamentals of Convex Analysis, thm B.4.3.1; " + CALCULUS,
    _convex,
)
CONCAVE_SOMEWHERE = Theorem(
    "concave-at-a-point",
    "convex",
    LINEAR,
    "A function whose second derivative is negative at a point is not convex.",
    CALCULUS,
    _at_a_place((2, "negative", "<")),
    holds=False,
)
CONCAVE_FAR_OUT = Theorem(
    "concave-near-an-end",
    "convex",
    LINEAR,
    "A function whose second derivative, times a positive factor, tends to a negative number is "
    "not convex.",
    CALCULUS,
    _concave_far_out,
    holds=False,
)
SLOPE_FALLS = Theorem(
    "slope-falls-at-a-kink",
    "convex",
    LINEAR,
    "A function whose slope falls at a kink is not convex.",
    CALCULUS,
    _slope_falls,
    holds=False,
)
CHORD = Theorem(
    "above-a-chord",
    "convex",
    LINEAR,
    "A function that lies above one of its chords somewhere is not convex.",
    "Jensen 1906, the definition of convexity",
    _chord,
    holds=False,
)


@premises()
def _strongly_convex(case: Case) -> Iterator[Premise]:
    p, least = along(case), uniform(case, "value")
    yield sign("the constant is positive", least, ">", p.region)
    yield from supremum(p, "-f'' is at most -mu", [lambda n: -p.formula(n, 2)], -least, case.guess)
    yield from bends_up(p)


@premises()
def _flattens(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = settled_along(case)
    n, value = number(case.guess, "piece", len(p)), case.guess["value"]
    yield sign("the limit is not positive", value, "<=", p.region)
    yield tends(
        p, "the second derivative tends to it", p.formula(n, 2), n, at_low_end(case, p, n), value
    )


STRONGLY_CONVEX = (
    Theorem(
        "strongly-convex-by-pieces",
        "strongly_convex",
        ALONG,
        "A continuous function is strongly convex with mu the infimum of its second derivative "
        "between kinks, if that is positive and the slope rises at each kink.",
        "Nesterov 2018, Lectures on Convex Optimization, thm 2.1.11; " + CALCULUS,
        _strongly_convex,
        value=guessed("value"),
    ),
    Theorem(
        "curvature-not-positive",
        "strongly_convex",
        ALONG,
        "A function whose second derivative is zero or less at a point is not strongly convex.",
        CALCULUS,
        _at_a_place((2, "not positive", "<=")),
        holds=False,
    ),
    Theorem(
        "curvature-vanishes",
        "strongly_convex",
        ALONG,
        "A function whose second derivative tends to zero or less is not strongly convex.",
        CALCULUS,
        _flattens,
        holds=False,
    ),
    Theorem(
        "slope-falls-so-not-strongly-convex",
        "strongly_convex",
        ALONG,
        "A function whose slope falls at a kink is not convex, let alone strongly.",
        CALCULUS,
        _slope_falls,
        holds=False,
    ),
)


@premises()
def _self_concordant(case: Case) -> Iterator[Premise]:
    p, constant = along(case), uniform(case, "value")
    yield from everywhere(p, "the function is convex", lambda n: p.formula(n, 2), ">=")
    yield from everywhere(
        p, "f''' <= M f''", lambda n: constant * p.formula(n, 2) - p.formula(n, 3), ">="
    )
    yield from everywhere(
        p, "-f''' <= M f''", lambda n: constant * p.formula(n, 2) + p.formula(n, 3), ">="
    )
    for order in range(4):
        yield from continuous(p, order)


@premises()
def _ratio_unbounded(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, value = settled_along(case), case.guess["value"]
    n = number(case.guess, "piece", len(p))
    if not value.is_infinite:
        raise Silent
    yield from everywhere(p, "the second derivative is positive", lambda n: p.formula(n, 2), ">")
    ratio = p.formula(n, 3) / p.formula(n, 2)
    yield tends(p, "f'''/f'' is unbounded", ratio, n, at_low_end(case, p, n), value)


def _joint_of(order: int) -> Premises:
    @premises()
    def build(case: Case) -> Iterator[Premise]:
        yield from pinned(case)
        p = settled_along(case)
        n = number(case.guess, "joint", len(p) - 1)
        label = f"a derivative jumps at {p.joints[n]}"
        yield sign(label, jump(p, n, order), "!=", p.region)

    return build


BACH = "Bach 2010, Self-concordant analysis for logistic regression, prop. 1"
SELF_CONCORDANT = (
    Theorem(
        "self-concordant",
        "self_concordant",
        ALONG,
        "A convex function with three continuous derivatives and |f'''| <= M f'' is generalised "
        "self-concordant with constant M.",
        BACH + "; Sun & Tran-Dinh 2019, def. 2 with nu = 2",
        _self_concordant,
        value=guessed("value"),
        exact=False,
    ),
    Theorem(
        "third-derivative-without-second",
        "self_concordant",
        ALONG,
        "A function with f'' <= 0 and f''' != 0 at a point has no M with |f'''| <= M f''.",
        "the definition",
        _at_a_place((2, "not positive", "<="), (3, "not zero", "!=")),
        holds=False,
    ),
    Theorem(
        "third-derivative-outgrows-second",
        "self_concordant",
        ALONG,
        "A function for which f'''/f'' is unbounded has no M with |f'''| <= M f''.",
        "the definition",
        _ratio_unbounded,
        holds=False,
    ),
    *(
        Theorem(
            f"derivative-{order}-jumps",
            "self_concordant",
            ALONG,
            "A generalised self-concordant function has three continuous derivatives.",
            "the definition",
            _joint_of(order),
            holds=False,
        )
        for order in (1, 2)
    ),
)


CONVEX_THEOREMS = (CONVEX, CONCAVE_SOMEWHERE, CONCAVE_FAR_OUT, SLOPE_FALLS, CHORD)
