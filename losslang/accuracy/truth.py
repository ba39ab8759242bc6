"""What a loss and its gradient truly are: the formula, differentiated, in as many digits as needed.

A number is taken for true when two precisions agree on it. Where the formula has a kink, the
gradient has no one value, and only its finiteness can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import mpmath
import numpy
import sympy
from sympy import Expr

from losslang.ir import exact
from losslang.ir.binders import Binder, fresh, walk
from losslang.ir.derive import derivative
from losslang.ir.evaluate import Environment, Evaluator, World
from losslang.ir.folds import UndefinedError, mean
from losslang.ir.heads import At, Branch, Index, Max, Min, Size
from losslang.ir.interpret import Given, everywhere, world
from losslang.ir.loss import BATCH, EXAMPLE, Input, Loss, Term
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce

AGREED = 25
"""Leading digits that two precisions must share."""

DIGITS = (40, 70, 500)
"""Precisions tried in turn."""

MANY_DIGITS = (10_000, 12_000)
"""For inputs of hundreds and thousands: of differences like 1 - p at p = 1 - exp(-1e4)."""

THOUSANDS = (200, 11_000)
"""Between which sizes of the largest input those may help."""

NOTHING = 400
"""Digits to which a difference has to vanish before it counts as 0: more than floats can hold."""

STEP = 20
"""A kink is looked for this many digits behind the leading one of an input."""

KINK_DIGITS = 6
"""A slope that moves by more of the last digits of a step than these, jumps."""

STEEP = 1e6
"""Slopes beyond this on a way to a point without one are taken to be infinite there."""

Kind = Literal["value", "kink", "none"]


@dataclass(frozen=True)
class Entry:
    """One number: its value; or a kink, where any finite number will do; or none at all."""

    kind: Kind
    number: Any = None


NONE = Entry("none")
KINK = Entry("kink")
ZERO = Entry("value", 0)


@dataclass(frozen=True)
class Truth:
    """The values, flat (one, the mean, if ``whole``), and gradients of their sum as object arrays.

    ``local`` says that a value depends on its own example alone.
    """

    values: Sequence[Entry]
    gradients: Mapping[str, Any]
    whole: bool
    local: bool


class Oracle:
    """The true values and gradients of one loss."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss
        self.reals = [k for k in loss.inputs if k.kind in ("real", "simplex")]
        bodies = [term.body for term in loss.terms]
        self.local = len(bodies) == 1 and _is_local(loss)
        self.whole = len(bodies) > 1 or not loss.terms[0].result
        self._slopes: dict[str, list[tuple[Term, At, Expr]]] = {}
        self._may_kink = any(_has_kinks(body) for body in bodies)

    def at(self, inputs: Mapping[str, Any], settings: Mapping[str, Any]) -> Truth:
        """The truth at exact inputs, out of training."""
        point = _Point(self, inputs, settings)
        values = [point.settled(value) for value in self._values(point)]
        gradients = {k.name: self._gradient(k, point) for k in self.reals}
        return Truth(values, gradients, self.whole, self.local)

    def nothing(self, inputs: Mapping[str, Any]) -> Truth:
        """The truth where no example counts: a mean of 0 with gradients of 0."""
        zeros = {k.name: numpy.full(numpy.shape(inputs[k.name]), ZERO) for k in self.reals}
        return Truth([ZERO], zeros, True, False)

    # ------------------------------------------------------------ values

    def _values(self, point: _Point) -> Iterator[Callable[[Evaluator], Any]]:
        if self.whole:
            yield lambda run: exact.total(self._mean(term, run) for term in self.loss.terms)
            return
        (term,) = self.loss.terms
        for env in point.everywhere(term.result):
            yield lambda run, env=env: (  # type: ignore[misc]
                run.value(term.body, env) if run.holds(term.guard, env) else 0
            )

    def _mean(self, term: Term, run: Evaluator) -> Any:
        kept = [env for env in everywhere(term.result, run) if run.holds(term.guard, env)]
        return mean([run.value(term.body, env) for env in kept])

    # ------------------------------------------------------------ gradients

    def _slope(self, known: Input) -> list[tuple[Term, At, Expr]]:
        """The derivative of each term by a read of the input at free places."""
        if known.name not in self._slopes:
            found = []
            for term in self.loss.terms:
                example = EXAMPLE if self.local else fresh(BATCH)
                indices = [example] if known.batched else []
                indices += [fresh(axis) for axis in known.axes]
                read = At(known.tensor, *indices)
                found.append((term, read, derivative(term.body, read)))
            self._slopes[known.name] = found
        return self._slopes[known.name]

    def _gradient(self, known: Input, point: _Point) -> Any:
        shape = point.world.arrays[known.name].shape
        found = numpy.empty(shape, dtype=object)
        for place in numpy.ndindex(*shape):
            found[place] = point.settled(partial(self._entry, known, place), kinks=self._may_kink)
        return found

    def _entry(self, known: Input, place: tuple[int, ...], run: Evaluator) -> Any:
        """The derivative of the sum (the mean, if whole) by one entry of an input."""
        total: list[Any] = []
        for term, read, slope in self._slope(known):
            here = dict(zip(read.indices, place, strict=True))
            kept = []
            for env in everywhere([i for i in term.result if i not in here], run):
                whole = {**env, **{i: n for i, n in here.items() if i in term.result}}
                if run.holds(term.guard, whole):
                    kept.append(run.value(slope, {**env, **here}))
            total.append(mean(kept) if self.whole else exact.total(kept))
        return exact.total(total)


class _Point:
    """One set of inputs, evaluated in several precisions and beside itself."""

    def __init__(
        self, oracle: Oracle, inputs: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        self._given = Given(inputs, settings, training=False)
        self._loss = oracle.loss
        self.world = world(oracle.loss, self._given)
        self._runs: dict[int, Evaluator] = {}
        numbers = [abs(x) for k in oracle.reals for x in self.world.arrays[k.name].ravel() if x]
        low, high = (min(numbers), max(numbers)) if numbers else (1, 1)
        self._least = min(exact.number(1), low)
        room = mpmath.log10(exact.rough(max(1, high))) - mpmath.log10(exact.rough(self._least))
        many = MANY_DIGITS if THOUSANDS[0] < high < THOUSANDS[1] else ()
        self._digits = [digits + int(room) for digits in (*DIGITS, *many)]
        self._nothing = many[0] if many else NOTHING
        self._beside: list[Evaluator] | None = None

    def everywhere(self, indices: Sequence[Index]) -> Iterator[Environment]:
        return everywhere(indices, Evaluator(self.world))

    def settled(self, compute: Callable[[Evaluator], Any], *, kinks: bool = False) -> Entry:
        """The number on which two precisions agree."""
        last = None
        for digits in self._digits:
            found = self._computed(compute, digits, self._run(digits))
            vanished = found == 0 and digits < self._nothing
            if last is not None and not vanished and _agree(last, found):
                if kinks and self._is_kink(compute, found):
                    return KINK
                return Entry("value", found)
            last = found
        beside = self._at_both_sides(compute) if kinks else []
        return KINK if beside and all(abs(x) < STEEP for x in beside) else NONE

    def _run(self, digits: int) -> Evaluator:
        if digits not in self._runs:
            self._runs[digits] = Evaluator(self.world)
        return self._runs[digits]

    @staticmethod
    def _computed(compute: Callable[[Evaluator], Any], digits: int, run: Evaluator) -> Any:
        with mpmath.workdps(digits + exact.GUARD):
            try:
                return compute(run)
            except (UndefinedError, ZeroDivisionError, OverflowError):
                return mpmath.nan

    def _is_kink(self, compute: Callable[[Evaluator], Any], found: Any) -> bool:
        allowed = mpmath.mpf(10) ** (KINK_DIGITS - STEP)
        return not all(
            mpmath.isfinite(x) and abs(x - found) <= allowed * (1 + abs(found))
            for x in map(exact.rough, self._at_both_sides(compute))
        )

    def _at_both_sides(self, compute: Callable[[Evaluator], Any]) -> list[Any]:
        """The same at points that differ from this one by nothing that floats could see."""
        digits = self._digits[1]
        if self._beside is None:
            with mpmath.workdps(digits + exact.GUARD):
                self._beside = [Evaluator(self._nudged(sign)) for sign in (1, -1)]
        return [self._computed(compute, digits, run) for run in self._beside]

    def _nudged(self, sign: int) -> World:
        arrays = dict(self.world.arrays)
        step = exact.rough(self._least) * mpmath.mpf(10) ** -STEP
        numbers = numpy.random.default_rng(7)
        for known in self._loss.inputs:
            if known.kind in ("real", "simplex"):
                moved = arrays[known.name].copy()
                for place in numpy.ndindex(*moved.shape):
                    along = sign * mpmath.mpf(numbers.uniform(-1, 1))
                    moved[place] = exact.rough(moved[place]) + step * along
                arrays[known.name] = moved
        return replace(self.world, arrays=arrays)


def _agree(left: Any, right: Any) -> bool:
    """Whether two numbers share :data:`AGREED` digits."""
    if not all(mpmath.isfinite(exact.rough(x)) for x in (left, right)):
        return False
    with mpmath.workdps(2 * AGREED):
        left, right = exact.rough(left), exact.rough(right)
        return bool(abs(left - right) <= mpmath.mpf(10) ** -AGREED * abs(right))


def _is_local(loss: Loss) -> bool:
    """Whether an example's value reads no other example, and no input that all share."""
    (term,) = loss.terms
    shares = not all(known.batched for known in loss.inputs)
    if EXAMPLE not in term.result or loss.states or shares:
        return False
    batched = {known.name for known in loss.inputs if known.batched}
    for node in (*walk(term.body), *walk(term.guard)):
        if isinstance(node, At) and node.tensor.name in batched and node.indices[0] != EXAMPLE:
            return False
        if isinstance(node, Binder) and any(index.axis == BATCH for index in node.binders):
            return False
        if isinstance(node, Size) and node.axis == BATCH:
            return False
    return True


def _has_kinks(body: Expr) -> bool:
    """Whether the derivative may jump."""
    return any(
        isinstance(node, Branch | Max | Min | sympy.Abs | Ordered)
        or (isinstance(node, Apply) and node.name in ("sign", "floor"))
        or (isinstance(node, Reduce) and node.op in ("max", "min", "argmax", "argmin"))
        or (isinstance(node, sympy.Pow) and not node.exp.is_Integer)
        for node in walk(body)
    )
