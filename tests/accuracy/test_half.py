"""Half precision at the ends only: the result is that of float32, the gradient rounded once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from losslang import driver
from losslang.accuracy.floats import FORMATS
from losslang.accuracy.inputs import Hard, hard_inputs, needed_settings
from losslang.ir.loss import Loss
from tests.ir.programs import LIBRARY
from tests.sampling import FULL


def result(
    loss: Loss, module: Any, hard: Hard, low: torch.dtype, high: torch.dtype
) -> tuple[Tensor, list[Tensor]]:
    """The value and the gradients at inputs that ``low`` holds, in ``high``."""
    leaves, given = [], []
    for known in loss.inputs:
        x = torch.from_numpy(hard.inputs[known.name])
        if known.kind in ("real", "simplex"):
            x = x.to(low).to(high).requires_grad_()
            leaves.append(x)
        given.append(x)
    torch.manual_seed(0)  # for losses that draw
    value = module(*given, **hard.settings)
    if not value.requires_grad:
        return value, []
    return value, list(torch.autograd.grad(value, leaves, materialize_grads=True))


HALVES = (torch.bfloat16, torch.float16) if FULL else (torch.bfloat16,)

WITHOUT_MEANING = {
    ("ctc", "blank = 8"),
    ("ctc", "blank = 8, p within an ulp of 1"),
    ("bsp", "empty batch"),
    ("bss", "empty batch"),
}
"""A class or a singular value that is not there, the corner of a simplex that is a point."""


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("spec", LIBRARY)
def test_the_library_rounds_once(spec: str, dtype: torch.dtype) -> None:
    loss = driver.elaborated(spec)
    if any(state.axes for state in loss.states):
        pytest.skip("its value depends on the arrays that it remembers")
    module = driver.compile(spec, backend="torch", **needed_settings(loss)).eval()
    format = FORMATS[str(dtype).removeprefix("torch.")]
    for hard in hard_inputs(loss, format):
        if hard.masked or (spec, hard.name) in WITHOUT_MEANING:
            continue
        value, slopes = result(loss, module, hard, dtype, dtype)
        exact, wanted = result(loss, module, hard, dtype, torch.float32)
        assert value.dtype == torch.float32, hard.name
        torch.testing.assert_close(value, exact, rtol=0, atol=0, equal_nan=True)
        for slope, want in zip(slopes, wanted, strict=True):
            assert slope.dtype == dtype
            torch.testing.assert_close(slope, want.to(dtype), rtol=0, atol=0, equal_nan=True)
