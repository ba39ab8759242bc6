"""Whole questions: for all hyperparameters, for some, for one setting, and what is to blame."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import S

import losslang
from losslang import driver
from losslang.verify import witnesses
from losslang.verify.check import check_certificate
from losslang.verify.decide import Open
from losslang.verify.engine import Engine
from losslang.verify.proof import Rejected
from losslang.verify.verdict import Cut, Part

CONDITIONS = [
    ("poly1", "calibrated", "eps > -2"),
    ("poly1", "monotone", "eps >= -1"),
    ("poly1", "convex(logits)", "-1 <= eps <= 1"),
    ("poly1", "strictly_proper", "eps == 0"),
    ("focal", "strictly_proper", "gamma == 0"),
    ("nce", "calibrated", "size(class) == 2"),
    ("mae", "order_preserving", "size(class) == 2"),
]


@pytest.mark.parametrize(("spec", "question", "condition"), CONDITIONS)
def test_a_property_is_decided_for_all_settings_at_once(spec, question, condition):
    verdict = losslang.verify(spec)[question]
    assert verdict.status == "conditional"
    assert verdict.condition == condition


@pytest.mark.parametrize(("spec", "question", "condition"), CONDITIONS[:4])
def test_both_sides_of_a_condition_are_proved(spec, question, condition):
    engine = Engine(driver.elaborated(spec))
    name, _, rest = question.partition("(")
    verdict = engine.decide(engine.asked(name, (rest[:-1],) if rest else ()))
    assert verdict.certificate is not None
    assert len(check_certificate(engine.loss, verdict.certificate)) >= 2


def test_a_setting_gives_the_distribution_and_its_wrong_minimiser():
    verdict = losslang.verify("poly1", eps=-3)["calibrated"]
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert {"p", "q"} <= set(verdict.witness.values)
    assert witnesses.replays(verdict.witness)


def test_a_hyperparameter_given_in_the_spec_is_fixed():
    assert losslang.verify("poly1(eps=-3)")["calibrated"].status == "refuted"
    assert losslang.verify("poly1(eps=1)")["calibrated"].status == "proved"


def test_the_same_loss_is_known_however_it_is_written(tmp_path: Path):
    path = tmp_path / "mine.loss"
    path.write_text(
        "loss mine(z: real[class], y: class, *, eps: real = 1) =\n"
        "    log(sum(exp(z[k] - z[y]) for k in class)) + eps * (1 - softmax(z)[y])\n"
    )
    verdict = losslang.verify(path=path)["calibrated"]
    assert (verdict.status, verdict.condition) == ("conditional", "eps > -2")


def test_the_summand_that_breaks_a_property_is_named():
    verdict = losslang.verify("ce + 0.5 * gce(q=0.7)")["convex(logits)"]
    assert verdict.status == "refuted"
    assert verdict.culprit is not None
    assert "gce" in verdict.culprit


def test_the_summand_that_falls_to_the_same_witness_is_named_before_others_that_fall_alone():
    verdict = losslang.verify("ce + 0.5 * dice(smooth=0) + 1e-4 * z_loss")["convex(logits)"]
    assert verdict.status == "refuted"
    assert verdict.culprit == "dice"


def test_a_summand_that_a_guess_does_not_fit_may_still_be_to_blame(monkeypatch):
    def trips(*_):
        raise TypeError

    monkeypatch.setattr("losslang.verify.culprit.Case", trips)
    verdict = losslang.verify("ce + 0.5 * gce(q=0.7)")["convex(logits)"]
    assert verdict.culprit is not None
    assert "gce" in verdict.culprit


@pytest.mark.parametrize(
    ("spec", "question", "value"),
    [
        ("huber", "lipschitz(prediction)", "delta"),
        ("hinge", "lipschitz(score)", "1"),
        ("logistic", "smooth(score)", "1/4"),
        ("ce", "lipschitz(logits)", "sqrt(2)"),
    ],
)
def test_a_verdict_has_the_constant_that_belongs_to_it(spec, question, value):
    assert str(losslang.verify(spec)[question].value) == value


def test_a_claim_of_how_a_hyperparameter_acts_says_nothing_of_one_value():
    engine = Engine(driver.elaborated("focal(gamma=3)"))
    claimed = {claim.stated for claim, _ in engine.claimed}
    assert "calibrated" in claimed
    assert "decreasing(gamma)" not in claimed


ORDERED = """
loss ordered(logits: real[class], target: class) =
    sum((sum(softmax(logits)[j] - (j == target) for j in class if j <= k))**2 for k in class)
claim {claim}
"""


@pytest.mark.parametrize("claim", ["equals(brier / 2)", "not equals(brier / 2)"])
def test_numbers_of_other_sizes_refute_nothing_of_two_classes(tmp_path, claim):
    """The loss is half of Brier's for two classes, and for two alone."""
    path = tmp_path / "ordered.loss"
    path.write_text(ORDERED.format(claim=claim), encoding="utf-8")
    (general,) = losslang.verify(path=path).claims
    assert general.verdict.status == "refuted"
    path.write_text(ORDERED.format(claim=f"{claim} when size(class) == 2"), encoding="utf-8")
    (of_two,) = losslang.verify(path=path).claims
    assert of_two.verdict.status != "refuted"


def test_a_certificate_for_two_classes_needs_numbers_of_two():
    engine = Engine(driver.elaborated("nce"))
    refuted = engine.decide(engine.asked("convex", ("logits",))).certificate
    assert refuted is not None
    assert check_certificate(engine.loss, refuted)
    (classes,) = {r.classes for r in engine.readings if hasattr(r, "classes")}
    two = tuple(Cut(classes, S(2), above, closed=True) for above in (True, False))
    with pytest.raises(Rejected, match="other sizes"):
        check_certificate(engine.loss, replace(refuted, way=two))


def test_the_time_for_all_questions_is_bounded():
    report = losslang.verify("focal", timeout=0.0)
    assert report["convex(logits)"].status == "unknown"


@pytest.mark.parametrize(
    ("about", "least", "most"),
    [(("smooth(logits)",), 50, 60), (("smooth(logits)", "range"), 20, 30), ((), 10, 15)],
)
def test_the_time_left_is_shared_by_the_questions_that_are_known_to_be_open(
    monkeypatch, about, least, most
):
    seen = []

    def find(self, question, way, budget):
        seen.append(budget.left())
        return Open("not looked for")

    monkeypatch.setattr("losslang.verify.engine.Decider.find", find)
    monkeypatch.setattr("losslang.verify.engine.ROUND_SECONDS", math.inf)
    report = losslang.verify("poly1", timeout=60.0)
    report = report.about(*about) if about else report
    assert report["smooth(logits)"].status == "unknown"
    assert least < seen[0] <= most


def test_a_guess_about_another_input_proves_nothing_for_all_of_them():
    engine = Engine(driver.elaborated("huber"))
    verdict = engine.decide(engine.asked("convex", ("prediction",)))
    assert verdict.certificate is not None
    part = verdict.certificate.argument
    assert isinstance(part, Part)
    uses = tuple(replace(use, guess={**use.guess, "input target": S.Zero}) for use in part.uses)
    with pytest.raises(Rejected):
        check_certificate(
            engine.loss, replace(verdict.certificate, argument=replace(part, uses=uses))
        )
