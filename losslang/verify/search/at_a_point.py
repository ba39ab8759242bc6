"""What a loss is at given inputs."""

from __future__ import annotations

from collections.abc import Iterator

from losslang.verify.property import Strategy
from losslang.verify.readings.point import point
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import at_a_point as theorems
from losslang.verify.theorems.pieces import Silent


def names_a_point(reading: Structure, question: Question) -> bool:
    """Whether the question names inputs of the loss."""
    arguments = question.arguments
    return len(arguments) == 1 and point(reading.loss, arguments[0]) is not None


def _values(reading: Structure, question: Question) -> Iterator[Guess]:
    try:
        here = theorems.named(Case(reading, question))
        yield {"value": theorems.written_out(here, reading.region)}
    except Silent:
        return


VALUE = (Strategy(theorems.VALUE, _values),)
