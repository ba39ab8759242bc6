"""Losses that draw, and losses of draws: what holds for the draws made, or in the mean over all."""

from __future__ import annotations

from itertools import product

import pytest
import torch

import losslang

SCORES = torch.tensor([0.5, -1.0, 2.0, -0.25, 4.0, 1.5], dtype=torch.float64)
SIGNS = torch.tensor([1, 1, 1, -1, 1, -1])


def slopes(seed: int, **settings: float) -> torch.Tensor:
    """The derivatives of EnsLoss by the margins, which one seed gives."""
    score = SCORES.clone().requires_grad_()
    generator = torch.Generator().manual_seed(seed)
    value = losslang.compile("ensloss")(
        score, SIGNS, generator=generator, reduction="sum", **settings
    )
    (slope,) = torch.autograd.grad(value, score)
    return slope * SIGNS


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slopes_are_those_of_a_convex_loss(seed: int) -> None:
    """Dai 2025, theorem 1: below 0 where the margin is 0, and rising with the margin."""
    in_order = slopes(seed)[(SCORES * SIGNS).argsort()]
    assert bool((in_order < 0).all())
    assert bool((in_order.diff() > 0).all())


def test_slopes_are_exponentials_of_normal_draws_in_order() -> None:
    """Dai 2025, algorithm 1 at lambda 0, with the tail scaled down by margins above 1."""
    margins = SCORES * SIGNS
    drawn = torch.randn(6, generator=torch.Generator().manual_seed(7), dtype=torch.float64).exp()
    want = torch.empty(6, dtype=torch.float64)
    want[margins.argsort()] = -drawn.sort(descending=True).values
    assert torch.allclose(slopes(7), want / margins.clamp(min=1))


def test_every_batch_has_a_loss_of_its_own() -> None:
    assert not torch.equal(slopes(0), slopes(1))


def test_without_deviation_the_slopes_are_those_of_the_perceptron_and_its_tail() -> None:
    margins = SCORES * SIGNS
    assert torch.allclose(slopes(0, deviation=0.0), -1 / margins.clamp(min=1))


def test_the_condition_is_dropped_as_often_as_asked() -> None:
    """Ho and Salimans 2022, algorithm 1: with the probability `drop`, for each example apart."""
    generator = torch.Generator().manual_seed(3)
    zero, one = torch.zeros(4000, 1), torch.ones(4000, 1)
    loss = losslang.compile("cfg_diffusion")
    values = loss(zero, one, zero, drop=0.25, generator=generator, reduction="none")
    assert set(values.tolist()) == {0.0, 1.0}
    assert float(values.mean()) == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 4000) ** 0.5)


@pytest.mark.parametrize(("order", "draws"), [(1, 2), (1, 3), (2, 4)])
def test_counts_are_an_unbiased_estimate_of_the_polynomial(order: int, draws: int) -> None:
    """Kimpara et al. 2023: its mean over all samples is the sum of (p - q) to the degree."""
    p, q = (torch.tensor(x, dtype=torch.float64) for x in ([0.5, 0.5], [0.125, 0.875]))
    samples = list(product(range(2), repeat=draws))
    counts = torch.tensor([[s.count(k) for k in range(2)] for s in samples]).double()
    likely = [torch.stack([law[list(s)].prod() for s in samples]) for law in (p, q)]
    n = len(samples)
    loss = losslang.compile(f"blackbox_proper(order={order})")
    values = loss(counts.repeat_interleave(n, 0), counts.repeat(n, 1), reduction="none")
    mean = (likely[0][:, None] * likely[1][None] * values.reshape(n, n)).sum()
    assert float(mean) == pytest.approx(float(((p - q) ** (2 * order)).sum()), rel=1e-12)
