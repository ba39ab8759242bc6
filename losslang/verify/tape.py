"""Formulas as straight-line programs that are run over boxes and at points.

A tape holds every subexpression once. Running it over a box gives the natural interval extension
(Moore, Kearfott and Cloud, "Introduction to Interval Analysis", 2009, chapter 5), running it
with tangents gives intervals around all partial derivatives, from which sharper bounds follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sympy import Expr

from losslang.verify import interval
from losslang.verify.interval import ONE, PRECISION, ZERO, Interval, Undefined
from losslang.verify.operations import Missing, Operation, Tangent

Step: TypeAlias = tuple[int, Operation, tuple[int, ...]]
"""The slot that is written, the operation, and the slots that it reads."""

Values: TypeAlias = list[Interval | Missing]
Box: TypeAlias = Sequence[Interval]


@dataclass(slots=True, eq=False)
class Tape:
    """A formula of ``inputs``, as :func:`losslang.verify.evaluate.compile_tape` makes it.

    Slots hold the inputs first. ``constants`` and ``fixed`` steps depend on no input; they are
    computed once for each precision. Intervals around constants are made at that precision.

    ``loose`` formulas, made for the inside of boxes, may jump at the ends of a box.

    ``partial`` says, throughout, that the formula is bounded where it is defined, while otherwise
    a box on which a part of it may be undefined raises :class:`Undefined`. Partial derivatives so
    found presume that the formula is defined on the whole box.
    """

    inputs: tuple[Expr, ...]
    constants: tuple[tuple[int, Callable[[], Interval], float], ...]
    fixed: tuple[Step, ...]
    steps: tuple[Step, ...]
    root: int
    loose: bool = False
    _prepared: dict[tuple[int, bool], Values] = field(default_factory=dict)

    def range(self, box: Box, precision: int = PRECISION, *, partial: bool = False) -> Interval:
        """The natural extension: an interval around the formula's values on the box.

        Raises:
            Undefined: A part of the formula may be undefined; if ``partial``, all is undefined.
        """
        with interval.precision(precision):
            return _known(self._values(box, precision, partial)[self.root])

    def gradient(
        self, box: Box, precision: int = PRECISION, *, partial: bool = False
    ) -> tuple[Interval, list[Interval]]:
        """The natural extension, and an interval around each partial derivative.

        At a kink they hold Clarke's generalized derivatives.

        Raises:
            Undefined: As :meth:`range`, and where a part may jump or have a pole inside the box.
        """
        with interval.precision(precision):
            values, tangents = self._start(box, precision, partial), self._seeds()
            for step in self.steps:
                _run(step, values, partial, tangents)
        value, tangent = _known(values[self.root]), tangents[self.root]
        if isinstance(tangent, Undefined):
            raise tangent
        return value, [ZERO] * len(self.inputs) if tangent is None else list(tangent)

    def float(self, point: Sequence[float]) -> float:
        """The formula in double precision; nan and infinities fall as they do."""
        if len(point) != len(self.inputs):
            raise ValueError(f"{len(point)} numbers for {len(self.inputs)} inputs")
        numbers = list(point)
        numbers += [0.0] * (self._size - len(numbers))
        for slot, _, number in self.constants:
            numbers[slot] = number
        for slot, operation, reads in (*self.fixed, *self.steps):
            numbers[slot] = operation.number(*[numbers[n] for n in reads])
        return float(numbers[self.root])

    def at_reals(
        self, box: Box, precision: int = PRECISION, *, partial: bool = False
    ) -> Interval | None:
        """As :meth:`range` where no part of the formula has become an infinity, else ``None``.

        Conventions like ``0 * oo = 0`` make the value at an infinity, which need not be the limit.
        """
        with interval.precision(precision):
            values = self._values(box, precision, partial)
        for value in values:
            if isinstance(value, Undefined) or (value.is_point and not value.is_finite):
                return None
        return _known(values[self.root])

    @property
    def _size(self) -> int:
        return len(self.inputs) + len(self.constants) + len(self.fixed) + len(self.steps)

    def _values(self, box: Box, precision: int, partial: bool) -> Values:
        values = self._start(box, precision, partial)
        for step in self.steps:
            _run(step, values, partial)
        return values

    def _start(self, box: Box, precision: int, partial: bool) -> Values:
        """All slots, of which the inputs and whatever depends on none are filled in."""
        if len(box) != len(self.inputs):
            raise ValueError(f"{len(box)} intervals for {len(self.inputs)} inputs")
        if (precision, partial) not in self._prepared:
            made: Values = [ZERO] * self._size
            for slot, around, _ in self.constants:
                made[slot] = around()
            for step in self.fixed:
                _run(step, made, partial)
            self._prepared[precision, partial] = made
        values = self._prepared[precision, partial].copy()
        values[: len(box)] = box
        return values

    def _seeds(self) -> list[Tangent | Missing]:
        count = len(self.inputs)
        seeds: list[Tangent | Missing] = [None] * self._size
        for n in range(count):
            seeds[n] = (ZERO,) * n + (ONE,) + (ZERO,) * (count - n - 1)
        return seeds


def _known(value: Interval | Missing) -> Interval:
    if isinstance(value, Undefined):
        raise value
    return value


def _run(
    step: Step, values: Values, partial: bool, tangents: list[Tangent | Missing] | None = None
) -> None:
    """Do one step. What is undefined is kept in its slot, since a conditional may not take it."""
    slot, operation, reads = step
    operands = [values[n] for n in reads]
    try:
        if partial:
            operands = operation.clip(operands)
        value = operation.apply(operands, partial)
    except Undefined as error:
        values[slot] = error.with_traceback(None)
        return
    values[slot] = value
    if tangents is not None:
        try:
            tangents[slot] = operation.tangent(value, operands, [tangents[n] for n in reads])
        except Undefined as error:
            tangents[slot] = error.with_traceback(None)
