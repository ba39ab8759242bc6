"""Whole losses: proved from how they are composed, refuted at certain inputs."""

from __future__ import annotations

import pytest
import sympy

from losslang.verify.engine import Engine
from losslang.verify.readings.recognise import readings
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import sections
from tests.sampling import is_drawn
from tests.verify.properties.deciding import loss
from tests.verify.properties.test_invariance import decide

PROVED = [
    # ranges
    ("dice", "nonnegative"),
    ("dice", "bounded"),
    ("tversky", "bounded"),
    ("jaccard", "bounded"),
    ("nce", "nonnegative"),
    ("info_nce", "nonnegative"),
    ("info_nce", "bounded"),
    ("supcon", "nonnegative"),
    ("nt_xent", "bounded_below"),
    ("multi_similarity", "nonnegative"),
    ("circle", "nonnegative"),
    ("load_balance", "nonnegative"),
    ("ce + 0.5*dice + 1e-4*z_loss", "nonnegative"),
    ("nce_mae", "bounded"),
    # curvature
    ("mbls", "convex(logits)"),
    ("squentropy", "convex(logits)"),
    ("kd", "convex(student)"),
    ("kl", "convex(target)"),
    ("balanced_softmax", "convex(logits)"),
    ("triplet", "convex(positive)"),
    ("rmse", "convex(prediction)"),
    # smooth composition
    ("dice", "differentiable(logits)"),
    ("z_loss", "differentiable(logits)"),
    ("kd", "differentiable(student)"),
    # requirements
    ("dice", "well_defined"),
    ("js", "well_defined"),
    ("comp_sum", "well_defined"),
    ("supcon", "well_defined"),
    ("adaface", "well_defined"),
    ("stablemax_ce", "well_defined"),
    ("nfl", "well_defined"),
]

REFUTED = [
    ("z_loss", "convex(logits)"),
    ("z_loss", "bounded"),
    ("brier", "convex(logits)"),
    ("load_balance", "convex(router)"),
    ("triplet", "convex(anchor)"),
    ("triplet", "bounded"),
    ("alignment", "convex(u)"),
    ("uniformity", "nonnegative"),
    ("uniformity", "well_defined"),
    ("giou", "well_defined"),
    ("mape", "well_defined"),
    ("z_normalised", "well_defined"),
    ("triplet", "differentiable(negative)"),
]


@pytest.mark.parametrize(
    ("program", "question"), [case for case in PROVED if is_drawn(" ".join(case), 2)]
)
def test_what_composition_proves(program, question, tmp_path):
    assert decide(program, question, tmp_path).status == "proved"


@pytest.mark.parametrize(("program", "question"), REFUTED)
def test_what_fails_at_certain_inputs(program, question, tmp_path):
    assert decide(program, question, tmp_path).status == "refuted"


def test_bounds_may_depend_on_hyperparameters_and_sizes(tmp_path):
    found = decide("nce_mae", "bounded", tmp_path).value
    alpha, beta = (sympy.Symbol(name, nonnegative=True) for name in ("alpha", "beta"))
    assert found == sympy.Interval(0, alpha + beta)


def test_the_constant_of_the_triplet_loss_is_attained(tmp_path):
    found = decide("triplet", "lipschitz(anchor)", tmp_path)
    assert (found.status, found.value) == ("proved", 2)
    assert "attained" in found.steps[0]


def test_the_witness_of_a_requirement_names_it_and_the_inputs(tmp_path):
    found = decide("mape", "well_defined", tmp_path).witness
    assert found is not None
    assert "not defined" in found.says
    assert found.values["target"] == 0


def test_the_term_that_breaks_a_sum_is_named(tmp_path):
    found = decide("ce + squentropy + 0.1*z_loss", "convex(logits)", tmp_path)
    assert found.status == "refuted"
    assert found.culprit == "z_loss"


CANCELS = "loss l(u: real[class], y: class) = log(sum(exp(u))) - u[y]"
SAME_SUM = "loss l(u: real[class]) = 1 - sum(u**2) / (1 + sum(u**2) + sum(abs(u)))"
BY_ZERO = "loss l(u: real[dim], *, smooth: real >= 0) = 1 / (smooth + sum(u**2))"
NORM = "loss l(u: real[dim], v: real[dim]) = norm(u - v) + max(u**2) / 2"
NEGATIVE = "loss l(u: real[class], *, a: real > 0) = a - logsumexp(u)"


@pytest.mark.parametrize(
    ("program", "question", "status"),
    [
        (CANCELS, "nonnegative", "proved"),
        (CANCELS, "convex(u)", "proved"),
        (SAME_SUM, "bounded", "proved"),
        (SAME_SUM, "nonnegative", "proved"),
        (NORM, "convex(u)", "proved"),
        (NORM, "convex(v)", "proved"),
        (NORM, "nonnegative", "proved"),
        (NEGATIVE, "bounded_below", "refuted"),
        (NEGATIVE, "convex(u)", "refuted"),
    ],
)
def test_programs(program, question, status, tmp_path):
    assert decide(program, question, tmp_path).status == status


def test_a_guess_of_inputs_outside_of_their_domains_is_no_argument():
    given = next(r for r in readings(loss("arcface")) if isinstance(r, Structure))
    outside = {"size batch": 1, "size class": 2, "target 0": 0, "cosines 0 0": 3, "cosines 0 1": 0}
    guess = {name: sympy.Integer(value) for name, value in outside.items()}
    assert sections.value(Case(given, Question("nonnegative"), guess)) is None
    guess["along cosines 0 1"] = sympy.Integer(1)
    assert sections.line(Case(given, Question("convex", ("cosines",), "cosines"), guess)) is None


def test_a_line_moves_only_the_input_that_is_asked_about():
    given = next(r for r in readings(loss("triplet")) if isinstance(r, Structure))
    names = ("anchor", "positive", "negative")
    guess = {f"{name} 0 0": sympy.Integer(1) for name in names} | {
        "size batch": sympy.Integer(1),
        "size dim": sympy.Integer(1),
        "along anchor 0 0": sympy.Integer(1),
    }
    about = {n: Case(given, Question("convex", (n,), n), guess) for n in names}
    assert sections.line(about["anchor"]) is not None
    assert sections.line(about["positive"]) is None


def test_every_question_about_a_sum_of_three_has_an_answer_with_a_reason():
    engine = Engine(loss("ce + 0.5*mae + 1e-4*z_loss"))
    verdict = engine.decide(engine.asked("bounded"))
    assert verdict.status in ("refuted", "unknown")
    assert verdict.certificate is not None or verdict.reason
