"""How to show what contrastive losses do to similarities: no theorem needs a guess."""

from __future__ import annotations

from losslang.verify.property import Strategy
from losslang.verify.readings import Structure
from losslang.verify.theorem import Question
from losslang.verify.theorems import contrastive as theorems
from losslang.verify.theorems.pieces import Silent


def is_contrast(reading: Structure, question: Question) -> bool:
    """Whether a loss compares candidates of the batch by a soft maximum."""
    try:
        theorems.contrast(reading.loss)
    except Silent:
        return False
    return True


HARDNESS: tuple[Strategy, ...] = (Strategy(theorems.HARDNESS),)
TEMPERATURE: tuple[Strategy, ...] = (Strategy(theorems.TEMPERATURE),)
CONVEX_IN_SIMILARITIES: tuple[Strategy, ...] = (Strategy(theorems.CONVEX_IN_SIMILARITIES),)
