"""Losses that make confidences true."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import exp, fsum, log, mpf, sqrt

from tests.library.formulas import Row, ce, mean, relu, softmax
from tests.library.kinds import by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs


def judged_already() -> Inputs:
    """Logits of each example, and whether the prediction was right."""
    return normal(80, 4, 5, scale=2), torch.tensor([1, 0, 1, 1])


def acls(z: Row, y: int, lambda_pos: Any, lambda_neg: Any, margin: Any, alpha: Any) -> Any:
    """The positive term is of the predicted class, the negative one of all others."""
    winner = z.index(max(z))
    total = mpf(0)
    for k, x in enumerate(z):
        if k == winner:
            total += lambda_pos * relu(x - min(z) - margin) ** 2
        else:
            total += lambda_neg * relu(max(z) - x - margin) ** 2
    return ce(z, y) + alpha * total


def cpc(z: Row, y: int, discrimination: Any, exclusion: Any) -> Any:
    """Binary cross-entropies of every pair of classes, from the probabilities."""
    p, count = softmax(z), len(z)
    others = [k for k in range(count) if k != y]
    told = -mean(log(p[y] / (p[y] + p[k])) for k in others)
    pairs = [(i, j) for i in others for j in others if i < j]
    even = -mean(log(p[i] / (p[i] + p[j])) / 2 + log(p[j] / (p[i] + p[j])) / 2 for i, j in pairs)
    return ce(z, y) + discrimination * told + exclusion * even


def flsd53(z: Row, y: int) -> Any:
    p = softmax(z)[y]
    gamma = 5 if p < mpf("0.2") else 3
    return -((1 - p) ** gamma) * log(p)


def dual_focal(z: Row, y: int, gamma: Any) -> Any:
    p = softmax(z)
    behind = max([x for x in p if x < p[y]], default=mpf(0))
    return -((1 - p[y] + behind) ** gamma) * log(p[y])


def inverse_focal(z: Row, y: int, gamma: Any) -> Any:
    p = softmax(z)[y]
    return -((1 + p) ** gamma) * log(p)


def judged(zs: list[Row], ys: list[int]) -> tuple[Row, Row]:
    """Confidence and correctness of each prediction."""
    return [max(softmax(z)) for z in zs], [
        mpf(z.index(max(z)) == y) for z, y in zip(zs, ys, strict=True)
    ]


def mmce(zs: list[Row], ys: list[int], width: Any) -> Any:
    r, c = judged(zs, ys)
    n = range(len(r))
    total = fsum(
        (c[i] - r[i]) * (c[j] - r[j]) * exp(-abs(r[i] - r[j]) / width) for i in n for j in n
    )
    return sqrt(total / len(r) ** 2)


def dca(zs: list[Row], ys: list[int]) -> Any:
    r, c = judged(zs, ys)
    return abs(mean(c) - mean(r))


def mdca(zs: list[Row], ys: list[int]) -> Any:
    ps = [softmax(z) for z in zs]
    return mean(abs(mean(p[k] for p in ps) - mpf(ys.count(k)) / len(ys)) for k in range(len(zs[0])))


def correctness_aware(z: Row, correct: int) -> Any:
    return (max(softmax(z)) - correct) ** 2


SMOOTHING: dict[str, float | list[float]] = {
    "lambda_pos": 1.0,
    "lambda_neg": 0.1,
    "margin": 1.5,
    "alpha": 0.1,
}

CASES: tuple[Case, ...] = (
    *by_paper("acls", acls, plain, hyper=SMOOTHING),
    *by_paper("cpc", cpc, plain, extreme, hyper={"discrimination": 0.5, "exclusion": 0.25}),
    *by_paper("flsd53", flsd53, plain),
    *by_paper("dual_focal", dual_focal, plain, hyper={"gamma": 5.0}),
    *by_paper("inverse_focal", inverse_focal, plain, extreme, hyper={"gamma": 2.0}),
    *by_paper("mmce", mmce, plain, lift=False, hyper={"width": 0.4}),
    *by_paper("dca", dca, plain, lift=False),
    *by_paper("mdca", mdca, plain, lift=False),
    *by_paper("correctness_aware", correctness_aware, judged_already),
)
