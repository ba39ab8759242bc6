"""Sums of binary losses of the logits, one for each class."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import S

from losslang.ir.binders import substitute
from losslang.verify.readings.pooled import Pooled
from losslang.verify.statement import LINE
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY, at_least, at_most
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces, number
from losslang.verify.theorems.premises import (
    bends_up,
    continuous,
    everywhere,
    floored,
    inside,
    premises,
    sign,
    tends,
)
from losslang.verify.theorems.sums import sums_of


def one_vs_all(reading: Pooled) -> Pieces:
    """A and B where l_y = A(z_y) + the sum over k != y of B(z_k)."""
    found = sums_of(reading)
    own, everywhere_ = found.separate()
    both = sympy.expand(own + everywhere_), everywhere_
    return known_pieces(found.region, found.z, LINE, *both)


@premises()
def _is_separable(case: Case) -> Iterator[Premise]:
    """A - B falls; A is infinite at -oo, B at oo; both are smooth and bounded below."""
    f, last = one_vs_all(case.reading), len(one_vs_all(case.reading)) - 1
    yield from everywhere(f, "(A - B)' < 0", lambda n: f.formula(n, 1) - f.formula(n, 1, 1), "<")
    for k in (0, 1):
        yield from continuous(f, 0, k)
        yield from continuous(f, 1, k)
    for n, joint in enumerate(f.joints):
        slope = f.at(n, joint, 1) - f.at(n, joint, 1, 1)
        yield sign("(A - B)' < 0 at a joint", slope, "<", f.region)
    yield from floored(f, case.guess["floor"])
    yield from floored(f, case.guess["base"], 1)
    yield tends(f, "A(-oo) = oo", f.formula(0), 0, True, S.Infinity)
    yield tends(f, "B(oo) = oo", f.formula(last, 0, 1), last, False, S.Infinity)


@premises()
def _ties(case: Case) -> Iterator[Premise]:
    """One score is best for two probabilities, of which three classes may have the greater."""
    f = one_vs_all(case.reading)
    first, second, place = (case.guess[name] for name in ("first", "second", "place"))
    if not first.is_Rational or not second.is_Rational:
        raise Silent
    rest = 1 - first - second
    yield at_least(3, case.reading)
    yield sign("the second is positive", second, ">", f.region)
    yield sign("the first is greater", first - second, ">", f.region)
    yield sign("the first is greater than the rest", first - rest, ">", f.region)
    yield sign("the rest is no probability below 0", rest, ">=", f.region)
    for k in (0, 1):
        yield from continuous(f, 0, k)
    for p in (first, second):
        best = p * f.value(place) + (1 - p) * f.value(place, 1)
        yield from everywhere(
            f,
            f"no score is better for probability {p}",
            lambda n, p=p, best=best: p * f.formula(n) + (1 - p) * f.formula(n, 0, 1) - best,  # type: ignore[misc]
            ">=",
        )


@premises()
def _is_idle(case: Case) -> Iterator[Premise]:
    """One score is least for A and for B."""
    f, place = one_vs_all(case.reading), case.guess["place"]
    for k, name in enumerate("AB"):
        least = f.value(place, k)
        yield from continuous(f, 0, k)
        yield from everywhere(
            f,
            f"{name} is least there",
            lambda n, k=k, least=least: f.formula(n, 0, k) - least,  # type: ignore[misc]
            ">=",
        )


@premises()
def _is_margin_sum(case: Case) -> Iterator[Premise]:
    """Two classes, B(v) = A(-v), A convex and falling at 0."""
    f, region = one_vs_all(case.reading), case.reading.region
    z = f.variable
    yield at_most(2, case.reading)
    mirrored = substitute(f.functions[1], {z: -z})
    yield sign("B mirrors A", f.functions[0] - mirrored, "==", region.having(z, LINE))
    yield from everywhere(f, "A'' >= 0", lambda n: f.formula(n, 2), ">=")
    yield from bends_up(f)
    piece = number(case.guess, "piece", len(f))
    yield from inside(f, piece, S.Zero)
    yield sign("A'(0) < 0", f.at(piece, S.Zero, 1), "<", f.region)
    yield from floored(f, case.guess["floor"])


SEPARABLE = tuple(
    Theorem(
        f"one-vs-all-{word}",
        prop,
        Pooled,
        "a sum of binary losses, one for each class, whose minimisers rise strictly with the "
        "probability",
        f"Zhang 2004, Statistical Analysis of Some Multi-Category Large Margin Classification "
        f"Methods; {THEORY}: One-vs-all sums",
        _is_separable,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

TIES = tuple(
    Theorem(
        f"one-vs-all-ties-{word}",
        prop,
        Pooled,
        "a sum of binary losses, one for each class, where one score is best for two probabilities",
        f"Zhang 2004; {THEORY}: One-vs-all sums",
        _ties,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

IDLE = tuple(
    Theorem(
        f"one-vs-all-idle-{word}",
        prop,
        Pooled,
        "a sum of binary losses, one for each class, both least at one score: with it for all "
        "classes no label costs more than it must",
        "the definition",
        _is_idle,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

MARGIN_SUM = tuple(
    Theorem(
        f"one-vs-all-two-{word}",
        prop,
        Pooled,
        "for two classes, a sum of a calibrated convex margin loss of each score",
        f"Bartlett, Jordan, McAuliffe 2006, theorem 2; {THEORY}: One-vs-all sums",
        _is_margin_sum,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

THEOREMS = (*SEPARABLE, *TIES, *IDLE, *MARGIN_SUM)
