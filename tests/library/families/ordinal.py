"""Losses of ordered classes."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import exp, fsum, log, mpf

from tests.library.families.multilabel import sigmoid
from tests.library.formulas import Row, ce, mean, softmax
from tests.library.kinds import by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs

LEVELS = torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0]])
CUTS = [-1.0, 0.25, 2.0]


def ranks() -> Inputs:
    """Logits of three thresholds, and which of them the label exceeds."""
    return normal(60, 5, 3, scale=2), LEVELS


def sure_ranks() -> Inputs:
    """Logits of 50, right and wrong."""
    return 50 * (2.0 * LEVELS - 1)[[0, 2, 1]].double(), LEVELS[[0, 2, 2]]


def latent() -> Inputs:
    """Scores, and which thresholds the label exceeds."""
    return normal(61, 5, scale=2), LEVELS


def coral(z: Row, levels: Row) -> Any:
    return -fsum(log(sigmoid(x if up else -x)) for x, up in zip(z, levels, strict=True))


def corn(zs: list[Row], levels: list[Row]) -> Any:
    """Task k is about the examples whose rank is k at least."""
    terms = []
    for z, up in zip(zs, levels, strict=True):
        rank = sum(up)
        terms += [-log(sigmoid(x if k < rank else -x)) for k, x in enumerate(z) if k <= rank]
    return mean(terms)


def all_threshold(score: Any, levels: Row, thresholds: Row) -> Any:
    signs = [1 if up else -1 for up in levels]
    return fsum(log(1 + exp(s * (t - score))) for s, t in zip(signs, thresholds, strict=True))


def cumulative_link(score: Any, levels: Row, thresholds: Row) -> Any:
    rank = sum(levels)
    upper = sigmoid(thresholds[rank] - score) if rank < len(thresholds) else mpf(1)
    lower = sigmoid(thresholds[rank - 1] - score) if rank > 0 else mpf(0)
    return -log(upper - lower)


def emd_squared(z: Row, y: int) -> Any:
    p = softmax(z)
    return fsum((fsum(p[: k + 1]) - (1 if y <= k else 0)) ** 2 for k in range(len(p)))


def cdw_ce(z: Row, y: int, alpha: Any) -> Any:
    p = softmax(z)
    rest = [fsum(x for j, x in enumerate(p) if j != k) for k in range(len(p))]
    return -fsum(log(r) * abs(mpf(k - y)) ** alpha for k, r in enumerate(rest) if k != y)


def sord(z: Row, y: int, scale: Any = 1) -> Any:
    soft = softmax([-scale * (k - y) ** 2 for k in range(len(z))])
    return fsum(w * ce(z, k) for k, w in enumerate(soft))


def mean_variance(z: Row, y: int, alpha: Any, beta: Any) -> Any:
    p = softmax(z)
    m = fsum(k * x for k, x in enumerate(p))
    v = fsum(x * (k - m) ** 2 for k, x in enumerate(p))
    return ce(z, y) + alpha / 2 * (m - y) ** 2 + beta * v


def weighted_kappa(zs: list[Row], ys: list[int]) -> Any:
    """Observed over expected disagreement, the latter from both histograms."""
    ps, k, n = [softmax(z) for z in zs], len(zs[0]), len(zs)
    observed = fsum((a - y) ** 2 * p[a] for p, y in zip(ps, ys, strict=True) for a in range(k))
    labels = [ys.count(a) for a in range(k)]
    predicted = [fsum(p[b] for p in ps) for b in range(k)]
    expected = fsum((a - b) ** 2 * labels[a] * predicted[b] / n for a in range(k) for b in range(k))
    return log(observed / expected)


CASES: tuple[Case, ...] = (
    *by_paper("coral", coral, ranks, sure_ranks),
    *by_paper("corn", corn, ranks, sure_ranks, lift=False),
    *by_paper(
        "all_threshold(thresholds=[0, 1, 2])", all_threshold, latent, hyper={"thresholds": CUTS}
    ),
    *by_paper(
        "cumulative_link(thresholds=[0, 1, 2])", cumulative_link, latent, hyper={"thresholds": CUTS}
    ),
    *by_paper("emd_squared", emd_squared, plain, extreme),
    *by_paper("cdw_ce", cdw_ce, plain, extreme, hyper={"alpha": 1.5}),
    *by_paper("sord", sord, plain, hyper={"scale": 0.5}),
    *by_paper("sord", sord, extreme),
    *by_paper("mean_variance", mean_variance, plain, extreme, hyper={"alpha": 0.2, "beta": 0.05}),
    *by_paper("weighted_kappa", weighted_kappa, plain, lift=False),
)
