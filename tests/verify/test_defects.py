"""Mistakes that shipped in real libraries, found without a reference implementation.

Each is written here twice, wrong and right, and both are asked the same question: one of a property
that any loss of its kind should have. The answers are the oracle; what the library meant to compute
is not looked at.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from losslang import driver
from losslang.verify.check import check_certificate
from losslang.verify.engine import Engine
from losslang.verify.verdict import Verdict

TUKEY = """
loss biweight(prediction: real, target: real, *, c: real > 0 = 4.685) =
    c**2 / 6 * {inside} if abs(r) <= c else {outside}
where
    r = prediction - target
"""
TUKEY_RIGHT = TUKEY.format(inside="(1 - (1 - (r / c)**2)**3)", outside="c**2 / 6")
TUKEY_FALLING = TUKEY.format(inside="(1 - (r / c)**2)**3", outside="0")
TUKEY_JUMPING = TUKEY.format(inside="(1 - (r / c)**2)**3", outside="c**2 / 6")

INSTANCE = """
loss instance(embedding: real[batch, dim], {label}, *, tau: real > 0 = 0.1) for i in batch =
    -log({numerator} / sum(exp(s(i, j)) for j in batch))
where
    s(i, j) = cosine(embedding[i], embedding[j]) / tau
"""
INSTANCE_RIGHT = INSTANCE.format(
    label="target: label[batch]",
    numerator="sum(exp(s(i, j)) for j in batch if target[j] == target[i])",
)
INSTANCE_WRONG = INSTANCE.format(
    label="target: batch[batch]",  # a class id, taken for the row of the batch with that number
    numerator="exp(s(i, target[i]))",
)

PRECISION = """
loss smooth_ap(score: real[batch], query: label[batch], target: bit[batch], *, tau: real > 0 = 0.1)
    for i in batch if target[i] == 1 =
    1 - (1 + sum(target[j] * above(i, j) for j in batch if rival(i, j))) / rank(i)
where
    rank(i) = 1 + sum(above(i, j) for j in batch if rival(i, j))
    above(i, j) = sigmoid((score[j] - score[i]) / tau)
    rival(i, j) = {rival}
"""
PRECISION_RIGHT = PRECISION.format(rival="query[j] == query[i] and j != i")
PRECISION_WRONG = PRECISION.format(rival="j < i")

ANGULAR = """
loss angular(anchor: real[dim], positive: real[dim], negative: real[dim]{angle}) =
    log(1 + exp(4 * {tan} * dot(a + p, n) - 2 * (1 + {tan}) * dot(a, p)))
where
    a = normalize(anchor)
    p = normalize(positive)
    n = {negative}
"""
SQUARED_TANGENT = {"angle": ", *, angle: real in (0, 1.5) = 0.7", "tan": "(1 / cos(angle)**2 - 1)"}
HALF_A_RIGHT_ANGLE = {"angle": "", "tan": "1"}
UNIT, ANY_LENGTH = {"negative": "normalize(negative)"}, {"negative": "negative"}

DEFECTS = [
    pytest.param(TUKEY_FALLING, TUKEY_RIGHT, "error_monotone", id="biweight without its 1 -"),
    pytest.param(TUKEY_JUMPING, TUKEY_RIGHT, "error_monotone", id="the same, constant outside"),
    pytest.param(TUKEY_JUMPING, TUKEY_RIGHT, "differentiable", id="which jumps"),
    pytest.param(
        INSTANCE_WRONG, INSTANCE_RIGHT, "relabel_invariant", id="class ids as columns of the batch"
    ),
    pytest.param(
        PRECISION_WRONG,
        PRECISION_RIGHT,
        "batch_permutation_invariant",
        id="average precision grouped by position",
    ),
    pytest.param(
        ANGULAR.format(**HALF_A_RIGHT_ANGLE, **ANY_LENGTH),
        ANGULAR.format(**HALF_A_RIGHT_ANGLE, **UNIT),
        "scale_invariant(negative)",
        id="angular without the norm of its negatives",
    ),
]


def decide(program: str, question: str, folder: Path) -> Verdict:
    """The verdict on a program; a certificate is checked on the way."""
    path = folder / "defect.loss"
    path.write_text(program, encoding="utf-8")
    engine = Engine(driver.elaborated(path=path))
    name, _, argument = question.rstrip(")").partition("(")
    verdict = engine.decide(engine.asked(name, [argument] if argument else []))
    if verdict.certificate is not None:
        check_certificate(engine.loss, verdict.certificate)
    return verdict


@pytest.mark.parametrize(("wrong", "right", "question"), DEFECTS)
def test_the_mistake_is_refuted(wrong, right, question, tmp_path):
    verdict = decide(wrong, question, tmp_path)
    assert verdict.status == "refuted"
    assert verdict.witness is not None


@pytest.mark.parametrize(("wrong", "right", "question"), DEFECTS)
def test_the_correct_loss_is_proved_to_have_the_property(wrong, right, question, tmp_path):
    assert decide(right, question, tmp_path).status == "proved"


@pytest.mark.parametrize(
    ("negative", "proved"), [(UNIT, True), (ANY_LENGTH, False)], ids=["right", "wrong"]
)
def test_a_free_angle_does_not_hide_the_missing_norm(negative, proved, tmp_path):
    program = ANGULAR.format(**SQUARED_TANGENT, **negative)
    verdict = decide(program, "scale_invariant(negative)", tmp_path)
    assert (verdict.status == "proved", verdict.witness is None) == (proved, proved)


def test_the_biweight_of_the_library_is_the_correct_one(tmp_path):
    engine = Engine(driver.elaborated("tukey_biweight"))
    for name in ("error_monotone", "differentiable"):
        assert engine.decide(engine.asked(name)).status == "proved"
