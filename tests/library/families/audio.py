"""Losses of waveforms and of magnitude spectrograms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from mpmath import log, sqrt
from torch import Tensor
from torchmetrics.functional import audio

from tests.library.formulas import Row, dot, mean
from tests.library.kinds import TORCHMETRICS, by_library, by_paper, normal
from tests.library.oracles import Case, Inputs


def waves() -> Inputs:
    """Two estimated signals and their targets, with offsets."""
    target = normal(50, 2, 12) + 0.25
    return target + 0.5 * normal(51, 2, 12), target


def loud_waves() -> Inputs:
    """Signals of thousands, nearly right."""
    target = 1000 * normal(52, 2, 12)
    return 1.25 * target + normal(53, 2, 12), target


def spectrograms() -> Inputs:
    """Two magnitude spectrograms and their targets."""
    return normal(54, 2, 4, 5).exp(), normal(55, 2, 4, 5).exp()


def decibels(signal: Any, noise: Any) -> Any:
    return -10 * log(signal / noise, 10)


def energy(x: Row) -> Any:
    return dot(x, x)


def less(x: Row, y: Row) -> Row:
    return [a - b for a, b in zip(x, y, strict=True)]


def snr(x: Row, y: Row) -> Any:
    return decibels(energy(y), energy(less(y, x)))


def projected(x: Row, y: Row) -> Row:
    return [dot(x, y) / dot(y, y) * b for b in y]


def si_sdr(x: Row, y: Row) -> Any:
    return decibels(energy(projected(x, y)), energy(less(projected(x, y), x)))


def si_snr(x: Row, y: Row) -> Any:
    return si_sdr([a - mean(x) for a in x], [b - mean(y) for b in y])


def sd_sdr(x: Row, y: Row) -> Any:
    return decibels(energy(projected(x, y)), energy(less(y, x)))


def esr(x: Row, y: Row) -> Any:
    return energy(less(y, x)) / energy(y)


def dc(x: Row, y: Row) -> Any:
    return mean(less(y, x)) ** 2 / mean(b**2 for b in y)


def flat(x: list[Row]) -> Row:
    return [a for row in x for a in row]


def spectral_convergence(x: list[Row], y: list[Row]) -> Any:
    return sqrt(esr(flat(x), flat(y)))


def log_magnitude(x: list[Row], y: list[Row]) -> Any:
    return mean(abs(log(a / b)) for a, b in zip(flat(x), flat(y), strict=True))


def negative(metric: Callable[..., Tensor], **settings: Any) -> Callable[..., Tensor]:
    return lambda x, y: -torch.as_tensor(metric(x, y, **settings))


AGREED = "the estimate agrees with the scaled target to three digits, and the error is squared"

CASES: tuple[Case, ...] = (
    *by_paper("snr", snr, waves, loud_waves),
    *by_library("snr", negative(audio.signal_noise_ratio), waves, source=TORCHMETRICS),
    *by_paper("si_sdr", si_sdr, waves),
    *by_paper("si_sdr", si_sdr, loud_waves, slack=1e4, why=AGREED),
    *by_paper("si_snr", si_snr, waves),
    *by_library(
        "si_sdr",
        negative(audio.scale_invariant_signal_distortion_ratio),
        waves,
        source=TORCHMETRICS,
    ),
    *by_library(
        "si_snr",
        negative(audio.scale_invariant_signal_noise_ratio),
        waves,
        source=TORCHMETRICS,
    ),
    *by_paper("sd_sdr", sd_sdr, waves, loud_waves),
    *by_paper("esr", esr, waves, loud_waves),
    *by_paper("dc", dc, waves, loud_waves),
    *by_paper("spectral_convergence", spectral_convergence, spectrograms),
    *by_paper("log_magnitude", log_magnitude, spectrograms),
)
