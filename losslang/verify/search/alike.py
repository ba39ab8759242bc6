"""Inputs at which two alike inputs show that a loss lacks a property, and degrees to try."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sympy import Expr, Rational

from losslang.ir.loss import Loss
from losslang.verify import instances
from losslang.verify.instances import Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings import Regression
from losslang.verify.readings.structure import Structure
from losslang.verify.search.counterexamples import shown
from losslang.verify.search.invariance import drawn, plain
from losslang.verify.search.sections import floats
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import alike
from losslang.verify.theorems.pieces import Silent
from losslang.verify.verdict import Witness

DRAWS = 6


def inputs(loss: Loss) -> Iterator[Inputs]:
    """Small rational inputs; also with ascending entries, for the corners of boxes are in order."""
    for seed in range(DRAWS):
        found = drawn(loss, seed)
        if found is None:
            return
        yield found
        if any(known.kind == "real" and known.axes for known in loss.inputs):
            yield _ascending(loss, found)


def _ascending(loss: Loss, given: Inputs) -> Inputs:
    entries = dict(given.entries)
    for known in loss.inputs:
        if known.kind == "real" and known.axes:
            places = list(instances.places(known, given.sizes))
            numbers = sorted(given.entries[known.name, at] for at in places)
            steps = (n + Rational(k, 4) for k, n in enumerate(numbers))
            entries |= {(known.name, at): n for at, n in zip(places, steps, strict=True)}
    return Inputs(given.sizes, entries)


def guesses(reading: Structure, question: Question) -> Iterator[Guess]:
    """Inputs for refutations, the plainest first."""
    simple = plain(reading.loss)
    if simple is not None:
        yield simple.data()
    yield from (given.data() for given in inputs(reading.loss))


def degrees(reading: Structure, question: Question) -> Iterator[Guess]:
    """The degree that doubling the inputs twice speaks for, a multiple of one half."""
    found = (_degree(Case(reading, question, given.data())) for given in inputs(reading.loss))
    known = next((degree for degree in found if degree is not None), None)
    if known is not None:
        yield {"degree": known}


def _degree(case: Case) -> Expr | None:
    """How many times doubling the inputs doubles the loss, at a guess and one setting."""
    region = case.reading.region
    try:
        found = [alike.multiplied(case, factor) for factor in (1, 2)]
        one, two = (floats(e, region, region.fresh("s"), 1)[0](0.0) for e in found)
        degree = math.log2(two / one)
    except (Silent, ArithmeticError, IndexError, ValueError):
        return None
    near = Rational(round(2 * degree), 2) if math.isfinite(degree) else None
    return near if near is not None and abs(near - degree) < 1e-9 else None


def has_twins(reading: object, question: Question) -> bool:
    """Whether two inputs are alike."""
    return isinstance(reading, Structure) and alike.twins(reading.loss) is not None


def scales(reading: object, question: Question) -> bool:
    """Whether prediction and target may be scaled together."""
    if isinstance(reading, Regression):
        return True
    return (
        isinstance(reading, Structure)
        and alike.twins(reading.loss) is not None
        and bool(alike.scalable(reading.loss))
    )


def is_plain(reading: object, question: Question) -> bool:
    """Whether a refutation takes no proof for all hyperparameters of a formula of arrays."""
    return isinstance(reading, Regression) or (
        isinstance(reading, Structure) and not reading.region.variables
    )


def at_equality(case: Case) -> Witness | None:
    """The equal inputs, and their loss."""
    try:
        given = alike.equalised(case)
        found = alike.value(case.reading.loss, given)
    except Silent:
        return None
    values = shown(case.reading.loss, given) | {"loss": found}
    return Witness(values, (Sign(found, "!="),), "the loss of these equal inputs is not 0")


def when_swapped(case: Case) -> Witness | None:
    """Inputs, and the loss before and after they are swapped."""
    values = alike.swapped(case)
    if values is None:
        return None
    numbers = {"before": values[0], "after": values[1]}
    return Witness(
        shown(case.reading.loss, instances.from_data(case.guess)) | numbers,
        (Sign(values[1] - values[0], "!="),),
        "the loss changes when the inputs are swapped",
    )


def when_doubled(case: Case) -> Witness | None:
    """Inputs, and the loss after they are doubled once and twice."""
    try:
        one, two, four = (alike.multiplied(case, factor) for factor in (1, 2, 4))
    except Silent:
        return None
    return Witness(
        shown(case.reading.loss, instances.from_data(case.guess))
        | {"loss": one, "loss of the double": two, "loss of the quadruple": four},
        (Sign(one * four - two**2, "!="),),
        "doubling the inputs twice does not square what doubling them does",
    )


ZERO_AT_EQUALITY = (
    Strategy(alike.ZERO),
    Strategy(alike.NOT_ZERO, guesses, at_equality),
)
EXCHANGE_INVARIANT = (
    Strategy(alike.EXCHANGED),
    Strategy(alike.NOT_EXCHANGED, guesses, when_swapped),
)
HOMOGENEOUS = (
    Strategy(alike.HOMOGENEOUS, degrees),
    Strategy(alike.NOT_HOMOGENEOUS, guesses, when_doubled),
)
