"""A loss is finite and right wherever its true value is finite, however hopeless the prediction."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from losslang import driver
from losslang.ir import interpret
from tests.contract.transforms import CLASSIFIED, LOSSES, PAIRED, SIGNED, Inputs, compiled

SIZES = [1.0, 20.0, 50.0, 100.0, 1e4]

# Logits by the size s, and the target: right, wrong, all alike, alike but one, three steps apart.
PATTERNS = [
    ((1, -1, -1), 0),
    ((-1, 1, 1), 0),
    ((1, 1, 1), 1),
    ((-1, -1, -1), 1),
    ((0, 1, 1), 0),
    ((0, -1, -1), 0),
    ((1, 0, -1), 2),
]

# Standardised logits divide by their deviation, relative errors by the target: at ties and zero
# targets these losses have no value.
NO_VALUE_AT_TIES = {"z_normalised", "mape", "smape"}


def reals(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def hard_inputs(spec: str) -> list[Inputs]:
    """The hard inputs of a loss, by the kind of input it takes."""
    kind = LOSSES[spec]
    if kind[0] is CLASSIFIED[0] and len(kind) == 2 and not kind[1].is_floating_point():
        return [
            (size * reals(*signs)[None], torch.tensor([target]))
            for size in SIZES
            for signs, target in PATTERNS
        ]
    if kind[0] is SIGNED[0]:
        labels = (1, -1) if kind[1] is SIGNED[1] else (1, 0)
        return [
            (reals(sign * size), torch.tensor([label]))
            for size in SIZES
            for sign in (1, -1)
            for label in labels
        ]
    if kind is PAIRED:
        sizes = [0.0, 1e-6, *SIZES]
        return [(reals(a * s), reals(b * s)) for s in sizes for a, b in ((1, 0), (0, 1), (1, 1))]
    return []


HARD = [spec for spec in LOSSES if hard_inputs(spec) and spec not in NO_VALUE_AT_TIES]


@cache
def truth(spec: str) -> list[float]:
    """The interpreter's values, infinite where a double cannot hold them."""
    loss = driver.elaborated(spec)
    values = []
    for inputs in hard_inputs(spec):
        named: dict[str, Any] = {
            known.name: x.tolist() for known, x in zip(loss.inputs, inputs, strict=True)
        }
        values.append(float(interpret.interpret(loss, named, digits=80).mean))
    return values


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("spec", HARD)
def test_finite_where_the_true_value_is(spec: str, dtype: torch.dtype) -> None:
    largest = torch.finfo(dtype).max
    for inputs, true in zip(hard_inputs(spec), truth(spec), strict=True):
        leaves = [x.to(dtype).requires_grad_() if x.is_floating_point() else x for x in inputs]
        value = compiled(spec)(*leaves)
        slopes = torch.autograd.grad(value, [x for x in leaves if x.requires_grad])
        if not math.isfinite(true) or abs(true) >= largest:
            continue
        # A few units in the last place of the largest number that has a part in it.
        size = 1.0 + abs(true) + max(float(x.detach().abs().max()) for x in inputs)
        assert abs(value.detach().item() - true) <= 8 * torch.finfo(dtype).eps * size, inputs
        assert all(bool(torch.isfinite(slope).all()) for slope in slopes), inputs
