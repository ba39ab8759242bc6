"""Guesses for losses of arrays by their entries: those of the summand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from losslang.verify.property import Strategy
from losslang.verify.readings import Regression, Structure
from losslang.verify.search import regression
from losslang.verify.theorem import Guess, Question, Reading
from losslang.verify.theorems import entries as theorems
from losslang.verify.theorems.pieces import Silent


def of_an_entry(
    guesses: Callable[[Regression, Question], Iterable[Guess]],
) -> Callable[[Any, Question], Iterable[Guess]]:
    """The guesses about the summand."""

    def search(reading: Structure, question: Question) -> Iterable[Guess]:
        try:
            return guesses(theorems.entrywise(reading), question)
        except Silent:
            return ()

    return search


def has_entries(reading: Reading, question: Question) -> bool:
    """Whether a loss that only its structure is known of is a sum over entries."""
    if not isinstance(reading, Structure):
        return True
    try:
        theorems.entrywise(reading)
    except Silent:
        return False
    return True


BREGMAN: tuple[Strategy, ...] = (
    Strategy(theorems.BREGMAN, of_an_entry(regression.generators)),
    Strategy(theorems.NOT_BREGMAN, of_an_entry(regression.bends)),
)
CONVEX: tuple[Strategy, ...] = (Strategy(theorems.CONVEX_IN_TWO),)
