"""Losses of two alike inputs: equal, swapped, scaled together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import Integer, Rational

from losslang.ir.heads import At
from losslang.ir.loss import EXAMPLE
from losslang.ir.truth import Less
from losslang.verify import witnesses
from losslang.verify.engine import Engine
from losslang.verify.readings import Structure
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems.alike import EXCHANGED, HOMOGENEOUS
from tests.verify.properties.deciding import ask, loss, reading

PAIR = "loss l(a: real, b: real) = "
POINTS = "loss l(a: real[dim], b: real[dim]) = "
BATCH = "loss l(a: real, b: real) = sqrt(mean(d, axis=batch)) where d = "


@pytest.mark.parametrize(
    ("program", "holds"),
    [
        ("mse", True),
        ("rmse", True),
        ("linex", True),
        ("giou", True),
        ("diou", True),
        ("kd", True),
        (POINTS + "1 - cosine(a, b)", True),
        (PAIR + "(a - b)**2 + 1", False),
        (PAIR + "abs(a + b)", False),
        (POINTS + "sum((a - 2 * b)**2)", False),
    ],
)
def test_the_loss_of_equal_inputs_is_zero(program, holds):
    assert ask(program, "zero_at_equality", Structure).holds is holds


@pytest.mark.parametrize(
    ("program", "holds"),
    [
        ("huber", True),
        ("log_cosh", True),
        ("giou", True),
        (POINTS + "max(abs(a - b))", True),
        ("mape", False),
        (PAIR + "relu(a - b)", False),
        (POINTS + "sum(a * b * b)", False),
    ],
)
def test_inputs_may_be_swapped(program, holds):
    assert ask(program, "exchange_invariant", Structure).holds is holds


@pytest.mark.parametrize(
    ("program", "degree"),
    [
        ("rmse", 1),
        ("giou", 0),
        ("diou", 0),
        (POINTS + "sum((a - b)**2)", 2),
        (POINTS + "1 - cosine(a, b)", 0),
        (BATCH + "(a - b)**2 / abs(a)", Rational(1, 2)),
    ],
)
def test_a_factor_of_all_inputs_leaves_as_a_power(program, degree):
    found = ask(program, "homogeneous", Structure)
    assert found.holds
    assert found.value == degree


@pytest.mark.parametrize(
    "program", [POINTS + "sum(abs(a - b)) + 1", POINTS + "sum((a - b)**2 + a)"]
)
def test_no_power_of_the_factor_leaves(program):
    assert ask(program, "homogeneous", Structure).holds is False


@pytest.mark.parametrize("property", ["zero_at_equality", "exchange_invariant", "homogeneous"])
def test_a_refutation_shows_numbers_that_replay(property):
    engine = Engine(loss(POINTS + "sum((a - 2 * b)**2 + 1)"), 60)
    verdict = engine.decide(Question(property))
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert {"a", "b"} <= set(verdict.witness.values)
    assert witnesses.replays(verdict.witness)


@pytest.mark.parametrize(
    "program",
    [
        "loss l(a: real, b: real > 0) = (a - b)**2",
        "loss l(a: real, b: real, c: real) = (a - b)**2 + c",
        "loss l(a: real[dim], b: real) = sum((a - b)**2)",
    ],
)
def test_inputs_of_several_types_are_not_alike(program):
    engine = Engine(loss(program), 60)
    assert not engine.has_meaning(Question("zero_at_equality"))
    assert not engine.has_meaning(Question("exchange_invariant"))


@pytest.mark.parametrize("theorem", [EXCHANGED, HOMOGENEOUS])
def test_nothing_is_said_of_terms_whose_guard_moves_with_the_inputs(theorem):
    known = reading("mse", Structure)
    (term,) = known.loss.terms
    tensor = known.loss.inputs[0].tensor
    guarded = replace(term, guard=Less(Integer(1), At(tensor, EXAMPLE)))
    other = replace(known, loss=replace(known.loss, terms=(guarded,)))
    guess = {"degree": Integer(2)}
    question = Question(theorem.property)
    assert theorem.premises(Case(known, question, guess))
    assert theorem.premises(Case(other, question, guess)) is None
