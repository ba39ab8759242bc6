"""Formulas in LaTeX, construct by construct."""

from __future__ import annotations

import pytest

from losslang.ir.latex import Latex
from losslang.resources import library_files
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.names import names_of
from losslang.syntax.parse import parse_expression, parse_module


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a + b - c", "a + b - c"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a * b", r"a \, b"),
        ("a * 2", r"a \cdot 2"),
        ("a / (b + c)", r"\frac{a}{b + c}"),
        ("(a / b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("x**(1/4)", "x^{1/4}"),
        ("-x**2", "-x^{2}"),
        ("-(1 - p)**gamma * log(p)", r"-\left(1 - p\right)^{\gamma} \, \log p"),
        ("1e-4 * x", r"10^{-4} \, x"),
        ("2.5e3", r"2.5 \cdot 10^{3}"),
        ("v[i, k]", "v_{i, k}"),
        ("exp(x / tau)", r"e^{\frac{x}{\tau}}"),
        ("log(x + 1)", r"\log\left(x + 1\right)"),
        ("sqrt(x)", r"\sqrt{x}"),
        ("abs(x)", r"\lvert x \rvert"),
        ("norm(u)", r"\lVert u \rVert"),
        ("dot(u, v)", r"\langle u, v \rangle"),
        ("xlogy(p, p / (q + r))", r"p \, \log\left(\frac{p}{q + r}\right)"),
        ("2 * xlogy(p + q, p)**2", r"2 \, \left(\left(p + q\right) \, \log p\right)^{2}"),
        ("max(a, 0)", r"\max\left(a, 0\right)"),
        ("softmax(logits)[target]", r"\operatorname{softmax}\left(z\right)_{y}"),
        ("onehot(target)", r"\mathbf{e}_{y}"),
        ("a * (k == target)", r"a \, \mathbb{1}\left[k = y\right]"),
        ("0 < x <= 1", r"0 < x \le 1"),
        ("a != b and not c", r"a \ne b \land \lnot c"),
        (
            "a if x > 0 else b",
            r"\begin{cases} a & \text{if } x > 0 \\ b & \text{otherwise} \end{cases}",
        ),
        ("sum(x[k] for k in class)", r"\sum_{k \in \mathrm{class}} x_{k}"),
        (
            "sum(x[k] for k in class if k != target)",
            r"\sum_{k \in \mathrm{class} \,:\, k \ne y} x_{k}",
        ),
        ("sum(n for n in range(3))", r"\sum_{0 \le n < 3} n"),
        (
            "mean(d(i, j) for i in batch for j in batch)",
            r"\operatorname*{mean}_{i \in \mathrm{batch}, j \in \mathrm{batch}}"
            r" d\left(i, j\right)",
        ),
        ("[x[k] for k in class]", r"\left[x_{k}\right]_{k \in \mathrm{class}}"),
        ("margin_up", r"\mathrm{margin\_up}"),
        ("x_max", r"x_{\mathrm{max}}"),
        ("x1", "x_1"),
        ("pi * eps", r"\pi \, \varepsilon"),
    ],
)
def test_expression(written, expected) -> None:
    assert Latex().text(parse_expression(Source(written))) == expected


def test_a_short_name_gives_way_to_the_losss_own() -> None:
    assert Latex(frozenset({"z"})).text(parse_expression(Source("logits"))) == r"\mathrm{logits}"


def test_a_loss_with_index_and_guard() -> None:
    text = "loss f(u: real[batch]) for i in batch if u[i] > 0 = u[i]"
    (loss,) = parse_module(Source(text)).declarations
    assert isinstance(loss, nodes.Loss)
    assert Latex(names_of(loss)).loss(loss) == [
        r"\ell_{\mathrm{f}}(i) = u_{i} \quad \text{for } i \text{ with } u_{i} > 0"
    ]


@pytest.mark.parametrize("path", library_files().values(), ids=lambda path: path.stem)
def test_braces_and_fences_of_the_library_close(path) -> None:
    for loss in parse_module(Source(path.read_text(encoding="utf-8"))).declarations:
        if isinstance(loss, nodes.Loss):
            text = "\n".join(Latex(names_of(loss)).loss(loss))
            assert text.count("{") == text.count("}")
            assert text.count(r"\left") == text.count(r"\right")
            assert text.count(r"\begin") == text.count(r"\end")
