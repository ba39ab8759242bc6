"""Whether loops meant for the lanes of registers run there, by the words of the compiler."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import losslang
from losslang.codegen.native import compiler
from losslang.codegen.native.call import Kernel
from tests.native.modules import dispatch

REPORT = re.compile(r":(\d+):\d+: optimized: loop vectorized")


@pytest.fixture
def gcc() -> compiler.Compiler:
    found = compiler.find()
    if isinstance(found, compiler.Failure) or "Free Software Foundation" not in found.version:
        pytest.skip("reads the reports of GCC")
    return found


@pytest.mark.parametrize("spec", ["focal", "squentropy", "evidential_mse"])
def test_every_loop_over_lanes_is_vectorised(
    spec: str, gcc: compiler.Compiler, tmp_path: Path
) -> None:
    kernel = dispatch(losslang.compile(spec)).written()[1]["float"]
    assert isinstance(kernel, Kernel)
    text = compiler.prelude() + kernel.text
    flags = [*compiler.FLAGS, "-fopt-info-vec-optimized", "-x", "c++", "-"]
    done = subprocess.run(
        [*gcc.command, *flags, "-o", str(tmp_path / "kernel.so")],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    reported = {int(line) for line in REPORT.findall(done.stderr)}
    assert [loop[0] for loop in loops(text.split("\n")) if reported.isdisjoint(loop)] == []


def loops(lines: list[str]) -> Iterator[range]:
    """The lines of each loop that is to run in lanes, counted from 1."""
    for place, line in enumerate(lines):
        if line.strip().startswith("#pragma omp simd"):
            depth = line.index("#")
            rest = range(place + 2, len(lines))
            end = next(n for n in rest if len(lines[n]) - len(lines[n].lstrip()) <= depth)
            yield range(place + 2, end + 2)
