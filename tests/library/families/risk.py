"""Risks of a batch of losses, and losses of few labels."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import exp, fsum, log, mpf

from tests.library.formulas import Row, ce, mean, softmax
from tests.library.kinds import PRIOR, by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs


def ascending(zs: list[Row], ys: list[int]) -> Row:
    return sorted(ce(z, y) for z, y in zip(zs, ys, strict=True))


def extremile(zs: list[Row], ys: list[int], order: Any) -> Any:
    n = mpf(len(zs))
    return fsum(
        ((i + 1) ** order - i**order) / n**order * x for i, x in enumerate(ascending(zs, ys))
    )


def esrm(zs: list[Row], ys: list[int], rho: Any) -> Any:
    """Integrals of rho exp(rho t) / (exp(rho) - 1) over equal pieces of [0, 1]."""
    n = mpf(len(zs))
    return fsum(
        (exp(rho * (i + 1) / n) - exp(rho * i / n)) / (exp(rho) - 1) * x
        for i, x in enumerate(ascending(zs, ys))
    )


def average_topk(zs: list[Row], ys: list[int]) -> Any:
    return mean(ascending(zs, ys)[-3:])


def tilted(zs: list[Row], ys: list[int], t: Any) -> Any:
    return log(mean(exp(t * x) for x in ascending(zs, ys))) / t


def dr_reweighted(zs: list[Row], ys: list[int], frozen: Any) -> Any:
    weights = softmax([2 * ce(z, y) for z, y in zip(*frozen, strict=True)])
    return fsum(w * ce(z, y) for w, z, y in zip(weights, zs, ys, strict=True))


def entropy_prior(zs: list[Row], prior: Row, lam: Any) -> Any:
    ps = [softmax(z) for z in zs]
    sure = mean(-fsum(x * log(x) for x in p) for p in ps)
    ratio = [mean(p[k] for p in ps) for k in range(len(prior))]
    return sure + lam * fsum(r * log(r / q) for r, q in zip(ratio, prior, strict=True))


def adaptive_confidence(zs: list[Row], ys: list[int], frozen: Any) -> list[Any]:
    out = []
    for z, y, w in zip(zs, ys, frozen[0], strict=True):
        own = w.index(max(w))
        a, b = exp(ce(w, own)), exp(ce(w, y))
        beta = a / (a + b)
        out.append((1 - beta) * ce(z, y) + beta * ce(z, own))
    return out


def adaptive_threshold_focal(ss: Row, ys: list[int], frozen: Any) -> list[Any]:
    """A first call, where the mean of the probabilities has no past; it is held constant."""

    def sure(s: Any, y: int) -> Any:
        return 1 / (1 + exp(-s if y else s))

    average = mean(sure(s, y) for s, y in zip(*frozen, strict=True))
    out = []
    for s, y in zip(ss, ys, strict=True):
        p = sure(s, y)
        factor = (mpf("1.5") - p) ** -log(p) if 2 * p <= 1 else (1 - p) ** -log(average)
        out.append(-factor * log(p))
    return out


def rejections() -> Inputs:
    """Scores of a rejector, and whether the predictor was wrong."""
    return normal(101, 6), torch.tensor([0, 1, 1, 0, 0, 1])


def reject_surrogate(r: Any, wrong: int, c: Any, alpha: Any) -> Any:
    """Whether the predictor is right is a sign; beta follows from 2 beta c / alpha."""
    right = -1 if wrong else 1
    beta = alpha / (2 * c) * (c * exp(alpha / 2) + (1 - c) * exp(-alpha / 2))
    return exp(alpha / 2 * (r - right)) + c * exp(-beta * r)


def positive_unlabelled() -> Inputs:
    """Scores of three positive and three unlabelled examples."""
    return normal(102, 6), torch.tensor([1, 0, 1, 0, 0, 1])


def overfitted() -> Inputs:
    """Positives that score high enough for the negatives' risk to be taken for zero."""
    score = torch.tensor([3.0, -2.0, 2.0, -3.0, -1.0, 4.0]).double()
    return score, positive_unlabelled()[1]


def unlabelled_logits() -> Inputs:
    """Logits alone."""
    return plain()[:1]


def single_bits() -> Inputs:
    """Scores with hard labels."""
    return normal(103, 6, scale=2), torch.tensor([0, 1, 0, 1, 1, 0])


def groups(s: Row, y: list[int]) -> tuple[Row, Row]:
    both = list(zip(s, y, strict=True))
    return [x for x, up in both if up], [x for x, up in both if not up]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def nnpu(s: Row, y: list[int], prior: Any) -> Any:
    positive, unlabelled = groups(s, y)
    negative = mean(sigmoid(x) for x in unlabelled) - prior * mean(sigmoid(x) for x in positive)
    return prior * mean(sigmoid(-x) for x in positive) + max(negative, mpf(0))


def vpu(s: Row, y: list[int]) -> Any:
    positive, unlabelled = groups(s, y)
    return log(mean(sigmoid(x) for x in unlabelled)) - mean(log(sigmoid(x)) for x in positive)


CASES: tuple[Case, ...] = (
    *by_paper("extremile(ce)", extremile, plain, extreme, lift=False, hyper={"order": 2.5}),
    *by_paper("esrm(ce)", esrm, plain, extreme, lift=False, hyper={"rho": 2.0}),
    *by_paper("average_topk(ce, k=3)", average_topk, plain, lift=False),
    *by_paper("tilted(ce)", tilted, plain, extreme, lift=False, hyper={"t": 0.7}),
    *by_paper("tilted(ce)", tilted, plain, lift=False, hyper={"t": -2.0}),
    *by_paper("dr_reweighted(ce, tau=0.5)", dr_reweighted, plain, lift=False, frozen=True),
    *by_paper(
        "entropy_prior(prior=[1, 1, 1, 1, 1])",
        entropy_prior,
        unlabelled_logits,
        lift=False,
        hyper={"prior": PRIOR, "lam": 0.5},
    ),
    *by_paper(
        "adaptive_threshold_focal",
        adaptive_threshold_focal,
        single_bits,
        lift=False,
        frozen=True,
        training=False,
    ),
    *by_paper("adaptive_confidence", adaptive_confidence, plain, lift=False, frozen=True),
    *by_paper("reject_surrogate", reject_surrogate, rejections, hyper={"c": 0.2, "alpha": 4.0}),
    *by_paper(
        "nnpu(prior=0.5)", nnpu, positive_unlabelled, overfitted, lift=False, hyper={"prior": 0.4}
    ),
    *by_paper("vpu", vpu, positive_unlabelled, lift=False),
)
