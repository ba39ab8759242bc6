"""Row statistics: what must be known of a row, and in how many passes."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.codegen.lower import lower
from losslang.codegen.rows import REDUCTIONS, Rows, rows
from losslang.codegen.slopes import NoSlopesError, with_slopes
from tests.codegen.modules import losses


def found(spec: str) -> Rows:
    loss = losses(spec)[0] if spec.startswith("loss ") else driver.elaborated(spec)
    return rows(with_slopes(lower(loss)))


def statistics(spec: str) -> list[list[str]]:
    made = found(spec)
    return [[made.plan.nodes[n].op for n in level] for level in made.passes]


@pytest.mark.parametrize("spec", ["ce", "focal", "poly1", "gce", "mae", "comp_sum"])
def test_a_loss_of_one_probability_needs_a_maximum_and_a_sum(spec: str) -> None:
    assert statistics(spec) == [["amax"], ["sum"]]


@pytest.mark.parametrize("spec", ["huber", "logistic", "bce"])
def test_a_loss_of_one_number_needs_nothing(spec: str) -> None:
    assert statistics(spec) == []


def test_a_gradient_may_need_a_sum_of_its_own() -> None:
    text = "loss it(v: real[dim]) = sum(p[k]**2 for k in dim) where p = softmax(v)"
    assert statistics(text) == [["amax"], ["sum"], ["sum", "sum"]]


def test_a_gradient_reads_scores_of_weighted_classes_as_the_value_does() -> None:
    """Shares of positive numbers need no protection where the label's own place is left out."""
    counts, *row = statistics("vs_loss")
    assert counts == ["sum", "amax"]
    assert row == [["amax"], ["sum"], ["sum", "sum"]]


def test_statistics_come_after_those_that_they_need() -> None:
    made = found("kd")
    known: set[int] = set()
    for level in made.passes:
        for n in level:
            below = made.needed(made.plan.nodes[n].args)
            assert {m for m in below if made.plan.nodes[m].op in REDUCTIONS} <= known
        known |= set(level)


def test_an_exponential_of_a_logarithm_of_a_sum_is_a_quotient() -> None:
    """Beside one number of each row, the share of the label itself, which is not in the sum."""
    nodes = found("ce").plan.nodes
    assert [node.op for node in nodes].count("exp_less") == 1
    assert all(node.dims == ("batch",) for node in nodes if node.op == "exp")


@pytest.mark.parametrize(
    "text",
    [
        "loss it(v: real[batch, dim]) for i in batch = mean(v[i, 0] * v[j, 1] for j in batch)",
        "loss it(v: real[dim]) = sum(v[k] * v[j] for k in dim for j in dim if k < j)",
    ],
)
def test_a_loss_that_is_none_of_rows(text: str) -> None:
    with pytest.raises(NoSlopesError):
        found(text)


def test_a_loss_of_the_whole_batch_has_no_value_for_each_example() -> None:
    with pytest.raises(NoSlopesError, match="no value for each example"):
        with_slopes(lower(driver.elaborated("rmse")))
