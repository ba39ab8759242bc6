"""What a loss is at given inputs: formulas in its hyperparameters, derived here by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import exp, log

import pytest
from sympy import Rational

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.verify.check import check_certificate
from losslang.verify.engine import Engine
from losslang.verify.proof import Rejected
from losslang.verify.verdict import Verdict
from tests.verify.properties.deciding import verified

GRID = (0.25, 0.5, 1.5, 3.0)
EXAMPLE = "loss l(x: real, y: real, *, a: real > 0 = 1) = "
BATCH = "loss l(x: real[batch, dim], *, a: real > 0 = 1) = "


def value(program: str, point: str, tmp_path, **settings) -> Verdict:
    """The verdict on ``value(point)``, its certificate checked."""
    return verified(program, f"value({point})", tmp_path, **settings)


def follows(verdict: Verdict, formula: Callable[[float], float]) -> bool:
    """Whether a value is a formula of the one hyperparameter that it depends on."""
    assert verdict.value is not None
    return all(
        math.isclose(verdict.value.subs(dict.fromkeys(verdict.value.free_symbols, a)), formula(a))
        for a in GRID
    )


@pytest.mark.parametrize(
    ("program", "point", "formula"),
    [
        ("focal", "logits=[0, 0], target=1", lambda gamma: log(2) / 2**gamma),
        ("poly1", "logits=[log(3), 0], target=0", lambda eps: log(4 / 3) + eps / 4),
        # one example, or the mean over several
        (EXAMPLE + "(a * (x - y))**2", "3, 1", lambda a: 4 * a**2),
        (EXAMPLE + "(a * (x - y))**2", "x=[3, 1], y=[1, 1]", lambda a: 2 * a**2),
        # a loss over its batch
        (
            BATCH + "a * sum(x[i, k]**2 for i in batch for k in dim)",
            "x=[[1, 2], [0, 3]]",
            lambda a: 14 * a,
        ),
        # axes of a pack
        ("dice", "logits=[[0, 0], [0, 0]], target=[0, 1]", lambda smooth: 1 / (2 + smooth)),
        # a function that calls itself: three alignments, two of them one apart
        (
            "soft_dtw",
            "x=[[0], [1]], y=[[0], [1]]",
            lambda gamma: -gamma * log(1 + 2 * exp(-1 / gamma)),
        ),
        # seven of the eight weighted paths of two frames say the label
        (
            "ctc(blank=0)",
            "logits=[[0, log(3)], [0, 0]], target=[1], frames=2, labels=1",
            lambda _: log(8 / 7),
        ),
        # a branch that has no value there is not read
        (EXAMPLE + "a * x if x > 0 else log(x)", "2, 0", lambda a: 2 * a),
        ("loss l(x: real[k]) = 1 + argmax(x)", "x=[1, 3, 3]", lambda _: 2),
        # it is about values: where gradients stop is no matter
        (EXAMPLE + "detach(a * x) * y", "2, 3", lambda a: 6 * a),
        # settings of an array, along an axis of its own or of an input
        ("poly", "logits=[0, 0], target=1, eps=[3]", lambda _: log(2) + 3 / 2),
        ("multi_quantile", "quantiles=[0, 2], target=1, theta=[0.25, 0.5]", lambda _: 0.375),
    ],
)
def test_a_loss_at_a_point_is_a_formula_in_its_hyperparameters(program, point, formula, tmp_path):
    verdict = value(program, point, tmp_path)
    assert verdict.status == "proved"
    assert follows(verdict, formula)


def test_states_are_as_before_the_first_call_in_training(tmp_path):
    # sogclr's averages start as those of the batch, which leaves tau of the weighted mean
    point = "u=[[1, 0], [0, 1]], v=[[0.8, 0.6], [0, 1]], index=[0, 1]"
    assert follows(value("sogclr", point, tmp_path), lambda tau: tau - 0.9)
    # and a queue is empty: the positive is alone
    assert value("moco", "query=[1, 0], key=[0, 1]", tmp_path, length=4).value == 0


def test_what_depends_on_chance_has_no_value(tmp_path):
    assert value("ensloss", "score=1, target=1", tmp_path).status == "unknown"


def test_only_settings_at_which_the_loss_has_a_value_there_are_proved(tmp_path):
    program = "loss l(x: real, *, a: real = 1) = x / (a - 1)"
    verdict = value(program, "1", tmp_path)
    assert verdict.status != "proved"
    assert value(program, "1", tmp_path, a=3).value == Rational(1, 2)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("logits=[0, 0]", "'target' must be given"),
        ("logit=[0, 0], target=0", "no parameter 'logit'"),
        ("[0, 0], 0, 1", "the loss has 2 inputs"),
        ("[0, 0], 0, logits=[0, 0]", "given twice"),
        ("logits=[0, 0], target=2", "'target' is outside of its domain"),
        ("logits=[0, 0], target=0.5", "'target' is outside of its domain"),
        ("logits=[[0, 0], [0]], target=0", "'logits' is no full array over class"),
        ("logits=[[[0, 0]]], target=0", "'logits' is no full array over class"),
        ("logits=[0, 0], target=[0]", "'target' is no number"),
        ("logits=[], target=0", "'logits' is no full array over class"),
        ("logits=[[0, 0]], target=[0, 1]", "'target' has 2 places on axis batch"),
        ("logits=[gamma, 0], target=0", "gamma"),
        ("logits=[0, 0], target=0, gamma=3", "'gamma' is a setting"),
        (f"logits={[0] * 201}, target=0", "'logits' has more than 200 entries"),
        ("logits=[0, 0], target=0, gamma=[3]", "'gamma' is a setting"),
        ("", "'value' is asked at inputs"),
    ],
)
def test_a_point_that_the_loss_does_not_take_is_refused(point, message):
    with pytest.raises(DiagnosticError) as error:
        driver.verify("focal")[f"value({point})"]
    (diagnostic,) = error.value.diagnostics
    assert message in diagnostic.message
    assert diagnostic.primary is not None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("eps=[3, 1]", "'eps' has as many places as its default, 1"),
        ("eps=3", "'eps' has as many places as its default, 1"),
        ("eps=[log(2)]", "set to a fraction"),
        ("eps=[eps]", "eps"),
    ],
)
def test_an_array_is_set_to_as_many_fractions_as_its_default_has(setting, message):
    with pytest.raises(DiagnosticError, match=message):
        driver.verify("poly")[f"value(logits=[0, 0], target=1, {setting})"]


@pytest.mark.parametrize(
    ("claim", "ok"),
    [
        ("value(logits=[0, 0], target=0) == log(2) + eps / 2", True),
        ("value(logits=[0, 0], target=0) == log(2)", False),
        ("value(logits=[0, 0], target=0) == log(2) when eps == 0", True),
        ("value([log(3), 0], 0) <= 2", False),
        ("value([log(3), 0], 0) <= 2 when eps < 3", True),
        ("value([0, 0], 0) == softplus(max(0, -1)) + eps * sigmoid(0)", True),
    ],
)
def test_a_claimed_value_is_compared_for_all_settings_of_its_condition(claim, ok, tmp_path):
    path = tmp_path / "l.loss"
    program = (
        "loss l(logits: real[class], target: class, *, eps: real = 1) = -log(p) + eps * (1 - p)"
    )
    text = f"{program}\nwhere p = softmax(logits)[target]\n\nclaim {claim}\n"
    path.write_text(text, encoding="utf-8")
    (result,) = Engine(driver.elaborated(path=path)).claims()
    assert result.ok is ok
    assert ok or "the constant is" in result.says or result.verdict.status == "conditional"


def test_a_claim_about_another_setting_of_an_array_says_nothing(tmp_path):
    path = tmp_path / "l.loss"
    path.write_text(
        "loss l(x: real[k], *, w: real[k] = [1, 2]) = sum(w[i] * x[i] for i in k)\n"
        "claim value(x=[1, 1], w=[2, 3]) == 5\n",
        encoding="utf-8",
    )
    assert [c.ok for c in driver.verify(path=path).claims] == [True]
    assert [*driver.verify(path=path, w=[1, 1]).claims] == []


def test_a_certificate_of_another_point_is_rejected():
    loss = driver.elaborated("focal")
    engine = Engine(loss)
    (one, other) = (engine.asked("value", [f"logits=[{n}, 0], target=1"]) for n in (0, 1))
    proof = engine.decide(one).certificate
    assert proof is not None
    assert check_certificate(loss, proof)
    with pytest.raises(Rejected):
        check_certificate(loss, type(proof)(other, proof.way, proof.argument))
