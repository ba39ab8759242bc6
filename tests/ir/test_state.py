"""Running averages under a mask: the interpreter and the emitted module agree with the contract."""

from __future__ import annotations

import pytest
import torch

import losslang
from losslang import driver
from losslang.ir.interpret import interpret
from tests.ir.programs import program

PROGRAM = """
loss deviation(x: real, *, decay: real in [0, 1) = 0.5) = abs(x - center)
where
    center = ema(x, decay=decay, init=4)
"""


@pytest.mark.parametrize(("mask", "center"), [([1, 1], 5), ([1, 0], 3), ([0, 0], 4)])
def test_an_average_takes_in_what_counts_and_nothing_else(mask, center):
    result = interpret(program(PROGRAM), {"x": [2, 10]}, mask=mask)
    assert result.state == {"running_center": center}


def test_the_buffer_of_a_module_stays_where_everything_is_masked(tmp_path):
    file = tmp_path / "deviation.loss"
    file.write_text(PROGRAM)
    module = losslang.compile(path=file)
    module(torch.tensor([2.0, 10.0]), mask=torch.tensor([False, False]))
    assert module.running_center == 4
    module(torch.tensor([2.0, 10.0]), mask=torch.tensor([True, False]))
    assert module.running_center == 3


def test_an_array_over_the_batch_is_no_hyperparameter():
    problems = driver.check_file("a.loss", "loss f(x: real, *, a: real[batch] = [1]) = x * a\n")
    assert [problem.code for problem in problems] == ["hyperparameter-type"]


@pytest.mark.parametrize(
    ("average", "kind"),
    [
        ("ema(std(x, axis=batch))", "nonnegative"),
        ("ema((2 if width == wide else 1) * std(x, axis=batch))", "nonnegative"),
        ("ema((2 if width == wide else -1) * std(x, axis=batch))", "real"),
        ("ema(std(x, axis=batch), init=-1)", "real"),
    ],
)
def test_an_average_has_the_sign_that_its_numbers_share(average, kind):
    text = f"loss f(x: real, *, width: wide | thin = thin) = x**2 / (1 + {average})\n"
    (state,) = program(text).states
    assert state.kind == kind
