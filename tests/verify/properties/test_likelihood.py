"""Losses that are likelihoods, and losses that a mean and a variance minimise."""

from __future__ import annotations

import math
import random

import mpmath
import pytest
import sympy

from losslang.ir.interpret import interpret
from losslang.verify.readings import Regression
from losslang.verify.theorems.likelihood import LAWS
from tests.verify.properties.deciding import Decision, decide, loss, reading

SPREAD = "loss l(prediction: real, target: real, spread: real > 0) = "
Y = sympy.Symbol("y", real=True)
PAIR = "loss l(prediction: real, target: real) = "


def ask(program: str, property: str, *arguments: str) -> Decision:
    """What the theorems say."""
    return decide(reading(program, Regression), property, *arguments)


@pytest.mark.parametrize(
    ("program", "law", "holds"),
    [
        ("gaussian_nll", "normal", True),
        ("poisson_nll", "poisson", True),
        ("l1", "laplace", True),
        (PAIR + "(prediction - target)**2 / 2 + target**4", "normal", True),
        (SPREAD + "log(2 * spread) + abs(prediction - target) / spread", "laplace", True),
        ("mse", "normal", False),
        ("l1", "normal", False),
        (SPREAD + "(log(spread) + (prediction - target)**2 / spread) / 3", "normal", False),
        (SPREAD + "(log(spread) + (prediction - target)**2 / (spread + 1)) / 2", "normal", False),
    ],
)
def test_a_loss_is_the_likelihood_of_a_law(program, law, holds):
    assert ask(program, "likelihood", law).holds is holds


@pytest.mark.parametrize(("law", "total"), [("normal", math.sqrt(2 * math.pi)), ("laplace", 2.0)])
def test_densities_have_one_integral_whatever_is_predicted(law, total):
    for f, scale in ((0, 1), (3, 2), (-1, 4)):
        cost = sympy.lambdify(Y, LAWS[law](sympy.Integer(f), Y, sympy.Integer(scale)), "mpmath")
        found = mpmath.quad(lambda y, cost=cost: mpmath.exp(-cost(y)), [-mpmath.inf, f, mpmath.inf])
        assert math.isclose(found, total)


def test_probabilities_of_counts_sum_to_one():
    for f in (-1.0, 0.0, 2.0):
        costs = [
            float(LAWS["poisson"](sympy.Float(f), sympy.Integer(y), sympy.S.One)) for y in range(80)
        ]
        total = sum(math.exp(-cost) / math.factorial(y) for y, cost in enumerate(costs))
        assert math.isclose(total, 1.0)


@pytest.mark.parametrize(
    ("program", "holds"),
    [
        ("gaussian_nll", True),
        (SPREAD + "sqrt(spread) + (prediction - target)**2 / sqrt(spread)", True),
        (SPREAD + "log(spread) + 2 * (prediction - target)**2 / spread", False),
        (SPREAD + "log(1 + spread) + (prediction - target)**2 / spread", False),
    ],
)
def test_the_mean_and_the_variance_minimise(program, holds):
    assert ask(program, "elicits_variance").holds is holds


def test_no_other_numbers_cost_less_than_mean_and_variance():
    targets = [-1.0, 0.5, 2.0]
    mean = sum(targets) / 3
    variance = sum((y - mean) ** 2 for y in targets) / 3

    def cost(f: float, v: float) -> float:
        given = {"prediction": [f] * 3, "target": targets, "variance": [v] * 3}
        return float(interpret(loss("gaussian_nll"), given, {}).mean)

    draw = random.Random(0)
    best = cost(mean, variance)
    assert all(cost(draw.gauss(0, 2), draw.expovariate(1)) > best for _ in range(50))
