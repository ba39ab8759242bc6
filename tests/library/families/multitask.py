"""Losses weighted by a variance that is learned, as in the likelihoods that they come from."""

from __future__ import annotations

from typing import Any

from mpmath import exp, log

from tests.library.formulas import Row, ce
from tests.library.kinds import by_paper, extreme, plain, residuals
from tests.library.oracles import Case


def classified(z: Row, y: int, s: Any) -> Any:
    sigma = exp(s / 2)
    return ce(z, y) / sigma**2 + log(sigma)


def measured(x: Any, y: Any, s: Any) -> Any:
    sigma = exp(s / 2)
    return (y - x) ** 2 / (2 * sigma**2) + log(sigma)


CASES: tuple[Case, ...] = (
    *by_paper("uncertainty(ce)", classified, plain, extreme, hyper={"s": -0.75}),
    *by_paper("uncertainty(0.5 * mse)", measured, residuals, hyper={"s": 1.5}),
)
