"""Losses of two alike inputs, such as a prediction and a target: equal, swapped, scaled together.

What is shown of a formula in index notation holds wherever the loss has a value: the loss of an
empty box with itself, 0/0, says nothing against a loss of boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sympy import Expr

from losslang.ir.heads import At, Tensor
from losslang.ir.loss import Input, Loss
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs, with_reads
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only
from losslang.verify.theorems.invariance import (
    BY_DEFINITION,
    FACTOR,
    before_and_after,
    changes,
    keeps_guard,
)
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import sign, stated

# ---------------------------------------------------------------- which inputs


def twins(loss: Loss) -> tuple[Input, Input] | None:
    """The two inputs of real numbers, if there are exactly two and they are of one type."""
    found = [known for known in loss.inputs if known.kind == "real"]
    if len(found) != 2:
        return None
    one, other = found
    types = {(known.axes, known.batched, known.domain) for known in found}
    return (one, other) if len(types) == 1 else None


def _twins(case: Case) -> tuple[Input, Input]:
    found = twins(case.reading.loss)
    if found is None:
        raise Silent
    return found


def scalable(loss: Loss) -> tuple[Input, ...]:
    """The inputs of real numbers, if a positive multiple of each is allowed too."""
    found = tuple(known for known in loss.inputs if known.kind == "real")
    ends = {end for known in found for end in (known.domain.low, known.domain.high)}
    return found if ends <= {None, 0} else ()


def value(loss: Loss, inputs: Inputs) -> Expr:
    """The loss at certain inputs. Silent unless they are allowed and it can be written out."""
    try:
        found = instances.value(loss, inputs)
    except ValueError:
        raise Silent from None
    if found is None:
        raise Silent
    return found


# ---------------------------------------------------------------- equal inputs


def _reading(tensors: Mapping[Tensor, Tensor]) -> Callable[[At], Expr]:
    """Reads of some inputs as reads of others."""
    return lambda read: At(tensors.get(read.tensor, read.tensor), *read.indices)


@stated
def _zero(case: Case) -> Iterator[Premise]:
    one, other = _twins(case)
    for term in case.reading.loss.terms:
        body = with_reads(term.body, _reading({one.tensor: other.tensor}))
        label = f"{term.name} is 0 where {one.name} is {other.name}"
        yield Premise(label, Sign(body, "==", case.reading.region))


def equalised(case: Case) -> Inputs:
    """The guess's inputs, the entries of the second alike input being those of the first."""
    one, other = _twins(case)
    found = instances.from_data(case.guess)
    entries: dict[Entry, Expr] = {}
    for (name, at), number in found.entries.items():
        entries[name, at] = found.entries[one.name, at] if name == other.name else number
    return Inputs(found.sizes, entries)


@stated
def _not_zero(case: Case) -> Iterator[Premise]:
    found = value(case.reading.loss, equalised(case))
    yield sign("the loss of equal inputs is not 0", found, "!=", case.reading.region)


ZERO = Theorem(
    "zero-at-equality",
    "zero_at_equality",
    Structure,
    "The formula is 0 if the one input stands for the other",
    BY_DEFINITION,
    _zero,
)
NOT_ZERO = Theorem(
    "not-zero-at-equality",
    "zero_at_equality",
    Structure,
    "There are two equal inputs whose loss is not 0",
    BY_DEFINITION,
    _not_zero,
    holds=False,
)

# ---------------------------------------------------------------- swapped inputs


@stated
def _exchanged(case: Case) -> Iterator[Premise]:
    one, other = _twins(case)
    swap = _reading({one.tensor: other.tensor, other.tensor: one.tensor})
    for term in case.reading.loss.terms:
        keeps_guard(term, swap)
        gap = with_reads(term.body, swap) - term.body
        yield Premise("swapping the inputs", Sign(gap, "==", case.reading.region))


def swapped(case: Case) -> tuple[Expr, Expr] | None:
    """The loss at the guess's inputs, before and after the two alike inputs are swapped."""
    pair = twins(case.reading.loss)
    if pair is None:
        return None
    found = instances.from_data(case.guess)
    names = {pair[0].name: pair[1].name, pair[1].name: pair[0].name}
    entries = {(names.get(name, name), at): v for (name, at), v in found.entries.items()}
    return before_and_after(case.reading.loss, found, Inputs(found.sizes, entries))


EXCHANGED = Theorem(
    "the inputs may be swapped",
    "exchange_invariant",
    Structure,
    "Swapping the two inputs leaves the formula as it is",
    BY_DEFINITION,
    _exchanged,
)
NOT_EXCHANGED = Theorem(
    "swapping the inputs changes the loss",
    "exchange_invariant",
    Structure,
    "There are inputs whose loss changes when they are swapped",
    BY_DEFINITION,
    changes(swapped),
    holds=False,
)

# ---------------------------------------------------------------- scaled inputs


@stated
def _homogeneous(case: Case) -> Iterator[Premise]:
    loss, region = case.reading.loss, case.reading.region
    tensors = {known.tensor for known in scalable(loss)}
    degree, factor = only(case.guess["degree"], region), At(FACTOR)
    if not tensors:
        raise Silent

    def grown(read: At) -> Expr:
        return read * factor if read.tensor in tensors else read

    for term in loss.terms:
        keeps_guard(term, grown)
        gap = with_reads(term.body, grown) - factor**degree * term.body
        yield Premise("the loss scales", Sign(gap, "==", region))


def multiplied(case: Case, factor: int) -> Expr:
    """The loss with the guess's real inputs times a number."""
    loss, found = case.reading.loss, instances.from_data(case.guess)
    names = {known.name for known in scalable(loss)}
    if not names:
        raise Silent
    entries = {
        (name, at): factor * number if name in names else number
        for (name, at), number in found.entries.items()
    }
    return value(loss, Inputs(found.sizes, entries))


@stated
def _not_homogeneous(case: Case) -> Iterator[Premise]:
    one, two, four = (multiplied(case, factor) for factor in (1, 2, 4))
    label = "doubling twice is not doubling squared"
    yield sign(label, one * four - two**2, "!=", case.reading.region)


PATTON = "Patton 2011, Volatility Forecast Comparison Using Imperfect Volatility Proxies, section 2"
HOMOGENEOUS = Theorem(
    "the factor of all inputs leaves",
    "homogeneous",
    Structure,
    "A positive factor of all real inputs leaves the formula as a power",
    PATTON,
    _homogeneous,
    value=lambda case: case.guess["degree"],
)
NOT_HOMOGENEOUS = Theorem(
    "no power of the factor",
    "homogeneous",
    Structure,
    "L(x) L(4x) is not L(2x)^2, as it would be for every degree",
    PATTON,
    _not_homogeneous,
    holds=False,
)

ALIKE: Sequence[Theorem] = (
    *(ZERO, NOT_ZERO, EXCHANGED, NOT_EXCHANGED),
    *(HOMOGENEOUS, NOT_HOMOGENEOUS),
)
