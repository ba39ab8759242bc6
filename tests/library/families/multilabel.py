"""Losses of several classes at once, each there or not."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mpmath import exp, fsum, log, mpf
from torch import Tensor

from tests.library.formulas import Row, mean
from tests.library.kinds import by_library, by_paper, normal
from tests.library.oracles import Case, Inputs

BITS = torch.tensor([[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 0]])


def tags() -> Inputs:
    """Logits of order two over four classes, one to three of them there."""
    return normal(50, 5, 4, scale=2), BITS


def sure_tags() -> Inputs:
    """Logits of 50, right and wrong, beside a row of zeros."""
    signs = 2.0 * BITS[:3].double() - 1
    return torch.stack([50 * signs[0], -50 * signs[1], 0 * signs[2]]), BITS[:3]


def all_or_none() -> Inputs:
    """Examples with no class at all, and with every class."""
    return normal(51, 2, 4), torch.tensor([[0, 0, 0, 0], [1, 1, 1, 1]])


def single() -> Inputs:
    """Logits and the one label that is known."""
    return normal(52, 5, 4, scale=2), torch.tensor([0, 1, 2, 3, 1])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def asl(z: Row, y: Row, gamma_neg: Any, gamma_pos: Any, clip: Any) -> Any:
    total = mpf(0)
    for x, there in zip(z, y, strict=True):
        p = sigmoid(x)
        shifted = max(p - clip, 0)
        if there:
            total -= (1 - p) ** gamma_pos * log(p)
        elif shifted > 0:
            total -= shifted**gamma_neg * log(1 - shifted)
    return total


def parts(z: Row, y: Row) -> tuple[Row, Row]:
    """The logits of the classes that are there, and of those that are not."""
    both = list(zip(z, y, strict=True))
    return [x for x, there in both if there], [x for x, there in both if not there]


def zlpr(z: Row, y: Row) -> Any:
    positive, negative = parts(z, y)
    return log(1 + fsum(exp(x) for x in negative)) + log(1 + fsum(exp(-x) for x in positive))


def gaps(z: Row, y: Row) -> Row:
    positive, negative = parts(z, y)
    return [n - p for n in negative for p in positive]


def lsep(z: Row, y: Row) -> Any:
    return log(1 + fsum(exp(g) for g in gaps(z, y)))


def bp_mll(z: Row, y: Row) -> Any:
    found = gaps(z, y)
    return mean(exp(g) for g in found) if found else mpf(0)


def two_way(zs: list[Row], ys: list[Row], tau_pos: Any, tau_neg: Any) -> Any:
    """Rows, then columns; a line without positives is left out."""

    def one(z: Row, y: Row) -> Any:
        positive, negative = parts(z, y)
        if not negative:
            return mpf(0)
        above = fsum(exp(x / tau_neg) for x in negative) ** tau_neg
        return log(1 + above * fsum(exp(-x / tau_pos) for x in positive) ** tau_pos)

    def side(z: list[Row], y: list[Row]) -> Any:
        return mean(one(a, b) for a, b in zip(z, y, strict=True) if any(b))

    columns = [list(c) for c in zip(*zs, strict=True)], [list(c) for c in zip(*ys, strict=True)]
    return side(zs, ys) + side(*columns)


FREQUENT = [50.0, 20.0, 10.0, 5.0]


def distribution_balanced(
    z: Row, y: Row, counts: Row, total: Any, alpha: Any, beta: Any, mu: Any, kappa: Any, scale: Any
) -> Any:
    """Equations 4 to 8: re-balanced weights, and negative-tolerant regularisation."""
    expected = fsum(1 / n for n, there in zip(counts, y, strict=True) if there)
    out = []
    for x, there, n in zip(z, y, counts, strict=True):
        ratio = 1 / n / expected
        weight = alpha + sigmoid(beta * (ratio - mu))
        shifted = x - kappa * log(total / n - 1)
        loss = log(1 + exp(-shifted)) if there else log(1 + exp(scale * shifted)) / scale
        out.append(weight * loss)
    return mean(out)


def hill(z: Row, y: Row, lam: Any, margin: Any, gamma: Any) -> Any:
    total = mpf(0)
    for x, there in zip(z, y, strict=True):
        p = sigmoid(x - margin) if there else sigmoid(x)
        total += -((1 - p) ** gamma) * log(p) if there else (lam - p) * p**2
    return total


def wan(z: Row, y: int, gamma: Any) -> Any:
    return mean(-log(sigmoid(x)) if k == y else -gamma * log(sigmoid(-x)) for k, x in enumerate(z))


def soft_margin(z: Tensor, y: Tensor) -> Tensor:
    return F.multilabel_soft_margin_loss(z, y.double(), reduction="none")


def multilabel_margin(z: Tensor, y: Tensor) -> Tensor:
    """Torch wants the classes that are there in front, and -1 after them."""
    order = torch.arange(y.shape[1]).expand_as(y)
    listed = torch.where(y == 1, order, len(y[0])).sort(dim=1).values
    return F.multilabel_margin_loss(
        z, torch.where(listed == len(y[0]), -1, listed), reduction="none"
    )


FOCUS: dict[str, float | list[float]] = {"gamma_neg": 4.0, "gamma_pos": 1.0, "clip": 0.05}
BALANCE: dict[str, float | list[float]] = {
    "counts": FREQUENT,
    "total": 100.0,
    "alpha": 0.1,
    "beta": 10.0,
    "mu": 0.2,
    "kappa": 0.05,
    "scale": 2.0,
}

CASES: tuple[Case, ...] = (
    *by_paper("asl", asl, tags, sure_tags, hyper=FOCUS),
    *by_paper("zlpr", zlpr, tags, sure_tags, all_or_none),
    *by_paper("lsep", lsep, tags, sure_tags, all_or_none),
    *by_paper("bp_mll", bp_mll, tags, all_or_none),
    *by_library("multilabel_margin", multilabel_margin, tags),
    *by_library("multilabel_soft_margin", soft_margin, tags, sure_tags),
    *by_paper("two_way", two_way, tags, lift=False, hyper={"tau_pos": 4.0, "tau_neg": 1.0}),
    *by_paper(
        "distribution_balanced(counts=[1, 1, 1, 1], total=4)",
        distribution_balanced,
        tags,
        hyper=BALANCE,
    ),
    *by_paper("hill", hill, tags, sure_tags, hyper={"lam": 1.5, "margin": 1.0, "gamma": 2.0}),
    *by_paper("wan(gamma=0.1)", wan, single, hyper={"gamma": 0.1}),
)
