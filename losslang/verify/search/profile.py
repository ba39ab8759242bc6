"""Guesses for multi-class losses with one class in front of others that are alike."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from sympy import Rational, S

from losslang.verify.property import Strategy
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.readings.score import Score
from losslang.verify.theorem import Guess, Question
from losslang.verify.theorems import profile as theorems

SHARES = tuple(Rational(n, 10) for n in (6, 9, 3))
SCORES = (S.Zero, S(2), S(5), S(-3))


def sums(reading: Multiclass | Score, question: Question) -> Iterator[Guess]:
    """Two profiles."""
    values = SHARES if isinstance(reading, Score) else SCORES
    for first, second in combinations(values, 2):
        yield {"own 1": first, "other 1": S.Zero, "own 2": second, "other 2": S.Zero}


def shares(reading: Score, question: Question) -> Iterator[Guess]:
    """Probabilities of the class in front."""
    yield from ({"own": share} for share in SHARES)


SYMMETRIC = (Strategy(theorems.NOT_SYMMETRIC, sums),)
PROPER, STRICTLY_PROPER = ((Strategy(theorem, shares),) for theorem in theorems.NOT_PROPER)
