"""Worked examples are held to the digits that their author wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from losslang import driver
from losslang.resources import library_files

HEAD = """
loss scaled(x: real, *, mode: up | down = up, k: real >= 0 = 2) = k * x if mode == up else x / k
loss pair(u: real[batch], v: real[batch]) for i in batch = u[i] * v[i]
loss total = scaled + 0.5 * mse
loss worst(base: loss[batch]) = max(base)
loss noisy(x: real, *, scale: real >= 0 = 1) = x + scale * normal()
"""


def problems(example: str) -> list[str]:
    """The codes of what is wrong with one example."""
    name = example.split("(", 1)[0]
    lines = HEAD.strip().splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith(f"loss {name}"))
    lines.insert(place + 1, f"example {example}")
    found = driver.run_examples("my.loss", "\n".join(lines))
    return [one.problem.code for one in found if one.problem is not None]


@pytest.mark.parametrize(
    "example",
    [
        "scaled(x=2) == 4",
        "scaled(2) == 4",
        "scaled(x=2, k=1/3) == 0.667",
        "scaled(x=2, k=1/3) == 2/3",
        "scaled(x=2, mode=down) == 1.0",
        "scaled(x=1e-3) == 2e-3",
        "scaled(x=sqrt(2)) == 2.83",
        "scaled(x=-1) == -2.0",
        "pair(u=[1, 2], v=[3, 4]) == 5.5",
        "total(x=1, prediction=1, target=2) == 2.5",
        "worst(base=l1, prediction=[1, 2], target=[0, 5]) == 3",
        "noisy(x=2, scale=0) == 2",
    ],
)
def test_holds(example) -> None:
    assert problems(example) == []


@pytest.mark.parametrize(
    ("example", "code"),
    [
        ("scaled(x=2) == 4.1", "wrong-example"),
        ("scaled(x=2) == 4.0000001", "wrong-example"),
        ("scaled(x=2, k=1.1) == 2", "wrong-example"),
        ("scaled(x=1e-3) == 2.1e-3", "wrong-example"),
        ("scaled(x=2, k=-1) == -2", "out-of-domain"),
        ("scaled(x=2, mode=left) == 4", "unknown-choice"),
        ("scaled(x=2, z=1) == 4", "unknown-keyword"),
        ("scaled() == 4", "missing-argument"),
        ("scaled(1, 2) == 4", "argument-count"),
        ("scaled(1, x=2) == 4", "repeated-argument"),
        ("scaled(x=[1, 2]) == 4", "bad-example"),
        ("scaled(x=inf) == 4", "bad-example"),
        ("scaled(x=q) == 4", "unknown-name"),
        ("noisy(x=2) == 2", "bad-example"),
    ],
)
def test_does_not_hold(example, code) -> None:
    assert problems(example) == [code]


def test_what_is_reported() -> None:
    text = "loss f(x: real) = x\n\nexample f(x=1)\n    == 1\n"
    (result,) = driver.run_examples("my.loss", text)
    assert (result.loss, result.line, result.text, result.problem) == ("f", 3, "f(x=1) == 1", None)


@pytest.mark.parametrize("path", library_files().values(), ids=lambda path: path.stem)
def test_the_examples_of_the_library_hold(path: Path) -> None:
    assert [one.problem for one in driver.run_examples(path) if one.problem] == []
