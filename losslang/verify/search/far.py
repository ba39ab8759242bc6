"""What a loss may tend to as one input moves off."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Integer, S

from losslang.verify.instances import Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.rules.limits import evaluate
from losslang.verify.search.structure import shown
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import far
from losslang.verify.theorems.pieces import Silent
from losslang.verify.verdict import Witness

PLACES = (Integer(0), Integer(1), Integer(3), Integer(4))


def ways(reading: Structure, question: Question) -> Iterator[Guess]:
    """The limits, up and down, from small whole numbers in ascending order."""
    entries = far.entries(reading.loss)
    at = {key: PLACES[key[1][-1] % 4] if len(key[1]) > 1 else S.Zero for key in entries}
    for up in (1, 0):
        guess = Inputs(far.SIZES, at).data() | {"up": Integer(up)}
        found, t = far.tail(Case(reading, question, guess))
        value = evaluate(found, t, S.Infinity, "-")
        if value is not None:
            yield guess | {"value": value}


def values(reading: Structure, question: Question) -> Iterator[Guess]:
    """The limit, where it is finite."""
    try:
        for guess in ways(reading, question):
            if not guess["value"].is_infinite:
                yield {"value": guess["value"]}
                return
    except Silent:
        return


def infinities(reading: Structure, question: Question) -> Iterator[Guess]:
    """The ways along which the loss has no bound."""
    try:
        yield from (guess for guess in ways(reading, question) if guess["value"].is_infinite)
    except Silent:
        return


def growing(case: Case) -> Witness | None:
    """Inputs, and the loss after the input has moved by 10 and by 100."""
    side = 2 * int(case.guess["up"]) - 1
    loss, given = case.reading.loss, far.start(case)
    after = [far.moved(loss, case.question, given, S(side * by)) for by in (10, 100)]
    values = shown(loss, Inputs(far.SIZES, given)) | {"loss after 10 and 100": tuple(after)}
    facts = (Sign(after[1] - after[0], "!="),)
    return Witness(values, facts, f"the loss has no bound as {case.question.input} moves off")


def moves(reading: object, question: Question) -> bool:
    """Whether an input of the loss may move off, the others being real numbers too."""
    if not isinstance(reading, Structure):
        return False
    try:
        return question.input in {name for name, _ in far.entries(reading.loss)}
    except Silent:
        return False


SATURATES = (
    Strategy(far.SATURATES, values),
    Strategy(far.GROWS, infinities, growing),
)
