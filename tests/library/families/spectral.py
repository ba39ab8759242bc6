"""Losses of eigenvalues, singular values and determinants, and of samples in their order."""

from __future__ import annotations

from typing import Any

import mpmath
import torch
from mpmath import det, fsum, log, matrix, mpf, sqrt
from torch import Tensor

from tests.library.formulas import Row, mean
from tests.library.kinds import TORCH, by_library, by_paper, normal, plain
from tests.library.oracles import Case, Inputs


def features() -> Inputs:
    """Seven embeddings of three dimensions."""
    return (normal(200, 7, 3),)


def few_features() -> Inputs:
    """Three embeddings of five dimensions, whose Gram matrix by dimension has rank 3."""
    return (normal(201, 3, 5),)


def two_samples() -> Inputs:
    """Two samples of six embeddings, of different spread and place."""
    return normal(202, 6, 3), 2 * normal(203, 6, 3) + 1


def near_views() -> Inputs:
    """Two views of six examples that are nearly the same."""
    u = normal(204, 6, 3)
    return u, u + 0.2 * normal(205, 6, 3)


def matrices() -> Inputs:
    """Three matrices with more rows than columns, one with a negative determinant above."""
    return (normal(206, 3, 4, 3),)


def factors() -> Inputs:
    """Factors of two covariances, of full rank."""
    return normal(207, 2, 4, 3), normal(208, 2, 4, 3)


def square_factors() -> Inputs:
    """Factors of two covariances that are not singular."""
    return normal(209, 2, 3, 3), normal(210, 2, 3, 3)


def clusters() -> Inputs:
    """Embeddings of length one, and their shares in three clusters."""
    return (
        torch.nn.functional.normalize(normal(211, 8, 4), dim=-1),
        normal(212, 8, 3).softmax(-1),
    )


def baskets() -> Inputs:
    """Four items in three dimensions, of which two are chosen, and of which one is."""
    return normal(213, 2, 4, 3), torch.tensor([[1, 0, 1, 0], [0, 1, 0, 0]])


def weights() -> Inputs:
    """Weights and those of the start, in two layers."""
    return normal(214, 2, 6), 2 * normal(215, 2, 6)


# ---------------------------------------------------------------- in mpmath


def gram(z: Row) -> Any:
    """Inner products of the columns."""
    x = matrix(z)
    return x.T * x


def numbers(z: Row) -> list[Any]:
    """Singular values as roots of the eigenvalues of the smaller Gram matrix."""
    x = matrix(z)
    small = x.T * x if x.cols <= x.rows else x * x.T
    return [sqrt(abs(value)) for value in mpmath.eigsy(small, eigvals_only=True)]


def trace(a: Any) -> Any:
    return fsum(a[n, n] for n in range(a.rows))


def centred(z: Row) -> tuple[list[Any], Row]:
    """The mean of a sample, and the sample less it."""
    middle = [mean(column) for column in zip(*z, strict=True)]
    return middle, [[x - m for x, m in zip(row, middle, strict=True)] for row in z]


def unit(z: Row) -> Row:
    return [[x / sqrt(fsum(y * y for y in row)) for x in row] for row in z]


def softmax(row: list[Any]) -> list[Any]:
    powers = [mpmath.exp(x) for x in row]
    return [x / fsum(powers) for x in powers]


def nuclear_norm(a: Row) -> Any:
    return fsum(numbers(a))


def bnm(logits: Row) -> Any:
    return -fsum(numbers([softmax(row) for row in logits])) / len(logits)


def spectral_reg(a: Row, power: Any = 2) -> Any:
    return (max(numbers(a)) ** mpf(power) - 1) ** 2


def srip(a: Row) -> Any:
    """The largest modulus of an eigenvalue of the Gram matrix less 1."""
    values = mpmath.eigsy(gram(a), eigvals_only=True)
    return max(abs(value - 1) for value in values)


def bsp(u: Row, v: Row) -> Any:
    return max(numbers(u)) ** 2 + max(numbers(v)) ** 2


def bss(u: Row) -> Any:
    return min(numbers(u)) ** 2


def rankme(z: Row, eps: Any = "1e-7") -> Any:
    """Minus the logarithm of eq. 2."""
    total = fsum(numbers(z))
    shares = [value / total + mpf(eps) for value in numbers(z)]
    return fsum(p * log(p) for p in shares)


def vne(z: Row) -> Any:
    """The trace of C log C, by the eigenvalues of the autocorrelation that are not 0."""
    values = [value**2 / len(z) for value in numbers(unit(z))]
    return fsum(p * log(p) for p in values)


def rate(z: Row, shares: list[Any], distortion: Any) -> Any:
    """The coding rate of weighted rows, for all rows."""
    dim, total = len(z[0]), fsum(shares)
    x = matrix([[sqrt(w) * a for a in row] for w, row in zip(shares, z, strict=True)])
    return log(det(mpmath.eye(dim) + dim / (total * mpf(distortion)) * (x.T * x))) / 2


def coding_rate(z: Row, distortion: Any = "0.5") -> Any:
    return -rate(z, [mpf(1)] * len(z), distortion)


def mcr2(z: Row, membership: Row, distortion: Any = "0.5") -> Any:
    """Minus eq. 5's difference, the membership being the diagonals of its matrices."""
    parts = [list(column) for column in zip(*membership, strict=True)]
    each = [fsum(part) / len(z) * rate(z, part, distortion) for part in parts]
    return fsum(each) - rate(z, [mpf(1)] * len(z), distortion)


def mec(u: Row, v: Row, distortion: Any = 64) -> Any:
    """Eq. 5, by the examples instead of the dimensions: Sylvester's identity."""
    x, y = matrix(unit(u)), matrix(unit(v))
    n, dim = x.rows, x.cols
    whole = mpmath.eye(n) + mpf(dim) / (n * mpf(distortion)) * (x * y.T)
    return -mpf(n + dim) / 2 * log(abs(det(whole)))


def e2mc(z: Row, spacing: Any = 2, redundancy: Any = 1, eps: Any = "1e-7") -> Any:
    n, dim = len(z), len(z[0])
    x = [[1 / (1 + mpmath.exp(-a)) for a in row] for row in z]
    entropies = []
    for column in zip(*x, strict=True):
        order = sorted(column)
        gaps = [order[k + spacing] - order[k] for k in range(n - spacing)]
        entropies.append(mean([log(mpf(n + 1) / spacing * gap + mpf(eps)) for gap in gaps]))
    c = gram(centred(x)[1]) / (n - 1)
    off = fsum(c[a, b] ** 2 for a in range(dim) for b in range(dim) if a != b)
    return mpf(redundancy) * off / dim - mean(entropies)


def dmi(logits: Row, target: list[int]) -> Any:
    p, places = [softmax(row) for row in logits], range(len(logits[0]))
    joint = [
        [fsum(row[a] for row, y in zip(p, target, strict=True) if y == b) / len(p) for b in places]
        for a in places
    ]
    return -log(abs(det(matrix(joint))))


def stein_loss(u: Row, v: Row) -> Any:
    """The trace of the product of precision and covariance, less its determinant's logarithm."""
    a, b = matrix(u), matrix(v)
    product = a * a.T * b * b.T
    return trace(product) - log(det(product)) - a.rows


def root(a: Any) -> Any:
    """The positive root of a symmetric matrix."""
    values, vectors = mpmath.eigsy(a)
    return vectors * mpmath.diag([sqrt(abs(value)) for value in values]) * vectors.T


def bures(a: Any, b: Any) -> Any:
    """Eq. 1, of covariances."""
    half = root(a)
    return trace(a) + trace(b) - 2 * trace(root(half * b * half))


def bures_wasserstein(u: Row, v: Row) -> Any:
    a, b = matrix(u), matrix(v)
    return bures(a * a.T, b * b.T)


def frechet(u: Row, v: Row) -> Any:
    (left, x), (right, y) = centred(u), centred(v)
    apart = fsum((a - b) ** 2 for a, b in zip(left, right, strict=True))
    return apart + bures(gram(x) / (len(u) - 1), gram(y) / (len(v) - 1))


def dpp(embedding: Row, chosen: list[int]) -> Any:
    x = matrix(embedding)
    kernel = x * x.T
    kept = [n for n, bit in enumerate(chosen) if bit == 1]
    part = matrix([[kernel[i, j] for j in kept] for i in kept])
    return log(det(mpmath.eye(x.rows) + kernel)) - log(det(part))


def wasserstein_reg(w: list[Any], initial: list[Any]) -> Any:
    return mean([(a - b) ** 2 for a, b in zip(sorted(w), sorted(initial), strict=True)])


# ---------------------------------------------------------------- in torch


def nuclear(a: Tensor) -> Tensor:
    return torch.linalg.matrix_norm(a, "nuc")


def determinant(logits: Tensor, target: Tensor) -> Tensor:
    onehot = torch.nn.functional.one_hot(target, logits.shape[-1]).to(logits.dtype)
    return -torch.linalg.slogdet(logits.softmax(-1).mT @ onehot / len(logits)).logabsdet


CASES: tuple[Case, ...] = (
    *by_paper("nuclear_norm", nuclear_norm, matrices),
    *by_library("nuclear_norm", nuclear, matrices, source=TORCH),
    *by_paper("bnm", bnm, features, few_features, lift=False),
    *by_paper("spectral_reg", spectral_reg, matrices),
    *by_paper("spectral_reg", spectral_reg, matrices, hyper={"power": 1.5}),
    *by_paper("srip", srip, matrices),
    *by_paper("bsp", bsp, two_samples, lift=False),
    *by_paper("bss", bss, features, few_features, lift=False),
    *by_paper("rankme", rankme, features, few_features, lift=False),
    *by_paper("rankme", rankme, features, lift=False, hyper={"eps": 0.01}),
    *by_paper("vne", vne, features, few_features, lift=False),
    *by_paper("coding_rate", coding_rate, features, few_features, lift=False),
    *by_paper("coding_rate", coding_rate, features, lift=False, hyper={"distortion": 0.1}),
    *by_paper("mcr2", mcr2, clusters, lift=False),
    *by_paper("mcr2", mcr2, clusters, lift=False, hyper={"distortion": 0.1}),
    *by_paper("mec", mec, near_views, lift=False),
    *by_paper("mec", mec, near_views, lift=False, hyper={"distortion": 1.0}),
    *by_paper("e2mc(spacing=2)", e2mc, features, lift=False),
    *by_paper(
        "e2mc(spacing=2)", e2mc, features, lift=False, hyper={"redundancy": 2.0, "eps": 0.01}
    ),
    *by_paper("dmi", dmi, plain, lift=False),
    *by_library("dmi", determinant, plain),
    *by_paper("stein_loss", stein_loss, square_factors),
    *by_paper("bures_wasserstein", bures_wasserstein, factors),
    *by_paper("frechet", frechet, two_samples, lift=False),
    *by_paper("dpp", dpp, baskets),
    *by_paper("wasserstein_reg", wasserstein_reg, weights),
)
