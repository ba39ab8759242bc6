"""Losses of flows and diffusions, of critics, of unnormalised densities, of values along paths."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mpmath import exp, fsum, log, mpf, sqrt
from torch import Tensor

from tests.library.formulas import Row, dot, mean
from tests.library.kinds import by_library, by_paper, normal
from tests.library.oracles import Case, Inputs

# ---------------------------------------------------------------- kinds of input


def flows() -> Inputs:
    """Velocities, noise and data of three examples in four dimensions."""
    return normal(130, 3, 4), normal(131, 3, 4), normal(132, 3, 4)


def diffusions() -> Inputs:
    """Predicted and true noise of three examples, and signal-to-noise ratios around five."""
    ratio = torch.tensor([0.25, 4.0, 40.0], dtype=torch.float64)
    return normal(133, 3, 4), normal(134, 3, 4), ratio


def critics() -> Inputs:
    """Scores of data and of samples, on both sides of the hinges."""
    return normal(135, 5, scale=2), normal(136, 5, scale=2)


def densities() -> Inputs:
    """Log-densities of a model and of the noise, and which samples are data."""
    return normal(137, 5), normal(138, 5), torch.tensor([1, 0, 1, 1, 0])


def log_densities() -> Inputs:
    """Log-densities of the model at data, at noise, and of the noise."""
    return normal(139, 5), normal(140, 5), normal(141, 5)


def clouds() -> Inputs:
    """Two samples of five points in three dimensions, and four directions."""
    return normal(142, 5, 3), normal(143, 5, 3), F.normalize(normal(144, 4, 3), dim=-1)


def values() -> Inputs:
    """Values and rewards along two paths of five steps, and what they end with."""
    return normal(145, 2, 5), normal(146, 2, 5), normal(147, 2)


def steps() -> Inputs:
    """Values before and after each of five steps of two paths, and rewards."""
    return normal(148, 2, 5), normal(149, 2, 5), normal(150, 2, 5)


def games() -> Inputs:
    """Payoff gradients and strategies of two players with three actions, in two games."""
    return normal(151, 2, 2, 3), normal(152, 2, 2, 3).softmax(-1)


def fields() -> Inputs:
    """Residuals at seven points inside, errors at four of the boundary and three of the start."""
    return normal(153, 1, 7), normal(154, 1, 4), normal(155, 1, 3)


# ---------------------------------------------------------------- formulas


def flow_matching(v: Row, noise: Row, data: Row, sigma: Any = 0) -> Any:
    """The slope of (1 - (1 - sigma) t) noise + t data is the velocity wanted."""
    wanted = [b - (1 - sigma) * a for a, b in zip(noise, data, strict=True)]
    return fsum((a - b) ** 2 for a, b in zip(v, wanted, strict=True))


def weighted_flow_matching(v: Row, noise: Row, data: Row, eps: Any = 1) -> Any:
    cost = sqrt(fsum((a - b) ** 2 for a, b in zip(noise, data, strict=True)))
    return exp(-cost / eps) * flow_matching(v, noise, data)


def min_snr(x: Row, y: Row, snr: Any, gamma: Any = 5) -> Any:
    return min(gamma / snr, 1) * mean((a - b) ** 2 for a, b in zip(x, y, strict=True))


def gan_hinge(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real) + F.relu(1 + fake)


def lsgan(real: Tensor, fake: Tensor) -> Tensor:
    return ((real - 1).square() + fake.square()) / 2


def wgan(real: Tensor, fake: Tensor) -> Tensor:
    return fake - real


def relativistic_gan(real: Tensor, fake: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(real - fake, torch.ones_like(real), reduction="none")


def nce_noise(model: Any, noise: Any, label: int, nu: Any = 1) -> Any:
    """The posterior of data, where noise is nu times as frequent."""
    p = exp(model) / (exp(model) + nu * exp(noise))
    return -log(p) if label == 1 else -log(1 - p)


def compositional_mle(model: Row, sampled: Row, noise: Row) -> Any:
    normaliser = mean(exp(a) / exp(b) for a, b in zip(sampled, noise, strict=True))
    return -mean(log(exp(a) / normaliser) for a in model)


def sliced_wasserstein(u: list[Row], v: list[Row], directions: list[Row], p: Any = 2) -> Any:
    costs = []
    for d in directions:
        first, second = (sorted(dot(x, d) for x in w) for w in (u, v))
        costs.append(mean(abs(a - b) ** p for a, b in zip(first, second, strict=True)))
    return mean(costs)


def martingale(value: Row, reward: Row, terminal: Any, dt: Any = 1) -> Any:
    """From the end backwards, the reward to come is summed up."""
    ahead, total = terminal, mpf(0)
    for v, r in zip(reversed(value), reversed(reward), strict=True):
        ahead = ahead + dt * r
        total = total + (ahead - v) ** 2
    return total * dt / 2


def mean_square_td(value: Row, after: Row, reward: Row, dt: Any = 1) -> Any:
    steps = zip(value, after, reward, strict=True)
    return fsum(((b - a) / dt + r) ** 2 for a, b, r in steps) * dt / 2


def nash_gap(payoff: list[Row], strategy: list[Row], tau: Any = 0, eta: Any = 1) -> Any:
    total = mpf(0)
    for gains, probabilities in zip(payoff, strategy, strict=True):
        slope = [g - tau * (log(x) + 1) for g, x in zip(gains, probabilities, strict=True)]
        total += eta * fsum((s - mean(slope)) ** 2 for s in slope)
    return total


def pinn(inside: Row, edge: Row, start: Row, equation: Any = 1, border: Any = 1) -> Any:
    parts = [mean(r**2 for r in part) for part in (inside, edge, start)]
    return equation * parts[0] + border * parts[1] + parts[2]


# ---------------------------------------------------------------- the table

SURE = "the gradient by nu is small beside the logarithms that it is the difference of"

CASES: tuple[Case, ...] = (
    *by_paper("flow_matching", flow_matching, flows, hyper={"sigma": 0.25}),
    *by_paper("weighted_flow_matching", weighted_flow_matching, flows, hyper={"eps": 4.0}),
    *by_paper("min_snr", min_snr, diffusions),
    *by_library("gan_hinge", gan_hinge, critics),
    *by_library("lsgan", lsgan, critics),
    *by_library("wgan", wgan, critics),
    *by_library("relativistic_gan", relativistic_gan, critics),
    *by_paper("nce_noise", nce_noise, densities, hyper={"nu": 3.0}, slack=8, why=SURE),
    *by_paper("compositional_mle", compositional_mle, log_densities, lift=False),
    *by_paper("sliced_wasserstein", sliced_wasserstein, clouds, lift=False),
    *by_paper("martingale", martingale, values, hyper={"dt": 0.5}),
    *by_paper("mean_square_td", mean_square_td, steps, hyper={"dt": 0.5}),
    *by_paper("nash_gap", nash_gap, games, hyper={"tau": 0.25, "eta": 0.5}),
    *by_paper("pinn", pinn, fields, hyper={"equation": 0.5, "border": 10.0}),
)
