"""Penalties of coefficients, of experts' shares, and of predictions without a label."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import fsum, log, mp, mpf, sqrt, tanh
from torch import Tensor

from tests.library.formulas import Row, dot, mean, softmax
from tests.library.kinds import by_library, by_paper, logits_only, normal
from tests.library.oracles import Case, Inputs

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    HALF, P9, P18 = mpf(1) / 2, mpf("0.9"), mpf("1.8")

# ---------------------------------------------------------------- kinds of input


def coefficients() -> Inputs:
    """Two sets of seven coefficients."""
    return (normal(110, 2, 7),)


def fits() -> Inputs:
    """Predictions, targets, and the coefficients behind the predictions."""
    return normal(111, 5), normal(112, 5), normal(113, 4)


def weighted_fits() -> Inputs:
    """Predictions, targets, coefficients, and a weight for each of these."""
    return *fits(), normal(114, 4).exp()


def sizes() -> Inputs:
    """Bits of five channels, one of them negative, and their numbers of weights."""
    bits = torch.tensor([[4.0, 2.5, -1.0, 0.5, 8.0]], dtype=torch.float64)
    return bits, torch.tensor([[9.0, 9.0, 18.0, 18.0, 36.0]], dtype=torch.float64)


def between() -> Inputs:
    """Losses at two points and between them, and where that is."""
    return normal(115, 4), normal(116, 4), normal(117, 4), normal(118, 4).sigmoid()


def gates() -> Inputs:
    """Gates of six tokens over four experts."""
    return (normal(119, 6, 4).softmax(-1),)


def routers() -> Inputs:
    """Router logits of six tokens over four experts."""
    return (normal(121, 6, 4),)


def matrices() -> Inputs:
    """Two matrices of three rows in four dimensions."""
    return (normal(120, 2, 3, 4),)


# ---------------------------------------------------------------- formulas


def load_balance_topk(router: list[Row], frozen: Any) -> Any:
    experts = range(len(router[0]))
    ranked = [sorted(zip(row, experts, strict=True), reverse=True) for row in frozen[0]]
    chosen = [[e for _, e in row[:2]] for row in ranked]
    mass = [mean(softmax(row)[e] for row in router) for e in experts]
    shares = [mean(fsum(e == c for c in row) / 2 for row in chosen) for e in experts]
    return len(mass) * dot(shares, mass)


def entropy_min(z: Row) -> Any:
    return -fsum(p * log(p) for p in softmax(z))


def l1_penalty(w: Row) -> Any:
    return fsum(map(abs, w))


def l2_penalty(w: Row) -> Any:
    return dot(w, w) / 2


def elastic_net(w: Row, alpha: Any = HALF) -> Any:
    return fsum(alpha * abs(x) + (1 - alpha) * x**2 / 2 for x in w)


def squares(x: Row, y: Row) -> Row:
    return [(a - b) ** 2 for a, b in zip(x, y, strict=True)]


def weighted_lasso(x: Row, y: Row, w: Row, weights: Row, lam: Any = 1) -> Any:
    return fsum(squares(x, y)) / 2 + lam * dot(weights, list(map(abs, w)))


def sr_lasso(x: Row, y: Row, w: Row, lam: Any = 1) -> Any:
    return sqrt(mean(squares(x, y))) + lam * l1_penalty(w)


def lad_lasso(x: Row, y: Row, w: Row, lam: Any = 1) -> Any:
    return fsum(abs(a - b) for a, b in zip(x, y, strict=True)) + lam * l1_penalty(w)


def hypersparse(ws: list[Row], frozen: Any, kappa: Any = P9) -> Row:
    """The paper's double sum; its divisor and its scale are held constant.

    The third derivative of tanh is zero at the least weight that pruning keeps, scaled.
    """
    values = []
    for w, held in zip(ws, frozen[0], strict=True):
        s = log(2 + sqrt(3)) / 2 / sorted(map(abs, held))[int(kappa * len(held))]
        divisor = fsum(tanh(s * abs(x)) for x in held)
        double = fsum(abs(x) * fsum(tanh(s * abs(v)) for v in w) for x in w)
        values.append(double / divisor - l1_penalty(w))
    return values


def kurtosis(w: Row, goal: Any = P18) -> Any:
    centred = [x - mean(w) for x in w]
    variance = mean(x**2 for x in centred)
    return (mean(x**4 for x in centred) / variance**2 - goal) ** 2


def size_penalty(bits: Row, elements: Row) -> Any:
    return fsum(n * b for b, n in zip(bits, elements, strict=True) if b > 0) / fsum(elements)


def elle(first: Any, second: Any, middle: Any, alpha: Any) -> Any:
    return (middle - (1 - alpha) * first - alpha * second) ** 2


def importance(g: list[Row]) -> Any:
    shares = [fsum(column) for column in zip(*g, strict=True)]
    return mean((s - mean(shares)) ** 2 for s in shares) / mean(shares) ** 2


def orthogonality(w: Tensor) -> Tensor:
    return (w @ w.mT - torch.eye(w.shape[-2])).square().sum((-1, -2))


# ---------------------------------------------------------------- the table

CASES: tuple[Case, ...] = (
    *by_paper("entropy_min", entropy_min, logits_only),
    *by_paper("l1_penalty", l1_penalty, coefficients),
    *by_paper("l2_penalty", l2_penalty, coefficients),
    *by_paper("elastic_net", elastic_net, coefficients, hyper={"alpha": 0.25}),
    *by_paper("weighted_lasso", weighted_lasso, weighted_fits, lift=False, hyper={"lam": 0.5}),
    *by_paper("sr_lasso", sr_lasso, fits, lift=False, hyper={"lam": 0.5}),
    *by_paper("lad_lasso", lad_lasso, fits, lift=False, hyper={"lam": 0.5}),
    *by_paper("hypersparse", hypersparse, coefficients, lift=False, frozen=True),
    *by_paper(
        "hypersparse",
        hypersparse,
        coefficients,
        lift=False,
        frozen=True,
        hyper={"kappa": 0.5},
    ),
    *by_paper(
        "kurtosis",
        kurtosis,
        coefficients,
        hyper={"goal": 3.0},
        slack=20,
        why="what the goal leaves of the kurtosis, squared",
    ),
    *by_paper("size_penalty", size_penalty, sizes),
    *by_paper("elle", elle, between),
    *by_paper("load_balance_topk", load_balance_topk, routers, lift=False, frozen=True),
    *by_paper("importance", importance, gates, lift=False),
    *by_library("orthogonality", orthogonality, matrices),
)
