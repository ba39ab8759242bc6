"""Kernels for the rows of a matrix of products, against the torch backend."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from losslang.runtime.products import Products
from tests.native.modules import compiled, formula
from tests.sampling import FULL

pytestmark = pytest.mark.skipif(
    isinstance(compiler.find(), Failure), reason="there is no C++ compiler"
)

PAIRS = ("info_nce", "siglip", "supcon", "circle", "multi_similarity")
LABELLED = ("supcon", "circle", "multi_similarity")
DIM = 8


def drawn(spec: str, examples: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """The inputs of a loss of pairs: two embeddings, or one and labels."""
    generator = torch.Generator().manual_seed(examples)
    rows = [torch.randn(examples, DIM, generator=generator, dtype=dtype) for _ in range(2)]
    if spec in LABELLED:
        rows[1] = torch.randint(0, 4, (examples,), generator=generator)
    return rows


def slopes(module: Any, inputs: list[Tensor], **options: Any) -> list[Tensor]:
    """The value, and the gradients for slopes that differ between examples."""
    given = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    value = module(*given, **options)
    slope = torch.linspace(0.5, 1.5, value.numel(), dtype=value.dtype).reshape(value.shape)
    leaves = [x for x in given if x.requires_grad]
    return [value.detach(), *torch.autograd.grad(value, leaves, slope)]


@pytest.mark.parametrize("examples", [1, 2, 37, 70, 200])
@pytest.mark.parametrize("spec", PAIRS)
def test_a_kernel_computes_what_torch_does(spec: str, examples: int) -> None:
    ours, torchs = compiled(spec, Products)
    inputs = drawn(spec, examples)
    for options in ({}, {"reduction": "none"}, {"reduction": "sum"}):
        found, wanted = (slopes(module, inputs, **options) for module in (ours, torchs))
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("spec", PAIRS)
def test_what_is_masked_is_in_no_row(spec: str) -> None:
    ours, torchs = compiled(spec, Products)
    inputs = drawn(spec, 60)
    for mask in (torch.arange(60) % 3 > 0, torch.arange(60) < 1, torch.zeros(60).bool()):
        options = {"mask": mask, "weight": torch.linspace(0, 1, 60).double()}
        found, wanted = (slopes(module, inputs, **options) for module in (ours, torchs))
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("spec", PAIRS if FULL else PAIRS[:2])
def test_single_precision_is_as_exact_as_that_of_torch(spec: str) -> None:
    ours, torchs = compiled(spec, Products, torch.float32)
    inputs = drawn(spec, 100, torch.float32)
    exact = slopes(torchs, [x.double() if x.is_floating_point() else x for x in inputs])
    for found, other, truth in zip(
        slopes(ours, inputs), slopes(torchs, inputs), exact, strict=True
    ):
        scale = truth.abs().max()
        error, usual = (float((x.double() - truth).abs().max() / scale) for x in (found, other))
        assert error < max(2 * usual, 8 * torch.finfo(torch.float32).eps)


def test_a_scale_that_overflows_exponentials_does_no_harm() -> None:
    ours, torchs = compiled("circle", Products, torch.float32)
    inputs = drawn("circle", 60, torch.float32)
    found, wanted = (slopes(module, inputs, gamma=1000.0) for module in (ours, torchs))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)


def test_an_example_without_positives_has_no_value() -> None:
    ours, torchs = compiled("supcon", Products)
    rows = drawn("supcon", 50)[0]
    labels = torch.arange(50) // 2
    labels[10:20] = torch.arange(100, 110)
    found, wanted = (slopes(m, [rows, labels], reduction="none") for m in (ours, torchs))
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-11)
    assert not found[0][10:20].any()


def test_a_hyperparameter_has_a_gradient() -> None:
    ours, torchs = compiled("info_nce", Products)
    u, v = drawn("info_nce", 60)
    for learned in (False, True):
        found = []
        for module in (ours, torchs):
            tau = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
            leaf = u.clone().requires_grad_(learned)
            leaves = [tau, leaf] if learned else [tau]
            found.append(torch.autograd.grad(module(leaf, v, tau=tau), leaves))
        torch.testing.assert_close(*found)


@pytest.mark.parametrize("side", [0, 1])
def test_one_factor_may_be_fixed(side: int) -> None:
    ours, torchs = compiled("info_nce", Products)
    found = []
    for module in (ours, torchs):
        inputs = drawn("info_nce", 60)
        inputs[side].requires_grad_()
        found.append(torch.autograd.grad(module(*inputs), inputs[side]))
    torch.testing.assert_close(*found)


def test_both_factors_may_be_one_tensor() -> None:
    ours, torchs = compiled("info_nce", Products)
    rows = drawn("info_nce", 60)[0]
    found = []
    for module in (ours, torchs):
        leaf = rows.clone().requires_grad_()
        found.append(torch.autograd.grad(module(leaf, leaf.flip(0)), leaf))
    torch.testing.assert_close(*found)


def test_a_second_backward_gives_the_same() -> None:
    ours, _ = compiled("supcon", Products)
    rows, labels = drawn("supcon", 60)
    rows.requires_grad_()
    value = ours(rows, labels)
    first, second = (torch.autograd.grad(0.5 * value, rows, retain_graph=True) for _ in range(2))
    assert torch.equal(first[0], second[0])


def test_the_slope_of_a_slope() -> None:
    ours, _ = compiled("supcon", Products)
    rows, labels = drawn("supcon", 6)
    assert torch.autograd.gradgradcheck(lambda x: ours(x, labels), (rows.requires_grad_(),))


def test_without_a_gradient_the_kernel_computes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = compiled("info_nce", Products)
    made = formula(ours)
    tasks: list[str] = []
    run = made._run

    def spied(task: str, *rest: Any) -> int:
        tasks.append(task)
        count: int = run(task, *rest)
        return count

    monkeypatch.setattr(made, "_run", spied)
    u, v = drawn("info_nce", 20)
    ours(u, v)
    with torch.no_grad():
        ours(u.requires_grad_(), v)
    ours(u, v)
    assert tasks == ["values", "values", "both"]


def test_threads_do_not_change_a_digit() -> None:
    ours, _ = compiled("supcon", Products, torch.float32)
    inputs = drawn("supcon", 700, torch.float32)
    once, again = (slopes(ours, inputs, reduction="none") for _ in range(2))
    assert all(map(torch.equal, once, again))


def test_what_the_kernel_is_not_for_goes_to_torch() -> None:
    ours, torchs = compiled("info_nce", Products)
    made = formula(ours)
    u, v = drawn("info_nce", 6)
    keep = torch.ones(6, dtype=torch.bool)
    assert made.job([u, v, keep, 0.1], made.composed) is not None
    assert made.job([u.float(), v, keep, 0.1], made.composed) is None
    assert made.job([u.to("meta"), v, keep, 0.1], made.composed) is None
    assert made.job([u, v, keep, torch.ones(6)], made.composed) is None
    tangent = torch.ones_like(u)
    found, wanted = (
        torch.func.jvp(lambda x, m=module: m(x, v), (u,), (tangent,)) for module in (ours, torchs)
    )
    torch.testing.assert_close(found, wanted)
    each, one = torch.stack([u, v]), torch.func.vmap(lambda x: ours(x, v))
    torch.testing.assert_close(one(each), torch.stack([torchs(u, v), torchs(v, v)]))


def test_a_module_survives_pickling_with_its_kernel() -> None:
    ours, _ = compiled("supcon", Products)
    again = pickle.loads(pickle.dumps(ours))
    assert again.precompile(torch.float64)
    inputs = drawn("supcon", 60)
    assert all(map(torch.equal, slopes(again, inputs), slopes(ours, inputs)))
