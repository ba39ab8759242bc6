"""Losses of a function: of a convex potential, of a generator, of an increasing transform."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mpmath import atan, exp, fsum, log, sqrt
from torch import Tensor

from tests.library.formulas import Row, softmax
from tests.library.kinds import by_library, by_paper, distributions, normal, plain
from tests.library.oracles import Case, Inputs


def spectra() -> Inputs:
    """Positive numbers and others of the same size."""
    return normal(121, 4, 3).exp(), normal(122, 4, 3).exp()


def vectors() -> Inputs:
    """Predictions and targets over a feature axis."""
    return normal(123, 4, 3), normal(124, 4, 3)


def half_of_squares(z: Row, y: int) -> Any:
    """The quadratic potential: a squared error up to a constant."""
    return fsum(x * x for x in z) / 2 - z[y]


def arctangent(z: Row, y: int) -> Any:
    return atan(fsum(exp(x - z[y]) for k, x in enumerate(z) if k != y))


def total_variation(z: Row, q: Row) -> Any:
    return fsum(abs(a - b) for a, b in zip(softmax(z), q, strict=True)) / 2


def hellinger(z: Row, q: Row) -> Any:
    return fsum((sqrt(a) - sqrt(b)) ** 2 for a, b in zip(softmax(z), q, strict=True))


def itakura_saito(x: Row, y: Row) -> Any:
    return fsum(b / a - log(b / a) - 1 for a, b in zip(x, y, strict=True))


def generalized_kl(x: Row, y: Row) -> Any:
    return fsum(b * log(b / a) - b + a for a, b in zip(x, y, strict=True))


def log_sum_exp_gap(x: Row, y: Row) -> Any:
    """The divergence of the log-partition: Kullback and Leibler's from one softmax to the other."""
    p, q = softmax(x), softmax(y)
    return fsum(a * log(a / b) for a, b in zip(p, q, strict=True))


def half_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(prediction, target, reduction="none").sum(-1) / 2


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits, target, reduction="none")


def kl(logits: Tensor, target: Tensor) -> Tensor:
    return F.kl_div(logits.log_softmax(-1), target, reduction="none").sum(-1)


CANCELS = "a divergence is small beside the potentials that it is the difference of"

CASES: tuple[Case, ...] = (
    *by_library("canonical", cross_entropy, plain),
    *by_paper("canonical(potential=v -> sum(v**2) / 2)", half_of_squares, plain),
    *by_library("composed_sum_exp", cross_entropy, plain),
    *by_paper("composed_sum_exp(phi=u -> atan(u))", arctangent, plain, slack=2, why=CANCELS),
    *by_library("f_divergence", kl, distributions, slack=4, why=CANCELS),
    *by_paper("f_divergence(f=t -> abs(t - 1) / 2)", total_variation, distributions),
    *by_paper(
        "f_divergence(f=t -> (sqrt(t) - 1)**2)", hellinger, distributions, slack=4, why=CANCELS
    ),
    *by_library("bregman", half_squared_error, vectors, slack=8, why=CANCELS),
    *by_paper(
        "bregman(potential=v -> logsumexp(v))", log_sum_exp_gap, vectors, slack=16, why=CANCELS
    ),
    *by_paper("itakura_saito", itakura_saito, spectra, slack=16, why=CANCELS),
    *by_paper("generalized_kl", generalized_kl, spectra, slack=16, why=CANCELS),
)
