"""Random weights, against the softmax of the same draws."""

from __future__ import annotations

import torch

from losslang.balance import RandomWeighting
from tests.balance.models import Constants

ONE = torch.ones(1)


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_each_training_call_draws_anew():
    loss, same = RandomWeighting(Constants(), generator=draws()), draws()
    for _ in range(3):
        a, b = torch.randn(2, generator=same).exp()
        torch.testing.assert_close(loss(ONE, a=2.0, b=5.0), (2 * a + 5 * b) / (a + b))


def test_in_evaluation_the_weights_are_equal():
    loss = RandomWeighting(Constants()).eval()
    assert loss(ONE, a=2.0, b=5.0) == 3.5


def test_torchs_own_generator_is_the_default():
    loss = RandomWeighting(Constants())
    torch.manual_seed(5)
    value = loss(ONE, a=1.0, b=0.0)
    torch.manual_seed(5)
    assert value == torch.randn(2).softmax(0)[0]
