"""Losses of pairs of scores, and the three examples that a kink ties."""

from __future__ import annotations

import numpy as np
import pytest

from losslang.verify.readings import Pairs
from tests.verify.properties.deciding import ask


def pairs(formula: str) -> str:
    """A program for a formula of the difference m of a positive and a negative score."""
    written = formula.replace("m", "(positive - negative)")
    return f"loss l(positive: real, negative: real) = {written}"


def test_pairs_are_read_from_two_scores() -> None:
    """Oracle: Gao & Zhou 2015."""
    assert ask(pairs("exp(-m)"), "auc_consistent", Pairs).holds
    assert ask(pairs("(1 - m)**2"), "auc_consistent", Pairs).holds


@pytest.mark.parametrize(
    ("property", "holds"), [("convex", True), ("nonnegative", True), ("differentiable", False)]
)
def test_a_sum_over_pairs_has_what_each_pair_has(property: str, holds: bool) -> None:
    """Oracle: a linear map in between changes neither."""
    program = pairs("abs(m)")
    assert ask(program, property, Pairs).holds is holds


def test_the_three_examples_of_the_hinge() -> None:
    """Oracle: subgradients. The tie of docs/design/theory.md is optimal, and ranks wrongly."""
    w, eta, f = np.array([0.5, 0.1, 0.4]), np.array([0.8, 0.75, 0.1]), np.array([1.0, 1.0, 0.0])

    def risk(g: np.ndarray) -> float:
        d = g[:, None] - g[None, :]
        likely = w[:, None] * w[None, :] * eta[:, None] * (1 - eta[None, :])
        return float(np.sum(likely * np.maximum(0, 1 - d)))

    rng = np.random.default_rng(0)
    steps = rng.normal(size=(4000, 3)) * rng.choice([1e-3, 0.1, 1.0], size=(4000, 1))
    assert min(risk(f + step) for step in steps) >= risk(f) - 1e-12
    assert f[0] == f[1]
    assert eta[0] != eta[1]
