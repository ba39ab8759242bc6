"""What probabilities near 1 leave of it, in kernels; mpmath 1.3 knows the numbers."""

from __future__ import annotations

import mpmath
import pytest
import torch

from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from losslang.runtime.sums import SumsOfPlaces
from tests.native.modules import compiled

pytestmark = pytest.mark.skipif(
    isinstance(compiler.find(), Failure), reason="there is no C++ compiler"
)


def test_what_certain_pixels_leave_of_1_is_not_rounded_to_0() -> None:
    ours, _ = compiled("tversky(alpha=0.5, beta=0.5, smooth=0)", SumsOfPlaces, torch.float32)
    ahead = torch.tensor([[[30.0, -25.0], [0.0, 1.0]]])
    with mpmath.workdps(30):
        first, second = (1 / (1 + mpmath.exp(mpmath.mpf(d))) for d in (30, 26))
        one = (first + second) / 2 / (1 - first + (first + second) / 2)
        other = (first + second) / 2 / (1 - second + (first + second) / 2)
        want = float((one + other) / 2)
    value = ours(ahead, torch.tensor([[0, 1]]))
    torch.testing.assert_close(value.item(), want, rtol=1e-6, atol=0)
