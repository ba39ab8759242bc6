"""When one loss is another: their difference is 0 in index notation, or as one of its readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from sympy import Expr

from losslang.ir.loss import Hyperparameter, Input, Loss, Term
from losslang.verify import instances
from losslang.verify.readings import Binary, Curve, Local, Margin, Regression, Residual
from losslang.verify.readings.difference import Difference, difference
from losslang.verify.readings.recognise import readings
from losslang.verify.readings.structure import Structure
from losslang.verify.settle import settled
from losslang.verify.statement import LINE, UNIT, Region, Sign
from losslang.verify.theorem import Case, Premise, Reading, Theorem
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import stated

BY_DEFINITION = "by definition"
KINDS: Mapping[str, type[Reading]] = {
    kind.__name__: kind for kind in (Local, Margin, Binary, Residual, Regression, Curve)
}


def compared(case: Case) -> Difference:
    """The loss less the one that the question names. Raises :class:`Silent`."""
    if len(case.question.arguments) != 1:
        raise Silent
    reading: Structure = case.reading
    found = difference(reading.loss, case.question.arguments[0], reading.region)
    if found is None:
        raise Silent
    return found


def _allowed(found: Difference) -> Iterator[Premise]:
    for sign in found.allowed:
        yield Premise("a setting of this loss is one of the other's", sign)


# ---------------------------------------------------------------- in index notation


@stated
def _identity(case: Case) -> Iterator[Premise]:
    found = compared(case)
    yield from _allowed(found)
    (term,) = found.loss.terms
    region: Region = case.reading.region
    yield Premise("nothing is left", Sign(term.body, "==", region))


EQUALS = Theorem(
    "one formula",
    "equals",
    Structure,
    "the formula less that of the other loss is 0",
    BY_DEFINITION,
    _identity,
)

# ---------------------------------------------------------------- as a formula of numbers


def readings_of(loss: Loss) -> tuple[Reading, ...]:
    """The readings of what a loss computes; they are kept."""
    return _readings(loss.terms, loss.inputs, loss.hyperparameters)


@lru_cache(maxsize=64)
def _readings(
    terms: tuple[Term, ...], inputs: tuple[Input, ...], hyperparameters: tuple[Hyperparameter, ...]
) -> tuple[Reading, ...]:
    return readings(Loss("formula", inputs, hyperparameters, terms))


def formulas(reading: Reading) -> tuple[tuple[Expr, ...], Region]:
    """What a loss is made of, and where: it is 0 everywhere if and only if all of that is."""
    region = reading.region
    match reading:
        case Local():
            return (reading.f,), region.having(reading.p, UNIT)
        case Margin():
            return (reading.phi,), region.having(reading.m, LINE)
        case Binary():
            return (reading.positive, reading.negative), region.having(reading.v, LINE)
        case Residual():
            return (reading.rho,), region.having(reading.r, LINE)
        case Regression():
            region = region.having(reading.prediction, reading.prediction_bounds)
            return (reading.loss,), region.having(reading.target, reading.target_bounds)
        case Curve():
            return (reading.function,), region.having(reading.variable, reading.bounds)
    raise Silent


def narrowed(region: Region, where: Region) -> Region:
    """A region for the settings of another one."""
    rest = tuple(pair for pair in region.variables if pair[0] not in where)
    conditions = (*where.conditions, *(c for c in region.conditions if c not in where.conditions))
    return replace(region, variables=(*where.variables, *rest), conditions=conditions)


@stated
def _as_numbers(case: Case) -> Iterator[Premise]:
    found = compared(case)
    kind = KINDS[str(case.guess["as"])]
    loss = found.loss
    known = readings_of(loss)
    same = [reading for reading in known if isinstance(reading, kind)]
    if kind is Curve:
        same = [r for r in same if isinstance(r, Curve) and r.input == case.guess["input"].name]
    if not same:
        raise Silent
    yield from _allowed(found)
    for reading in same:
        parts, region = formulas(reading)
        region = narrowed(region, case.reading.region)
        for part in parts:
            sign = Sign(settled(part, region), "==", region)
            yield Premise(f"nothing is left of the difference, {reading.kind}", sign)


EQUALS_AS_READ = Theorem(
    "one function",
    "equals",
    Structure,
    "the difference of the two losses reads as a formula of numbers, and that is 0",
    BY_DEFINITION,
    _as_numbers,
)

# ---------------------------------------------------------------- another value


@stated
def _another_value(case: Case) -> Iterator[Premise]:
    found = compared(case)
    inputs = instances.from_data(case.guess)
    left = instances.value(found.loss, inputs)
    if left is None:
        raise Silent
    yield from _allowed(found)
    yield Premise("the losses differ there", Sign(left, "!=", case.reading.region))


NOT_EQUALS = Theorem(
    "another value",
    "equals",
    Structure,
    "there are inputs at which the two losses have different values",
    BY_DEFINITION,
    _another_value,
    holds=False,
)

THEOREMS = (EQUALS, EQUALS_AS_READ, NOT_EQUALS)
