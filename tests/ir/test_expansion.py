"""Series of losses in an affine function of p, against the numbers they approximate."""

from __future__ import annotations

import math

import pytest
import sympy

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.ir.expansion import P, expansion, probability_formula
from losslang.ir.interpret import interpret


def series(spec: str, basis: str = "1 - p", order: int = 4) -> str:
    return expansion(driver.elaborated(spec), basis, order)


@pytest.mark.parametrize(
    ("spec", "basis", "order", "expected"),
    [
        (
            "ce",
            "1 - p",
            4,
            "(1 - p) + 1/2 (1 - p)^2 + 1/3 (1 - p)^3 + 1/4 (1 - p)^4 + O((1 - p)^5)",
        ),
        ("ce", "1 - p", 0, "O((1 - p))"),
        ("ce", " 1-p ", 1, "(1-p) + O((1-p)^2)"),
        ("2 * ce", "1 - p", 2, "2 (1 - p) + (1 - p)^2 + O((1 - p)^3)"),
        ("ce", "1/2 - p", 1, "log(2) + 2 (1/2 - p) + O((1/2 - p)^2)"),
        ("poly", "1 - p", 2, "(1 + eps[0]) (1 - p) + 1/2 (1 - p)^2 + O((1 - p)^3)"),
        ("poly1", "1 - p", 2, "(1 + eps) (1 - p) + 1/2 (1 - p)^2 + O((1 - p)^3)"),
        ("mae", "1 - p", 3, "(1 - p)"),
        ("mae", "p", 3, "1 - p"),
        ("taylor_ce", "1 - p", 4, "(1 - p) + 1/2 (1 - p)^2"),
        ("gce", "1 - p", 2, "(1 - p) - (q - 1) / 2 (1 - p)^2 + O((1 - p)^3)"),
        (
            "focal",
            "1 - p",
            2,
            "(1 - p)^(1 + gamma) + 1/2 (1 - p)^(2 + gamma) + O((1 - p)^(3 + gamma))",
        ),
    ],
)
def test_expansion(spec, basis, order, expected) -> None:
    assert series(spec, basis, order) == expected


def test_a_symbolic_power_and_a_whole_one_stand_side_by_side() -> None:
    text = series("ce + focal", order=1)
    assert text == "(1 - p) + (1 - p)^(1 + gamma) + O((1 - p)^2) + O((1 - p)^(2 + gamma))"


@pytest.mark.parametrize("spec", ["ce", "gce(q=0.5)", "poly(eps=[1, 2])", "sce", "focal(gamma=2)"])
def test_the_formula_in_p_has_the_value_of_the_loss(spec) -> None:
    loss = driver.elaborated(spec)
    p = math.exp(2) / (math.exp(2) + 1)
    formula = probability_formula(loss)
    rule = {h.symbol: h.default for h in loss.hyperparameters if not h.axes}
    rule |= {sympy.Symbol(f"eps[{n}]", real=True): n + 1 for n in range(2)}
    expected = interpret(loss, {"logits": [[2, 0]], "target": [0]}).mean
    assert float(formula.subs(rule).subs(P, p)) == pytest.approx(float(expected))


@pytest.mark.parametrize("spec", ["brier", "z_loss", "dice", "mse", "ldam", "cvar(ce)", "supcon"])
def test_a_loss_of_more_than_p_has_none(spec) -> None:
    with pytest.raises(DiagnosticError, match="no-expansion"):
        series(spec)


def test_a_high_order_is_refused() -> None:
    with pytest.raises(DiagnosticError, match="taylor-order"):
        series("ce", order=21)


@pytest.mark.parametrize("basis", ["p**2", "q", "2", "p - p", "p * p", "log(p)", "1 / p", "p / 0"])
def test_a_basis_is_affine(basis) -> None:
    with pytest.raises(DiagnosticError, match="bad-basis"):
        series("ce", basis)
