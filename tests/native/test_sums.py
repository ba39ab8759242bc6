"""Kernels for sums over places, against the torch backend."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from losslang.runtime.sums import SumsOfPlaces
from tests.native.modules import compiled, formula

pytestmark = pytest.mark.skipif(
    isinstance(compiler.find(), Failure), reason="there is no C++ compiler"
)

LIBRARY = ("dice", "jaccard", "tversky(alpha=0.3, beta=0.7)")


def drawn(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Logits over (examples, classes, places) and labels."""
    generator = torch.Generator().manual_seed(sum(shape))
    logits = 2 * torch.randn(shape, generator=generator, dtype=dtype)
    return logits, torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=generator)


def slopes(module: Any, logits: Tensor, labels: Tensor, **options: Any) -> list[Tensor]:
    """The value, and the gradient for slopes that differ between examples."""
    leaf = logits.clone().requires_grad_()
    value = module(leaf, labels, **options)
    slope = torch.linspace(0.5, 1.5, value.numel(), dtype=value.dtype).reshape(value.shape)
    return [value.detach(), *torch.autograd.grad(value, leaf, slope)]


def same(found: Any, wanted: Any) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("shape", [(1, 2, 1), (3, 4, 37), (2, 21, 5, 7), (2, 3, 70, 70), (2, 1, 9)])
@pytest.mark.parametrize("spec", LIBRARY)
def test_a_kernel_computes_what_torch_does(spec: str, shape: tuple[int, ...]) -> None:
    ours, torchs = compiled(spec, SumsOfPlaces)
    logits, labels = drawn(*shape)
    for reduction in ("mean", "none", "sum"):
        found, wanted = (slopes(m, logits, labels, reduction=reduction) for m in (ours, torchs))
        same(found, wanted)


@pytest.mark.parametrize("spec", LIBRARY)
def test_what_is_masked_or_ignored_is_in_no_sum(spec: str) -> None:
    ours, torchs = compiled(spec, SumsOfPlaces)
    logits, labels = drawn(4, 3, 10, 7)
    labels[0, 2:5] = -100
    labels[3] = -100
    mask = torch.arange(4 * 70).reshape(4, 10, 7) % 3 > 0
    for options in ({}, {"mask": mask}, {"reduction": "none"}, {"weight": torch.rand(4).double()}):
        same(*(slopes(module, logits, labels, **options) for module in (ours, torchs)))


def test_classes_may_be_last() -> None:
    ours, torchs = compiled("dice", SumsOfPlaces)
    logits, labels = drawn(2, 3, 10, 7)
    turned = logits.movedim(1, -1).contiguous()
    same(*(slopes(module, turned, labels, class_dim=-1) for module in (ours, torchs)))


def test_single_precision_is_as_exact_as_that_of_torch() -> None:
    ours, torchs = compiled("dice", SumsOfPlaces, torch.float32)
    logits, labels = drawn(2, 4, 90, 90, dtype=torch.float32)
    logits[0] *= 20
    exact = slopes(torchs, logits.double(), labels)
    pairs = zip(slopes(ours, logits, labels), slopes(torchs, logits, labels), exact, strict=True)
    for found, other, truth in pairs:
        scale = truth.abs().max()
        error, usual = (float((x.double() - truth).abs().max() / scale) for x in (found, other))
        assert error < max(2 * usual, 8 * torch.finfo(torch.float32).eps)


def test_a_hyperparameter_has_a_gradient_and_may_be_one_per_example() -> None:
    ours, torchs = compiled("dice", SumsOfPlaces)
    logits, labels = drawn(3, 4, 20)
    for smooth in (torch.tensor(0.7).double(), torch.tensor([0.5, 1.0, 2.0]).double()):
        found = []
        for module in (ours, torchs):
            leaf = smooth.clone().requires_grad_()
            found.append(torch.autograd.grad(module(logits, labels, smooth=leaf), leaf))
        same(*found)


def test_a_second_backward_gives_the_same() -> None:
    ours, _ = compiled("dice", SumsOfPlaces)
    logits, labels = drawn(2, 3, 50)
    value = ours(logits.requires_grad_(), labels)
    first, second = (torch.autograd.grad(value, logits, retain_graph=True) for _ in range(2))
    assert torch.equal(first[0], second[0])


def test_the_slope_of_a_slope() -> None:
    ours, _ = compiled("dice", SumsOfPlaces)
    logits, labels = drawn(2, 3, 5)
    assert torch.autograd.gradgradcheck(lambda z: ours(z, labels), (logits.requires_grad_(),))


def test_threads_do_not_change_a_digit() -> None:
    ours, _ = compiled("dice", SumsOfPlaces, torch.float32)
    inputs = drawn(3, 4, 300, 200, dtype=torch.float32)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(slopes(ours, *inputs, reduction="none"))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(map(torch.equal, found[0], other))


def test_nothing_is_kept_but_the_inputs() -> None:
    ours, _ = compiled("dice", SumsOfPlaces)
    logits, labels = drawn(2, 3, 50)
    sizes: list[int] = []

    def noted(x: Tensor) -> Tensor:
        sizes.append(x.numel())
        return x

    with torch.autograd.graph.saved_tensors_hooks(noted, lambda x: x):
        formula(ours).run([logits.requires_grad_(), labels, labels >= 0, 1.0], _job(ours, logits))
    assert sizes.count(logits.numel()) == 1
    assert max(sizes) == logits.numel()


def _job(module: Any, logits: Tensor) -> Any:
    made = formula(module)
    labels = torch.zeros(len(logits), logits.shape[-1]).long()
    return made.job([logits, labels, labels >= 0, 1.0], made.composed)


def test_what_the_kernel_is_not_for_goes_to_torch() -> None:
    ours, torchs = compiled("dice", SumsOfPlaces)
    made = formula(ours)
    logits, labels = drawn(2, 3, 5)
    keep = labels >= 0
    assert made.job([logits, labels, keep, 1.0], made.composed) is not None
    assert made.job([logits.float(), labels, keep, 1.0], made.composed) is None
    assert made.job([logits, labels[:, :3], keep, 1.0], made.composed) is None
    many = torch.zeros(1, 200, 3).double()
    assert made.job([many, labels[:1, :3], keep[:1, :3], 1.0], made.composed) is None
    tangent = torch.ones_like(logits)
    same(
        *(
            torch.func.jvp(lambda z, m=module: m(z, labels), (logits,), (tangent,))
            for module in (ours, torchs)
        )
    )


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_of_the_classes_is_refused(label: int) -> None:
    ours, _ = compiled("dice", SumsOfPlaces)
    logits, labels = drawn(2, 3, 50)
    labels[1, 7] = label
    with pytest.raises(IndexError):
        ours(logits, labels)


def test_a_module_survives_pickling_with_its_kernel() -> None:
    ours, _ = compiled("dice", SumsOfPlaces)
    again = pickle.loads(pickle.dumps(ours))
    assert again.precompile(torch.float64)
    inputs = drawn(2, 3, 50)
    assert all(map(torch.equal, slopes(again, *inputs), slopes(ours, *inputs)))
