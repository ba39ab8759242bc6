"""Places where well-known implementations of these losses overflow or lose their gradient.

Each entry of ``known_failures.json`` is a family of inputs of size ``s`` with the least size, in
float32 and in float64, at which some published code returns an infinite or undefined value or
gradient. Ours are run there and at larger sizes, up to a quarter of the largest number, and must be
finite wherever the true number is.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest

from losslang import driver
from losslang.accuracy.floats import FORMATS
from losslang.accuracy.inputs import Hard
from losslang.accuracy.measure import measure_one
from losslang.accuracy.truth import Oracle
from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from tests.sampling import FULL, is_drawn

Place = dict[str, Any]

PLACES: list[Place] = json.loads(Path(__file__).with_name("known_failures.json").read_text())

REAL = ("real", "simplex")

LARGER = (1.0, 1.5, 3.0, 10.0, 100.0, 1e4)


def named(place: Place) -> str:
    settings = "".join(f" {name}={x}" for name, x in place.get("settings", {}).items())
    return f"{place['loss']}{settings}: {place['what']}"


def sized(entry: Any, size: float) -> Any:
    """An entry of the file at one size: a list, a number, or ``s``, ``-s`` or ``1/s``."""
    if isinstance(entry, list):
        return [sized(each, size) for each in entry]
    return {"s": size, "-s": -size, "1/s": 1 / size}[entry] if isinstance(entry, str) else entry


def at(place: Place, size: float) -> Hard:
    kinds = {known.name: known.kind for known in driver.elaborated(place["loss"]).inputs}
    inputs = {
        name: numpy.array(sized(x, size), dtype=float if kinds[name] in REAL else int)
        for name, x in place["inputs"].items()
    }
    settings = {name: sized(x, size) for name, x in place.get("settings", {}).items()}
    return Hard(f"size {size:g}", inputs, settings)


@cache
def prepared(loss: str, backend: str = "torch") -> tuple[Oracle, Any]:
    return Oracle(driver.elaborated(loss)), driver.compile(loss, backend=backend).eval()


@pytest.mark.parametrize("dtype", ["float32", "float64"] if FULL else ["float32"])
@pytest.mark.parametrize("place", PLACES, ids=named)
def test_ours_are_finite_where_others_are_not(place: Place, dtype: str) -> None:
    replay(place, dtype, *prepared(place["loss"]))


@pytest.mark.skipif(isinstance(compiler.find(), Failure), reason="there is no C++ compiler")
@pytest.mark.parametrize("place", [p for p in PLACES if is_drawn(named(p), 20)], ids=named)
def test_kernels_are_finite_there_too(place: Place) -> None:
    oracle, module = prepared(place["loss"], "auto")
    if not module.precompile():
        pytest.skip("there is no kernel")
    replay(place, "float32", oracle, module)


def replay(place: Place, dtype: str, oracle: Oracle, module: Any) -> None:
    format, counted = FORMATS[dtype], 0
    for size in [place[dtype] * factor for factor in LARGER] + [format.largest / 4]:
        row = measure_one(oracle, module, place["loss"], format, at(place, size))
        assert not row.non_finite, (size, row.non_finite)
        counted += row.value.counted
    assert counted
