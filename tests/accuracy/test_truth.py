"""The oracle: exact derivatives, kinks, and numbers that need many digits."""

from __future__ import annotations

import math
from typing import Any

import pytest

from losslang.accuracy.truth import Oracle
from losslang.ir.interpret import gradient, interpret
from tests.codegen.modules import losses


def truth(program: str, /, **inputs: Any) -> Any:
    return Oracle(losses(program)[0]).at(inputs, {})


def numbers(entries: Any) -> list[float]:
    assert all(entry.kind == "value" for entry in entries)
    return [float(entry.number) for entry in entries]


def test_the_gradient_is_that_of_the_interpreter():
    """Which takes central differences."""
    program = "loss it(z: real[class], y: class) = -log(softmax(z)[y])"
    inputs = {"z": [[0.5, -1.0, 2.0]], "y": [1]}
    found = truth(program, **inputs)
    want = gradient(losses(program)[0], inputs, "z", of=lambda result: result.sum)
    assert numbers(found.gradients["z"][0]) == pytest.approx([float(x) for x in want[0]])
    assert numbers(found.values) == [float(interpret(losses(program)[0], inputs).sum)]


def test_a_loss_of_the_batch_is_one_number():
    found = truth("loss it(x: real) = sqrt(mean(x**2, axis=batch))", x=[3.0, 1.0])
    assert found.whole
    assert numbers(found.values) == pytest.approx([math.sqrt(5)])
    assert numbers(found.gradients["x"]) == pytest.approx([3 / 20**0.5, 1 / 20**0.5])


def test_a_difference_that_cancels_gets_the_digits_it_needs():
    """1 - sigmoid(5000) is exp(-5000), which fifty digits take for 0."""
    found = truth("loss it(x: real) = log(1 - sigmoid(x))", x=[5000.0])
    assert numbers(found.values) == [-5000]
    assert numbers(found.gradients["x"]) == [-1]


@pytest.mark.parametrize("formula", ["abs(x)", "max(0, x)", "x if x > 0 else 2 * x"])
def test_a_kink_has_no_one_slope(formula):
    found = truth(f"loss it(x: real) = {formula}", x=[0.0, 1.0])
    assert [entry.kind for entry in found.gradients["x"]] == ["kink", "value"]


def test_a_branch_that_joins_smoothly_is_no_kink():
    found = truth("loss it(x: real) = x**2 if x > 0 else x**3", x=[0.0])
    assert numbers(found.gradients["x"]) == [0]


def test_the_length_of_nothing_has_a_kink_and_its_logarithm_no_value():
    found = truth("loss it(v: real[dim]) = norm(v)", v=[[0.0, 0.0]])
    assert {entry.kind for entry in found.gradients["v"].ravel()} == {"kink"}
    found = truth("loss it(v: real[dim]) = log(norm(v))", v=[[0.0, 0.0]])
    assert [entry.kind for entry in found.values] == ["none"]
