"""What a loss is at given inputs: a formula in its hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sympy import Expr

from losslang.ir.heads import ONE, ZERO
from losslang.ir.loss import Input, Loss, Term
from losslang.ir.truth import conjuncts
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.point import Point, point
from losslang.verify.readings.structure import Structure
from losslang.verify.settle import settled
from losslang.verify.statement import Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.difference import BY_DEFINITION
from losslang.verify.theorems.pieces import Silent, has_no_value
from losslang.verify.theorems.premises import premises, sign
from losslang.verify.theorems.requirements import at, places, shown, signs


def named(case: Case) -> Point:
    """The point that the question names. Raises :class:`Silent`."""
    found = point(case.reading.loss, *case.question.arguments)
    if found is None:
        raise Silent
    return found


def written_out(here: Point, region: Region) -> Expr:
    """The loss there, with every sum written out and comparisons decided as far as they can be.

    Raises :class:`Silent`.
    """
    sizes, entries = here.inputs.sizes, here.inputs.entries
    found = _formula(here.loss.terms, here.loss.inputs, (*sizes.items(),), (*entries.items(),))
    if found is None or here.loss.draws or has_no_value(found):
        raise Silent
    return settled(found, region)


@lru_cache(maxsize=64)
def _formula(
    terms: tuple[Term, ...],
    inputs: tuple[Input, ...],
    sizes: tuple[tuple[str, int], ...],
    entries: tuple[tuple[Entry, Expr], ...],
) -> Expr | None:
    found = instances.formula(
        Loss("formula", inputs, (), terms), Inputs(dict(sizes), dict(entries))
    )
    return None if found is None else spelled(found)


@premises()
def _value(case: Case) -> Iterator[Premise]:
    here, region = named(case), case.reading.region
    for needed in here.loss.requires:
        for place in places(needed, here.inputs):
            guard = at(here.loss, needed.guard, here.inputs, place)
            if guard == ZERO:
                continue
            condition = at(here.loss, needed.condition, here.inputs, place)
            if guard is None or condition is None:
                raise Silent
            if condition != ONE:
                for each in signs(spelled(condition), region.where(*conjuncts(guard))):
                    yield Premise(f"{shown(needed)} holds there", each)
    yield sign("this is the value", written_out(here, region) - case.guess["value"], "==", region)


VALUE = Theorem(
    "value-at-a-point",
    "value",
    Structure,
    "the formula at these inputs, with every sum written out",
    BY_DEFINITION,
    _value,
    value=lambda case: case.guess.get("value"),
    recursive=True,
)

THEOREMS = (VALUE,)
