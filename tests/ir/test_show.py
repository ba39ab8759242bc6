"""The page about a loss: what stands on it, and that every loss of the library has one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from losslang import driver
from losslang.ir.show import gradients, signature, to_latex
from losslang.resources import library_files
from tests.sampling import sampled

ROOT = Path(__file__).resolve().parents[2]
TRANSFORMERS = {"apl": "apl(ce, mae)"}


def section(page: str, title: str) -> list[str]:
    lines = page.splitlines()
    start = lines.index(title) + 1
    end = next((n for n in range(start, len(lines)) if not lines[n]), len(lines))
    return [line.strip() for line in lines[start:end]]


def spec_of(name: str) -> str:
    """The loss itself, or with one that it needs."""
    entry = driver.standard_library().find(name)
    assert entry is not None
    if name in TRANSFORMERS:
        return TRANSFORMERS[name]
    return f"{name}(ce)" if driver.takes_losses(entry.declaration) else name  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sampled(library_files()))
def test_every_loss_of_the_library_has_a_page_for_readers(name) -> None:
    page = driver.show(spec_of(name))
    assert "\nFormula\n" in page
    # Nothing of how the compiler names things inside.
    assert "%" not in page
    assert "·" not in page


def test_showing_loads_no_torch() -> None:
    code = "import sys; from losslang import driver; driver.show('ce', expand='1 - p', plan=True)"
    code += "; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert run.stdout.strip() == b"False"


def test_the_page_of_a_loss() -> None:
    assert driver.show("focal").splitlines()[:3] == [
        "focal(logits: real[class], target: class, *, gamma: real >= 0 = 2)",
        "",
        "Focal loss: cross-entropy with the well-classified examples weighted down.",
    ]


def test_citations() -> None:
    assert "Source: Lin, Goyal, Girshick" in driver.show("focal")


def test_hyperparameters_with_domain_and_default() -> None:
    assert section(driver.show("focal"), "Hyperparameters") == ["gamma  real >= 0  default 2"]


def test_inputs_with_axes() -> None:
    assert section(driver.show("dice"), "Inputs") == [
        "logits  real[class, *space]  tensor [batch, class, *space]",
        "target  class[*space]        tensor [batch, *space]",
    ]


def test_claims_as_written() -> None:
    claims = section(driver.show("focal"), "Claims")
    assert "not strictly_proper when gamma > 0" in claims


def test_a_config_is_shown_with_what_it_sets() -> None:
    page = driver.show({"spec": "easy + ce", "easy": "focal(gamma=1)", "label_smoothing": 0.1})
    assert section(page, "Set by the config") == ["label_smoothing = 0.1"]


def test_a_loss_of_a_file(tmp_path) -> None:
    path = tmp_path / "my.loss"
    path.write_text("loss mine(x: real) = x**2\n")
    assert driver.show("mine", path=path).startswith("mine(x: real)\n")


# ---------------------------------------------------------------- signatures


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("ce", "ce(logits: real[class], target: class)"),
        ("poly", "poly(logits: real[class], target: class, *, eps: real[order] = [2])"),
        (
            "clip",
            "clip(image: real[batch, dim], text: real[batch, dim], *, learn tau: real > 0 = 0.07)",
        ),
        ("hinge", "hinge(score: real, target: sign)"),
        (
            "focal(gamma=learn(3))",
            "focal(logits: real[class], target: class, *, learn gamma: real >= 0 = 3)",
        ),
        (
            "focal(gamma=progress)",
            "focal(logits: real[class], target: class, *, gamma: real >= 0 = progress)",
        ),
    ],
)
def test_signature(spec, expected) -> None:
    assert signature(driver.elaborated(spec)) == expected


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("ce", "d l / d z_k = p_k - [k = y]"),
        ("gce", "d l / d z_k = p_y^q (p_k - [k = y])"),
        ("mse", "d l / d x = 2 (x - y)"),
        ("hinge", "d l / d f = 0 if 1 - f y < 0 else -y"),
        ("brier", "d l / d z_k = 2 sum(p_c ([k = c] - p_k) (p_c - [c = y]) for c in class)"),
    ],
)
def test_gradient(spec, expected) -> None:
    assert gradients(driver.elaborated(spec))[0] == expected


def test_the_names_in_a_gradient_are_explained() -> None:
    assert gradients(driver.elaborated("ce"))[-1] == "where z = logits, y = target, p = softmax(z)"


def test_a_softmax_keeps_the_name_of_the_program() -> None:
    student = gradients(driver.elaborated("kd"))[0]
    assert student == "d l / d student_k = tau^2 sum(p_c (q_k - [k = c]) / tau for c in class)"


def test_a_loss_that_looks_at_its_batch_has_slopes_in_every_example() -> None:
    (slope, _) = gradients(driver.elaborated("cvar(ce)"))
    assert slope.startswith("d l / d z[j, k] = ")
    assert slope.endswith("(p[j, k] - [k = y_j]) / (alpha size(batch))")


def test_a_gradient_that_nobody_would_read_is_left_out() -> None:
    assert "too long to print" in gradients(driver.elaborated("supcon"))[0]


# ---------------------------------------------------------------- LaTeX


def test_a_formula_with_its_parts() -> None:
    assert to_latex(driver.elaborated("focal")).splitlines() == [
        r"\ell_{\mathrm{focal}} = -\left(1 - p\right)^{\gamma} \, \log p",
        r"p = \operatorname{softmax}\left(z\right)_{y}",
    ]


def test_a_composition_with_the_losses_it_names() -> None:
    lines = to_latex(driver.elaborated("ce + 0.5 * z_loss")).splitlines()
    assert lines[0] == r"\ell = \ell_{\mathrm{ce}} + 0.5 \, \ell_{\mathrm{z\_loss}}"
    assert [line.split(" = ")[0] for line in lines[1:]] == [
        r"\ell_{\mathrm{ce}}",
        r"\ell_{\mathrm{z\_loss}}",
    ]


def test_the_names_of_a_config() -> None:
    config = {"spec": "-log(p[y]) + w * easy", "kind": "multiclass", "easy": "z[y]", "w": 1}
    assert to_latex(driver.elaborated_config(config)).splitlines() == [
        r"\ell = -\log\left(p_{y}\right) + w \, \mathrm{easy}",
        r"p = \operatorname{softmax}\left(z\right)",
        r"\mathrm{easy} = z_{y}",
    ]
