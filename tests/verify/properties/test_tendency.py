"""How losses move as a hyperparameter or an input grows: proved by slopes, refuted by values."""

from __future__ import annotations

import pytest
import sympy

from losslang.ir.heads import Max
from losslang.verify.statement import LINE, POSITIVE, Region, Sign
from losslang.verify.theorems.growth import Growth, is_continuous
from tests.verify.properties.deciding import verified

SCORE = "loss l(x: real, y: real, *, a: real > 0 = 1, b: real = 0) = "
ROWS = "loss l(z: real[class], *, a: real > 0 = 1, b: real[class]) = "


CASES = [
    ("focal", "decreasing(gamma)", "proved"),
    ("focal", "increasing(gamma)", "refuted"),
    ("poly1", "increasing(eps)", "proved"),
    ("cosface", "increasing(margin)", "proved"),
    # beyond the angle pi the margin helps
    ("arcface(scale=64)", "increasing(margin)", "refuted"),
    ("circle", "decreasing(margin)", "proved"),
    ("triplet", "increasing(margin)", "proved"),
    # entries of arrays
    (ROWS + "sum(exp(a * z[k]) * b[k]**2 for k in class)", "increasing(z)", "proved"),
    (ROWS + "sum(exp(a * z[k]) * b[k] for k in class)", "increasing(z)", "refuted"),
    (ROWS + "sum(exp(a * z[k]) * b[k] for k in class)", "increasing(b)", "proved"),
    (ROWS + "max(z[k] - 2 * b[k] for k in class)", "decreasing(b)", "proved"),
    # sharper soft maxima are smaller, sharper soft means greater
    (ROWS + "log(sum(exp(a * z[k]) for k in class)) / a", "decreasing(a)", "proved"),
    (ROWS + "log(mean(exp(a * z[k]) for k in class)) / a", "increasing(a)", "proved"),
    (ROWS + "log(mean(exp(z[k] / a) for k in class)) * a", "decreasing(a)", "proved"),
    (ROWS + "log(1 + sum(exp(a * z[k]) for k in class)) / a", "decreasing(a)", "proved"),
    (ROWS + "log(sum(exp(a * z[k]) for k in class)) * a", "decreasing(a)", "refuted"),
    # one slope on each side of a maximum
    (SCORE + "max(0, x - b) + max(0, b - x) + b", "increasing(b)", "proved"),
    (SCORE + "max(0, x - b) + max(0, b - x) + b / 2", "increasing(b)", "refuted"),
    (SCORE + "(x - y)**2 / a", "decreasing(a)", "proved"),
    (SCORE + "(x - y)**2 / a", "increasing(a)", "refuted"),
]


@pytest.mark.parametrize(("program", "question", "status"), CASES)
def test_a_loss_moves_one_way_or_not(program, question, status, tmp_path):
    assert verified(program, question, tmp_path).status == status


@pytest.mark.parametrize(
    "formula",
    [
        # its slope is positive wherever it has one, and yet it falls at the jump
        "b if b < 0 else b - 1",
        "b - 2 * floor(b)",
        "b - sign(b)",
    ],
)
def test_a_loss_that_jumps_is_not_judged_by_its_slope(formula, tmp_path):
    assert verified(SCORE + formula, "increasing(b)", tmp_path).status != "proved"


def test_continuity_is_asked_only_of_what_grows():
    x, y = sympy.symbols("x y", real=True)
    assert is_continuous(Max(x, y) * sympy.exp(x), x)
    assert not is_continuous(sympy.Heaviside(x) + y, x)
    assert is_continuous(sympy.Heaviside(x) + y, y)


def test_a_quotient_is_not_read_as_a_product_of_what_grows():
    # x / (1 + x) grows though 1 / (1 + x) falls, and x**2 / (1 + x) need not
    x = sympy.Symbol("x", positive=True)
    region = Region().having(x, POSITIVE)
    (premise,) = Growth(x, x).premises(x / (1 + x), 1, region)
    assert isinstance(premise.statement, Sign)
    assert sympy.simplify(premise.statement.expr - 1 / (1 + x) ** 2) == 0


def test_a_factor_of_unknown_sign_is_not_passed_over():
    x, y = sympy.symbols("x y", real=True)
    region = Region().having(x, LINE).having(y, LINE)
    (premise,) = Growth(x, x).premises(y * sympy.exp(x), 1, region)
    assert premise.statement.expr == y * sympy.exp(x)
