"""The keywords of a call compose: random combinations against the definition of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import losslang
from tests.sampling import some

K = 3
SPECS = ["ce", "focal", "gce", "nce_mae", "squentropy"]
LEADING = [(), (4,), (2, 3), (1, 2, 2)]


@cache
def compiled(spec: str) -> torch.nn.Module:
    return losslang.compile(spec)


@dataclass(frozen=True)
class Call:
    """A call and what it needs to be predicted."""

    spec: str
    logits: Tensor
    target: Tensor
    keywords: dict[str, Any] = field(default_factory=dict)
    class_dim: int = -1


@st.composite
def calls(draw: st.DrawFn) -> Call:
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    leading = draw(st.sampled_from(LEADING))

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    keywords: dict[str, Any] = {
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.2])),
    }
    target = torch.randint(0, K, leading, generator=generator)
    if draw(st.booleans()):
        target = normal(*leading, K).softmax(-1)
    else:
        keywords["ignore_index"] = draw(st.sampled_from([-100, -1, 1]))
        hidden = torch.rand(leading, generator=generator) < 0.3
        target = torch.where(hidden, keywords["ignore_index"], target)
    if draw(st.booleans()):
        keywords["mask"] = torch.rand(leading, generator=generator) < 0.7
    if draw(st.booleans()):
        keywords["weight"] = torch.rand(leading, generator=generator, dtype=torch.float64)
    if draw(st.booleans()):
        keywords["class_weight"] = torch.tensor([0.5, 2.0, 0.25], dtype=torch.float64)
    if draw(st.booleans()):
        keywords["denominator"] = draw(st.sampled_from([7, 2.5]))
    spec = draw(st.sampled_from(SPECS))
    if spec == "focal" and draw(st.booleans()):
        keywords["gamma"] = 3 * torch.rand(leading, generator=generator, dtype=torch.float64)
    class_dim = draw(st.integers(-len(leading) - 1, len(leading)))
    return Call(spec, 2 * normal(*leading, K), target, keywords, class_dim)


def made(call: Call, logits: Tensor) -> Tensor:
    """The call as it is made, with the classes where ``class_dim`` says."""
    moved = logits.movedim(-1, call.class_dim)
    target = call.target
    if target.is_floating_point():
        target = target.movedim(-1, call.class_dim)
    value = compiled(call.spec)(moved, target, class_dim=call.class_dim, **call.keywords)
    assert isinstance(value, Tensor)
    return value


def predicted(call: Call, logits: Tensor) -> Tensor:
    """The same from the definitions, one label and one keyword after another."""
    words = dict(call.keywords)
    hyper = {name: words.pop(name) for name in ("gamma",) if name in words}
    rows = logits.shape[:-1]
    table = torch.stack(
        [
            compiled(call.spec)(logits, torch.full(rows, k), reduction="none", **hyper)
            for k in range(K)
        ],
        dim=-1,
    )
    by_class = words.get("class_weight", torch.ones(K, dtype=torch.float64))
    kept = words.get("mask", torch.ones(rows, dtype=torch.bool))
    share = words.get("weight", torch.ones(rows, dtype=torch.float64))
    count = share
    if call.target.is_floating_point():
        q = call.target
    else:
        kept = kept & (call.target != words["ignore_index"])
        label = torch.where(kept, call.target, 0)
        q = F.one_hot(label, K).double()
        count = share * by_class[label]
    smoothing = words["label_smoothing"]
    q = (1 - smoothing) * q + smoothing / K
    values = torch.where(kept, share * (q * by_class * table).sum(-1), 0.0)
    if words["reduction"] == "none":
        return values
    if words["reduction"] == "sum":
        return values.sum()
    total = torch.as_tensor(words.get("denominator", torch.where(kept, count, 0.0).sum()))
    return values.sum() / total if total != 0 else 0 * values.sum()


@settings(max_examples=some(250), deadline=None, derandomize=True)
@given(call=calls())
def test_any_combination_of_keywords_means_what_each_says(call: Call) -> None:
    ours, theirs = (call.logits.clone().requires_grad_() for _ in range(2))
    got, want = made(call, ours), predicted(call, theirs)
    torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-13)
    weights = torch.linspace(0.5, 1.5, max(want.numel(), 1), dtype=torch.float64)
    got.backward(weights.reshape(got.shape))
    want.backward(weights.reshape(want.shape))
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-11, atol=1e-13)


def test_a_soft_target_is_not_changed_by_ignore_index() -> None:
    """A distribution has no index to compare."""
    logits, target = torch.zeros(2, K), torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    plain = compiled("ce")(logits, target)
    torch.testing.assert_close(compiled("ce")(logits, target, ignore_index=1), plain)


@pytest.mark.parametrize("spec", ["dice", "tversky", "jaccard"])
def test_segmentation_losses_take_smoothed_and_soft_labels_alike(spec: str) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, K, 5, generator=generator, dtype=torch.float64)
    target = torch.randint(0, K, (2, 5), generator=generator)
    smooth = 0.7 * F.one_hot(target, K).double().movedim(-1, 1) + 0.3 / K
    got = compiled(spec)(logits, target, label_smoothing=0.3)
    torch.testing.assert_close(got, compiled(spec)(logits, smooth))
