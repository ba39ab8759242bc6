"""Losses of a whole batch of losses: reflected, penalised for their spread, trimmed."""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf, sqrt

from tests.library.formulas import Row, mean
from tests.library.kinds import by_paper, far_residuals, residuals
from tests.library.oracles import Case

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P1 = mpf("0.1")


def squared(x: Row, y: Row) -> Row:
    return [(a - b) ** 2 for a, b in zip(x, y, strict=True)]


def flooding(x: Row, y: Row, b: Any = P1) -> Any:
    return abs(mean(squared(x, y)) - b) + b


def variance_penalized(x: Row, y: Row, rho: Any = P1) -> Any:
    losses = squared(x, y)
    return mean(losses) + sqrt(2 * rho * mean((v - mean(losses)) ** 2 for v in losses))


def trimmed(x: Row, y: Row, drop: Any = P1) -> Any:
    """The smallest losses first, until all but the share to drop are there."""
    left, total = (1 - drop) * len(x), mpf(0)
    for value in sorted(squared(x, y)):
        part = min(max(left, 0), 1)
        total, left = total + part * value, left - part
    return total / ((1 - drop) * len(x))


CASES: tuple[Case, ...] = (
    *by_paper("flooding(mse)", flooding, residuals, lift=False, hyper={"b": 50.0}),
    *by_paper("flooding(mse)", flooding, far_residuals, lift=False),
    *by_paper("variance_penalized(mse)", variance_penalized, residuals, lift=False),
    *by_paper("trimmed(mse)", trimmed, residuals, lift=False, hyper={"drop": 0.3}),
)
