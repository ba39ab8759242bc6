"""Expressions of the IR as text, and softmaxes recognised in them."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.ir.abbreviate import Softmaxes, unlabelled
from losslang.ir.compose import elaborate
from losslang.ir.scope import Scope
from losslang.ir.text import Printer
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_module


def shown(body: str, signature: str = "x: real[class], target: class, *, k: real > 0 = 1") -> str:
    module = parse_module(Source(f"loss f({signature}) = {body}"))
    (loss,) = module.declarations
    assert isinstance(loss, nodes.Loss)
    name = nodes.Name(loss.name_span, "f")
    ir = elaborate(name, Scope(module, (), driver.standard_library()), "f")
    return Printer().text(Softmaxes().named(unlabelled(ir.terms[0].body)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x[target] - k", "x_target - k"),
        ("-x[target]", "-x_target"),
        ("k * (x[target] + 1)", "k (1 + x_target)"),
        ("x[target] / (2 * k)", "x_target / (2 k)"),
        ("1 / k", "1 / k"),
        ("x[target]**2", "x_target^2"),
        ("sqrt(k)", "sqrt(k)"),
        ("norm(x)", "norm(x)"),
        ("exp(x[target])", "exp(x_target)"),
        ("exp(1) * k", "exp(1) k"),
        ("log(k)", "log k"),
        ("log(1 + k)", "log(1 + k)"),
        ("max(x[target], 0)", "max(0, x_target)"),
        ("sum(x[c]**3 for c in class)", "sum(x_k^3 for k in class)"),
        ("max(x[c] for c in class if c != target)", "max(x_c for c in class if c != target)"),
        ("x[target] if k > 2 else 0", "x_target if 2 < k else 0"),
        ("(k > 2) * x[target]", "x_target [2 < k]"),
        ("softmax(x)[target]", "p_target"),
        ("log(softmax(x)[target])", "log p_target"),
        ("softmax(x / k)[target]", "p_target"),
        ("size(class) * x[target]", "x_target size(class)"),
        ("rank(x)[target]", "rank(x_c for c in class)[target]"),
        ("detach(x[target])", "detach(x_target)"),
    ],
)
def test_expression(body, expected) -> None:
    found = shown(body)
    # Which letter an index gets is free; the reductions above name theirs either way.
    assert found.replace("x_c^3 for c", "x_k^3 for k") in (
        expected,
        expected.replace("x_c", "x_k").replace("for c", "for k").replace("if c", "if k"),
    )


def test_two_softmaxes_have_two_names() -> None:
    text = shown("softmax(x)[target] * softmax(x / k)[target]")
    assert text in ("p_target q_target", "q_target p_target")


def test_a_choice() -> None:
    assert shown("x if mode == a else 0", "x: real, *, mode: a | b = a") == "x if mode = a else 0"
