"""Losses that keep state agree, step by step, with the papers' algorithms written in numpy.

The algorithms return the loss's value for a batch. Where the loss reads no new state its gradient
is compared too, with central differences of the value.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import losslang
from losslang import driver

SAMPLES, CLASSES, DIM, N, STEPS = 12, 4, 3, 5, 4
SIZES = {"sample": SAMPLES, "class": CLASSES, "dim": DIM}


def softmax(x: Any) -> Any:
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def unit(x: Any) -> Any:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


class Tico:
    """Zhu et al. 2022, section 3."""

    def __init__(self) -> None:
        self.c = np.zeros((DIM, DIM))

    def __call__(self, u: Any, v: Any) -> float:
        z, w = unit(u), unit(v)
        self.c = 0.9 * self.c + 0.1 * z.T @ z / N
        return float(np.mean(-(z * w).sum(1) + 20 * ((z @ self.c) * z).sum(1)))


class Elr:
    """Liu et al. 2020, eq. 6 and 9."""

    def __init__(self) -> None:
        self.t = np.zeros((SAMPLES, CLASSES))

    def __call__(self, logits: Any, target: Any, index: Any) -> float:
        p = softmax(logits)
        self.t[index] = 0.7 * self.t[index] + 0.3 * p
        agreement = np.log(1 - (self.t[index] * p).sum(1))
        return float(np.mean(-np.log(p[np.arange(N), target]) + 3 * agreement))


def to_others(u: Any, v: Any, i: int) -> Any:
    """The cosines of both views of an example with both views of all others."""
    others = [j for j in range(N) if j != i]
    return np.array([a @ b[j] for j in others for a in (u[i], v[i]) for b in (u, v)])


class Sogclr:
    """Yuan et al. 2022, algorithm 1, whose step is along the gradient of this value."""

    def __init__(self) -> None:
        self.u = np.zeros(SAMPLES)

    def moved(self, sample: int, g: Any) -> Any:
        old = self.u[sample]
        self.u[sample] = g if old == 0 else 0.1 * old + 0.9 * g
        return self.u[sample]

    def __call__(self, u: Any, v: Any, index: Any) -> float:
        u, v, values = unit(u), unit(v), []
        for i, sample in enumerate(index):
            g = np.exp(to_others(u, v, i) / 0.1).mean()
            values.append(-u[i] @ v[i] + 0.1 * g / self.moved(sample, g))
        return float(np.mean(values))


class Isogclr(Sogclr):
    """Qiu et al. 2023, algorithm 1: similarities are taken relative to the partners'."""

    def __init__(self) -> None:
        super().__init__()
        self.taus, self.slopes = np.full(SAMPLES, 0.1), np.zeros(SAMPLES)

    def __call__(self, u: Any, v: Any, index: Any) -> float:
        u, v, values = unit(u), unit(v), []
        for i, sample in enumerate(index):
            tau = self.taus[sample]
            h = (to_others(u, v, i) - u[i] @ v[i]) / tau
            g = np.exp(h).mean()
            mean = self.moved(sample, g)
            values.append(tau * g / mean)
            slope = np.log(mean) + 0.3 - (h * np.exp(h)).mean() / mean
            self.slopes[sample] = 0.1 * self.slopes[sample] + 0.9 * slope
            self.taus[sample] = np.clip(tau - 0.01 * self.slopes[sample], 0.05, 0.7)
        return float(np.mean(values))


class Moco:
    """He et al. 2020, eq. 1: a queue of 7 keys, not yet full in the first step."""

    def __init__(self) -> None:
        self.keys: list[Any] = []

    def __call__(self, query: Any, key: Any) -> float:
        q, k = unit(query), unit(key)
        positive = np.exp((q * k).sum(1) / 0.07)
        negative = sum((np.exp(q @ old / 0.07) for old in self.keys), np.zeros(N))
        self.keys = [*self.keys, *k][-7:]
        return float(np.mean(-np.log(positive / (positive + negative))))


class Dino:
    """Caron et al. 2021, eq. 2 and 4; the centre moves after the loss is computed."""

    def __init__(self) -> None:
        self.centre = np.zeros(CLASSES)

    def __call__(self, student: Any, teacher: Any) -> float:
        wanted = softmax((teacher - self.centre) / 0.04)
        self.centre = 0.9 * self.centre + 0.1 * teacher.mean(0)
        return float(np.mean(-(wanted * np.log(softmax(student / 0.1))).sum(1)))


class SelfAdjusting:
    """Fu et al. 2019, eq. 2 to 4."""

    start, least, correction = 0.0, 0.0, 0

    def __init__(self) -> None:
        self.mean, self.variance = np.full(4, self.start), np.zeros(4)

    def __call__(self, prediction: Any, target: Any) -> float:
        r = np.abs(target - prediction)
        self.mean = 0.9 * self.mean + 0.1 * r.mean(0)
        self.variance = 0.9 * self.variance + 0.1 * r.var(0, ddof=self.correction)
        beta = np.clip(self.mean - self.variance, self.least, 1 / 9)
        with np.errstate(divide="ignore", invalid="ignore"):
            square = 0.5 * r**2 / beta
        return float(np.mean(np.where(r < beta, square, r - 0.5 * beta).sum(1)))


class PublishedSelfAdjusting(SelfAdjusting):
    """The same as the authors' code, chengyangfu/retinamask, has it."""

    start, least, correction = 1 / 9, 1e-3, 1


class AdaFace:
    """Kim et al. 2022, eq. 11 to 16; the deviation is unbiased in code, mk-minchul/AdaFace."""

    def __init__(self) -> None:
        self.center, self.spread = 20.0, 100.0

    def __call__(self, cosines: Any, target: Any, norm: Any) -> float:
        self.center = 0.99 * self.center + 0.01 * norm.mean()
        self.spread = 0.99 * self.spread + 0.01 * norm.std(ddof=1)
        quality = np.clip(0.333 * (norm - self.center) / (self.spread + 1e-3), -1, 1)
        values = []
        for row, y, q in zip(cosines, target, quality, strict=True):
            logits = 8 * row
            logits[y] = 8 * (np.cos(np.arccos(row[y]) - 0.4 * q) - 0.4 * (q + 1))
            values.append(-np.log(softmax(logits)[y]))
        return float(np.mean(values))


class AdaptiveThreshold:
    """Yang et al. 2024, sec. 3: the mean probability of this call and that of all before."""

    def __init__(self) -> None:
        self.past: list[float] = []

    def __call__(self, score: Any, bit: Any) -> float:
        p = 1 / (1 + np.exp(np.where(bit == 1, -score, score)))
        now = p.mean()
        average = 0.05 * np.mean(self.past) + 0.95 * now if self.past else now
        self.past.append(now)
        factor = np.where(p > 0.5, (1 - p) ** -np.log(average), (1.5 - p) ** -np.log(p))
        return float(np.mean(-factor * np.log(p)))


class EqualizationV2:
    """Tan et al. 2021, eq. 5 to 8: gradients gathered before weigh this call's."""

    def __init__(self) -> None:
        self.raised, self.lowered = np.zeros(CLASSES), np.zeros(CLASSES)

    def __call__(self, logits: Any, bits: Any) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(self.lowered > 0, self.raised / self.lowered, np.inf)
        balance = 1 / (1 + np.exp(-12 * (ratio - 0.8)))
        weight = np.where(bits == 1, 1 + 4 * (1 - balance), balance)
        p = 1 / (1 + np.exp(-logits))
        slope = weight * np.abs(p - bits)
        self.raised = self.raised + (slope * bits).sum(0)
        self.lowered = self.lowered + (slope * (1 - bits)).sum(0)
        entropy = -np.log(np.where(bits == 1, p, 1 - p))
        return float((weight * entropy).sum(1).mean())


class AgnosticEqualizationV2(EqualizationV2):
    """Sec. 4.3: the last task is not one of a class."""

    def __call__(self, logits: Any, bits: Any) -> float:
        value = super().__call__(logits, bits)
        self.raised[-1], self.lowered[-1] = 1, 0
        return value


class AdaptiveK:
    """Dedeoglu et al. 2022, algorithm 1."""

    def __init__(self) -> None:
        self.m = self.v = 0.0

    def __call__(self, logits: Any, target: Any) -> float:
        losses = -np.log(softmax(logits)[np.arange(N), target])
        self.m = 0.6 * self.m + 0.4 * losses.mean()
        self.v = 0.9 * self.v + 0.1 * losses.mean() ** 2
        kept = losses[losses <= self.m / (np.sqrt(self.v) + 1e-8)]
        return float(kept.mean()) if len(kept) else 0.0


class AldrKl:
    """Zhu et al. 2023, algorithm 2: a step of the temperature of each example, then the loss."""

    def __init__(self) -> None:
        self.tau = np.full(SAMPLES, 0.5)

    def __call__(self, logits: Any, target: Any, index: Any) -> float:
        values = []
        for z, y, i in zip(logits, target, index, strict=True):
            scores = z - z[y] + 0.1 * (np.arange(CLASSES) != y)
            p = softmax(scores / self.tau[i])
            kl = (p * np.log(CLASSES * p)).sum()
            self.tau[i] = 0.5 - 0.5 * kl / (2 * np.log(CLASSES))
            worst = self.tau[i] * np.log(np.exp(scores / self.tau[i]).mean())
            values.append(worst - 2 * np.log(CLASSES) / (2 * 0.5) * (self.tau[i] - 0.5) ** 2)
        return float(np.mean(values))


ALGORITHMS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "elr": (Elr, "elr", "logits target index"),
    "sogclr": (Sogclr, "sogclr", "u v index"),
    "isogclr": (Isogclr, "isogclr", "u v index"),
    "tico": (Tico, "tico", "u v"),
    "moco": (Moco, "moco(length=7)", "query key"),
    "dino": (Dino, "dino", "student teacher"),
    "adaptive_k": (AdaptiveK, "adaptive_k(ce, beta1=0.6, beta2=0.9)", "logits target"),
    "aldr_kl": (AldrKl, "aldr_kl(tau=0.5)", "logits target index"),
    "self_adjusting_smooth_l1": (SelfAdjusting, "self_adjusting_smooth_l1", "box box"),
    "self_adjusting_smooth_l1 as published": (
        PublishedSelfAdjusting,
        f"self_adjusting_smooth_l1(estimate=unbiased, start={1 / 9}, least=0.001)",
        "box box",
    ),
    "adaface": (AdaFace, "adaface(scale=8, estimate=unbiased)", "cosines target length"),
    "adaptive_threshold_focal": (AdaptiveThreshold, "adaptive_threshold_focal", "score bit"),
    "eqlv2": (EqualizationV2, "eqlv2", "logits bits"),
    "eqlv2 with a task for all classes": (
        AgnosticEqualizationV2,
        "eqlv2(agnostic=last)",
        "logits bits",
    ),
}


def made(name: str) -> torch.nn.Module:
    spec = ALGORITHMS[name][1]
    axes = driver.elaborated(spec).state_axes
    settings: dict[str, Any] = {"sizes": {axis: SIZES[axis] for axis in axes}} if axes else {}
    module = losslang.compile(spec, **settings).double()
    if name == "isogclr":
        module.temperature.fill_(0.1)  # which is not the float32 of that name
    return module


def batches(name: str) -> Iterator[list[Any]]:
    draw = np.random.default_rng(3)
    wide = {"logits": CLASSES, "student": CLASSES, "teacher": CLASSES, "box": 4}
    for _ in range(STEPS):
        yield [
            draw.permutation(SAMPLES)[:N]
            if kind == "index"
            else draw.integers(0, CLASSES, N)
            if kind == "target"
            else draw.integers(0, 2, N)
            if kind == "bit"
            else draw.integers(0, 2, (N, CLASSES))
            if kind == "bits"
            else draw.normal(size=N)
            if kind == "score"
            else draw.uniform(5, 50, N)
            if kind == "length"
            else draw.uniform(-0.9, 0.9, (N, CLASSES))
            if kind == "cosines"
            else 0.3 * draw.normal(size=(N, wide.get(kind, DIM)))
            for kind in ALGORITHMS[name][2].split()
        ]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_values_of_some_steps(name: str) -> None:
    algorithm, loss = ALGORITHMS[name][0](), made(name)
    for batch in batches(name):
        value = loss(*map(torch.from_numpy, batch))
        assert float(value) == pytest.approx(algorithm(*batch), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("name", ["moco", "dino", "eqlv2"])
def test_the_gradient_by_the_first_input(name: str) -> None:
    """These losses read the old state, so that their value has no part without a gradient."""
    algorithm, loss = ALGORITHMS[name][0](), made(name)
    *before, last = batches(name)
    for batch in before:
        algorithm(*batch)
        loss(*map(torch.from_numpy, batch))
    first, *others = map(torch.from_numpy, last)
    first.requires_grad_()
    (slope,) = torch.autograd.grad(loss(first, *others), first)
    step = 1e-6
    for place in np.ndindex(last[0].shape):
        ends = []
        for sign in (step, -step):
            moved = last[0].copy()
            moved[place] += sign
            ends.append(copy.deepcopy(algorithm)(moved, *last[1:]))
        assert float(slope[place]) == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)
