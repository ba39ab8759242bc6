"""Robustness, scale, Bregman form and joint convexity of regression losses.

Oracles: reg-018 ... reg-073 of the literature (Huber 1964; Hampel et al. 1986; Barron 2019), and
derivatives worked out by hand.
"""

from __future__ import annotations

import pytest
from sympy import oo, sympify

from losslang.verify.readings import Curve, Regression, Residual, Structure
from losslang.verify.readings.recognise import readings
from losslang.verify.search import entries, regression
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems.homogeneity import degree
from tests.verify.properties.deciding import ask, decide, loss, proved, reading, same

BARRON = """
loss barron(prediction: real, target: real, *, alpha: real = 1, c: real > 0 = 1) =
    x / 2 if alpha == 2
    else log(1 + x / 2) if alpha == 0
    else b / alpha * ((x / b + 1)**(alpha / 2) - 1)
where
    x = ((prediction - target) / c)**2
    b = abs(alpha - 2)
"""
WAVY = "loss wavy(prediction: real, target: real) = sin(prediction - target)"
ITAKURA_SAITO = """
loss itakura_saito(prediction: real > 0, target: real > 0) =
    target / prediction - log(target / prediction) - 1
"""


@pytest.mark.parametrize(
    ("program", "bound"),
    [
        ("l1", "1"),
        ("huber", "delta"),
        ("pseudo_huber", "delta"),
        ("log_cosh", "1"),
        ("fair", "c"),
        ("cauchy", "sqrt(2)/(2*c)"),
        ("tukey_biweight", "16*sqrt(5)*c/125"),
        ("geman_mcclure", "3*sqrt(3)/(8*c)"),
        ("quantile", "Max(theta, 1 - theta)"),
    ],
)
def test_influence_is_bounded_by_its_supremum(program, bound):
    found = ask(program, "bounded_influence", Residual)
    assert found.holds
    points = {"delta": (0.5, 3), "c": (0.5, 3), "theta": (0.2, 0.9)}
    assert same(found.value, bound, **points)


@pytest.mark.parametrize("program", ["mse", "expectile", "linex"])
def test_unbounded_influence_is_refuted(program):
    assert ask(program, "bounded_influence", Residual).holds is False


@pytest.mark.parametrize(
    ("program", "rejection"),
    [("tukey_biweight", "c"), ("cauchy", "oo"), ("welsch", "oo"), ("geman_mcclure", "oo")],
)
def test_redescending_losses_have_a_rejection_point(program, rejection):
    found = ask(program, "redescending", Residual)
    assert found.holds
    assert str(found.value) == rejection


@pytest.mark.parametrize("program", ["mse", "huber", "log_cosh", "quantile", "linex", "wing"])
def test_other_losses_do_not_redescend(program):
    assert ask(program, "redescending", Residual).holds is False


@pytest.mark.parametrize(
    ("low", "high", "redescends"),
    [(-oo, 0, True), (0, 1, True), (1, 2, False), (2, oo, False)],
)
def test_barron_redescends_below_one(low, high, redescends):
    found = reading(BARRON, Residual)
    alpha = next(s for s in found.region.symbols if s.name == "alpha")
    narrow = found.within(found.region.having(alpha, Bounds(sympify(low), sympify(high))))
    assert decide(narrow, "redescending").holds is redescends


@pytest.mark.parametrize(("alpha", "redescends"), [(0, True), (1, False), (2, False), (-2, True)])
def test_barron_at_single_shapes(alpha, redescends):
    assert ask(BARRON, "redescending", Residual, alpha=alpha).holds is redescends


@pytest.mark.parametrize("program", ["mse", "huber", "welsch", "linex", "expectile"])
def test_larger_errors_never_cost_less(program):
    assert ask(program, "error_monotone", Residual).holds


def test_a_wave_rewards_some_larger_errors():
    assert ask(WAVY, "error_monotone", Residual).holds is False


@pytest.mark.parametrize(
    ("program", "power"),
    [("mse", 2), ("l1", 1), ("quantile", 1), ("expectile", 2), ("mape", 0), ("smape", 0)],
)
def test_degree_of_homogeneity(program, power):
    found = ask(program, "homogeneous", Regression)
    assert found.holds
    assert found.value == power


def test_tweedie_deviance_scales_by_two_less_its_power():
    program = """
    loss tweedie(prediction: real > 0, target: real > 0, *, p: real in (1, 2) = 1.5) =
        prediction**(2 - p) / (2 - p) - target * prediction**(1 - p) / (1 - p)
    """
    assert same(ask(program, "homogeneous", Regression).value, "2 - p", p=(1.2, 1.7))


@pytest.mark.parametrize("program", ["huber", "linex", "log_cosh", "poisson_nll", "welsch"])
def test_losses_with_a_scale_of_their_own_are_not_homogeneous(program):
    assert ask(program, "homogeneous", Regression).holds is False


def test_degree_is_found_through_kinks_and_branches():
    known = reading("smape", Regression)
    scaled = frozenset((known.prediction, known.target))
    assert degree(known.loss * abs(known.prediction), scaled) == 1


@pytest.mark.parametrize(
    ("program", "generator"),
    [
        ("mse", "target**2"),
        ("poisson_nll", "target*log(target) - target"),
        (ITAKURA_SAITO, "-log(target)"),
    ],
)
def test_bregman_generators(program, generator):
    found = ask(program, "bregman", Regression)
    assert found.holds
    assert same(found.value, generator, target=(0.5, 3))


@pytest.mark.parametrize("program", ["l1", "huber", "quantile", "linex", "msle", "welsch"])
def test_other_losses_are_no_bregman_divergence(program):
    assert ask(program, "bregman", Regression).holds is False


GAUSSIAN = """
loss gaussian(prediction: real, target: real, spread: real) =
    (spread + (prediction - target)**2 * exp(-spread)) / 2
"""
GAUSSIAN_NATURAL = """
loss natural(location: real, precision: real > 0, target: real) =
    (location**2 / precision - log(precision)) / 2 + target**2 * precision / 2 - target * location
"""


@pytest.mark.parametrize(
    ("program", "inputs", "convex"),
    [
        (GAUSSIAN, ("prediction", "spread"), False),
        (GAUSSIAN_NATURAL, ("location", "precision"), True),
        ("gaussian_nll", ("prediction", "variance"), False),
    ],
)
def test_gaussian_likelihood_is_convex_in_its_natural_parameters_alone(program, inputs, convex):
    question = Question("jointly_convex", inputs)
    along = next(
        r for r in readings(loss(program)) if isinstance(r, Curve) and r.input == inputs[0]
    )
    for strategy in regression.JOINTLY_CONVEX:
        for guess in strategy.guesses(along, question):
            if proved(strategy, Case(along, question, guess)):
                assert strategy.theorem.holds is convex
                return
    pytest.fail("undecided")


@pytest.mark.parametrize(("term", "holds"), [("(x - y)**2", True), ("abs(x - y)", False)])
def test_sums_over_entries_are_bregman_if_their_terms_are(term, holds):
    body = term.replace("x", "prediction[j]").replace("y", "target[j]")
    program = f"""
    loss entrywise(prediction: real[dim], target: real[dim]) = sum({body} for j in dim)
    """
    assert ask(program, "bregman", Structure).holds is holds


def test_convex_in_two_entries_of_an_array():
    program = """
    loss natural(parameters: real[2], target: real) =
        (location**2 / precision - log(precision)) / 2 + target**2 * precision / 2
        - target * location
    where
        location, precision = parameters
    """
    whole = reading(program, Structure)
    (strategy,) = entries.CONVEX
    assert proved(strategy, Case(whole, Question("convex", ("parameters",), "parameters")))
