"""Guesses for losses of sets of places: labels whose probabilities a bolder answer beats."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sympy import Expr, Integer, Rational

from losslang.verify.property import Strategy
from losslang.verify.readings import Structure
from losslang.verify.search.numbers import sign_of
from losslang.verify.theorem import Case, Guess, Question, Reading
from losslang.verify.theorems import sets as theorems
from losslang.verify.theorems.pieces import Silent
from losslang.verify.verdict import Witness


def has_probabilities(reading: Reading, question: Question) -> bool:
    """Whether a loss that only its structure is known of has logits over classes and places."""
    if not isinstance(reading, Structure):
        return True
    try:
        theorems.roles(reading.loss)
    except Silent:
        return False
    return True


TRUE = (Integer(1), Rational(-1, 2), Integer(-2), Integer(2))
BOLD = (Integer(5), Integer(-5), Integer(2))


def bolder(reading: Structure, question: Question) -> Iterator[Guess]:
    """Logits of two places that seem to cost less than the true ones."""
    for count, true, better in product((2, 1), TRUE, BOLD):
        try:
            gap = _gap(reading, true, better, count)
        except (Silent, ValueError):
            return
        if sign_of(gap, reading.region) == 1:
            yield {"true": true, "better": better, "places": Integer(count)}


def _gap(reading: Structure, true: Expr, better: Expr, count: int) -> Expr:
    honest, bold = (theorems.expected(reading.loss, true, z, count) for z in (true, better))
    return honest - bold


def witness(case: Case) -> Witness | None:
    """The logits of the true probabilities, and those that cost less."""
    if any(not symbol.is_integer for symbol in case.reading.region.symbols):
        return None
    premises = theorems.IMPROPER.premises(case)
    if premises is None:
        return None
    guess = case.guess
    says = (
        f"each of {guess['places']} places is of the second class with the logit {guess['true']}; "
        f"the expected loss is smaller for the logit {guess['better']}"
    )
    return Witness(dict(guess), tuple(p.statement for p in premises), says)  # type: ignore[misc]


PROPER: tuple[Strategy, ...] = (Strategy(theorems.IMPROPER, bolder, witness),)
