"""When one loss is another: their difference is 0 in index notation, or as one of its readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy
from sympy import Expr

from losslang.ir.loss import Hyperparameter, Input, Loss, Term
from losslang.verify import instances
from losslang.verify.readings import Binary, Curve, Local, Margin, Regression, Residual
from losslang.verify.readings.difference import Difference, difference
from losslang.verify.readings.recognise import readings
from losslang.verify.readings.structure import Structure
from losslang.verify.settle import settled
from losslang.verify.statement import LINE, UNIT, Bounds, Region, Sign
from losslang.verify.theorem import Case, Premise, Reading, Theorem
from losslang.verify.theorems.pieces import Silent, pieces
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


@dataclass(frozen=True)
class Formulas:
    """Functions of a ``variable``: a loss is 0 everywhere if and only if all of them are."""

    functions: tuple[Expr, ...]
    variable: sympy.Symbol
    bounds: Bounds
    region: Region

    def within(self, where: Region) -> Region:
        """The settings of a region, and all numbers that the variable can be."""
        return narrowed(self.region, where).having(self.variable, self.bounds)

    def vanishing(self, where: Region) -> Iterator[Sign]:
        """That all functions are 0: on each piece and at each end, if the pieces are known."""
        region = narrowed(self.region, where)
        for function in self.functions:
            found = pieces(region, self.variable, self.bounds, function)
            if found is None or found.formulas == ((function,),):
                whole = self.within(where)
                yield Sign(settled(function, whole), "==", whole)
                continue
            for n in range(len(found)):
                yield Sign(found.formula(n), "==", found.where(n))
            low = [self.bounds.low] if self.bounds.low_closed else []
            high = [self.bounds.high] if self.bounds.high_closed else []
            for place in (*low, *found.joints, *high):
                yield Sign(found.value(place), "==", region)


def formulas(reading: Reading) -> Formulas:
    """What a loss is made of. Raises :class:`Silent` where that is not known."""
    region = reading.region
    match reading:
        case Local():
            return Formulas((reading.f,), reading.p, UNIT, region)
        case Margin():
            return Formulas((reading.phi,), reading.m, LINE, region)
        case Binary():
            return Formulas((reading.positive, reading.negative), reading.v, LINE, region)
        case Residual():
            return Formulas((reading.rho,), reading.r, LINE, region)
        case Regression():
            region = region.having(reading.prediction, reading.prediction_bounds)
            return Formulas((reading.loss,), reading.target, reading.target_bounds, region)
        case Curve():
            return Formulas((reading.function,), reading.variable, reading.bounds, region)
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
        for sign in formulas(reading).vanishing(case.reading.region):
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
