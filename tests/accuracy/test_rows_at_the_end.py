"""Inputs near the largest number of a format, where what lies on the way to a loss is beyond it.

The oracle is the formula in many digits, as in all of :mod:`losslang.accuracy`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from losslang import driver
from losslang.accuracy.floats import FORMATS
from losslang.accuracy.inputs import hard_inputs, needed_settings
from losslang.accuracy.measure import DTYPES, LOCAL_ULPS, Row, measure_one, with_kernels
from losslang.accuracy.truth import Oracle
from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from tests.sampling import FULL

NEAR_THE_END = ("largest", "square overflows")

BOUNDED = ("diou", "giou", "spherical_softmax", "z_normalised")
"""Losses that are finite however large scores are: quotients of areas, of sums and of squares."""

KERNELS = ("z_normalised", "spherical_softmax", "vs_loss")[: 3 if FULL else 1]


def kernels(module: Any) -> tuple[str, ...]:
    """The types of numbers of the kernels that are looked at; building each takes seconds."""
    return with_kernels(module) if FULL else ("float32",) * module.precompile()


@cache
def near_the_end(spec: str, backend: str = "torch") -> list[Row]:
    loss = driver.elaborated(spec)
    module = driver.compile(spec, backend=backend, **needed_settings(loss)).eval()
    oracle = Oracle(loss)
    return [
        measure_one(oracle, module, spec, FORMATS[dtype], hard)
        for dtype in (DTYPES if backend == "torch" else kernels(module))
        for hard in hard_inputs(loss, FORMATS[dtype])
        if hard.name.startswith(NEAR_THE_END)
    ]


@pytest.mark.parametrize("spec", BOUNDED)
def test_a_loss_of_quotients_is_finite_and_exact_at_the_end_of_the_range(spec: str) -> None:
    for row in near_the_end(spec):
        assert not row.non_finite, row
        assert row.value.ulps < LOCAL_ULPS, row


@pytest.mark.skipif(isinstance(compiler.find(), Failure), reason="there is no C++ compiler")
@pytest.mark.parametrize("spec", KERNELS)
def test_so_is_its_kernel(spec: str) -> None:
    assert near_the_end(spec, "auto")
    for row in near_the_end(spec, "auto"):
        assert not row.non_finite, row
        assert row.value.ulps < LOCAL_ULPS, row
