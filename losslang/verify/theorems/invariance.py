"""Invariances: what a change of the inputs leaves as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sympy import Expr

from losslang.ir.heads import At, Axis, Tensor
from losslang.ir.loss import EVERYTHING, Input, Loss, Term
from losslang.verify import instances
from losslang.verify.instances import Change, Inputs, with_reads
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Premise, Question, Theorem
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import stated

BY_DEFINITION = "by definition"

OFFSET, FACTOR = Tensor("<offset>"), Tensor("<factor>", "positive")

Premises = Callable[[Case], Sequence[Premise] | None]


# ---------------------------------------------------------------- shifts and scales
def moving_input(loss: Loss, name: str) -> Input | None:
    """The array input of that name, if its entries may be any real numbers."""
    for known in loss.inputs:
        if known.name == name and known.kind == "real" and known.axes:
            return known if known.domain == EVERYTHING else None
    return None


def moving(loss: Loss, question: Question) -> tuple[Input, ...]:
    """The inputs that are asked about, if they can be moved, together if there are several."""
    names = question.arguments or (question.input,)
    found = tuple(known for known in (moving_input(loss, name) for name in names) if known)
    types = {(known.axes, known.batched) for known in found}
    return found if len(found) == len(set(names)) and len(types) == 1 else ()


def moved_axes(loss: Loss, known: Input) -> tuple[Axis, ...]:
    """The axes along which an invariance moves all entries of an input alike.

    That is the axis which the labels index, where the input has it, and else all its axes.
    """
    indexed = [i.over for i in loss.inputs if i.over is not None and i.over in known.axes]
    return tuple(indexed[:1]) or known.axes


def moved(loss: Loss, inputs: Sequence[Input], by: Tensor) -> Change:
    """How a number is added to the entries of inputs of one shape, or multiplied to them.

    There is one number for each example, and for each place along the axes that are not moved.
    """
    axes, tensors = moved_axes(loss, inputs[0]), {known.tensor for known in inputs}

    def change(read: At) -> Expr:
        if read.tensor not in tensors:
            return read
        kept = (e for e, axis in zip(read.indices, inputs[0].dims, strict=True) if axis not in axes)
        number = At(by, *kept)
        return read + number if by == OFFSET else read * number

    return change


def keeps_guard(term: Term, change: Change) -> None:
    """Silent unless a change of the inputs leaves it as it is where a term counts."""
    if with_reads(term.guard, change) != term.guard:
        raise Silent


def _invariant(by: Tensor, what: str) -> Premises:
    @stated
    def premises(case: Case) -> Iterator[Premise]:
        loss = case.reading.loss
        inputs = moving(loss, case.question)
        if not inputs:
            raise Silent
        yield from _unchanged(case, moved(loss, inputs, by), what)

    return premises


def _unchanged(case: Case, change: Change, what: str) -> Iterator[Premise]:
    for term in case.reading.loss.terms:
        keeps_guard(term, change)
        gap = with_reads(term.body, change) - term.body
        yield Premise(f"{what} leaves {term.name} as it is", Sign(gap, "==", case.reading.region))


def changed_by(case: Case, by: Tensor) -> tuple[Expr, Expr] | None:
    """The loss at the guess's inputs, before and after the first example is moved by ``by``."""
    loss, given = case.reading.loss, instances.from_data(case.guess)
    inputs = {known.name: known for known in moving(loss, case.question)}
    number = case.guess.get("by")
    if not inputs or number is None or not number.is_Rational:
        return None
    if by == FACTOR and not number > 0:
        return None
    entries = dict(given.entries)
    for (name, at), old in given.entries.items():
        if name in inputs and (not inputs[name].batched or at[0] == 0):
            entries[name, at] = old + number if by == OFFSET else old * number
    return before_and_after(loss, given, Inputs(given.sizes, entries))


def before_and_after(loss: Loss, before: Inputs, after: Inputs) -> tuple[Expr, Expr] | None:
    """The loss at two inputs; ``None`` unless both are allowed and it can be written out."""
    try:
        values = instances.value(loss, before), instances.value(loss, after)
    except ValueError:
        return None
    return None if values[0] is None or values[1] is None else (values[0], values[1])


def changes(pair: Callable[[Case], tuple[Expr, Expr] | None]) -> Premises:
    """Refuting premises: two values of the loss that should be equal are not."""

    def premises(case: Case) -> Sequence[Premise] | None:
        values = pair(case)
        if values is None:
            return None
        return [Premise("the loss changes", sign) for sign in difference(case, values)]

    return premises


def difference(case: Case, values: tuple[Expr, Expr]) -> tuple[Sign, ...]:
    """That two values of the loss are different."""
    return (Sign(values[1] - values[0], "!=", case.reading.region),)


def shifted(case: Case) -> tuple[Expr, Expr] | None:
    """Before and after a number is added to the entries of the first example."""
    return changed_by(case, OFFSET)


def scaled(case: Case) -> tuple[Expr, Expr] | None:
    """Before and after the entries of the first example are multiplied by a number."""
    return changed_by(case, FACTOR)


SHIFT_INVARIANT = Theorem(
    "the offset cancels",
    "shift_invariant",
    Structure,
    "Adding one number to all of an example's scores leaves the formula as it is",
    BY_DEFINITION,
    _invariant(OFFSET, "an offset"),
)

NOT_SHIFT_INVARIANT = Theorem(
    "an offset changes the loss",
    "shift_invariant",
    Structure,
    "There are inputs whose loss changes when a number is added to them",
    BY_DEFINITION,
    changes(shifted),
    holds=False,
)

SCALE_INVARIANT = Theorem(
    "the factor cancels",
    "scale_invariant",
    Structure,
    "Multiplying all of an example's entries by a positive number leaves the formula as it is",
    BY_DEFINITION,
    _invariant(FACTOR, "a positive factor"),
)

NOT_SCALE_INVARIANT = Theorem(
    "a factor changes the loss",
    "scale_invariant",
    Structure,
    "There are inputs whose loss changes when they are multiplied by a positive number",
    BY_DEFINITION,
    changes(scaled),
    holds=False,
)


# ---------------------------------------------------------------- the origin
def points(loss: Loss) -> tuple[Input, ...]:
    """The real inputs, if they are two or more points of one space."""
    found = tuple(i for i in loss.inputs if i.kind == "real")
    alike = {i.axes for i in found}
    free = all(i.domain == EVERYTHING and i.batched for i in found)
    return found if len(found) > 1 and len(alike) == 1 and free else ()


@stated
def _translated(case: Case) -> Iterator[Premise]:
    tensors = {i.tensor for i in points(case.reading.loss)}
    if not tensors:
        raise Silent

    def change(read: At) -> Expr:
        return read + At(OFFSET, *read.indices[1:]) if read.tensor in tensors else read

    yield from _unchanged(case, change, "another origin")


def translated(case: Case) -> tuple[Expr, Expr] | None:
    """Before and after a number is added to every entry of all points."""
    loss, inputs = case.reading.loss, instances.from_data(case.guess)
    number, moving = case.guess.get("by"), {i.name for i in points(loss)}
    if number is None or not number.is_Rational or not moving:
        return None
    entries = {
        (name, at): old + number if name in moving else old
        for (name, at), old in inputs.entries.items()
    }
    return before_and_after(loss, inputs, Inputs(inputs.sizes, entries))


TRANSLATION_INVARIANT = Theorem(
    "the origin does not matter",
    "translation_invariant",
    Structure,
    "Adding one point to all real inputs leaves the formula as it is",
    BY_DEFINITION,
    _translated,
)

NOT_TRANSLATION_INVARIANT = Theorem(
    "the origin matters",
    "translation_invariant",
    Structure,
    "There are inputs whose loss changes when a number is added to all of them",
    BY_DEFINITION,
    changes(translated),
    holds=False,
)

THEOREMS = (
    *(SHIFT_INVARIANT, NOT_SHIFT_INVARIANT, SCALE_INVARIANT, NOT_SCALE_INVARIANT),
    *(TRANSLATION_INVARIANT, NOT_TRANSLATION_INVARIANT),
)
