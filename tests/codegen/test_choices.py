"""Choices and flags decide between formulas; what is not taken is not computed."""

from __future__ import annotations

import pytest
import torch

from tests.codegen.modules import emitted, live, normal, same

FORMS = """
loss it(prediction: real[dim], target: real[dim], *, form: log | linear = log) =
    -log(s) if form == log else 1 - s
where
    s = sum(prediction[k]**2 for k in dim) / sum(prediction[k]**2 + target[k]**2 for k in dim)
"""

FLAG = """
loss it(prediction: real[dim], *, centred: bool = 1) =
    sum((prediction[k] - (mean(prediction[j] for j in dim) if centred else 0))**2 for k in dim)
"""


@pytest.mark.parametrize("form", ["log", "linear"])
def test_a_quotient_may_stand_under_a_choice(form: str) -> None:
    x, y = normal(2, 4, 3), normal(3, 4, 3)
    s = (x**2).sum(-1) / (x**2 + y**2).sum(-1)
    wanted = -s.log() if form == "log" else 1 - s
    same(live(FORMS)(x, y, form=form, reduction="none"), wanted)


def test_what_a_choice_shares_is_computed_once() -> None:
    text = emitted(FORMS).text
    assert text.count("_ratio(") == 2  # its definition, and one use


@pytest.mark.parametrize("flag", [True, False, 1, 0])
def test_a_flag_may_be_a_truth_value_or_a_number(flag: bool | int) -> None:
    x = normal(2, 4, 3)
    wanted = (x - x.mean(-1, keepdim=True) * flag).square().sum(-1)
    same(live(FLAG)(x, centred=flag, reduction="none"), wanted)
    same(live(FLAG, centred=flag)(x, reduction="none"), wanted)


def test_a_flag_decides_the_gradient() -> None:
    x = normal(2, 4, 3).requires_grad_()
    (plain,) = torch.autograd.grad(live(FLAG)(x, centred=False, reduction="sum"), x)
    same(plain, 2 * x)
