"""Losses of probabilities that are divided by their sum over all labels."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.readings.score import Score
from losslang.verify.statement import Bounds, Limit, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY, at_least, at_most
from losslang.verify.theorems.pieces import Pieces, Silent
from losslang.verify.theorems.premises import premises, sign
from losslang.verify.theorems.score import entry, inside_unit, smooth_in
from losslang.verify.theorems.sums import sums_of


def _normalised(case: Case) -> tuple[Pieces, Expr, Region]:
    """l_y = active f(q_y) / sum_k f(q_k) - passive q_y + rest: f, the rest, and where it varies."""
    found = sums_of(case.reading)
    active, passive, flip = (case.guess[name] for name in ("active", "passive", "sign"))
    if len(found.sums) != 1 or flip not in (S.One, S.NegativeOne):
        raise Silent
    symbol, body = found.sums[0]
    p, (h, body) = entry(found, found.h, body)
    total, f = found.region.fresh("S", positive=True), flip * body
    h = substitute(h, {symbol: flip * total})
    rest = sympy.expand(h - active * f / total + passive * p)
    return (
        smooth_in(found.region, p, f),
        rest,
        inside_unit(found.region, p).having(total, Bounds(S.Zero)),
    )


def _is_normalised(case: Case) -> Iterator[Premise]:
    """The rest is constant, f is positive, falls, and is infinite at 0."""
    f, rest, region = _normalised(case)
    for symbol in region.symbols[-2:]:
        yield sign("the rest is constant", derivative(rest, symbol), "==", region)
    yield sign("f > 0", f.formula(0), ">", f.where(0))
    yield sign("f falls", f.formula(0, 1), "<=", f.where(0))
    pole = Limit(f.formula(0), f.variable, S.Zero, "+", S.Infinity, f.region)
    yield Premise("f(0) = oo", pole)
    yield sign("active >= 0", case.guess["active"], ">=", f.region)


@premises()
def _is_calibrated_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _is_normalised(case)
    yield sign("active > 0", case.guess["active"], ">", case.reading.region)
    yield sign("passive >= 0", case.guess["passive"], ">=", case.reading.region)


@premises()
def _is_purely_normalised(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    yield from _is_normalised(case)
    yield sign("passive = 0", case.guess["passive"], "==", case.reading.region)


@premises()
def _is_active_passive(case: Case) -> Iterator[Premise]:
    yield from _is_normalised(case)
    yield sign("passive > 0", case.guess["passive"], ">", case.reading.region)


@premises()
def _is_ordered_for_three(case: Case) -> Iterator[Premise]:
    yield at_most(3, case.reading)
    yield from _is_normalised(case)
    yield sign("active > 0", case.guess["active"], ">", case.reading.region)
    yield sign("passive > 0", case.guess["passive"], ">", case.reading.region)


@premises()
def _is_disordered_for_four(case: Case) -> Iterator[Premise]:
    yield at_least(4, case.reading)
    yield from _is_normalised(case)
    yield sign("passive >= 0", case.guess["passive"], ">=", case.reading.region)


@premises()
def _is_constant_sum(case: Case) -> Iterator[Premise]:
    f, rest, region = _normalised(case)
    yield sign("the rest is that of 1 - q_y", rest - case.guess["passive"], "==", region)
    yield sign("f > 0", f.formula(0), ">", f.where(0))


_NORMALISED = f"{THEORY}: Normalised losses"

NORMALISED_TWO = tuple(
    Theorem(
        f"score-normalised-two-{word}",
        prop,
        Score,
        "a normalised loss of two classes whose numerator is unbounded: mass on the likelier class "
        "is best",
        _NORMALISED,
        _is_calibrated_for_two,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

NORMALISED = tuple(
    Theorem(
        f"score-normalised-{word}",
        prop,
        Score,
        "a normalised loss is a weighted mean of the probabilities, and its infimum, the least of "
        "them, is approached with any class in front",
        _NORMALISED,
        _is_purely_normalised,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

ACTIVE_PASSIVE = Theorem(
    "score-active-passive",
    "calibrated",
    Score,
    "a normalised loss plus a multiple of 1 - q_y: both are least along the same sequence",
    f"Ma et al. 2020, Normalized Loss Functions; {_NORMALISED}",
    _is_active_passive,
)

ACTIVE_PASSIVE_THREE = Theorem(
    "score-active-passive-three",
    "order_preserving",
    Score,
    "a normalised loss plus a multiple of 1 - q_y orders up to three classes",
    _NORMALISED,
    _is_ordered_for_three,
)

ACTIVE_PASSIVE_FOUR = Theorem(
    "score-active-passive-four",
    "order_preserving",
    Score,
    "a normalised loss plus a multiple of 1 - q_y leaves the classes between the first and the "
    "last in any order",
    _NORMALISED,
    _is_disordered_for_four,
    holds=False,
)

CONSTANT_SUM = Theorem(
    "score-constant-sum",
    "symmetric",
    Score,
    "a normalised loss plus a multiple of 1 - q_y: both sum to a constant over the labels",
    "Ma et al. 2020, Normalized Loss Functions, lemma 1",
    _is_constant_sum,
    value=lambda case: case.guess["active"] + case.guess["passive"] * (case.reading.classes - 1),
)

THEOREMS = (
    *(*NORMALISED_TWO, *NORMALISED),
    *(ACTIVE_PASSIVE, ACTIVE_PASSIVE_THREE, ACTIVE_PASSIVE_FOUR, CONSTANT_SUM),
)
