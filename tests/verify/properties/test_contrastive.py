"""Contrastive losses as functions of similarities.

Oracles: Wang and Liu 2021, eq. 6, by numbers; Donsker and Varadhan's variational formula.
"""

from __future__ import annotations

import math

import pytest

from losslang.verify.readings import Structure
from losslang.verify.search.contrastive import is_contrast
from losslang.verify.theorem import Question
from losslang.verify.theorems.contrastive import contrast
from tests.verify.properties.deciding import ask, loss, reading

SCORES = """
loss contrast(scores: real[candidate], positive: candidate, *, tau: real > 0 = 0.1) =
    -scores[positive] / tau + log(sum(exp(scores[j] / tau) for j in candidate))
"""


@pytest.mark.parametrize("program", ["info_nce", SCORES])
def test_negatives_are_weighed_by_a_softmax_at_the_temperature(program):
    found = ask(program, "hardness", Structure)
    assert found.holds
    assert "logsumexp" in str(found.value)
    assert "similarity[k]/tau" in str(found.value)


def test_the_softmax_is_the_ratio_of_gradients():
    scores, tau, step = [0.3, -0.2, 0.9, 0.1], 0.5, 1e-6

    def value(s: list[float]) -> float:
        return -s[0] / tau + math.log(math.fsum(math.exp(x / tau) for x in s))

    def slope(k: int) -> float:
        moved = [x + step * (n == k) for n, x in enumerate(scores)]
        return (value(moved) - value(scores)) / step

    others = [math.exp(x / tau) for x in scores[1:]]
    for k, weight in enumerate(others, 1):
        share = weight / math.fsum(others)
        assert slope(k) / abs(slope(0)) == pytest.approx(share, rel=1e-4)


@pytest.mark.parametrize("program", ["info_nce", SCORES, "kl_dro(l1)", "supcon", "nt_xent", "clip"])
def test_the_temperature_is_the_multiplier_of_the_divergence(program):
    assert str(ask(program, "temperature", Structure).value) == "tau"


PAIRS = "loss l(u: real[batch, dim], v: real[batch, dim], *, t: real > 0 = 1) for i in batch = "
BOTH_WAYS = """log(sum(exp(s(i, j) / t) for j in batch))
    + log(sum(exp(s(j, i) / {other}) for j in batch))
    - s(i, i) / t - s(i, i) / {other}
where
    s(i, j) = cosine(u[i], v[j])"""


@pytest.mark.parametrize(("other", "holds"), [("t", True), ("(t + 1)", None), ("1", None)])
def test_soft_maxima_at_two_temperatures_have_none_together(other, holds):
    assert ask(PAIRS + BOTH_WAYS.format(other=other), "temperature", Structure).holds is holds


@pytest.mark.parametrize("program", ["info_nce", SCORES, "kl_dro(l1)"])
def test_convex_in_similarities(program):
    assert ask(program, "convex_in_similarities", Structure).holds


def test_what_stands_in_the_soft_maximum_is_the_similarity():
    found = contrast(loss(SCORES))
    assert str(found.sharpness) == "1/tau"
    assert found.positive is not None


@pytest.mark.parametrize("program", ["siglip", "mse", "ce"])
def test_other_losses_are_no_contrast(program):
    assert not is_contrast(reading(program, Structure), Question("hardness"))
