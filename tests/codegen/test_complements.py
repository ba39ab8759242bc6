"""What probabilities near 1 leave of it, at a place that runs; mpmath 1.3 knows the numbers."""

from __future__ import annotations

import mpmath
import pytest
import torch

from tests.codegen.modules import gradients, live

LARGEST = "loss largest(v: real[class]) = -log(1 - max(softmax(v)))"
ROWS = ([30.0, 0.0, -2.0], [0.0, 45.0, 1.0], [7.0, 7.0, 7.0], [-80.0, 3.0, 0.5], [1e4, 0.0, -1e4])


def left(row: list[float]) -> mpmath.mpf:
    """What the largest probability leaves of 1."""
    powers = sorted(mpmath.exp(mpmath.mpf(x)) for x in row)
    return mpmath.fsum(powers[:-1]) / mpmath.fsum(powers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_logarithm_of_what_is_left_of_1_has_every_digit(
    row: list[float], dtype: torch.dtype
) -> None:
    x = torch.tensor([row], dtype=dtype)
    with mpmath.workdps(40):
        want = -mpmath.log(left(row))
    found = live(LARGEST)(x)
    assert abs(found.item() - want) <= 8 * torch.finfo(dtype).eps * abs(want)


@pytest.mark.parametrize("row", [row for row in ROWS if len({*row}) == 3], ids=str)
def test_the_slope_of_what_is_left_of_1_does_not_round_to_0(row: list[float]) -> None:
    _, (slope,) = gradients(live(LARGEST), torch.tensor([row]))
    place = max(range(3), key=row.__getitem__)
    with mpmath.workdps(40):
        want = float(1 - left(row))
    torch.testing.assert_close(slope[0, place].item(), want, rtol=1e-5, atol=0)
