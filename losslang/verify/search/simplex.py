"""Guesses for losses of one sum over a point of the simplex."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from sympy import Expr, S

from losslang.verify.property import Strategy
from losslang.verify.readings.score import Score
from losslang.verify.readings.structure import Structure
from losslang.verify.sampling import looks_false
from losslang.verify.search.critical import suprema
from losslang.verify.search.limits import limit_of
from losslang.verify.statement import UNIT, Sign
from losslang.verify.theorem import Case, Guess, Premise, Question
from losslang.verify.theorems import simplex as theorems
from losslang.verify.theorems.pieces import Silent, pieces
from losslang.verify.theorems.simplex import Extent, extent, total_of

Reading = Score | Structure


def has_range(reading: Any, question: Question) -> bool:
    """Whether a loss without labels is one of a sum over a point of the simplex."""
    if not isinstance(reading, Structure):
        return False
    try:
        total_of(reading)
    except Silent:
        return False
    return True


def shapes(reading: Reading, question: Question) -> Iterator[Guess]:
    """How the summand bends and which way the loss moves with the sum, as samples have it."""
    try:
        found = total_of(reading)
    except Silent:
        return
    region = found.region
    zero, one = (
        limit_of(found.body, found.p, S(end), side, region) for end, side in ((0, "+"), (1, "-"))
    )
    if zero is None or not zero.is_finite:
        return
    for bend, turn in product((S.One, S.NegativeOne), repeat=2):
        guess = {"bend": bend, "turn": turn, "zero": zero, **({} if one is None else {"one": one})}
        made = _extent(Case(reading, question, guess))
        if made is not None and not any(map(_fails, made[1])):
            yield guess
            return


def _extent(case: Case) -> tuple[Extent, tuple[Premise, ...]] | None:
    try:
        return extent(case)
    except (Silent, KeyError):
        return None


def _fails(premise: Premise) -> bool:
    return isinstance(premise.statement, Sign) and looks_false(premise.statement) is not None


def between(reading: Reading, question: Question) -> Iterator[Guess]:
    """The shape, with the infimum and the supremum."""
    for guess in shapes(reading, question):
        made = _extent(Case(reading, question, guess))
        assert made is not None
        found = made[0]
        if found.own is None:
            yield guess
            continue
        low, high = (_best(found, formula, below) for formula, below in _ends(found))
        if low is not None and high is not None:
            ends = {"low": low[0], "low at": low[1], "high": high[0], "high at": high[1]}
            yield {**guess, **ends}


def _ends(found: Extent) -> tuple[tuple[Expr, bool], ...]:
    return (found.low, True), (found.high, False)


def _best(found: Extent, formula: Expr, below: bool) -> tuple[Expr, Expr] | None:
    assert found.own is not None
    f = pieces(found.region, found.own, UNIT, formula)
    if f is None or len(f) > 1:
        return None
    turn = S.NegativeOne if below else S.One
    tops = suprema(f, [lambda n: turn * f.formula(n)])
    return (turn * tops[0].value, tops[0].at) if tops else None


RANGE = (Strategy(theorems.RANGE, between),)
BOUNDED = (Strategy(theorems.BOUNDED, between),)
NONNEGATIVE = (Strategy(theorems.NONNEGATIVE, shapes),)
