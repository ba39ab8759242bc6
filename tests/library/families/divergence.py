"""Divergences of distributions, and kernel estimates of divergence and dependence of samples."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from kornia import losses as kornia
from mpmath import exp, fsum, log, mpf, sqrt
from torch import Tensor

from tests.library.formulas import Row, js, mean, softmax
from tests.library.kinds import KORNIA, by_library, by_paper, distributions, normal
from tests.library.oracles import Case, Inputs


def codes() -> Inputs:
    """Means and log-variances of four codes in three dimensions."""
    return normal(90, 4, 3), normal(91, 4, 3)


def samples() -> Inputs:
    """Two samples of five points in the plane, a little apart."""
    return normal(92, 5, 2), 0.5 + normal(93, 5, 2)


def paired() -> Inputs:
    """Five points in the plane, each with a number that depends on it."""
    points = normal(94, 5, 2)
    return points, points[:, :1] ** 2 + 0.5 * normal(95, 5, 1)


def sure_distributions() -> Inputs:
    """Logits five apart, and distributions that agree with them or not at all."""
    logits = torch.tensor([[2.5, -2.5, 0.0], [2.5, -2.5, 0.0]], dtype=torch.float64)
    target = torch.tensor([[0.125, 0.75, 0.125], [0.75, 0.125, 0.125]], dtype=torch.float64)
    return logits, target


HALF = mpf(1) / 2

# ---------------------------------------------------------------- f-divergences


def reverse_kl(z: Row, q: Row) -> Any:
    return fsum(a * log(a / b) for a, b in zip(softmax(z), q, strict=True))


def jeffreys(z: Row, q: Row) -> Any:
    return reverse_kl(z, q) + fsum(b * log(b / a) for a, b in zip(softmax(z), q, strict=True))


def tvd(z: Row, q: Row) -> Any:
    return fsum(abs(a - b) for a, b in zip(softmax(z), q, strict=True)) / 2


def hellinger(z: Row, q: Row) -> Any:
    return fsum((sqrt(a) - sqrt(b)) ** 2 for a, b in zip(softmax(z), q, strict=True)) / 2


def chi_square(z: Row, q: Row) -> Any:
    return fsum((b - a) ** 2 / a for a, b in zip(softmax(z), q, strict=True))


def affinity(z: Row, q: Row, alpha: Any) -> Any:
    return fsum(b**alpha * a ** (1 - alpha) for a, b in zip(softmax(z), q, strict=True))


def alpha_divergence(z: Row, q: Row, alpha: Any = HALF) -> Any:
    return (affinity(z, q, alpha) - 1) / (alpha * (alpha - 1))


def renyi(z: Row, q: Row, alpha: Any = HALF) -> Any:
    return log(affinity(z, q, alpha)) / (alpha - 1)


def generalized_js(z: Row, q: Row, beta: Any = HALF) -> Any:
    p = softmax(z)
    middle = [beta * b + (1 - beta) * a for a, b in zip(p, q, strict=True)]
    first = fsum(b * log(b / m) for b, m in zip(q, middle, strict=True))
    return beta * first + (1 - beta) * fsum(a * log(a / m) for a, m in zip(p, middle, strict=True))


def kornia_js(z: Tensor, q: Tensor) -> Tensor:
    """kornia takes maps: one channel, and the classes as places."""
    values = kornia.js_div_loss_2d(z.softmax(-1)[:, None, None], q[:, None, None], reduction="none")
    return values.reshape(len(z))


def reversed_kl(z: Tensor, q: Tensor) -> Tensor:
    return F.kl_div(q.log(), z.softmax(-1), reduction="none").sum(-1)


# ---------------------------------------------------------------- normal laws


def gaussian_kl(m: Row, v: Row) -> Any:
    return -fsum(1 + b - a**2 - exp(b) for a, b in zip(m, v, strict=True)) / 2


def torch_gaussian_kl(m: Tensor, v: Tensor) -> Tensor:
    law = torch.distributions.Normal(m, (v / 2).exp())
    return torch.distributions.kl_divergence(law, torch.distributions.Normal(0.0, 1.0)).sum(-1)


# ---------------------------------------------------------------- samples


def kernel(a: Row, b: Row, sigma: Any) -> Any:
    return exp(-fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (2 * sigma**2))


def gram(u: list[Row], v: list[Row], sigma: Any) -> list[Row]:
    return [[kernel(a, b, sigma) for b in v] for a in u]


def overall(k: list[Row]) -> Any:
    return mean(mean(row) for row in k)


def mmd(u: list[Row], v: list[Row], sigma: Any = 1) -> Any:
    within = overall(gram(u, u, sigma)) + overall(gram(v, v, sigma))
    return within - 2 * overall(gram(u, v, sigma))


def unbiased_mmd(u: list[Row], v: list[Row], sigma: Any = 1) -> Any:
    n = len(u)
    within = fsum(
        kernel(w[i], w[j], sigma) for w in (u, v) for i in range(n) for j in range(n) if i != j
    )
    return within / (n * (n - 1)) - 2 * overall(gram(u, v, sigma))


def cs_divergence(u: list[Row], v: list[Row], sigma: Any = 1) -> Any:
    shared, first, second = (overall(gram(a, b, sigma)) for a, b in ((u, v), (u, u), (v, v)))
    return -log(shared**2 / (first * second))


def cs_qmi(u: list[Row], v: list[Row], sigma: Any = 1) -> Any:
    k, q = gram(u, u, sigma), gram(v, v, sigma)
    n = len(u)
    joint = mean(k[i][j] * q[i][j] for i in range(n) for j in range(n))
    cross = mean(mean(a) * mean(b) for a, b in zip(k, q, strict=True))
    return log(joint * overall(k) * overall(q) / cross**2)


def hsic(u: list[Row], v: list[Row], sigma: Any = 1) -> Any:
    """The trace of K H L H over (n - 1) squared, H the centring matrix."""
    n = len(u)
    k, q = gram(u, u, sigma), gram(v, v, sigma)
    centred = [
        [m[i][j] - mean(m[i]) - mean(m[j]) + overall(m) for i in range(n) for j in range(n)]
        for m in (k, q)
    ]
    return fsum(a * b for a, b in zip(*centred, strict=True)) / (n - 1) ** 2


def kde_kl(u: list[Row], v: list[Row], sigma: Any) -> Any:
    def density(at: Row, sample: list[Row]) -> Any:
        squares = [fsum((a - b) ** 2 for a, b in zip(at, s, strict=True)) for s in sample]
        return mean(exp(-s / (2 * sigma**2)) for s in squares)

    return mean(log(density(x, u) / density(x, v)) for x in u)


# ---------------------------------------------------------------- the table

CASES: tuple[Case, ...] = (
    *by_library("reverse_kl", reversed_kl, distributions, sure_distributions),
    *by_paper("jeffreys", jeffreys, distributions, sure_distributions),
    *by_paper("tvd", tvd, distributions, sure_distributions),
    *by_paper("hellinger", hellinger, distributions, sure_distributions),
    *by_paper("chi_square", chi_square, distributions),
    *by_paper("alpha_divergence", alpha_divergence, sure_distributions, hyper={"alpha": 0.25}),
    *by_paper("renyi", renyi, distributions, sure_distributions, hyper={"alpha": 0.25}),
    *by_paper("generalized_js", js, distributions),
    *by_library("generalized_js", kornia_js, distributions, source=KORNIA),
    *by_paper("generalized_js", generalized_js, distributions, hyper={"beta": 0.25}),
    *by_paper("gaussian_kl", gaussian_kl, codes),
    *by_library("gaussian_kl", torch_gaussian_kl, codes),
    *by_paper("mmd", mmd, samples, lift=False, hyper={"sigma": 1.5}),
    *by_paper("mmd(estimate=unbiased)", unbiased_mmd, samples, lift=False),
    *by_paper("cs_divergence", cs_divergence, samples, lift=False, hyper={"sigma": 1.5}),
    *by_paper("kde_kl", kde_kl, samples, lift=False, hyper={"sigma": 1.5}),
    *by_paper("cs_qmi", cs_qmi, paired, lift=False),
    *by_paper("hsic", hsic, paired, lift=False, hyper={"sigma": 1.5}),
)
