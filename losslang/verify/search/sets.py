"""Guesses for losses of sets of places: labels whose probabilities a bolder answer beats."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sympy import Expr, Integer, Rational, S

from losslang.ir.loss import Input
from losslang.verify.instances import Inputs, axes_of, places, value
from losslang.verify.property import Strategy
from losslang.verify.readings import Structure
from losslang.verify.search.numbers import sign_of
from losslang.verify.theorem import Case, Guess, Question, Reading
from losslang.verify.theorems import sets as theorems
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import spelled_out
from losslang.verify.verdict import Witness


def has_probabilities(reading: Reading, question: Question) -> bool:
    """Whether a loss that only its structure is known of has logits over classes and places."""
    if not isinstance(reading, Structure):
        return True
    for reads in (theorems.roles, theorems.shares):
        try:
            reads(reading.loss)
        except Silent:
            continue
        return True
    return False


def has_range(reading: Reading, question: Question) -> bool:
    """Whether a loss that only its structure is known of has places or inputs within bounds."""
    if not isinstance(reading, Structure):
        return True
    return all(map(_is_bounded, reading.loss.inputs)) or has_probabilities(reading, question)


def _is_bounded(known: Input) -> bool:
    finite = known.domain.low is not None and known.domain.high is not None
    return finite or known.kind in ("bit", "bool", "simplex", "index")


TRUE = (Integer(1), Rational(-1, 2), Integer(-2), Integer(2))
SHARES = (Rational(7, 10), Rational(2, 5), Rational(9, 10))
BOLD = (Integer(5), Integer(-5), Integer(2))


def bolder(reading: Structure, question: Question) -> Iterator[Guess]:
    """Logits of two places that seem to cost less than the true ones."""
    try:
        theorems.shares(reading.loss)
        numbers = tuple(product(SHARES, (Integer(1), Rational(1, 100))))
    except Silent:
        numbers = tuple(product(TRUE, BOLD))
    for count, (true, better) in product((2, 1), numbers):
        try:
            gap = _gap(reading, true, better, count)
        except (Silent, ValueError):
            return
        if sign_of(gap, reading.region) == 1:
            yield {"true": true, "better": better, "places": Integer(count)}


def _gap(reading: Structure, true: Expr, better: Expr, count: int) -> Expr:
    honest, bold = (theorems.expected(reading.loss, true, z, count) for z in (true, better))
    return honest - bold


def witness(case: Case) -> Witness | None:
    """The logits of the true probabilities, and those that cost less."""
    if any(not symbol.is_integer for symbol in case.reading.region.symbols):
        return None
    premises = spelled_out(theorems.IMPROPER.premises, case)
    guess = case.guess
    says = (
        f"each of {guess['places']} places is of the second class with the logit {guess['true']}; "
        f"the expected loss is smaller for the logit {guess['better']}"
    )
    return Witness(dict(guess), tuple(p.statement for p in premises), says)  # type: ignore[misc]


def ends(reading: Structure, question: Question) -> Iterator[Guess]:
    """The least and the greatest value at inputs of zeros and ones, for one place of each axis."""
    loss = reading.loss
    if not has_range(reading, question):
        return
    classes = {i.over.name for i in loss.inputs if i.over is not None}
    sizes = {axis.name: 2 if axis.name in classes else 1 for axis in axes_of(loss)}
    spots = [(i.name, at) for i in loss.inputs for at in places(i, sizes)]
    if len(spots) > MOST:
        return
    found: list[tuple[Expr, Inputs]] = []
    values: set[Expr] = set()
    for entries in product((S.Zero, S.One), repeat=len(spots)):
        inputs = Inputs(sizes, dict(zip(spots, entries, strict=True)))
        try:
            reached = value(loss, inputs)
        except ValueError:
            continue
        if reached is not None and reached.is_finite:
            values.add(reached)
        if reached is not None and reached.is_Rational:
            found.append((reached, inputs))
    if found:
        low, high = (pick(found, key=lambda pair: pair[0]) for pick in (min, max))
        if low[0] == high[0] and len(values) > 1:
            return
        data = _named("low", low[1]) | _named("high", high[1])
        yield {"low": low[0], "high": high[0], **data}


def _named(end: str, inputs: Inputs) -> dict[str, Expr]:
    return {f"{end}: {name}": number for name, number in inputs.data().items()}


MOST = 8
PROPER: tuple[Strategy, ...] = (Strategy(theorems.IMPROPER, bolder, witness),)
RANGE: tuple[Strategy, ...] = (Strategy(theorems.RANGE, ends),)
