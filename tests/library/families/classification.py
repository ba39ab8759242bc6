"""Losses of one class among several."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from entmax import entmax15_loss, entmax_bisect_loss
from entmax import sparsemax_loss as entmax_sparsemax
from mpmath import digamma, exp, fsum, log, loggamma, mpf, sqrt, tanh
from torch import Tensor

from tests.library.formulas import Row, ce, mean, relu, softmax
from tests.library.kinds import ENTMAX, by_library, by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs


def clear() -> Inputs:
    """Logits off the kinks of hinges: no two differ by exactly one or not at all."""
    return normal(40, 6, 5), torch.tensor([0, 1, 2, 3, 4, 1])


def augmented() -> Inputs:
    """Logits of images and of two augmentations of each, and labels."""
    return normal(42, 4, 5), normal(43, 4, 5), normal(44, 4, 5), torch.tensor([0, 3, 1, 2])


def evidences() -> Inputs:
    """Evidence of order one, and hundreds of it against the target."""
    evidence = torch.cat([normal(41, 4, 3).exp(), torch.tensor([[400.0, 2.0, 30.0]]).double()])
    return evidence, torch.tensor([0, 1, 2, 0, 1])


def multi_margin(p: int, margin: float) -> Any:
    return lambda z, y: F.multi_margin_loss(z, y, p=p, margin=margin, reduction="none")


def multi_margin_sum(z: Tensor, y: Tensor) -> Tensor:
    return z.shape[-1] * F.multi_margin_loss(z, y, reduction="none")


def nll(log_probs: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(log_probs, target, reduction="none")


def smoothed(z: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(z, y, label_smoothing=0.1, reduction="none")


def tempered(z: Tensor, y: Tensor, tau: Tensor) -> Tensor:
    return F.cross_entropy(z / tau, y, reduction="none")


def lee_lin_wahba(z: Row, y: int) -> Any:
    return fsum(relu(x + mpf(1) / (len(z) - 1)) for k, x in enumerate(z) if k != y)


def multiclass_perceptron(z: Row, y: int) -> Any:
    return max(x - z[y] for x in z)


def entmax(alpha: float) -> Any:
    return lambda z, y: entmax_bisect_loss(z, y, alpha, 60)


def one_vs_all(z: Row, y: int) -> Any:
    signs = [1 if k == y else -1 for k in range(len(z))]
    return fsum(log(1 + exp(-s * x)) for s, x in zip(signs, z, strict=True))


def rescaled_square(z: Row, y: int, k: Any, M: Any) -> Any:
    return mean((k if j == y else 1) * (x - (M if j == y else 0)) ** 2 for j, x in enumerate(z))


def spherical_score(z: Row, y: int) -> Any:
    p = softmax(z)
    return 1 - p[y] / sqrt(fsum(x**2 for x in p))


def pseudospherical_score(z: Row, y: int, order: Any) -> Any:
    p = softmax(z)
    return 1 - p[y] ** (order - 1) / fsum(x**order for x in p) ** ((order - 1) / order)


def power_score(z: Row, y: int, order: Any) -> Any:
    """The negative score a p_y^(a-1) - (a-1) sum p^a, raised to be 0 at certainty."""
    p = softmax(z)
    return 1 - (order * p[y] ** (order - 1) - (order - 1) * fsum(x**order for x in p))


def alpha_loss(z: Row, y: int, alpha: Any) -> Any:
    p = softmax(z)[y]
    return alpha / (alpha - 1) * (1 - p ** ((alpha - 1) / alpha))


def softcap_ce(z: Row, y: int, cap: Any) -> Any:
    return ce([cap * tanh(x / cap) for x in z], y)


def dft(zs: list[Row], ys: list[int], frozen: Any) -> list[Any]:
    return [softmax(w)[y] * ce(z, y) for z, y, w in zip(zs, ys, frozen[0], strict=True)]


def shannon(p: Row) -> Any:
    return -fsum(x * log(x) for x in p)


def confidence_penalty(z: Row, y: int, beta: Any) -> Any:
    return ce(z, y) - beta * shannon(softmax(z))


def asl_single(z: Row, y: int, gamma_pos: Any, gamma_neg: Any, eps: Any) -> Any:
    total = mpf(0)
    for k, p in enumerate(softmax(z)):
        goal = (1 - eps if k == y else 0) + eps / len(z)
        total -= goal * ((1 - p) ** gamma_pos if k == y else p**gamma_neg) * log(p)
    return total


def adaptive_temperature(zs: list[Row], ys: list[int], frozen: Any) -> list[Any]:
    """Horner's scheme, from the highest power; entropies below 1/2 leave the logits alone."""
    poly = [mpf(c) for c in ("-0.037", "0.481", "-2.3", "4.917", "-1.791")]
    out = []
    for z, y, w in zip(zs, ys, frozen[0], strict=True):
        h = shannon(softmax(w))
        beta = mpf(0)
        for c in poly:
            beta = beta * h + c
        out.append(ce([max(beta, 1) * x for x in z] if h > mpf("0.5") else z, y))
    return out


def dirichlet(evidence: Row) -> Row:
    return [e + 1 for e in evidence]


def evidential_mse(evidence: Row, y: int) -> Any:
    """Bias and variance of a Dirichlet's probabilities."""
    a = dirichlet(evidence)
    s = fsum(a)
    error = fsum(((k == y) - x / s) ** 2 for k, x in enumerate(a))
    return error + fsum(x * (s - x) / (s**2 * (s + 1)) for x in a)


def evidential_nll(evidence: Row, y: int) -> Any:
    a = dirichlet(evidence)
    return log(fsum(a) / a[y])


def augmix(z: Row, first: Row, second: Row, y: int, lam: Any) -> Any:
    laws = [softmax(z), softmax(first), softmax(second)]
    mixture = [mean(column) for column in zip(*laws, strict=True)]
    apart = mean(fsum(a * log(a / m) for a, m in zip(law, mixture, strict=True)) for law in laws)
    return -log(laws[0][y]) + lam * apart


def evidential_ce(evidence: Row, y: int) -> Any:
    a = dirichlet(evidence)
    return digamma(fsum(a)) - digamma(a[y])


def evidential_kl(evidence: Row, y: int) -> Any:
    """Divergence of two Dirichlet laws, the second the uniform one."""
    a = [mpf(1) if k == y else x for k, x in enumerate(dirichlet(evidence))]
    s = fsum(a)
    constants = loggamma(s) - loggamma(len(a)) - fsum(loggamma(x) for x in a)
    return constants + fsum((x - 1) * (digamma(x) - digamma(s)) for x in a)


TRIGAMMA = "torch computes the derivative of digamma to ten digits"

CASES: tuple[Case, ...] = (
    # hinges
    *by_library("multi_margin", multi_margin(1, 1.0), clear),
    *by_library("multi_margin(order=2, margin=0.7)", multi_margin(2, 0.7), clear, extreme),
    *by_library("weston_watkins", multi_margin_sum, clear),
    *by_paper("lee_lin_wahba", lee_lin_wahba, clear, extreme),
    *by_paper("multiclass_perceptron", multiclass_perceptron, clear),
    # smooth losses of the logits
    *by_paper("one_vs_all", one_vs_all, plain, extreme),
    *by_library("nll", nll, plain),
    *by_library("label_smoothing(eps=0.1)", smoothed, plain, extreme),
    *by_library("tempered_ce", tempered, plain, extreme, hyper={"tau": 2.0}),
    *by_paper("rescaled_square_loss", rescaled_square, plain, hyper={"k": 15.0, "M": 30.0}),
    *by_paper("softcap_ce", softcap_ce, plain, extreme, hyper={"cap": 3.0}),
    *by_library("sparsemax_loss", entmax_sparsemax, clear, extreme, source=ENTMAX),
    *by_library("entmax15_loss", entmax15_loss, clear, extreme, source=ENTMAX),
    *by_library("entmax_loss(alpha=1.3)", entmax(1.3), clear, extreme, source=ENTMAX),
    *by_library("entmax_loss(alpha=3)", entmax(3.0), clear, extreme, source=ENTMAX),
    # scores of the probabilities
    *by_paper("spherical_score", spherical_score, plain, extreme),
    *by_paper("pseudospherical_score", pseudospherical_score, plain, hyper={"order": 1.5}),
    *by_paper("power_score", power_score, plain, extreme, hyper={"order": 1.5}),
    *by_paper("alpha_loss", alpha_loss, plain, extreme, hyper={"alpha": 2.0}),
    *by_paper("alpha_loss", alpha_loss, plain, hyper={"alpha": 0.5}),
    *by_paper("dft", dft, plain, extreme, lift=False, frozen=True),
    *by_paper("confidence_penalty", confidence_penalty, plain, extreme, hyper={"beta": 0.1}),
    *by_paper(
        "asl_single",
        asl_single,
        plain,
        extreme,
        hyper={"gamma_pos": 1.0, "gamma_neg": 4.0, "eps": 0.1},
    ),
    *by_paper("adaptive_temperature_softmax", adaptive_temperature, plain, lift=False, frozen=True),
    *by_paper("augmix", augmix, augmented, hyper={"lam": 12.0}),
    # evidence
    *by_paper("evidential_mse", evidential_mse, evidences),
    *by_paper("evidential_nll", evidential_nll, evidences),
    *by_paper("evidential_ce", evidential_ce, evidences, slack=2000, why=TRIGAMMA),
    *by_paper("evidential_kl", evidential_kl, evidences, slack=2000, why=TRIGAMMA),
)
