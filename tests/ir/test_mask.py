"""A masked place is absent: the loss is that of the data without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy
import pytest

from losslang import driver
from losslang.ir.interpret import gradient, interpret
from losslang.ir.mask import mask_axes, masked
from losslang.ir.validate import valid
from tests.ir.programs import near, program, value, values

SET = "loss f(x: real[batch]) for i in batch = "
BATCH = "loss f(x: real[batch]) = "
MASK = [1, 0, 1]

LOOKS_AT_BATCH = [
    SET + "x[i]",
    SET + "sum(x[j] for j in batch if j != i)",
    SET + "mean(x) - x[i]",
    SET + "rank(x)[i]",
    SET + "softmax(x)[i]",
    SET + "x[i] / size(batch)",
    SET + "cumsum(x)[i]",
    "loss f(x: real) = x - mean(x, axis=batch)",
    "loss f(x: real) = rank(x, axis=batch) + max(x, axis=batch)",
    "loss f(x: real) = ema(mean(x, axis=batch)) - x",
    BATCH + "max(x) - min(x)",
    BATCH + "sum(1 for i in batch)",
    BATCH + "quantile(x, 0.5)",
    BATCH + "sum(singular_values([x[i] + n for i in batch for n in range(2)]))",
    BATCH + "sum(exp(eigenvalues([x[i] * x[j] - (i == j) for i in batch for j in batch'])))",
]


@pytest.mark.parametrize("text", LOOKS_AT_BATCH)
def test_a_masked_example_is_absent(text: str) -> None:
    whole = value(text, {"x": [3, 5, 1]}, mask=MASK)
    assert near(whole, value(text, {"x": [3, 1]}))


def test_a_masked_example_holds_0() -> None:
    assert values(SET + "x[i]", {"x": [3, 5, 1]}, mask=MASK) == [3, 0, 1]


def test_the_mean_of_no_kept_example_is_0() -> None:
    assert value(SET + "1 / x[i]", {"x": [0, 0]}, mask=[0, 0]) == 0


@pytest.mark.parametrize("spec", ["dice", "jaccard(smooth=0)", "ce + dice", "cvar(dice)"])
def test_a_masked_pixel_is_absent(spec: str) -> None:
    loss = driver.elaborated(spec)
    logits = numpy.random.default_rng(0).normal(size=(2, 3, 5))
    target = numpy.random.default_rng(1).integers(0, 3, size=(2, 5))
    keep = [0, 2, 3]
    mask = numpy.isin(numpy.arange(5), keep)[None].repeat(2, 0).astype(int)
    found = interpret(loss, {"logits": logits, "target": target}, mask=mask)
    kept = interpret(loss, {"logits": logits[:, :, keep], "target": target[:, keep]})
    assert near(found.mean, kept.mean)


def test_an_image_without_pixels_does_not_count() -> None:
    loss = driver.elaborated("dice")
    inputs = {"logits": [[[1, 2], [0, 1]]] * 2, "target": [[0, 1]] * 2}
    (term,) = interpret(loss, inputs, mask=[[1, 1], [0, 0]]).terms.values()
    assert term.kept == [True, False]


def test_a_label_that_is_masked_is_not_read() -> None:
    loss = driver.elaborated("ce")
    inputs = {"logits": [[1, 2], [0, 1]], "target": [0, -100]}
    assert near(interpret(loss, inputs, mask=[1, 0]).mean, interpret(loss, first(inputs)).mean)


def first(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rows[:1] for name, rows in inputs.items()}


def test_a_masked_example_has_no_gradient() -> None:
    slopes = gradient(program(SET + "x[i]**2"), {"x": [3, 5, 1]}, "x", mask=MASK)
    assert [near(s, e) for s, e in zip(slopes, [3, 0, 1], strict=True)] == [True] * 3


@pytest.mark.parametrize("spec", ["ce", "dice", "supcon", "cvar(dice)", "ce + dice", "adaface"])
def test_a_masked_loss_is_valid(spec: str) -> None:
    loss = driver.elaborated(spec)
    valid(masked(loss, mask_axes(loss)))
