"""Reads at computed places: slices and windows in the text, and the interpreter's numbers."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import losslang
from losslang import driver
from losslang.ir.compose import elaborate
from losslang.ir.interpret import gradient, interpret
from losslang.ir.loss import Loss
from losslang.syntax import nodes
from tests.codegen.modules import emitted, live, normal
from tests.sampling import some

FORMULAS = {
    "shift": "sum(abs(x[k + 1] - x[k]) for k in t if k + 1 < size(t))",
    "shift, mean": "mean(abs(x[k + 1] - x[k]) for k in t if k + 1 < size(t))",
    "shift, maximum": "max(x[k + 1] * x[k] for k in t if k + 1 < size(t))",
    "shift, logsumexp": "logsumexp(x[k + 1] - x[k] for k in t if k + 1 < size(t))",
    "shift back": "sum(x[k - 1] * x[k] for k in t if k > 0)",
    "lag": "sum(x[k + n] * x[k] for k in t if k + n < size(t))",
    "second difference": "sum((x[k + 1] - 2 * x[k] + x[k - 1])**2"
    " for k in t if k > 0 and k + 1 < size(t))",
    "another guard": "sum(log(1 + x[k + 1]**2) for k in t if k + 1 < size(t) and x[k] > 0)",
    "branch": "sum((x[k + 1] - x[k] if k + 1 < size(t) else 2 * x[k])**2 for k in t)",
    "pairs": "mean(x[2 * k] * x[2 * k + 1] for k in t if 2 * k + 1 < size(t))",
    "stride": "mean(x[2 * k]**2 for k in t if 2 * k < size(t))",
    "stride n": "sum(x[n * k] * x[k] for k in t if n * k < size(t))",
    "from the end": "sum(x[size(t) - 1 - k] * x[k] for k in t)",
    "whole part": "sum(x[floor(k / 2)] * x[k] for k in t)",
    "window": "mean(max(x[k + a] for a in range(n)) for k in t if k + n <= size(t))",
    "reversed window": "sum(sum((a + 1) * x[n - 1 + k - a] for a in range(n))**2"
    " for k in t if k + n <= size(t))",
    "pooling": "mean(exp(mean(x[2 * k + b] for b in range(2))) for k in range(floor(size(t) / 2)))",
    "dilated": "mean(max(x[2 * k + 3 * a + 1] for a in range(n))"
    " for k in t if 2 * k + 3 * n + 1 < size(t))",
    "window of a part": "sum(sum(x[k + a] * abs(x[k + a]) * (a + 1) for a in range(n))**2"
    " for k in t if k + n <= size(t))",
    "window of windows": "sum(abs(sum(x[2 * k + 2 * a + b] * (a + 1)"
    " for a in range(n) for b in range(2))) for k in t if 2 * (k + n) <= size(t))",
    "cut window": "sum(x[k] * max(x[k + a - 1] for a in range(3)"
    " if k + a >= 1 and k + a - 1 < size(t)) for k in t)",
    "pairs apart": "sum(exp(x[k + 1] + x[j]) for j in t for k in t"
    " if j + 1 < k and k + 1 < size(t))",
    "a sum of two": "sum(x[j + k] for j in t for k in t if j + k < size(t))",
    "product": "prod(x[k + 1] for k in t if k + 1 < size(t) and k >= 1)",
}


def program(formula: str) -> str:
    return f"loss f(x: real[t], *, n: int >= 1 = 2) = {formula}\n"


def meaning(text: str) -> Loss:
    module, scope = driver.load("program.loss", text)
    (declared,) = [d for d in module.declarations if isinstance(d, nodes.Loss)]
    return elaborate(nodes.Name(declared.name_span, declared.name), scope, declared.name)


def assert_same(formula: str, size: int, n: int) -> None:
    """Value and gradient of emitted code and interpreter, at numbers without ties."""
    text = program(formula)
    x = normal(size, 2, size)
    want = interpret(meaning(text), {"x": x.tolist()}, {"n": n}, digits=25).mean
    x.requires_grad_()
    got = live(text)(x, n=n)
    assert float(got.detach()) == pytest.approx(float(want), rel=1e-12, abs=1e-14)
    if torch.isfinite(got) and got.requires_grad:
        (slope,) = torch.autograd.grad(got, x)
        slopes = gradient(meaning(text), {"x": x.detach().tolist()}, "x", {"n": n}, digits=25)
        assert slope.tolist() == [
            [pytest.approx(float(d), abs=1e-9) for d in row] for row in slopes
        ]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_code_gives_the_interpreters_value_and_gradient(formula: str, size: int) -> None:
    """Also over arrays that are too short for a single place."""
    assert_same(FORMULAS[formula], size, 2)


@settings(max_examples=some(60), deadline=None)
@given(
    st.integers(-3, 3).filter(bool),
    st.integers(-3, 3).filter(bool),
    st.integers(-4, 6),
    st.integers(1, 7),
    st.integers(1, 3),
)
def test_any_window_that_its_guard_keeps_inside(k: int, a: int, c: int, size: int, n: int) -> None:
    index = f"{k} * k + {a} * a + {c}"
    guard = f"{index} >= 0 and {index} < size(t)"
    formula = f"sum(x[{index}] * exp(x[k] + a) for k in t for a in range(n) if {guard})"
    assert_same(formula, size, n)


TEXTS = {
    "shift": "(x[..., 1:] - x[..., :-1]).abs().sum(-1)",
    "shift back": "(x[..., 1:] * x[..., :-1]).sum(-1)",
    "lag": "x[..., n:]",
    "pairs": "x[..., 1::2]",
    "stride": "x[..., ::2]",
    "from the end": "x.flip(-1) * x",
    "window": "_windows(x, -1, n).amax(-1)",
    "window of a part": "_windows(x.abs() * x, -1, n)",
}


@pytest.mark.parametrize("formula", TEXTS)
def test_shifts_and_windows_read_well(formula: str) -> None:
    assert TEXTS[formula] in emitted(program(FORMULAS[formula])).text


@pytest.mark.parametrize("formula", sorted(FORMULAS.keys() - {"whole part", "stride n"}))
def test_nothing_is_gathered(formula: str) -> None:
    text = emitted(program(FORMULAS[formula])).text
    body = text[text.index("def _f(") : text.index("def f(")]
    assert not re.search(r"gather|take_along|\[\.\.\., (place|part|total)", body)


def test_an_array_that_is_too_short_for_a_range_is_an_error() -> None:
    text = program("sum(x[a] for a in range(3))")
    with pytest.raises(RuntimeError, match="exceeds dimension size"):
        live(text)(normal(1, 2, 2))
    assert live(text)(torch.ones(2, 5)) == 3


def test_the_total_variation_of_a_flat_image_has_slope_0() -> None:
    image = torch.zeros(1, 1, 3, 3, requires_grad=True)
    losslang.compile("total_variation", backend="torch")(image).backward()
    assert image.grad is not None
    assert image.grad.abs().max() == 0
