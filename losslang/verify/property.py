"""Properties: which theorems may decide one, and in which order to try them.

Each file in :mod:`losslang.verify.properties` holds one :class:`Property`. Its strategies pair a
theorem with a search for guesses. The search may use anything and is trusted with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from losslang.verify.theorem import Case, Guess, Question, Reading, Theorem, concerns
from losslang.verify.verdict import Witness

Guesses: TypeAlias = Callable[[Any, Question], Iterable[Guess]]


def no_guess(reading: Reading, question: Question) -> Iterable[Guess]:
    """For theorems without one."""
    return ({},)


@dataclass(frozen=True)
class Strategy:
    """Try ``theorem`` with each of the ``guesses``.

    ``witness`` makes numbers for people out of a refuting case whose premises were proved; it is
    called for settings without free hyperparameters.
    """

    theorem: Theorem
    guesses: Guesses = no_guess
    witness: Callable[[Case], Witness | None] = lambda _: None


@dataclass(frozen=True)
class Property:
    """``name`` as claims write it; ``strategies`` from cheap to dear.

    ``arguments`` says what may stand in parentheses: ``"input"`` (the name of a real input), or a
    word from ``words``. ``means`` narrows the readings for which the property has a meaning: by
    default all that one of its theorems reads. ``listed`` narrows those for which a report answers
    it unasked.
    """

    name: str
    says: str
    strategies: tuple[Strategy, ...]
    arguments: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    means: Callable[[Any, Question], bool] = lambda reading, question: True
    listed: Callable[[Any, Question], bool] = lambda reading, question: True

    def speaks_of(self, reading: Reading, question: Question) -> bool:
        """Whether the property has a meaning for such a loss, asked so."""
        read = any(isinstance(reading, strategy.theorem.reads) for strategy in self.strategies)
        return read and concerns(reading, question) and self.means(reading, question)
