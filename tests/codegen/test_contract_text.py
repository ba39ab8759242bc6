"""What the body of an emitted function does with shapes and names that few losses have."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import losslang
from tests.codegen.modules import normal

LOGITS, TARGET = normal(1, 2, 3, 5), torch.tensor([[0, 1, 2], [3, 4, 0]])
ROWS, LABELS = LOGITS.reshape(6, 5), TARGET.reshape(6)


@pytest.fixture
def compiled_from(tmp_path: Path):
    def made(text: str) -> torch.nn.Module:
        file = tmp_path / "some.loss"
        file.write_text(text)
        return losslang.compile(path=file)

    return made


@pytest.mark.parametrize("weights", [None, torch.linspace(1, 2, 5, dtype=torch.float64)])
def test_a_formula_of_a_labelled_loss_takes_any_leading_axes(weights):
    loss = losslang.compile("max(ce, 1.5)")
    flat = loss(ROWS, LABELS, class_weight=weights)
    assert loss(LOGITS, TARGET, class_weight=weights) == pytest.approx(flat.item())


def test_a_masked_row_of_probabilities_may_have_a_builtin_s_name(compiled_from):
    text = "loss f(max: simplex[class], x: real[class]) = sum(max[k] * x[k] for k in class)"
    mask = torch.tensor([True, False, True, True, False, True])
    probabilities = ROWS.softmax(-1)
    expected = (probabilities * ROWS).sum(-1)[mask].mean()
    assert torch.allclose(compiled_from(text)(probabilities, ROWS, mask=mask), expected)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (
            "loss f(x: real, *, eps: real[order] = [0, 0]) = sum(x + normal() for j in order)",
            (6, 2),
        ),
        ("loss f(x: real) = sum(x + normal() for j in range(3))", (6, 3)),
        ("loss f(x: real, *, n: int >= 1 = 4) = sum(x + normal() for j in range(n))", (6, 4)),
        ("loss f(x: real, *, n: int >= 1 = 4) = sum(x + normal() for j in range(n + 1))", (6, 5)),
    ],
)
def test_a_draw_has_the_size_of_any_axis(compiled_from, text, shape):
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    value = compiled_from(text)(
        torch.zeros(6, dtype=torch.float64),
        reduction="none",
        generator=torch.Generator().manual_seed(0),
    )
    assert torch.allclose(value, drawn.sum(-1))


@pytest.mark.parametrize("signature", ["normal_1: real", "x: real, *, normal_1: real = 1"])
def test_a_draw_leaves_names_of_the_program_alone(compiled_from, signature):
    loss = compiled_from(f"loss f({signature}) = normal_1 + 0 * normal() + 0 * normal()")
    assert loss(torch.ones(3)) == 1
