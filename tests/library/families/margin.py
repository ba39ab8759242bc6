"""Binary losses of the margin: the product of score and sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import e, exp, log, mpf, sqrt

from tests.library.formulas import relu
from tests.library.kinds import by_paper, far_scores, hard_bits, scores, soft_bits
from tests.library.oracles import Case


def of_margin(loss: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the margin as a loss of score and sign."""
    return lambda score, sign, **hyper: loss(sign * score, **hyper)


def ramp(m: Any, s: Any) -> Any:
    if m >= 1:
        return mpf(0)
    return 1 - m if m > s else 1 - s


def double_hinge(m: Any) -> Any:
    if m > 1:
        return mpf(0)
    return (1 - m) / 2 if m > -1 else -m


def sparsemax_binary(m: Any) -> Any:
    if m >= 1:
        return mpf(0)
    return (1 - m) ** 2 / 4 if m > -1 else -m


def dwd(m: Any) -> Any:
    return 1 - m if 2 * m <= 1 else 1 / (4 * m)


def lum(m: Any, a: Any, c: Any) -> Any:
    if m < c / (1 + c):
        return 1 - m
    return 1 / (1 + c) * (a / ((1 + c) * m - c + a)) ** a


def c_loss(m: Any, sigma: Any) -> Any:
    def well(x: Any) -> Any:
        return 1 - exp(-(x**2) / (2 * sigma**2))

    return well(1 - m) / well(1)


def rho_margin(m: Any, rho: Any) -> Any:
    return min(mpf(1), relu(1 - m / rho))


def barrier_hinge(m: Any, b: Any, r: Any) -> Any:
    if m < -r:
        return -b * (r + m) + r
    return b * (m - r) if m > r else r - m


def focal_star(m: Any, gamma: Any, beta: Any) -> Any:
    return log(1 + exp(-(gamma * m + beta))) / gamma


def inv_log_hinge(m: Any) -> Any:
    return 1 - m if m <= 1 else e / log(m + e - 1) - e


def sqrt_hinge(m: Any, shift: Any = 0) -> Any:
    return 1 - m if m <= 1 else -2 * (sqrt(m - shift) - sqrt(1 - shift))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


CASES: tuple[Case, ...] = (
    *by_paper("sparsemax_binary", of_margin(sparsemax_binary), scores, far_scores),
    *by_paper("unhinged", of_margin(lambda m: 1 - m), scores, far_scores),
    *by_paper("ramp", of_margin(ramp), scores, far_scores, hyper={"s": -0.5}),
    *by_paper("sigmoid_loss", of_margin(lambda m: sigmoid(-m)), scores, far_scores),
    *by_paper("least_squares", of_margin(lambda m: (1 - m) ** 2), scores, far_scores),
    *by_paper("double_hinge", of_margin(double_hinge), scores, far_scores),
    *by_paper("dwd", of_margin(dwd), scores, far_scores),
    *by_paper("lum", of_margin(lum), scores, far_scores, hyper={"a": 2.0, "c": 1.5}),
    *by_paper("c_loss", of_margin(c_loss), scores, far_scores, hyper={"sigma": 0.5}),
    *by_paper("rho_margin", of_margin(rho_margin), scores, far_scores, hyper={"rho": 0.7}),
    *by_paper("barrier_hinge", of_margin(barrier_hinge), scores, hyper={"b": 20.0, "r": 1.5}),
    *by_paper("matsushita", of_margin(lambda m: sqrt(1 + m**2) - m), scores, far_scores),
    *by_paper("focal_star", of_margin(focal_star), scores, hyper={"gamma": 2.0, "beta": 1.0}),
    *by_paper("exp_hinge", of_margin(lambda m: 1 - m if m <= 1 else exp(1 - m) - 1), scores),
    *by_paper("inv_hinge", of_margin(lambda m: 1 - m if m <= 1 else 1 / m - 1), scores, far_scores),
    *by_paper("log_hinge", of_margin(lambda m: 1 - m if m <= 1 else -log(m)), scores, far_scores),
    *by_paper("inv_log_hinge", of_margin(inv_log_hinge), scores, far_scores),
    *by_paper("sqrt_hinge", of_margin(sqrt_hinge), scores, far_scores),
    *by_paper("sqrt_hinge", of_margin(sqrt_hinge), scores, hyper={"shift": 0.75}),
    *by_paper("sqrt_hinge(shift=1)", of_margin(lambda m: sqrt_hinge(m, 1)), scores, far_scores),
    *by_paper("brier_binary", lambda s, y: (sigmoid(s) - y) ** 2, soft_bits, hard_bits),
)
