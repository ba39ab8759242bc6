"""How a loss moves as a hyperparameter or the entries of an input grow.

A continuous function does not fall along a line if its derivative is not negative wherever it has
one. At kinks and ties the derivative in index notation is that of one of the sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import fresh, occurs, substitute
from losslang.ir.heads import At, Axis, Detach, Tensor
from losslang.ir.loss import Loss
from losslang.verify import instances
from losslang.verify.instances import Inputs
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.difference import opened
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.structure import Structure
from losslang.verify.settle import settled
from losslang.verify.statement import Region, Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.difference import KINDS, formulas, readings_of
from losslang.verify.theorems.growth import Growth
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import lies_in, sign, stated
from losslang.verify.theorems.structure import summands

BY_DEFINITION = "by definition"

BY_SLOPE = "proof in docs/design/theory.md: What a loss does as a number grows"

SIGNS = {"increasing": 1, "decreasing": -1}


# ---------------------------------------------------------------- what grows
def quantity(loss: Loss, question: Sequence[str]) -> sympy.Symbol | Tensor | None:
    """What a question is about: a scalar hyperparameter, or an array or input of real numbers."""
    name = question[0] if len(question) == 1 else ""
    own = [h for h in loss.hyperparameters if h.name.partition("[")[0] == name]
    if len(own) == 1 and own[0].kind == "real":
        return own[0].tensor if own[0].axes else own[0].symbol
    for known in loss.inputs:
        if known.name == name and known.kind == "real":
            return known.tensor
    return None


def _quantity(case: Case) -> tuple[sympy.Symbol | Tensor, Expr]:
    """What grows, and a read of any one entry of it."""
    loss = case.reading.loss
    found = quantity(loss, case.question.arguments)
    if found is None:
        raise Silent
    if isinstance(found, sympy.Symbol):
        return found, found
    return found, At(found, *(fresh(axis) for axis in _axes(loss, found)))


def _axes(loss: Loss, tensor: Tensor) -> tuple[Axis, ...]:
    for known in loss.inputs:
        if known.tensor == tensor:
            return known.dims
    return next(hyper.axes for hyper in loss.hyperparameters if hyper.tensor == tensor)


def value_of(body: Expr) -> Expr:
    """``body`` without the marks that stop gradients."""
    return rewritten(spelled(body), lambda e: e.args[0] if isinstance(e, Detach) else e)


def _undivided(case: Case) -> tuple[sympy.Symbol | Tensor, Expr]:
    """What grows, all over its domain: between two halves there may be a jump."""
    of, entry = _quantity(case)
    region: Region = case.reading.region
    for hyper in case.reading.loss.hyperparameters:
        if hyper.symbol == of and region.bounds(of) != bounds_of(hyper.domain):
            raise Silent
    if any(occurs(of, condition) for condition in region.conditions):
        raise Silent
    return of, entry


@stated
def _steady(case: Case) -> Iterator[Premise]:
    of, entry = _undivided(case)
    for term, where in summands(case):
        if occurs(of, term.guard):
            raise Silent
        body = value_of(term.body)
        growth = Growth(of, entry, case.guess["whole"] == 1)
        yield from growth.premises(body, SIGNS[case.question.property], where)


@stated
def _steady_as_read(case: Case) -> Iterator[Premise]:
    of, _ = _undivided(case)
    kind = KINDS[str(case.guess["as"])]
    loss: Loss = case.reading.loss
    known = [reading for reading in readings_of(loss) if isinstance(reading, kind)]
    if not isinstance(of, sympy.Symbol) or not known:
        raise Silent
    for reading in known:
        found = formulas(reading)
        region, way = found.within(case.reading.region), SIGNS[case.question.property]
        for function in found.functions:
            yield from Growth(of, of).premises(settled(function, region), way, region)


# ---------------------------------------------------------------- two values
Pair: TypeAlias = tuple[Expr, Expr]


def both(case: Case) -> Pair:
    """The loss at the guess's inputs with the lower and with the higher number."""
    of, _ = _quantity(case)
    low, high = case.guess["low"], case.guess["high"]
    if not (low.is_Rational and high.is_Rational and low < high):
        raise Silent
    loss = opened(case.reading.loss)
    found = instances.from_data(case.guess)
    values = [_value(loss, found, of, case, number) for number in (low, high)]
    return values[0], values[1]


def _value(loss: Loss, inputs: Inputs, of: Basic, case: Case, number: Expr) -> Expr:
    if isinstance(of, Tensor):
        name, *at = str(case.guess["entry"]).split()
        place = (name, tuple(map(int, at)))
        if name != of.name or place not in inputs.entries:
            raise Silent
        inputs = Inputs(inputs.sizes, {**inputs.entries, place: number})
    try:
        found = instances.value(loss, inputs)
    except ValueError:
        raise Silent from None
    if found is None:
        raise Silent
    return found if isinstance(of, Tensor) else substitute(found, {of: number})


@stated
def _unsteady(case: Case) -> Iterator[Premise]:
    of, _ = _quantity(case)
    region: Region = case.reading.region
    if isinstance(of, sympy.Symbol):
        for number in (case.guess["low"], case.guess["high"]):
            yield from _held(of, number, region)
        ends = [end for _, bounds in region.variables for end in (bounds.low, bounds.high)]
        if any(of in part.free_symbols for part in (*ends, *region.conditions)):
            raise Silent
        rest = tuple(pair for pair in region.variables if pair[0] != of)
        region = replace(region, variables=rest)
    low, high = both(case)
    relation: Relation = "<" if case.question.property == "increasing" else ">"
    yield sign("the loss moves the other way", high - low, relation, region)


def _held(of: sympy.Symbol, number: Expr, region: Region) -> Iterator[Premise]:
    """That a number is a setting."""
    bounds = region.bounds(of)
    if bounds is None:
        raise Silent
    yield from lies_in("a setting", number, bounds, region)


# ---------------------------------------------------------------- theorems
def _theorems(name: str, way: str, other: str) -> tuple[Theorem, Theorem, Theorem]:
    return (
        Theorem(
            f"{name} by its slope",
            name,
            Structure,
            f"the loss is continuous in it, and its slope is never {way}",
            BY_SLOPE,
            _steady,
        ),
        Theorem(
            f"{name} by its slope as read",
            name,
            Structure,
            f"the loss reads as a formula of numbers, whose slope is never {way}",
            BY_SLOPE,
            _steady_as_read,
        ),
        Theorem(
            f"not {name}",
            name,
            Structure,
            f"there are inputs at which the loss {other} as it grows",
            BY_DEFINITION,
            _unsteady,
            holds=False,
        ),
    )


INCREASING = _theorems("increasing", "negative", "falls")

DECREASING = _theorems("decreasing", "positive", "rises")

THEOREMS = (*INCREASING, *DECREASING)
