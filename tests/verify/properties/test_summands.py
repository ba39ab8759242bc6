"""Sums of library losses: what one summand breaks, and what none does."""

from __future__ import annotations

import pytest
from sympy import Integer, S

from losslang import driver
from losslang.verify.check import check_certificate
from losslang.verify.decide import decider
from losslang.verify.engine import Engine
from losslang.verify.partition import leaves
from losslang.verify.readings import Structure
from losslang.verify.search.bends import NOT_CONVEX
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import summands
from losslang.verify.verdict import Verdict
from losslang.verify.witnesses import replays

SHIFT = Question("shift_invariant", ("logits",), "logits")
BOUNDED = Question("bounded")
OF = {theorem.name: theorem for theorem in summands.THEOREMS}


def decided(spec: str, property: str) -> tuple[Engine, Verdict]:
    engine = Engine(driver.elaborated(spec), 60)
    return engine, engine.decide(engine.asked(property))


def structure(spec: str) -> Structure:
    found = decider(driver.elaborated(spec)).readings[-1]
    assert isinstance(found, Structure)
    return found


@pytest.mark.parametrize(
    ("spec", "property", "culprit"),
    [
        # The square of the logsumexp grows by more than any multiple of an offset.
        ("ce + 0.5 * dice + 1e-4 * z_loss", "shift_invariant", "z_loss"),
        ("ce + 0.5 * dice + 1e-4 * z_loss", "bounded", None),
        ("ce + 0.5 * dice(smooth=1) + 1e-4 * z_loss", "convex", None),
        ("ce + jaccard(smooth=1)", "convex", "jaccard"),
    ],
)
def test_what_one_summand_breaks_is_refuted_for_all_settings(spec, property, culprit):
    engine, found = decided(spec, property)
    assert found.status == "refuted"
    assert found.certificate is not None
    assert check_certificate(engine.loss, found.certificate)
    assert found.witness is not None
    assert replays(found.witness)
    assert culprit is None or found.culprit == culprit


@pytest.mark.parametrize(
    ("spec", "property"),
    [
        ("ce + 0.5 * dice", "shift_invariant"),
        ("mae + 0.5 * dice", "bounded"),
        ("ce + 0.5 * dice", "differentiable"),
        ("ce + 0.5 * mbls", "convex"),
    ],
)
def test_what_every_summand_keeps_is_not_refuted(spec, property):
    _, found = decided(spec, property)
    assert found.status == "proved"


def test_the_theorem_that_blames_a_summand_is_used_where_settings_are_free():
    _, found = decided("ce + 0.5 * dice + 1e-4 * z_loss", "bounded")
    assert found.certificate is not None
    ((_, part),) = leaves(found.certificate.argument)
    assert part.theorem.endswith("-for-a-summand")


def test_a_summand_is_one_of_several():
    alone, both = structure("crammer_singer"), structure("mae + crammer_singer")
    assert summands.cases(Case(both, SHIFT, {"summand": Integer(0)})) is not None
    assert summands.cases(Case(alone, SHIFT, {"summand": Integer(0)})) is None
    for guess in ({}, {"summand": Integer(2)}, {"summand": Integer(-1)}, {"summand": S.Half}):
        assert summands.cases(Case(both, SHIFT, guess)) is None


def test_a_summand_and_the_rest_make_the_loss():
    whole = structure("ce + 0.5 * mae + brier").loss
    for number in range(3):
        one, rest = summands.apart(whole, number)
        assert len(one.terms) == 1
        assert {*one.terms, *rest.terms} == {*whole.terms}


def test_a_summand_that_falls_without_bound_says_nothing_where_others_grow():
    """``x - x`` is bounded, though each summand is not, and one is bounded below nowhere."""
    reading = structure("ce + mae")
    falling = {"summand": Integer(0), "rate": Integer(-1), "offset": Integer(0)}
    assert OF["outgrows-a-line-for-a-summand"].premises(Case(reading, BOUNDED, falling)) is None


def test_points_above_a_chord_are_found_where_a_loss_bends_down():
    reading = structure("jaccard")
    question = Question("convex", ("logits",), "logits")
    strategy = NOT_CONVEX[0]
    guess = next(iter(strategy.guesses(reading, question)))
    premises = strategy.theorem.premises(Case(reading, question, guess))
    assert premises is not None


def test_no_points_above_a_chord_are_found_for_a_convex_loss():
    question = Question("convex", ("logits",), "logits")
    assert not list(NOT_CONVEX[0].guesses(structure("ce"), question))


@pytest.mark.parametrize(
    "spec",
    ["ce + brier + 0.1 * mae", "mse + l1 + 0.1 * log_cosh", "hinge + logistic + 0.1 * savage"],
)
def test_a_sum_of_nonnegative_terms_is_nonnegative(spec):
    engine, found = decided(spec, "nonnegative")
    assert found.status == "proved"
    assert found.certificate is not None
    assert check_certificate(engine.loss, found.certificate)


def test_a_sum_with_a_negative_term_may_be_negative():
    assert decided("mse - 2 * l1", "nonnegative")[1].status == "refuted"
