"""Bounds on the 0-1 risk by the risk of losses f(q_y)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr

from losslang.verify.readings.local import Local
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import conditions, smooth
from losslang.verify.theorems.premises import Premises, sign

T = sympy.Symbol("t", real=True)
"""The excess of the 0-1 risk, in the values of bounds."""


def _comp_sum(case: Case) -> Iterator[Premise]:
    """f' = -factor p**(order - 2)."""
    f, order, factor = smooth(case.reading), case.guess["order"], case.guess["factor"]
    shape = f.formula(0, 1) + factor * f.variable ** (order - 2)
    yield sign("f' is a power of p", shape, "==", f.where(0))
    yield sign("f falls", factor, ">", f.region)


@conditions
def _is_of_low_order(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is at least 0", case.guess["order"], ">=", case.reading.region)
    yield sign("the order is below 1", case.guess["order"] - 1, "<", case.reading.region)


@conditions
def _is_of_order_one(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is 1", case.guess["order"] - 1, "==", case.reading.region)


@conditions
def _is_of_middle_order(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is above 1", case.guess["order"] - 1, ">", case.reading.region)
    yield sign("the order is below 2", case.guess["order"] - 2, "<", case.reading.region)


@conditions
def _is_of_high_order(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is at least 2", case.guess["order"] - 2, ">=", case.reading.region)


def _power_mean(order: Expr) -> Expr:
    root = 1 / (2 - order)
    return (((1 + T) ** root + (1 - T) ** root) / 2) ** (2 - order)


def _low_order(order: Expr, classes: Expr) -> Expr:
    return 2 ** (1 - order) / (1 - order) * (1 - _power_mean(order))


def _logarithmic(order: Expr, classes: Expr) -> Expr:
    return ((1 + T) * sympy.log(1 + T) + (1 - T) * sympy.log(1 - T)) / 2


def _middle_order(order: Expr, classes: Expr) -> Expr:
    return (_power_mean(order) - 1) / ((order - 1) * classes ** (order - 1))


def _high_order(order: Expr, classes: Expr) -> Expr:
    return T / ((order - 1) * classes ** (order - 1))


def _bounds(
    name: str, transform: Callable[[Expr, Expr], Expr], conditions: Premises
) -> tuple[Theorem, Theorem]:
    """A bound for all score functions of a complete set, and for all measurable ones."""

    def value(case: Case) -> Expr:
        return case.guess["factor"] * transform(case.guess["order"], case.reading.classes)

    says = "a comp-sum loss: T(excess of the 0-1 risk) is at most the excess of the risk"
    source = "Mao, Mohri, Zhong 2023, Cross-Entropy Loss Functions, theorem 3.1"
    complete = f"{says}, each with its minimisability gap, for scores that take all values"
    return (
        Theorem(name, "h_consistent", Local, complete, source, conditions, value=value),
        Theorem(f"{name}-excess", "excess_risk", Local, says, source, conditions, value=value),
    )


LOW_ORDER = _bounds("local-comp-sum-low", _low_order, _is_of_low_order)

ORDER_ONE = _bounds("local-comp-sum-log", _logarithmic, _is_of_order_one)

MIDDLE_ORDER = _bounds("local-comp-sum-middle", _middle_order, _is_of_middle_order)

HIGH_ORDER = _bounds("local-comp-sum-high", _high_order, _is_of_high_order)

THEOREMS = (*LOW_ORDER, *ORDER_ONE, *MIDDLE_ORDER, *HIGH_ORDER)
