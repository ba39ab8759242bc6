"""Emitted code against the reference interpreter, for arrays and results of unusual shapes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losslang.ir.interpret import interpret
from tests.codegen.modules import gradients, live, losses, normal, same


def agree(program: str, **inputs: Tensor) -> Tensor:
    """The mean by emitted code, which is that of the interpreter."""
    found: Tensor = live(program)(**inputs)
    known = {name: x.tolist() for name, x in inputs.items()}
    same(
        found, torch.tensor(float(interpret(losses(program)[-1], known).mean), dtype=torch.float64)
    )
    return found


def test_a_target_may_point_into_an_array_that_is_no_row_of_scores() -> None:
    program = (
        "loss nearest(places: real[class, dim], x: real[dim], target: class) ="
        " sum((places[target, d] - x[d])**2 for d in dim)"
    )
    agree(
        program, places=normal(0, 5, 3, 2), x=normal(1, 5, 2), target=torch.tensor([0, 2, 1, 0, 2])
    )


def test_a_result_over_examples_and_another_axis_is_averaged_over_both() -> None:
    program = (
        "loss size(x: real[batch, utterance, dim]) for j in batch for i in utterance ="
        " sum(x[j, i, d]**2 for d in dim)"
    )
    x = normal(0, 4, 3, 2)
    agree(program, x=x)
    same(live(program)(x, reduction="none"), (x**2).sum(-1))
    keep = torch.tensor([True, False, True, True])
    same(live(program)(x, mask=keep), (x**2).sum(-1)[keep].mean())


def test_what_a_detached_number_is_is_known() -> None:
    program = (
        "loss f(z: real[class], target: class) ="
        " sum(exp(z[k] + detach(max(0, z[k] - z[target]))) for k in class)"
    )
    agree(program, z=normal(0, 4, 3), target=torch.tensor([0, 2, 1, 0]))


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_a_guard_may_read_a_base_with_a_label(smoothing: float) -> None:
    program = (
        "loss below(base: loss[batch]) for i in batch if base[i] <= 1 = base[i]\n"
        "loss given(z: real[class], target: class) = logsumexp(z) - z[target]\n"
        "loss it = below(given)"
    )
    z, target = normal(0, 6, 3), torch.tensor([0, 2, 1, 0, 1, 2])
    each = torch.nn.functional.cross_entropy(z, target, label_smoothing=smoothing, reduction="none")
    assert 0 < (each <= 1).sum() < len(each)
    same(live(program)(z, target, label_smoothing=smoothing), each[each <= 1].mean())


def test_a_root_of_squares_has_slope_0_where_all_are_0() -> None:
    program = "loss length(x: real, y: real) = sqrt(x**2 + y**2)"
    x, y = torch.zeros(2).double(), torch.tensor([0.0, 2.0]).double()
    slopes = gradients(live(program), x, y)[1]
    same(slopes, (torch.zeros(2).double(), torch.tensor([0.0, 0.5]).double()))
