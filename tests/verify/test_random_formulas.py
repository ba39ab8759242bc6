"""Random losses: nothing that is proved of them is false, and the hunt would notice if it were."""

from __future__ import annotations

import re

import pytest

from benchmarks.random_formulas import DEFECTS, Sample, against, exactly, examined, floats, text
from losslang.verify.theorem import Question
from losslang.verify.verdict import Verdict
from tests.sampling import FULL

HINGE = Sample(0, "margin", ("relu", (("-", ("1", "v")),)), False)
CONCAVE = Sample(0, "margin", ("neg", (("square", ("v",)),)), False)
RAMP = Sample(0, "margin", "v", False)
ENTROPY = Sample(0, "local", ("neg", (("log", ("v",)),)), False)
RISING = Sample(0, "local", ("square", ("v",)), False)


CRASHED = 7998
"""A formula whose values beside a limit SymPy could not compute."""


@pytest.mark.parametrize("seed", [*range(100, 130 if FULL else 108), CRASHED])
def test_nothing_false_is_proved_of_a_random_loss(seed):
    counts, lines = examined(seed, timeout=0.4)
    assert not any(counts[defect] for defect in DEFECTS), lines


@pytest.mark.parametrize(
    ("sample", "property", "found"),
    [
        (CONCAVE, "convex", "above the chord"),
        (CONCAVE, "nonnegative", "-"),
        (RAMP, "calibrated", "better than every right one"),
        (HINGE, "symmetric", "differ"),
        (RISING, "calibrated", "beats every right one"),
    ],
)
def test_what_is_false_is_noticed(sample, property, found):
    says = against(sample, property, Verdict(Question(property), "proved"), 1.0)
    assert says is not None
    assert re.search(found, says)


@pytest.mark.parametrize(
    ("sample", "property"),
    [(HINGE, "convex"), (HINGE, "nonnegative"), (HINGE, "calibrated"), (ENTROPY, "calibrated")],
)
def test_what_is_true_is_left_alone(sample, property):
    assert against(sample, property, Verdict(Question(property), "proved"), 1.0) is None


def test_floats_and_digits_agree():
    tree = ("if", (("**", ("v", "3/2")), ("softplus", ("c",))))
    assert text(tree) == "((v ** (3/2)) if (v ** (3/2)) < softplus(c) else softplus(c)**2)"
    exact = exactly(tree, v=2.0, c=0.5)
    assert exact is not None
    assert float(floats(tree, v=2.0, c=0.5)) == pytest.approx(float(exact))
    assert exactly(("log", ("v",)), v=-1.0) is None
