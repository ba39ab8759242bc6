"""Overlap losses of segmentations.

Oracle: the expected loss, summed by hand over the labels of two pixels (Bertels et al. 2021).
"""

from __future__ import annotations

import math
from itertools import product

import pytest

from losslang.verify.readings import Structure
from losslang.verify.witnesses import replays
from tests.verify.properties.deciding import ask
from tests.verify.table import more

DICE = """
loss overlap(prediction: real[pixel] in [0, 1], target: bit[pixel], *, smooth: real > 0 = 1) =
    1 - (2 * sum(prediction[x] * target[x] for x in pixel) + smooth) /
        (sum(prediction + target) + smooth)
"""


@pytest.mark.parametrize("program", ["dice", "jaccard", DICE])
def test_overlaps_are_improper_whatever_the_smoothing(program):
    assert ask(program, "proper", Structure).holds is False


def test_the_counterexample_replays():
    witness = ask("dice", "proper", Structure, smooth=1).witness
    assert witness is not None
    assert replays(witness)


def test_the_expected_dice_of_two_pixels_is_less_for_a_bold_answer():
    def loss(answer: float, labels: tuple[int, ...]) -> float:
        both = answer * sum(labels)
        return 1 - (2 * both + 1) / (len(labels) * answer + sum(labels) + 1)

    def expected(true: float, answer: float) -> float:
        return math.fsum(
            true ** sum(labels) * (1 - true) ** (2 - sum(labels)) * loss(answer, labels)
            for labels in product((0, 1), repeat=2)
        )

    found = ask(DICE, "proper", Structure, smooth=1).witness
    assert found is not None
    points = (found.values["true"], found.values["better"])
    true, better = (float(point) for point in points if not isinstance(point, tuple))
    assert expected(true, better) < expected(true, true)


def test_an_overlap_that_is_constant_has_a_range_of_one_number():
    program = """
    loss nothing(logits: real[class, *space], target: class[*space]) =
        tversky(logits, target, alpha=1, beta=1, smooth=0) - jaccard(logits, target, smooth=0)
    """
    found = ask(program, "range", Structure)
    assert found.value is not None
    assert (found.value.inf, found.value.sup) == (0, 0)


@pytest.mark.parametrize("program", [more.SOFT_JACCARD, more.SQUARED_DICE, more.SOFT_TVERSKY])
def test_overlaps_of_probabilities_lie_between_nought_and_one(program):
    """Oracle: p + g - 2 p g >= 0, and (p - g)^2 >= 0."""
    found = ask(program, "range", Structure)
    assert found.value is not None
    assert (found.value.inf, found.value.sup) == (0, 1)


def test_an_overlap_with_too_much_weight_has_no_such_range():
    """Oracle: for one place with p = g = 1 it is 1 - 3/2."""
    program = more.SOFT_JACCARD.replace("1 - both", "1 - 3 / 2 * both")
    found = ask(program, "range", Structure)
    assert found.value is None or found.value.inf < 0
