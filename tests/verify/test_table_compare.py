"""How verdicts are compared with the tables: what counts as the same, and what does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sympy

from tests.verify.table import MORE, ROWS, Row, keyed
from tests.verify.table.compare import mistake, undecided

POLY = Row("", "poly1", "calibrated", "conditional", "eps > -2")
PAIRS = Row("", "crammer_singer", "calibrated", "conditional", "size(class) == 2")
SLOPE = Row("", "huber", "lipschitz(prediction)", "proved", value="delta")
UNIT = Row("", "savage", "range", "proved", value="(0, 1)")
BEST = Row("", "msle", "minimiser", "proved", value="exp(E(log(1 + Y))) - 1")


def found(row: Row, **changes: object) -> SimpleNamespace:
    same = {"status": row.status, "condition": row.condition, "value": row.value}
    return SimpleNamespace(**(same | {"reason": ""} | changes))


@pytest.mark.parametrize("key", keyed((*ROWS, *MORE)))
def test_every_row_agrees_with_itself(key):
    row = keyed((*ROWS, *MORE))[key]
    assert undecided(row, found(row)) == ""
    assert mistake(row, found(row)) == ""


@pytest.mark.parametrize("same", ["-2 < eps", "not eps <= -2", "eps + 2 > 0"])
def test_a_condition_may_be_written_otherwise(same):
    assert mistake(POLY, found(POLY, condition=same)) == ""


@pytest.mark.parametrize("other", ["eps >= -2", "eps > -1", "eps > -2 and size(class) == 2"])
def test_another_condition_is_a_mistake(other):
    assert mistake(POLY, found(POLY, condition=other))


def test_sizes_stand_in_conditions():
    assert mistake(PAIRS, found(PAIRS, condition="size(class) < 3")) == ""
    assert mistake(PAIRS, found(PAIRS, condition="size(class) <= 3"))


def test_another_status_is_a_mistake():
    assert mistake(POLY, found(POLY, status="proved", condition=None))


def test_a_value_is_compared_as_a_function():
    delta = sympy.Symbol("delta", positive=True)
    assert mistake(SLOPE, found(SLOPE, value=sympy.sqrt(delta**2))) == ""
    assert mistake(SLOPE, found(SLOPE, value=1 + delta))


@pytest.mark.parametrize("same", [sympy.Interval.open(0, 1), sympy.Tuple(0, 1), "[0, 1)"])
def test_a_range_is_a_pair_of_ends(same):
    assert mistake(UNIT, found(UNIT, value=same)) == ""


def test_another_range_is_a_mistake():
    assert mistake(UNIT, found(UNIT, value=sympy.Interval(0, 2)))


def test_means_over_the_target_are_evaluated():
    mean, target = sympy.Function("E"), sympy.Symbol("target", positive=True)
    same = sympy.exp(mean(sympy.log(target + 1))) - 1
    assert mistake(BEST, found(BEST, value=same)) == ""
    assert mistake(BEST, found(BEST, value=mean(target)))


@pytest.mark.parametrize("status", ["tested", "unknown"])
def test_a_verdict_that_is_no_answer_leaves_the_row_open(status):
    assert undecided(POLY, found(POLY, status=status))


def test_a_verdict_without_the_value_leaves_the_row_open():
    assert undecided(SLOPE, found(SLOPE, value=None))
