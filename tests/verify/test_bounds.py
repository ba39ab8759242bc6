"""A constant that is only a bound is called one, and no claim takes it for the best."""

from __future__ import annotations

from pathlib import Path

import pytest
import sympy
from sympy import Rational, S

from losslang import driver
from losslang.verify import wording
from losslang.verify.report import Report
from losslang.verify.theorem import Question
from losslang.verify.theorems import THEOREMS
from losslang.verify.verdict import Verdict

OF_LOGITS = """
loss one(logits: real[class], target: class) = {}
where
    p = softmax(logits)[target]
"""

LOOSE = {
    "lipschitz-at-most",
    "bounded-by-composition",
    "bounded-below-by-composition",
    "local-shape-lipschitz-at-most",
    "local-shape-lipschitz-by-terms",
    "local-shape-smooth-at-most",
    "local-shape-smooth-by-terms",
    "self-concordant",
    "raising-tail",
    "redescending-rejects",
    "redescending",
}
"""The theorems whose value need not be the best."""


def verified(tmp_path: Path, text: str) -> Report:
    path = tmp_path / "one.loss"
    path.write_text(text, encoding="utf-8")
    return driver.verify(path=path, timeout=600)


def test_theorems_by_composition_say_that_they_give_a_bound():
    assert {name for name, theorem in THEOREMS.items() if not theorem.exact} == LOOSE


@pytest.mark.parametrize(
    ("body", "question", "bound"),
    [
        # By composition 1 + 1, though max(z) - min(z) changes by sqrt(2) at most.
        ("max(logits) - min(logits)", "lipschitz(logits)", S(2)),
        # Each mean lies in [0, 1], their difference in [-1, 1]; it is 0.
        ("mean(softmax(logits)) - mean(softmax(logits)**2) - p", "bounded_below", S(-2)),
    ],
)
def test_a_value_by_composition_is_a_bound(tmp_path, body, question, bound):
    found = verified(tmp_path, OF_LOGITS.format(body))[question]
    assert (found.status, found.value, found.value_is_bound) == ("proved", bound, True)


@pytest.mark.parametrize(
    ("body", "question", "value"),
    [
        # d/dz of the probability, p (1 - p) |f'|, is greatest at p = 2/3 for p**2 and 1/4 for -p.
        ("max(-p, p**2)", "lipschitz(logits)", 8 * sympy.sqrt(2) / 27),
        ("-log(p)", "lipschitz(logits)", sympy.sqrt(2)),
        ("-log(p)", "smooth(logits)", S.Half),
        ("max(1 - p, 1/2 - 2 * p)", "lipschitz(logits)", sympy.sqrt(2) / 4),
    ],
)
def test_the_best_constant_is_no_bound(tmp_path, body, question, value):
    found = verified(tmp_path, OF_LOGITS.format(body))[question]
    assert found.status == "proved"
    assert sympy.simplify(found.value - value) == 0
    assert not found.value_is_bound


@pytest.mark.parametrize(
    ("body", "claim", "stands"),
    [
        ("max(logits) - min(logits)", "lipschitz(logits) <= 2", True),
        ("max(logits) - min(logits)", "lipschitz(logits) < 3", True),
        ("max(logits) - min(logits)", "lipschitz(logits) < 2", False),
        ("max(logits) - min(logits)", "lipschitz(logits) == 2", False),
        ("max(logits) - min(logits)", "lipschitz(logits) >= 2", False),
        ("max(logits) - min(logits)", "lipschitz(logits) > 1", False),
        ("max(logits)", "lipschitz(logits) == 1", True),
        ("max(logits)", "lipschitz(logits) >= 1", True),
    ],
)
def test_a_claim_of_the_best_constant_never_stands_on_a_bound(tmp_path, body, claim, stands):
    text = OF_LOGITS.format(body) + f"\nclaim {claim}\n"
    (result,) = verified(tmp_path, text).claims
    assert result.ok == stands, result.says


def verdict(prop: str, value: sympy.Basic) -> Verdict:
    return Verdict(Question(prop), "proved", value=value, value_is_bound=True)


@pytest.mark.parametrize(
    ("prop", "value", "text", "allows"),
    [
        ("lipschitz", S(2), "<= 2", {"<=", "<"}),
        ("smooth", S(2), "<= 2", {"<=", "<"}),
        ("bounded_below", S(-2), ">= -2", {">=", ">"}),
        ("strongly_convex", Rational(1, 4), ">= 0.25", {">=", ">"}),
        ("bounded", sympy.Interval(0, 1), "in [0, 1]", {"<=", "<", ">=", ">"}),
    ],
)
def test_a_bound_is_shown_as_one_and_shows_one_direction(prop, value, text, allows):
    found = verdict(prop, value)
    assert wording.value(found) == text
    assert set(found.allows) == allows
    assert f"value {text}" in str(found)


def test_reports_as_data_tell_bounds_from_best_constants(tmp_path):
    report = verified(tmp_path, OF_LOGITS.format("max(logits) - min(logits)"))
    (data,) = report.about("lipschitz(logits)").to_json()["verdicts"]
    assert data["value_is_bound"] is True
    (data,) = report.about("bounded").to_json()["verdicts"]
    assert data["value_is_bound"] is False
