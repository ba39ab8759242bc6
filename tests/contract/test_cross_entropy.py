"""``losslang.compile("ce")`` is torch 2.13's cross-entropy in every setting.

There is one difference: the mean over nothing is 0 with zero gradient, where torch returns NaN.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import losslang

CLASSES = 4
CLASS_WEIGHT = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=torch.float64)

# Where the class axis stands, and the logits' shape without it.
SHAPES: dict[str, tuple[int, ...]] = {
    "[C]": (),
    "[N, C]": (5,),
    "[N, C, d1]": (3, 4),
    "[N, C, d1, d2]": (2, 3, 2),
}


@cache
def ce() -> torch.nn.Module:
    return losslang.compile("ce")


def logits_of(places: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(sum(places) + 1)
    shape = (*places[:1], CLASSES, *places[1:])
    return 3 * torch.randn(shape, generator=generator, dtype=torch.float64)


def indices_of(places: tuple[int, ...], ignore_index: int | None) -> Tensor:
    """Every class in turn; with an ``ignore_index`` that is no class, some places hold it."""
    count = int(torch.tensor(places).prod()) if places else 1
    target = torch.arange(1, count + 1) % CLASSES
    if ignore_index is not None and ignore_index < 0 and count > 1:
        target[::3] = ignore_index
    return target.reshape(places)


def distributions_of(places: tuple[int, ...]) -> Tensor:
    axis = 1 if places else 0
    return logits_of(places).flip(0).softmax(axis)


def agree(logits: Tensor, target: Tensor, weight: Tensor | None, **keywords: Any) -> None:
    """Value and gradient of our call and of torch's are the same to rounding."""
    ours_at, theirs_at = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    spatial = {"class_dim": 1} if logits.dim() > 2 else {}
    ours = ce()(ours_at, target, class_weight=weight, **spatial, **keywords)
    theirs = F.cross_entropy(theirs_at, target, weight=weight, **keywords)
    if bool(theirs.isnan().any()):  # the mean over nothing
        theirs = 0 * theirs_at.sum()
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    cotangent = torch.linspace(0.5, 1.5, max(theirs.numel(), 1), dtype=torch.float64)
    ours.backward(cotangent.reshape(ours.shape))
    theirs.backward(cotangent.reshape(theirs.shape))
    torch.testing.assert_close(ours_at.grad, theirs_at.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "class_weight"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("ignore_index", [None, -1, 2], ids=["default", "-1", "a class"])
def test_index_targets(
    shape: str, reduction: str, weighted: bool, smoothing: float, ignore_index: int | None
) -> None:
    places = SHAPES[shape]
    keywords: dict[str, Any] = {} if ignore_index is None else {"ignore_index": ignore_index}
    agree(
        logits_of(places),
        indices_of(places, -100 if ignore_index is None else ignore_index),
        CLASS_WEIGHT if weighted else None,
        reduction=reduction,
        label_smoothing=smoothing,
        **keywords,
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "class_weight"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_soft_targets(shape: str, reduction: str, weighted: bool, smoothing: float) -> None:
    places = SHAPES[shape]
    agree(
        logits_of(places),
        distributions_of(places),
        CLASS_WEIGHT if weighted else None,
        reduction=reduction,
        label_smoothing=smoothing,
    )


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "class_weight"])
@pytest.mark.parametrize(("shape", "smoothing"), list(product(list(SHAPES)[1:], [0.0, 0.1])))
def test_the_mean_over_nothing_is_zero(shape: str, smoothing: float, weighted: bool) -> None:
    places = SHAPES[shape]
    logits = logits_of(places).requires_grad_()
    value = ce()(
        logits,
        torch.full(places, -100),
        class_weight=CLASS_WEIGHT if weighted else None,
        label_smoothing=smoothing,
        class_dim=1,
    )
    value.backward()
    assert value == 0
    assert logits.grad is not None
    assert bool((logits.grad == 0).all())


def test_an_empty_batch_is_nothing() -> None:
    logits = torch.zeros(0, CLASSES, requires_grad=True)
    target = torch.zeros(0, dtype=torch.long)
    assert ce()(logits, target) == 0
    assert ce()(logits, target, reduction="sum") == 0
    assert ce()(logits, target, reduction="none").shape == (0,)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_confident_predictions_stay_finite(dtype: torch.dtype) -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0]], dtype=dtype, requires_grad=True)
    target = torch.tensor([0, 1])
    value = ce()(logits, target, reduction="none")
    assert value.tolist() == [0.0, 2e4]
    value.sum().backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == [[0.0, 0.0, 0.0], [1.0, -1.0, 0.0]]


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 2, 4)])
def test_without_class_dim_the_classes_stand_last(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64)
    target = torch.randint(0, shape[-1], shape[:-1], generator=generator)
    expected = F.cross_entropy(logits.movedim(-1, 1), target, reduction="none")
    torch.testing.assert_close(ce()(logits, target, reduction="none"), expected)
