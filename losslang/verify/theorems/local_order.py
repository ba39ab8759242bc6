"""Order of all classes: whether minimisers of f(softmax(scale z)[y]) order them, for K classes.

The notation is that of :mod:`~losslang.verify.theorems.local`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, S

from losslang.verify.readings.local import Local
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local import (
    bending_late,
    bending_up,
    bounded_below,
    falling,
    gentle_at_one,
    rising_late,
)
from losslang.verify.theorems.local_parts import EARLY, THEORY, at_least, at_most, conditions, parts
from losslang.verify.theorems.pieces import Pieces
from losslang.verify.theorems.premises import continuous, everywhere, sign, tends


def steep_at_zero(case: Case) -> Iterator[Premise]:
    """f' goes to minus infinity at 0: a limit, or at least as fast as -factor / p**power."""
    if "power" not in case.guess:
        f = parts(case.reading)
        yield tends(f, "f'(0) = -oo", f.formula(0, 1), 0, True, S.NegativeInfinity)
        return
    f, p = parts(case.reading, EARLY), case.reading.p
    factor, power = case.guess["factor"], case.guess["power"]
    yield sign("the factor is positive", factor, ">", f.region)
    yield sign("the power is positive", power, ">", f.region)
    bound = factor * p ** (-power)
    yield from everywhere(f, "f' is as steep as a power", lambda n: f.formula(n, 1) + bound, "<=")


def _flat_at_one(case: Case) -> Iterator[Premise]:
    f, end = parts(case.reading), case.guess["end"]
    last = len(f) - 1
    yield tends(f, "f' tends to it at 1", f.formula(last, 1), last, False, end)
    yield sign("f' does not end below 0", end, ">=", f.region)


def preferring_vertices(case: Case) -> Iterator[Premise]:
    """f(p) >= f(1) + chord (1 - p) with chord > 0, while f' >= -steepness everywhere.

    Without ``end``, which is f(1), it is f' that is nowhere above -chord.
    """
    f, p = parts(case.reading), case.reading.p
    chord, most = case.guess["chord"], case.guess["steepness"]
    yield sign("the chord falls", chord, ">", f.region)
    if "end" in case.guess:
        end, last = case.guess["end"], len(f) - 1
        yield tends(f, "f(1)", f.formula(last), last, False, end)
        above = "f is above a chord"
        yield from everywhere(f, above, lambda n: f.formula(n) - end - chord * (1 - p), ">=")
    else:
        yield from everywhere(f, "f falls faster", lambda n: f.formula(n, 1) + chord, "<=")
    yield from _no_steeper(f, most)
    yield from continuous(f)


def _no_steeper(f: Pieces, most: Expr) -> Iterator[Premise]:
    yield from everywhere(f, "f' is bounded below", lambda n: f.formula(n, 1) + most, ">=")


@conditions
def _falls_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from falling(case)
    yield from bounded_below(case)


@conditions
def _is_convex_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from bending_up(case)


@conditions
def _bends_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from bending_late(case)


@conditions
def _bends_steeply(case: Case) -> Iterator[Premise]:
    yield from bending_late(case)
    yield from gentle_at_one(case)
    yield from steep_at_zero(case)


@conditions
def _falls_steeply(case: Case) -> Iterator[Premise]:
    yield from falling(case)
    yield from gentle_at_one(case)
    yield from steep_at_zero(case)


@conditions
def _is_convex_and_steep(case: Case) -> Iterator[Premise]:
    yield from bending_up(case)
    yield from steep_at_zero(case)


@conditions
def _is_convex_and_flat(case: Case) -> Iterator[Premise]:
    yield at_most(3, case.reading)
    yield from bending_up(case)
    yield from _flat_at_one(case)


@conditions
def _prefers_vertices(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    yield from preferring_vertices(case)


@conditions
def _prefers_edges(case: Case) -> Iterator[Premise]:
    yield at_least(4, case.reading)
    yield from bending_up(case)
    yield from _no_steeper(parts(case.reading), case.guess["steepness"])


ORDER_TWO_FALLING = Theorem(
    "local-order-two-falling",
    "order_preserving",
    Local,
    "two classes are in order as soon as the loss is calibrated",
    f"{THEORY}: Losses of the label's probability",
    _falls_for_two,
)

ORDER_TWO_CONVEX = Theorem(
    "local-order-two-convex",
    "order_preserving",
    Local,
    "two classes are in order as soon as the loss is calibrated",
    f"{THEORY}: Losses of the label's probability",
    _is_convex_for_two,
)

ORDER_TWO_BENDING = Theorem(
    "local-order-two-bending",
    "order_preserving",
    Local,
    "two classes are in order as soon as the loss is calibrated",
    f"{THEORY}: Losses of the label's probability",
    _bends_for_two,
)

ORDER_FALLING = Theorem(
    "local-order-falling",
    "order_preserving",
    Local,
    "f falls, infinitely steeply at 0 and with bounded slope at 1: minimisers order all classes",
    f"{THEORY}: Order of all classes",
    _falls_steeply,
)

ORDER_CONVEX = Theorem(
    "local-order-convex",
    "order_preserving",
    Local,
    "f is convex with f'(1/2) < 0 and infinitely steep at 0: minimisers order all classes",
    f"{THEORY}: Order of all classes",
    _is_convex_and_steep,
)

ORDER_BENDING = Theorem(
    "local-order-bending",
    "order_preserving",
    Local,
    "f' = u g with u > 0 smaller beyond 1/2, g rising and concave, and g(1/2) < 0, f' bounded "
    "below at 1 and -oo at 0: minimisers order all classes",
    f"{THEORY}: Order of all classes",
    _bends_steeply,
)

ORDER_THREE = Theorem(
    "local-order-three",
    "order_preserving",
    Local,
    "f is convex with f'(1/2) < 0 and flat at 1: minimisers order up to three classes",
    f"{THEORY}: Order of all classes",
    _is_convex_and_flat,
)

DISORDER_RISING = Theorem(
    "local-disorder-rising",
    "order_preserving",
    Local,
    "a label that is certain is served as well by probability 1/2 or less",
    f"{THEORY}: Losses of the label's probability",
    rising_late,
    holds=False,
)

DISORDER_VERTEX = Theorem(
    "local-disorder-vertex",
    "order_preserving",
    Local,
    "with f' bounded and f above a falling chord, all mass on one class is optimal for some p with "
    "p_2 > p_3 > 0, and ties the other classes at 0",
    f"{THEORY}: Order of all classes",
    _prefers_vertices,
    holds=False,
)

DISORDER_EDGE = Theorem(
    "local-disorder-edge",
    "order_preserving",
    Local,
    "f is convex with f'(1/2) < 0 and bounded slope: half the mass on each of two classes is "
    "optimal for some p with p_1 = p_2 > p_3 > p_4, and ties the third with the fourth",
    f"{THEORY}: Order of all classes",
    _prefers_edges,
    holds=False,
)

THEOREMS = (
    *(ORDER_TWO_FALLING, ORDER_TWO_CONVEX, ORDER_TWO_BENDING),
    *(ORDER_FALLING, ORDER_CONVEX, ORDER_BENDING, ORDER_THREE),
    *(DISORDER_RISING, DISORDER_VERTEX, DISORDER_EDGE),
)
