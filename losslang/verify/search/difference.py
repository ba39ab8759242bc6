"""How to show that one loss is another, or at which inputs it is not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import sympy
from sympy import Expr

from losslang.ir.loss import Loss
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.difference import difference
from losslang.verify.readings.structure import Structure
from losslang.verify.search import invariance
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import difference as theorems
from losslang.verify.verdict import Witness

PLAIN = tuple(sympy.Integer(n) for n in (0, 1, 2, -1))
DRAWS = 3


def compares(reading: Structure, question: Question) -> bool:
    """Whether the question names a loss of the same inputs."""
    if len(question.arguments) != 1:
        return False
    return difference(reading.loss, question.arguments[0], reading.region) is not None


def kinds(reading: Structure, question: Question) -> Iterator[Guess]:
    """The forms that the loss may be read as, but for curves; none if it compares examples."""
    if not invariance.looks_across(reading.loss):
        yield from ({"as": sympy.Symbol(name)} for name in theorems.KINDS if name != "Curve")


def _kinds_and_curves(reading: Structure, question: Question) -> Iterator[Guess]:
    if invariance.looks_across(reading.loss):
        return
    yield from kinds(reading, question)
    for known in reading.loss.inputs:
        if known.kind == "real" and not known.axes:
            yield {"as": sympy.Symbol("Curve"), "input": sympy.Symbol(known.name)}


def _inputs(reading: Structure, question: Question) -> Iterator[Guess]:
    """Inputs at which formulas are short, then others."""
    made = difference(reading.loss, question.arguments[0], reading.region)
    if made is None:
        return
    drawn = (invariance.drawn(made.loss, seed) for seed in range(DRAWS))
    found = [inputs for inputs in drawn if inputs is not None]
    for inputs in chain(*(_plain(made.loss, each) for each in found[:1]), found):
        yield inputs.data()


def _plain(loss: Loss, inputs: Inputs) -> Iterator[Inputs]:
    """The inputs with whole numbers for the real ones, as far as their domains hold them."""
    known = {i.name: i for i in loss.inputs}
    for step in range(len(PLAIN)):
        entries: dict[Entry, Expr] = {}
        for n, ((name, at), old) in enumerate(inputs.entries.items()):
            number = PLAIN[step * n % len(PLAIN)]
            plain = known[name].kind == "real" and number in known[name].domain
            entries[name, at] = number if plain else old
        yield Inputs(inputs.sizes, entries)


def _witness(case: Case) -> Witness | None:
    loss = theorems.compared(case).loss
    given = instances.from_data(case.guess)
    left = instances.value(loss, given)
    if left is None:
        return None
    values = {**instances.arrays(loss, given), "difference": left}
    says = f"the loss is not {case.question.arguments[0]}"
    return Witness(values, (Sign(left, "!="),), says)


EQUALS = (
    Strategy(theorems.EQUALS_AS_READ, _kinds_and_curves),
    Strategy(theorems.EQUALS),
    Strategy(theorems.NOT_EQUALS, _inputs, _witness),
)
