"""Sections of a loss: its value at certain inputs, and the curve along a line of inputs.

What fails for a section fails for the loss.

A guess names sizes of axes and entries of inputs: ``size class``, ``logits 0 1``. It may also name
a line of inputs, ``along logits 0 1`` being the entry's slope; then the loss is a
:class:`~losslang.verify.readings.curve.Curve`, and the theorems about curves speak of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy
from sympy import Expr, S

from losslang.ir.binders import is_undefined
from losslang.ir.loss import EVERYTHING, Loss
from losslang.verify import instances
from losslang.verify.instances import Inputs
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import LINE, Bounds, Sign
from losslang.verify.theorem import Case, Guess, Premise, Theorem


def value(case: Case) -> Expr | None:
    """The loss at the guess's inputs; ``None`` unless it has a value there."""
    try:
        found = instances.value(case.reading.loss, instances.from_data(case.guess))
    except ValueError:
        return None
    return None if found is None or is_undefined(found) else found


def negative(case: Case) -> Sequence[Premise] | None:
    """Refuting premises: the loss is negative at the guess's inputs."""
    found = value(case)
    return found and [Premise("the loss is negative there", Sign(found, "<", case.reading.region))]


def line(case: Case) -> Curve | None:
    """The loss along the guess's line of inputs, from ``from`` to ``to`` or without ends."""
    loss: Loss = case.reading.loss
    inputs, along = instances.from_data(case.guess), slopes(case.guess)
    names = {name for name, _ in along}
    moved = [known for known in loss.inputs if known.name in names]
    if not along or (case.question.input and names != {case.question.input}):
        return None
    bounds = LINE
    if any(known.kind != "real" or known.domain != EVERYTHING for known in moved):
        ends = case.guess.get("from"), case.guess.get("to")
        if ends[0] is None or ends[1] is None or not (ends[1] - ends[0]).is_positive:
            return None
        bounds = Bounds(ends[0], ends[1], low_closed=True, high_closed=True)
        if not all(instances.admits(loss, _moved(inputs, along, end)) for end in ends):
            return None
    elif not instances.admits(loss, inputs):
        return None
    s = case.reading.region.fresh("s")
    function = instances.formula(loss, _moved(inputs, along, s))
    if function is None or is_undefined(function):
        return None
    return Curve(case.reading.region, spelled(function), s, bounds, "s")


def slopes(guess: Guess) -> dict[instances.Entry, Expr]:
    """How fast each entry moves along the guess's line."""
    found: dict[instances.Entry, Expr] = {}
    for key, slope in guess.items():
        word, *entry = key.split()
        places = all(n.isdecimal() for n in entry[1:])
        if word == "along" and entry and places and slope.is_Rational:
            found[entry[0], tuple(map(int, entry[1:]))] = slope
    return found


def _moved(inputs: Inputs, along: dict[instances.Entry, Expr], s: Expr) -> Inputs:
    entries = {key: old + s * along.get(key, S.Zero) for key, old in inputs.entries.items()}
    return Inputs(inputs.sizes, entries)


def on_line(theorem: Theorem) -> Theorem:
    """A theorem by which a curve lacks a property, for losses that have such a curve."""

    def premises(case: Case) -> Sequence[Premise] | None:
        curve = line(case)
        return None if curve is None else theorem.premises(restricted(case, curve))

    return Theorem(
        f"{theorem.name}-on-a-line",
        theorem.property,
        Structure,
        f"Along a line of inputs: {theorem.says}",
        theorem.source,
        premises,
        holds=False,
    )


def outgrows(signs: tuple[int, ...]) -> Callable[[Case], Sequence[Premise] | None]:
    """Refuting premises: on half a line the loss stays beyond a line of a slope of such a sign."""

    def premises(case: Case) -> Sequence[Premise] | None:
        curve, rate, offset = line(case), case.guess.get("rate"), case.guess.get("offset")
        if curve is None or rate is None or offset is None or curve.bounds != LINE:
            return None
        if not (rate.is_Rational and offset.is_Rational) or sympy.sign(rate) not in signs:
            return None
        sign = sympy.sign(rate)
        gap = sign * curve.function - abs(rate) * curve.variable + offset
        ray = curve.region.having(curve.variable, Bounds(S.Zero, low_closed=True))
        return [Premise("the loss stays beyond a line", Sign(gap, ">=", ray))]

    return premises


POINTS = ("piece", "joint", "at", "value", "low", "middle", "high")


def restricted(case: Case, curve: Curve) -> Case:
    """The same case for the loss along a line."""
    guess = {name: case.guess[name] for name in POINTS if name in case.guess}
    return Case(curve, case.question, guess)
