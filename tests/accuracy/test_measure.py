"""Measuring emitted code: planted defects are found, and good losses keep their bounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from losslang import driver
from losslang.accuracy import report
from losslang.accuracy.inputs import needed_settings
from losslang.accuracy.measure import Row, measure
from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from tests.codegen.modules import losses

Z_LOSS = "loss z(logits: real[class]) = log(sum(exp(logits[k]) for k in class))"


def naive(logits: Tensor, reduction: str = "mean", mask: Tensor | None = None) -> Tensor:
    """What a hasty hand would write."""
    value = logits.exp().sum(-1).log()
    if mask is not None:
        value = torch.where(mask, value, 0.0)
    return value if reduction == "none" else value.sum() / max(1, value.numel())


def rows(program: str, module: Callable[..., Tensor], dtype: str) -> dict[str, Row]:
    return {row.pattern: row for row in measure(losses(program)[0], module, [dtype])}


def test_a_naive_logsumexp_is_caught():
    """In float32 the exponential of 90 overflows, and so does that of 1e4."""
    found = rows(Z_LOSS, naive, "float32")
    assert found["1e4"].non_finite
    assert found["at the end of exp"].non_finite
    assert not found["random"].non_finite
    assert found["random"].value.ulps < 8


def test_a_formula_that_cancels_is_caught():
    program = "loss it(x: real) = exp(x) - 1"

    def cancelling(x: Tensor, reduction: str = "mean", mask: Tensor | None = None) -> Tensor:
        value = x.exp() - 1
        value = value if mask is None else torch.where(mask, value, 0.0)
        return value if reduction == "none" else value.sum() / max(1, value.numel())

    assert rows(program, cancelling, "float64")["tiny"].value.relative == 1
    assert rows(program, cancelling, "float64")["random"].value.ulps < 100


def test_rounded_inputs_explain_an_error_or_do_not():
    """The angle of a sine is rounded like its input; a difference near 0 is lost without need."""

    def sine(x: Tensor, reduction: str = "mean", mask: Tensor | None = None) -> Tensor:
        value = (1000 * x).sin()
        value = value if mask is None else torch.where(mask, value, 0.0)
        return value if reduction == "none" else value.sum() / max(1, value.numel())

    found = rows("loss it(x: real) = sin(1000 * x)", sine, "float32")["random"].value
    assert found.excess > 0
    assert found.unexplained == 0

    def cancelling(x: Tensor, reduction: str = "mean", mask: Tensor | None = None) -> Tensor:
        value = x.exp() - 1
        value = value if mask is None else torch.where(mask, value, 0.0)
        return value if reduction == "none" else value.sum() / max(1, value.numel())

    assert (
        rows("loss it(x: real) = exp(x) - 1", cancelling, "float32")["tiny"].value.unexplained > 0
    )


def test_a_wrong_gradient_is_caught():
    """The value of the square with the gradient of its half."""
    program = "loss it(x: real) = x**2"

    def wrong(x: Tensor, reduction: str = "mean", mask: Tensor | None = None) -> Tensor:
        value = (x**2 + (x**2).detach()) / 2
        value = value if mask is None else torch.where(mask, value, 0.0)
        return value if reduction == "none" else value.sum() / max(1, value.numel())

    found = rows(program, wrong, "float32")["random"]
    assert found.value.ulps < 1
    assert found.gradient.relative == pytest.approx(0.5)


@cache
def library(spec: str, dtype: str) -> tuple[Row, ...]:
    loss = driver.elaborated(spec)
    module = driver.compile(spec, **needed_settings(loss)).eval()
    return tuple(measure(loss, module, [dtype]))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("spec", ["mse", "l1", "hinge", "logistic", "ce"])
def test_plain_losses_are_finite_on_every_pattern(spec, dtype):
    assert not [row.non_finite for row in library(spec, dtype) if row.non_finite]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("spec", ["mse", "l1", "hinge", "perceptron", "logistic"])
def test_plain_losses_are_exact_to_some_ulps(spec, dtype):
    for row in library(spec, dtype):
        assert row.value.excess == 0, row
        assert row.gradient.excess == 0, row


NEAR_THE_END = ("largest", "square overflows")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "spec", ["savage", "fair", "geman_mcclure", "pseudo_huber", "rmse", "huber", "bce"]
)
def test_robust_losses_keep_their_digits_where_squares_and_differences_would_lose_them(spec, dtype):
    """Beside inputs so large that their difference overflows."""
    for row in library(spec, dtype):
        if not row.pattern.startswith("largest"):
            assert not row.non_finite, row
        if not row.pattern.startswith(NEAR_THE_END):
            assert row.value.excess == 0, row
            assert row.gradient.excess == 0, row


@pytest.mark.parametrize("spec", ["smape", "mape", "giou", "diou", "normalized(ce)"])
def test_nothing_over_nothing_is_nothing(spec):
    """As in the formula's own meaning: a quotient with numerator 0 is 0."""
    for row in library(spec, "float32"):
        if row.pattern in ("zero", "equal", "one class"):
            assert not row.non_finite, row


@pytest.mark.parametrize(
    "spec", ["combined_margin", "exp_ibp", "lee_lin_wahba", "pkt", "sphereface"]
)
def test_a_quotient_of_two_numbers_that_vanish_has_its_limit(spec):
    """Sines of an angle, powers of a loss, sizes of no other class, chances of no neighbour."""
    for row in library(spec, "float32"):
        assert not row.non_finite, row


def test_every_pattern_of_a_loss_is_measured():
    counted = {row.pattern: row.value.counted for row in library("ce", "float32")}
    assert all(counted.values())
    assert "all masked" in counted


def test_the_table_shows_a_pattern_a_line():
    found = list(rows(Z_LOSS, naive, "float32").values())
    lines = list(report.table(found))
    assert [line.split("  ")[0] for line in lines[2 : 2 + len(found)]] == [r.pattern for r in found]
    (one,) = [line for line in lines if line.startswith("1e4 ")]
    assert "not fin" in one
    assert any(line.startswith("not finite: float32, 1e4: value[0] is inf") for line in lines)


def test_rows_are_plain_data():
    data = report.as_json(library("mse", "float32")[0])
    assert data["loss"] == "mse"
    assert data["value"]["ulps"] < 8
    assert data["non_finite"] == []


@pytest.mark.skipif(isinstance(compiler.find(), Failure), reason="there is no C++ compiler")
def test_a_kernel_is_measured_where_there_is_one():
    (result,) = driver.accuracy("ce", backend="native")
    assert {row.dtype for row in result.rows} >= {"float32", "float64"}
    assert not [row for row in result.rows if row.non_finite]
    (result,) = driver.accuracy("rmse", backend="native")
    assert (result.rows, result.reason) == ((), "there is no kernel for it")
