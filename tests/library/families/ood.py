"""Losses that tell outliers from the classes that are known."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import exp, fsum, log, sqrt

from tests.library.formulas import Row, ce, mean, relu
from tests.library.kinds import by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs

OUT = torch.tensor([0, 1, 0, 0, 1, 1])


def mixed() -> Inputs:
    """Logits, labels (without a meaning for outliers), and which examples are outliers."""
    return *plain(), OUT


def far_mixed() -> Inputs:
    """Logits 100 apart, of known examples and of outliers."""
    return *extreme(), OUT[:4]


def featured() -> Inputs:
    """The same with features on both sides of length one."""
    return *mixed(), normal(70, 6, 3, scale=0.6)


def energies() -> Inputs:
    """Logits with and without mass, in and out."""
    return torch.cat([normal(71, 3, 4), 10 * normal(72, 3, 4)]), OUT


def anchors() -> Inputs:
    """Distances to five anchors."""
    return normal(73, 6, 5).exp(), plain()[1]


def points() -> Inputs:
    """Embeddings and which of them are outliers."""
    return normal(74, 6, 3), OUT


def embeddings() -> Inputs:
    """Embeddings alone."""
    return (normal(74, 6, 3),)


def anomaly_scores() -> Inputs:
    """Scores and which of them are of outliers."""
    return normal(75, 6, scale=2), OUT


def uniform(z: Row) -> Any:
    """Cross-entropy against the uniform law."""
    return log(fsum(exp(x) for x in z)) - mean(z)


def entropic_open_set(z: Row, y: int, out: int) -> Any:
    return uniform(z) if out else ce(z, y)


def objectosphere(z: Row, y: int, out: int, f: Row, alpha: Any, xi: Any) -> Any:
    size = sqrt(fsum(x**2 for x in f))
    return entropic_open_set(z, y, out) + alpha * (size**2 if out else relu(xi - size) ** 2)


def energy_reg(z: Row, out: int, m_in: Any, m_out: Any) -> Any:
    energy = -log(fsum(exp(x) for x in z))
    return relu(m_out - energy) ** 2 if out else relu(energy - m_in) ** 2


def outlier_exposure(zs: list[Row], ys: list[int], outs: list[int], lam: Any) -> Any:
    rows = list(zip(zs, ys, outs, strict=True))
    inside = mean(ce(z, y) for z, y, out in rows if not out)
    return inside + lam * mean(uniform(z) for z, _, out in rows if out)


def logit_norm(z: Row, y: int, tau: Any) -> Any:
    size = sqrt(fsum(x**2 for x in z))
    return ce([x / size / tau for x in z], y)


def cac(d: Row, y: int, lam: Any) -> Any:
    return log(1 + fsum(exp(d[y] - x) for k, x in enumerate(d) if k != y)) + lam * d[y]


def deep_svdd(e: Row, center: Row) -> Any:
    return fsum((a - b) ** 2 for a, b in zip(e, center, strict=True))


def deep_sad(e: Row, out: int, center: Row, eta: Any, smooth: Any) -> Any:
    distance = deep_svdd(e, center)
    return eta / (distance + smooth) if out else distance


def hypersphere(e: Row, out: int) -> Any:
    h = sqrt(fsum(x**2 for x in e) + 1) - 1
    return -log(1 - exp(-h)) if out else h


def deviation(s: Any, out: int, mu: Any, sigma: Any, a: Any) -> Any:
    z = (s - mu) / sigma
    return relu(a - z) if out else abs(z)


CENTER = [0.5, -0.25, 1.0]
ZERO = "center=[0, 0, 0]"

CASES: tuple[Case, ...] = (
    *by_paper("entropic_open_set", entropic_open_set, mixed, far_mixed),
    *by_paper("objectosphere", objectosphere, featured, hyper={"alpha": 0.5, "xi": 1.0}),
    *by_paper("energy_reg", energy_reg, energies, hyper={"m_in": -5.0, "m_out": -3.0}),
    *by_paper(
        "outlier_exposure", outlier_exposure, mixed, far_mixed, lift=False, hyper={"lam": 0.5}
    ),
    *by_paper("logit_norm", logit_norm, plain, hyper={"tau": 0.5}),
    *by_paper("cac", cac, anchors, hyper={"lam": 0.1}),
    *by_paper(f"deep_svdd({ZERO})", deep_svdd, embeddings, hyper={"center": CENTER}),
    *by_paper(
        f"deep_sad({ZERO})",
        deep_sad,
        points,
        hyper={"center": CENTER, "eta": 1.0, "smooth": 1e-6},
    ),
    *by_paper("hypersphere_classifier", hypersphere, points),
    *by_paper("deviation", deviation, anomaly_scores, hyper={"mu": 0.1, "sigma": 1.5, "a": 5.0}),
)
