"""What a loss may tend to as one input moves off."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Integer, S

from losslang.ir.loss import Loss
from losslang.verify.instances import Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.rules.limits import evaluate
from losslang.verify.search.counterexamples import shown
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import far
from losslang.verify.theorems.pieces import Silent
from losslang.verify.verdict import Witness

PLACES = (Integer(0), Integer(1), Integer(3), Integer(4))


def start(loss: Loss) -> Guess:
    """Small whole numbers, in ascending order along an axis."""
    at = {k: PLACES[k[1][-1] % 4] if len(k[1]) > 1 else S.Zero for k in far.entries(loss)}
    return Inputs(far.SIZES, at).data()


def limit(reading: Structure, question: Question, side: int) -> Expr | None:
    """The limit from there, up or down; ``None`` where it is not known."""
    try:
        found, t = far.tail(Case(reading, question, start(reading.loss)), side)
    except Silent:
        return None
    return evaluate(found, t, S.Infinity, "-")


def values(reading: Structure, question: Question) -> Iterator[Guess]:
    """The limit, where it is finite."""
    up = limit(reading, question, 1)
    if up is not None and not up.is_infinite:
        yield {"value": up}


def infinities(reading: Structure, question: Question) -> Iterator[Guess]:
    """The ways along which the loss has no bound."""
    for side, up in ((1, S.One), (-1, S.Zero)):
        value = limit(reading, question, side)
        if value is not None and value.is_infinite:
            yield {**start(reading.loss), "up": up, "value": value}


def different(reading: Structure, question: Question) -> Iterator[Guess]:
    """The limits on both sides, where they are different numbers."""
    up, down = (limit(reading, question, side) for side in (1, -1))
    if up is not None and down is not None and up != down:
        yield {**start(reading.loss), "limit up": up, "limit down": down}


def growing(case: Case) -> Witness | None:
    """Inputs, and the loss after the input has moved by 10 and by 100."""
    side = 2 * int(case.guess["up"]) - 1
    says = f"the loss has no bound as {case.question.input} moves off"
    return _after(case, (10 * side, 100 * side), says)


def apart(case: Case) -> Witness | None:
    """Inputs, and the loss after the input has moved by 100 to either side."""
    return _after(
        case, (-100, 100), f"where the loss goes depends on where {case.question.input} moves"
    )


def _after(case: Case, moves: tuple[int, int], says: str) -> Witness:
    loss, given = case.reading.loss, far.start(case)
    after = [far.moved(loss, case.question, given, S(by)) for by in moves]
    name = f"loss with {case.question.input} moved by {moves[0]} and {moves[1]}"
    values = shown(loss, Inputs(far.SIZES, given)) | {name: tuple(after)}
    return Witness(values, (Sign(after[1] - after[0], "!="),), says)


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
    Strategy(far.PARTS, different, apart),
)
