"""Every loss of the library in every precision: what goes in, what comes out, and no warnings.

Warnings are errors in this test suite, so a conversion that torch frowns upon fails here.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.codegen.modules import compiled, gradients, normal
from tests.contract.transforms import INPUTS, LOSSES

FACES = (0.5 * normal(1, 3, 3).tanh(), torch.tensor([0, 2, 1]), 20 + 5 * normal(2, 3))
ALL = {**LOSSES, "adaface(scale=4)": FACES}
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def cast(inputs: tuple[Tensor, ...], dtype: torch.dtype) -> list[Tensor]:
    return [x.to(dtype) if x.is_floating_point() else x for x in inputs]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("spec", ALL)
def test_gradients_have_the_precision_of_the_inputs(spec: str, dtype: torch.dtype) -> None:
    """The value has it too, but is float32 for inputs in half precision."""
    inputs = cast(ALL[spec], dtype)
    value, slopes = gradients(compiled(spec), *inputs)
    assert value.dtype == (dtype if dtype.itemsize > 2 else torch.float32)
    assert value.isfinite()
    for slope in slopes:
        assert slope.dtype == dtype
        assert slope.isfinite().all()


@pytest.mark.parametrize("spec", ALL)
def test_half_precision_costs_one_rounding_of_the_inputs(spec: str) -> None:
    """The value is that of float64 at the rounded inputs, to the precision of float32."""
    inputs = cast(ALL[spec], torch.bfloat16)
    loss = compiled(spec).eval()
    exact = loss(*cast(tuple(inputs), torch.float64))
    torch.testing.assert_close(loss(*inputs).double(), exact.double(), rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("spec", ["ce", "dice", "info_nce", "cvar(ce)", "mse"])
def test_weights_and_masks_may_have_another_precision(spec: str) -> None:
    """A loop computes its weights in float32, whatever the model is in."""
    for dtype in DTYPES:
        inputs = cast(INPUTS[spec], dtype)
        count = inputs[0].shape[0]
        keywords = {} if spec == "cvar(ce)" else {"weight": torch.linspace(0.5, 1, count)}
        if spec in ("ce", "cvar(ce)"):
            classes = inputs[0].shape[1]
            keywords["class_weight"] = torch.linspace(1, 2, classes)
        value, slopes = gradients(compiled(spec), *inputs, **keywords)
        assert value.isfinite()
        assert slopes[0].dtype == dtype


@pytest.mark.parametrize("spec", ["ce", "focal", "gce", "dice", "arcface(scale=4)", "kl_dro(ce)"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_soft_labels_may_have_another_precision(spec: str, dtype: torch.dtype) -> None:
    inputs = cast(INPUTS[spec], dtype)
    classes = inputs[0].shape[1]
    soft = torch.nn.functional.one_hot(inputs[1], classes).movedim(-1, 1)
    want, slopes = gradients(compiled(spec), *inputs)
    for other in (torch.float32, torch.float64, torch.bfloat16):
        value, found = gradients(compiled(spec), inputs[0], soft.to(other))
        torch.testing.assert_close(value, want, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(found[0], slopes[0], rtol=1e-2, atol=1e-3)


def test_mixed_precisions_of_two_inputs_are_computed_in_the_wider() -> None:
    prediction, target = normal(3, 5, dtype=torch.bfloat16), normal(4, 5, dtype=torch.float32)
    value, slopes = gradients(compiled("mse"), prediction, target)
    assert value.dtype == torch.float32
    assert [slope.dtype for slope in slopes] == [torch.bfloat16, torch.float32]
