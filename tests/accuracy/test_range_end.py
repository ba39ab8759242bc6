"""Losses of single numbers near the end of the range: finite wherever the true number is.

Every combination of inputs from a grid of sizes, up to the largest number itself, against the
formula in many digits. Values are as exact as elsewhere; slopes often are differences of others
that are larger by far, so that they are asked to be finite only.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy
import pytest

from losslang import driver
from losslang.accuracy.floats import FORMATS, Format
from losslang.accuracy.inputs import Hard
from losslang.accuracy.measure import measure_one
from losslang.accuracy.truth import Oracle
from tests.sampling import FULL

LOSSES = [
    "cauchy",
    "expectile",
    "gaussian_nll",
    "geman_mcclure",
    "huber",
    "mape",
    "mse",
    "quantile",
    "rmse",
    "smape",
    "smoothed_hinge",
    "tukey_biweight",
    "welsch",
]

ULPS = 8.0


def grid(loss: Any, format: Format) -> Hard:
    """All combinations of numbers near the end of the range and near the root of its end."""
    last, root = format.largest, format.largest**0.5
    sizes = [last, 0.75 * last, 0.5 * last, 0.1 * last, 1.5 * root, 0.75 * root, 1.0]
    both = [0.0, *sizes, *(-size for size in sizes)]
    choices = [
        (1.0, -1.0) if known.kind == "sign" else both if known.domain.low is None else sizes
        for known in loss.inputs
    ]
    rows = numpy.array(list(product(*choices)))
    return Hard("grid", {known.name: rows[:, n] for n, known in enumerate(loss.inputs)})


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"] if FULL else ["float32"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_finite_at_the_end_of_the_range(name: str, dtype: str) -> None:
    loss, format = driver.elaborated(name), FORMATS[dtype]
    module = driver.compile(name, backend="torch").eval()
    row = measure_one(Oracle(loss), module, name, format, grid(loss, format))
    assert not row.non_finite
    assert row.value.counted
    assert row.value.ulps <= ULPS
