"""Many gradients at once, as libraries for several objectives take them: each is its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from losslang.runtime.native import Formula
from losslang.runtime.products import Products
from losslang.runtime.sums import SumsOfPlaces
from tests.native.modules import compiled

pytestmark = pytest.mark.skipif(
    isinstance(compiler.find(), Failure), reason="there is no C++ compiler"
)


def batched(values: Tensor, x: Tensor, slopes: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(values, x, slopes, is_grads_batched=True, retain_graph=True)
    return found


def mapped(values: Tensor, x: Tensor, slopes: Tensor) -> Tensor:
    def one(slope: Tensor) -> Tensor:
        return torch.autograd.grad(values, x, slope, retain_graph=True)[0]

    found: Tensor = torch.vmap(one)(slopes)
    return found


KINDS: list[tuple[str, type[Formula], tuple[int, ...], Callable[[], Tensor]]] = [
    ("ce", Formula, (4, 5), lambda: torch.tensor([0, 4, 2, 2])),
    ("info_nce", Products, (4, 5), lambda: torch.randn(4, 5).double()),
    ("dice", SumsOfPlaces, (4, 5, 6), lambda: torch.randint(5, (4, 6))),
]


@pytest.mark.parametrize("reduction", ["none", "mean"])
@pytest.mark.parametrize("at_once", [batched, mapped])
@pytest.mark.parametrize(("spec", "kind", "shape", "other"), KINDS, ids=lambda x: str(x)[:8])
def test_many_slopes_at_once(
    spec: str, kind: type[Formula], shape: Any, other: Any, at_once: Any, reduction: str
) -> None:
    ours, _ = compiled(spec, kind)
    x = torch.randn(*shape, dtype=torch.float64, requires_grad=True)
    values = ours(x, other(), reduction=reduction)
    slopes = torch.randn(3, *values.shape, dtype=torch.float64)
    wanted = [torch.autograd.grad(values, x, slope, retain_graph=True)[0] for slope in slopes]
    torch.testing.assert_close(at_once(values, x, slopes), torch.stack(wanted))
