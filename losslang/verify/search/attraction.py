"""How to show that a loss pulls at positive scores and pushes at others: no theorem has a guess."""

from __future__ import annotations

from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Question
from losslang.verify.theorems import attraction as theorems
from losslang.verify.theorems.pieces import Silent


def has_scores(reading: Structure, question: Question) -> bool:
    """Whether a loss has scores of classes, or similarities of examples."""
    try:
        found = theorems.scores(reading.loss)
        for term in reading.loss.terms:
            theorems.in_scores(term.body, found)
    except Silent:
        return False
    return True


ATTRACTS: tuple[Strategy, ...] = (Strategy(theorems.ATTRACTS),)
