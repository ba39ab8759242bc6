"""Whether a loss is another one: proved from their formulas, refuted by inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.verify.verdict import Verdict
from tests.verify.properties.deciding import verified

PAIR = "loss l(logits: real[class], target: class, *, a: real >= 0 = 1) = "
SCORE = "loss l(x: real, y: real, *, delta: real > 0 = 1) = "


def decide(program: str, other: str, tmp_path: Path, **settings: Any) -> Verdict:
    """The verdict on ``equals(other)``."""
    return verified(program, f"equals({other})", tmp_path, **settings)


CASES = [
    ("ce", "ce", "proved"),
    ("ce", "focal(gamma=0)", "proved"),
    ("ce", "focal", "refuted"),
    ("ce", "ce + mae", "refuted"),
    ("bce(pos_weight=1)", "sigmoid_focal(gamma=0, alpha=0.5) * 2", "proved"),
    (PAIR + "a * mae(logits, target)", "a * mae", "proved"),
    (PAIR + "(1 + a) * mae(logits, target)", "a * brier", "refuted"),
    # inputs without a namesake go by their order; what is not named stays at its default
    (SCORE + "huber(x, y, delta=1)", "huber(delta=1)", "proved"),
    (SCORE + "huber(x, y, delta=delta)", "huber", "proved"),
    (SCORE + "huber(x, y, delta=delta) + 1", "huber", "refuted"),
    # only as a formula of one number: the square of a root of a square
    (SCORE + "sqrt((x - y)**2)", "l1", "proved"),
    # piece by piece, and where the pieces meet
    ("l1", "2 * quantile(theta=1 / 2)", "proved"),
    ("l1", "2 * quantile(theta=1 / 3)", "refuted"),
    (SCORE + "abs(x - y) + (1 if x == y else 0)", "l1", "refuted"),
    # exponentials leave sums, and powers of 0 and 1 are themselves
    ("brier", "power_score(order=2)", "proved"),
    ("brier", "power_score(order=3)", "refuted"),
    # the square of an affine formula, up to a factor of both sides of a quotient
    ("taylor_softmax", "spherical_softmax(logits + 1, target, eps=1)", "proved"),
    ("taylor_softmax", "spherical_softmax(logits + 1, target, eps=2)", "refuted"),
    # a setting of the loss and one of the other may have the same name
    ("sface", "scale * sface(cosines, target, scale=1, k=k, a=a, b=b)", "proved"),
    # as a mean over the batch
    ("loss l(x: real, y: real) = mean((x - y)**2, axis=batch)", "mse", "proved"),
]


@pytest.mark.parametrize(("program", "other", "status"), CASES)
def test_one_loss_is_another_for_all_inputs_or_not(program, other, status, tmp_path):
    assert decide(program, other, tmp_path).status == status


@pytest.mark.parametrize(
    ("program", "other", "condition"),
    [
        ("focal", "ce", "gamma == 0"),
        ("poly1", "ce", "eps == 0"),
        ("logit_adjusted", "ce", "tau == 0"),
        (PAIR + "a * ce(logits, target)", "ce", "a == 1"),
    ],
)
def test_a_loss_is_another_one_for_some_settings(program, other, condition, tmp_path):
    verdict = decide(program, other, tmp_path)
    assert (verdict.status, verdict.condition) == ("conditional", condition)


def test_a_value_that_was_given_is_that_of_the_others_hyperparameter_too(tmp_path):
    # poly1_focal is focal at eps = 0 with the same gamma, whatever the default of focal's is
    assert decide("poly1_focal", "focal", tmp_path, eps=0, gamma=3).status == "proved"
    assert decide("poly1_focal", "focal(gamma=2)", tmp_path, eps=0, gamma=3).status == "refuted"


def test_a_setting_outside_of_the_others_domain_is_not_the_others(tmp_path):
    # gce knows q in (0, 1] only
    program = (
        "loss l(logits: real[class], target: class, *, q: real > 0 = 1) = (1 - p**q) / q\n"
        "where p = softmax(logits)[target]"
    )
    assert decide(program, "gce", tmp_path, q=0.5).status == "proved"
    assert decide(program, "gce", tmp_path, q=2).status == "unknown"


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ("hinge", "property-without-meaning"),
        ("giou", "property-without-meaning"),
        ("focall", "unknown-name"),
    ],
)
def test_losses_of_other_inputs_and_unknown_ones_are_refused(other, code, tmp_path):
    with pytest.raises(DiagnosticError) as error:
        decide("ce", other, tmp_path)
    assert error.value.diagnostics[0].code == code


def test_names_in_a_claim_are_looked_up_where_the_claim_stands(tmp_path):
    (tmp_path / "base.loss").write_text("loss base(x: real) = x**2\n", encoding="utf-8")
    path = tmp_path / "l.loss"
    text = 'import "base.loss"\n\nloss l(x: real) = x * x\n\nclaim equals(base)\n'
    path.write_text(text, encoding="utf-8")
    report = driver.verify(path=path)
    assert report.ok
    (document,) = report.about("equals(base)").certificates()
    assert driver.check_certificate(document).problem is None
