"""Each hard pattern has what its name says."""

from __future__ import annotations

import mpmath
import numpy
import pytest

from losslang import driver
from losslang.accuracy.floats import FLOAT32, FORMATS
from losslang.accuracy.inputs import Hard, hard_inputs


def patterns(spec: str, format: str = "float32") -> dict[str, Hard]:
    return {hard.name: hard for hard in hard_inputs(driver.elaborated(spec), FORMATS[format])}


def probability(scores: numpy.ndarray, place: int) -> mpmath.mpf:
    """One entry of a softmax, to the working precision."""
    powers = [mpmath.exp(mpmath.mpf(float(z))) for z in scores]
    return powers[place] / mpmath.fsum(powers)


@pytest.mark.parametrize("format", FORMATS)
def test_probabilities_lie_within_an_ulp_of_one_and_zero(format):
    found = patterns("ce", format)
    eps = FORMATS[format].eps
    with mpmath.workdps(50):
        near = found["p within an ulp of 1"].inputs
        missing = [
            1 - probability(row, y) for row, y in zip(near["logits"], near["target"], strict=True)
        ]
        assert any(0 < rest <= eps / 2 for rest in missing)
        assert all(0 < rest <= 2 * eps for rest in missing)
        far = found["p within an ulp of 0"].inputs
        shares = [probability(row, y) for row, y in zip(far["logits"], far["target"], strict=True)]
        assert all(0 < share <= eps for share in shares)


def test_a_sigmoid_lies_within_an_ulp_of_one_and_zero():
    scores = patterns("bce")["p within an ulp of 0 and 1"].inputs["score"]
    with mpmath.workdps(50):
        shares = [1 / (1 + mpmath.exp(-mpmath.mpf(float(s)))) for s in scores]
        assert all(min(p, 1 - p) <= 2 * FLOAT32.eps for p in shares)
        assert any(1 - p <= FLOAT32.eps / 2 for p in shares)
        assert any(p > 0.5 for p in shares)
        assert any(p < 0.5 for p in shares)


def test_scores_reach_ten_thousand_and_the_largest_number():
    found = patterns("ce")
    assert abs(found["1e4"].inputs["logits"]).max() == 1e4
    assert abs(found["largest"].inputs["logits"]).max() == FLOAT32.largest


def test_ties_tie():
    logits = patterns("ce")["ties"].inputs["logits"]
    assert (logits.max(-1) == numpy.sort(logits, -1)[:, -2]).all()


def test_labels_stand_at_both_edges():
    inputs = patterns("ce")["labels at the edges"].inputs
    assert set(inputs["target"]) == {0, inputs["logits"].shape[1] - 1}


def test_sizes_of_one_and_none():
    found = patterns("ce")
    assert found["one class"].inputs["logits"].shape[1] == 1
    assert len(found["one row"].inputs["target"]) == 1
    assert len(found["empty batch"].inputs["target"]) == 0
    assert found["all masked"].masked


def test_residuals_are_huge_tiny_equal_opposite_and_zero():
    found = patterns("mse")

    def pair(name: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        inputs = found[name].inputs
        return inputs["prediction"], inputs["target"]

    left, right = pair("equal")
    assert (left == right).all()
    left, right = pair("opposite")
    assert (left == -right).all()
    assert not any(x.any() for x in pair("zero"))
    left, right = pair("square overflows, one is zero")
    assert (abs(left) ** 2 > FLOAT32.largest).any()
    assert (abs(left) <= FLOAT32.largest).all()
    left, right = pair("tiny, one is zero")
    assert (abs(left) ** 2 <= FLOAT32.tiny).all()
    left, right = pair("nearly equal")
    assert ((left != right) & (abs(left - right) <= 2 * FLOAT32.eps)).all()


def test_vectors_may_be_zero():
    inputs = patterns("triplet")["zero"].inputs
    assert not any(x.any() for x in inputs.values())


def test_distributions_reach_vertices_and_edges():
    found = patterns("kl")
    vertices = found["vertices"].inputs["target"]
    assert ((vertices == 1).sum(-1) == 1).all()
    edges = found["edges"].inputs["target"]
    assert ((edges == 0).sum(-1) == 1).all()
    assert (edges.sum(-1) == 1).all()


def test_inputs_stay_inside_their_domains():
    for hard in hard_inputs(driver.elaborated("msle"), FLOAT32):
        assert all((x > -1).all() for x in hard.inputs.values())
    for hard in hard_inputs(driver.elaborated("arcface"), FLOAT32):
        assert (abs(hard.inputs["cosines"]) <= 1).all()


def test_boxes_have_their_corners_in_order_in_the_random_pattern():
    boxes = patterns("giou")["random"].inputs["prediction"]
    assert (boxes[:, :2] < boxes[:, 2:]).all()


def test_hyperparameters_are_taken_to_the_ends_of_their_domains():
    found = patterns("gce")
    ends = {hard.settings["q"] for hard in found.values() if "q" in hard.settings}
    assert 1.0 in ends
    assert any(0 < q < 0.01 for q in ends)


def test_what_has_no_default_is_given():
    assert all(
        hard.settings["counts"] == [8.0, 4.0, 2.0] for hard in patterns("balanced_softmax").values()
    )
