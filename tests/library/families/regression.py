"""Losses of real predictions, of forecasts of distributions, and of predictions for bags."""

from __future__ import annotations

from typing import Any

import torch
from kornia import losses as kornia
from mpmath import erf, exp, fsum, gamma, log, mp, mpf, pi, sqrt
from torchmetrics.functional import regression as metrics

from tests.library import formulas
from tests.library.formulas import Row, mean, rmse
from tests.library.kinds import (
    KORNIA,
    TORCHMETRICS,
    by_library,
    by_paper,
    counts,
    far_residuals,
    normal,
    offset_residuals,
    positives,
    residuals,
    small_residuals,
    variances,
)
from tests.library.oracles import Case, Inputs

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P1, P5, P9, P15, P21 = map(mpf, ("0.1", "0.5", "0.9", "1.5", "2.1"))

# ---------------------------------------------------------------- kinds of input


def returns() -> Inputs:
    """Forecast and true returns of a few per cent, none of them zero."""
    return 0.01 * normal(70, 6), 0.02 * normal(71, 6)


def dispersed_counts() -> Inputs:
    """Log-means, counts and dispersions."""
    return *counts(), normal(72, 6).exp()


def natural() -> Inputs:
    """Natural parameters of normal laws, and targets."""
    return normal(73, 6), -normal(74, 6).exp(), normal(75, 6)


def ensembles() -> Inputs:
    """Four forecasts in three dimensions for each of two targets."""
    return normal(76, 2, 4, 3), normal(77, 2, 3)


def quantiles() -> Inputs:
    """Three predicted quantiles for each of four targets."""
    return normal(78, 4, 3), normal(79, 4)


def depths() -> Inputs:
    """Two depth maps of six places and the true ones."""
    return normal(80, 2, 6).exp(), normal(81, 2, 6).exp()


def heats() -> Inputs:
    """Predicted and true heights between zero and one, and one far off."""
    prediction = torch.tensor([0.5, 0.25, 1.5, 0.875, 0.125], dtype=torch.float64)
    return prediction, torch.tensor([0.25, 0.75, 0.25, 1.0, 0.0], dtype=torch.float64)


def bags() -> Inputs:
    """Predictions for three bags of four, and the bags' mean responses."""
    return normal(82, 3, 4), normal(83, 3)


# ---------------------------------------------------------------- one example


def mbe(x: Any, y: Any) -> Any:
    return y - x


def madl(x: Any, y: Any) -> Any:
    return -abs(y) if x * y > 0 else abs(y)


def half_mse(x: Any, y: Any) -> Any:
    return (x - y) ** 2 / 2


def charbonnier(x: Any, y: Any, c: Any = 1) -> Any:
    return sqrt(((x - y) / c) ** 2 + 1) - 1


def barron(x: Any, y: Any, alpha: Any = 1, c: Any = 1) -> Any:
    b = abs(alpha - 2)
    return b / alpha * (((((x - y) / c) ** 2) / b + 1) ** (alpha / 2) - 1)


def balanced_l1(x: Any, y: Any, alpha: Any = P5, gamma: Any = P15) -> Any:
    r, b = abs(x - y), exp(gamma / alpha) - 1
    if r < 1:
        return alpha / b * (b * r + 1) * log(b * r + 1) - alpha * r
    return gamma * r + gamma / b - alpha


def minkowski(x: Any, y: Any, p: Any = P15) -> Any:
    return abs(x - y) ** p


def huber_quantile(x: Any, y: Any, theta: Any = P5, kappa: Any = 1) -> Any:
    u = y - x
    huber = u**2 / 2 if abs(u) <= kappa else kappa * (abs(u) - kappa / 2)
    return abs(theta - (u < 0)) * huber


def adaptive_wing(
    x: Any, y: Any, omega: Any = 14, theta: Any = P5, epsilon: Any = 1, alpha: Any = P21
) -> Any:
    """The line continues the curve with its value and slope at theta."""

    def curve(r: Any) -> Any:
        return omega * log(1 + (r / epsilon) ** (alpha - y))

    slope = omega * (alpha - y) * (theta / epsilon) ** (alpha - y - 1) / epsilon
    slope /= 1 + (theta / epsilon) ** (alpha - y)
    r = abs(y - x)
    return curve(r) if r < theta else curve(theta) + slope * (r - theta)


def silog(x: Row, y: Row, share: Any = P5) -> Any:
    d = [log(a) - log(b) for a, b in zip(x, y, strict=True)]
    return mean(e**2 for e in d) - share * mean(d) ** 2


# ---------------------------------------------------------------- a whole batch


def apart(y: Row) -> Row:
    return [b - mean(y) for b in y]


def errors(x: Row, y: Row) -> Row:
    return [a - b for a, b in zip(x, y, strict=True)]


def rae(x: Row, y: Row) -> Any:
    return fsum(map(abs, errors(x, y))) / fsum(map(abs, apart(y)))


def rse(x: Row, y: Row) -> Any:
    return fsum(r**2 for r in errors(x, y)) / fsum(r**2 for r in apart(y))


def rmsle(x: Row, y: Row) -> Any:
    return rmse([log(1 + a) for a in x], [log(1 + b) for b in y])


def nrmse_of(unit: Any) -> Any:
    return lambda x, y: rmse(x, y) / unit(y)


def root_mean_square(y: Row) -> Any:
    return sqrt(mean(b**2 for b in y))


def rrmse(x: Row, y: Row) -> Any:
    return rmse(x, y) / root_mean_square(x)


def psnr(x: Row, y: Row, peak: Any = 1) -> Any:
    return -10 * log(peak**2 / mean(r**2 for r in errors(x, y)), 10)


def wmape(x: Row, y: Row) -> Any:
    return fsum(map(abs, errors(x, y))) / fsum(map(abs, y))


def moments(x: Row, y: Row) -> tuple[Any, Any, Any]:
    """Both variances and the covariance."""
    both = list(zip(apart(x), apart(y), strict=True))
    return mean(a**2 for a, _ in both), mean(b**2 for _, b in both), mean(a * b for a, b in both)


def concordance(x: Row, y: Row) -> Any:
    vx, vy, shared = moments(x, y)
    return 1 - 2 * shared / (vx + vy + (mean(x) - mean(y)) ** 2)


def pearson(x: Row, y: Row) -> Any:
    vx, vy, shared = moments(x, y)
    return 1 - shared / sqrt(vx * vy)


# ---------------------------------------------------------------- distributions


def laplace_nll(x: Any, y: Any, b: Any) -> Any:
    return -log(exp(-abs(x - y) / b) / (2 * b))


def gamma_nll(x: Any, y: Any) -> Any:
    return -log(exp(-y / exp(x)) / exp(x))


def tweedie_nll(x: Any, y: Any, power: Any = P15) -> Any:
    m = exp(x)
    return -(y * m ** (1 - power) / (1 - power) - m ** (2 - power) / (2 - power))


def neg_binomial_nll(x: Any, y: Any, alpha: Any) -> Any:
    m, k = exp(x), 1 / alpha
    mass = gamma(y + k) / (gamma(y + 1) * gamma(k))
    return -log(mass * (1 / (1 + alpha * m)) ** k * (alpha * m / (1 + alpha * m)) ** y)


def student_t_nll(x: Any, y: Any, scale: Any, nu: Any = 3) -> Any:
    density = gamma((nu + 1) / 2) / (gamma(nu / 2) * sqrt(nu * pi) * scale)
    return -log(density * (1 + ((x - y) / scale) ** 2 / nu) ** (-(nu + 1) / 2))


def heteroscedastic_gaussian(a: Any, b: Any, y: Any) -> Any:
    """The density with mean -a / 2b and variance -1 / 2b."""
    m, v = -a / (2 * b), -1 / (2 * b)
    return -log(exp(-((y - m) ** 2) / (2 * v)) / sqrt(2 * pi * v))


def beta_nll(x: Row, y: Row, v: Row, frozen: Any, beta: Any = P5) -> Row:
    return [
        held**beta * (log(c) + (a - b) ** 2 / c) / 2
        for a, b, c, held in zip(x, y, v, frozen[2], strict=True)
    ]


def crps_gaussian(x: Any, y: Any, scale: Any) -> Any:
    r = (y - x) / scale
    law, density = (1 + erf(r / sqrt(2))) / 2, exp(-(r**2) / 2) / sqrt(2 * pi)
    return scale * (r * (2 * law - 1) + 2 * density - 1 / sqrt(pi))


def energy_score(x: list[Row], y: Row, beta: Any = 1) -> Any:
    def distance(a: Row, b: Row) -> Any:
        return sqrt(fsum((p - q) ** 2 for p, q in zip(a, b, strict=True)))

    spread = mean(distance(a, b) ** beta if a is not b else mpf(0) for a in x for b in x)
    return mean(distance(a, y) ** beta for a in x) - spread / 2


def multi_quantile(x: Row, y: Any, theta: Any = (P1, P5, P9)) -> Any:
    return mean(formulas.quantile(a, y, t) for a, t in zip(x, theta, strict=True))


# ---------------------------------------------------------------- bags


def bag_level(x: Row, y: Any) -> Any:
    return (mean(x) - y) ** 2


def instance_level(x: Row, y: Any) -> Any:
    return mean((a - y) ** 2 for a in x)


def aggregate(x: Row, y: Any, rho: Any = P5) -> Any:
    """The bag's error and a multiple of the variance of its predictions."""
    return bag_level(x, y) + rho * mean((a - mean(x)) ** 2 for a in x)


# ---------------------------------------------------------------- the table

CLOSE = "the loss is the difference of two numbers that agree to three digits"
OFFSET = "the targets' differences are those of numbers thousands of times as large"

CASES: tuple[Case, ...] = (
    *by_paper("mbe", mbe, residuals, offset_residuals, slack=2, why="residuals cancel"),
    *by_paper("madl", madl, returns),
    *by_paper("half_mse", half_mse, residuals, far_residuals, offset_residuals),
    *by_paper("charbonnier", charbonnier, residuals, small_residuals, hyper={"c": 0.5}),
    *by_library(
        "charbonnier",
        lambda x, y: kornia.charbonnier_loss(x, y, reduction="none"),
        residuals,
        source=KORNIA,
    ),
    *by_paper("barron", barron, residuals, far_residuals, hyper={"alpha": 1.0, "c": 0.5}),
    *by_paper("barron", barron, residuals, hyper={"alpha": -2.5, "c": 2.0}),
    *by_paper("barron", barron, residuals, hyper={"alpha": 0.5}),
    *by_paper("barron(alpha=0)", formulas.cauchy, residuals, far_residuals),
    *by_paper("barron(alpha=2)", half_mse, residuals, far_residuals),
    *by_paper("balanced_l1", balanced_l1, residuals, far_residuals, offset_residuals),
    *by_paper("balanced_l1", balanced_l1, residuals, hyper={"alpha": 0.75, "gamma": 1.25}),
    *by_paper("minkowski", minkowski, residuals, far_residuals),
    *by_paper("huber_quantile", huber_quantile, residuals, far_residuals, hyper={"theta": 0.9}),
    *by_paper("huber_quantile", huber_quantile, residuals, hyper={"kappa": 0.5}),
    *by_paper("adaptive_wing", adaptive_wing, heats),
    *by_paper("silog", silog, depths, hyper={"share": 0.85}),
    *by_paper("rae", rae, residuals, lift=False),
    *by_paper("rse", rse, residuals, lift=False),
    *by_library("rse", metrics.relative_squared_error, residuals, source=TORCHMETRICS),
    *by_paper("rmsle", rmsle, positives, lift=False),
    *by_paper("nrmse", nrmse_of(lambda y: max(y) - min(y)), residuals, lift=False),
    *by_paper("nrmse(unit=mean)", nrmse_of(mean), positives, lift=False),
    *by_paper(
        "nrmse(unit=std)",
        nrmse_of(lambda y: root_mean_square(apart(y))),
        residuals,
        lift=False,
    ),
    *by_paper("nrmse(unit=rms)", nrmse_of(root_mean_square), residuals, lift=False),
    *by_paper("rrmse", rrmse, residuals, offset_residuals, lift=False),
    *by_paper("psnr", psnr, residuals, small_residuals, lift=False, hyper={"peak": 2.0}),
    *by_library("psnr", lambda x, y: kornia.psnr_loss(x, y, 1.0), residuals, source=KORNIA),
    *by_paper("wmape", wmape, residuals, offset_residuals, lift=False),
    *by_library(
        "wmape", metrics.weighted_mean_absolute_percentage_error, residuals, source=TORCHMETRICS
    ),
    *by_paper("concordance", concordance, residuals, lift=False),
    *by_paper("pearson", pearson, residuals, lift=False),
    *by_paper("laplace_nll", laplace_nll, variances),
    *by_paper("gamma_nll", gamma_nll, positives),
    *by_paper("tweedie_nll", tweedie_nll, counts),
    *by_paper("tweedie_nll", tweedie_nll, counts, hyper={"power": 1.25}),
    *by_paper("neg_binomial_nll", neg_binomial_nll, dispersed_counts),
    *by_paper("student_t_nll", student_t_nll, variances, hyper={"nu": 4.5}),
    *by_paper("heteroscedastic_gaussian", heteroscedastic_gaussian, natural),
    *by_paper("beta_nll", beta_nll, variances, lift=False, frozen=True),
    *by_paper("crps_gaussian", crps_gaussian, variances),
    *by_paper("energy_score", energy_score, ensembles),
    *by_paper("energy_score", energy_score, ensembles, hyper={"beta": 1.5}),
    *by_paper("multi_quantile", multi_quantile, quantiles),
    *by_paper("bag_level", bag_level, bags),
    *by_paper("instance_level", instance_level, bags),
    *by_paper("aggregate", aggregate, bags, hyper={"rho": 0.25}),
)
