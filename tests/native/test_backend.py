"""When a live module uses a kernel, and what happens where there can be none."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import losslang
from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from losslang.runtime import backend
from losslang.runtime.native import Formula
from tests.native.modules import dispatch

LOGITS = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2, 3, 4, -100])

with_compiler = pytest.mark.skipif(
    isinstance(compiler.find(), Failure), reason="there is no C++ compiler"
)


def calls(monkeypatch: pytest.MonkeyPatch) -> list[Formula]:
    """Collects the formulas whose kernels run."""
    seen: list[Formula] = []
    values = Formula.values

    def spied(self: Formula, *args: Any, keep: bool) -> Any:
        seen.append(self)
        return values(self, *args, keep=keep)

    monkeypatch.setattr(Formula, "values", spied)
    return seen


@with_compiler
def test_a_module_uses_its_kernel_once_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = losslang.compile("focal(gamma=1.25)")
    before = loss(LOGITS, LABELS)
    assert loss.precompile()
    used = calls(monkeypatch)
    torch.testing.assert_close(loss(LOGITS, LABELS), before)
    assert len(used) == 1


@with_compiler
def test_the_first_call_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    go = threading.Event()
    load = compiler.load
    monkeypatch.setattr(compiler, "load", lambda source: (go.wait(60), load(source))[1])
    loss = losslang.compile("gce(q=0.35)")
    many = torch.zeros(backend.WORTH_A_BUILD, 1)
    loss(many, many.long().squeeze(1))
    assert dispatch(loss)._builds
    assert not dispatch(loss)._formulas
    go.set()
    assert loss.precompile()


def test_a_kernel_is_built_for_large_calls_and_for_many() -> None:
    loss = losslang.compile("gce(q=0.45)")
    for _ in range(backend.WORTH_A_BUILD // backend.CALL - 1):
        loss(LOGITS, LABELS)
    assert not dispatch(loss)._builds
    loss(LOGITS, LABELS)
    assert dispatch(loss)._builds


@with_compiler
def test_each_type_of_numbers_has_its_kernel() -> None:
    loss = losslang.compile("gce(q=0.15)")
    assert loss.precompile(torch.float32)
    assert loss.precompile(torch.float64)
    assert loss.precompile(torch.bfloat16)
    assert not loss.precompile(torch.complex64)
    assert set(dispatch(loss)._formulas) == {torch.float32, torch.float64, torch.bfloat16}


def test_the_torch_backend_has_no_kernels() -> None:
    assert not losslang.compile("ce", backend="torch").precompile()


@pytest.mark.parametrize("spec", ["rmse", "huber"])
def test_a_loss_that_is_none_of_rows_has_no_kernel(spec: str) -> None:
    assert not losslang.compile(spec).precompile()


@with_compiler
def test_masks_weights_and_reductions_are_those_of_the_torch_backend() -> None:
    ours, torchs = (losslang.compile("focal", backend=b) for b in ("auto", "torch"))
    assert ours.precompile()
    weight = torch.rand(5)
    for options in (
        {"reduction": "sum"},
        {"reduction": "none"},
        {"class_weight": weight},
        {"mask": torch.tensor([True, False, True, True, True, True])},
        {"label_smoothing": 0.1},
        {"gamma": torch.tensor(0.5)},
        {"gamma": torch.rand(6)},
    ):
        torch.testing.assert_close(
            ours(LOGITS, LABELS, **options), torchs(LOGITS, LABELS, **options)
        )


@with_compiler
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_a_whole_power_of_a_negative_number(n: int, tmp_path: Path) -> None:
    path = tmp_path / "power.loss"
    path.write_text(
        "loss power(z: real[class], *, n: int in [1, 8] = 3) = sum(z[k]**n for k in class)\n"
    )
    ours, torchs = (losslang.compile(path=path, backend=b, n=n) for b in ("auto", "torch"))
    assert ours.precompile()
    found = []
    for loss in (ours, torchs):
        leaf = torch.tensor([[-3.0, 0.5, 0.0], [-0.25, -1.0, 2.0]], requires_grad=True)
        values = loss(leaf, reduction="none")
        found.append((values, *torch.autograd.grad(values.sum(), leaf)))
    assert found[1][0][0] == (-3.0) ** n + 0.5**n
    torch.testing.assert_close(*found)


@with_compiler
def test_a_module_survives_pickling_and_copies_with_its_kernel() -> None:
    loss = losslang.compile("poly1(eps=0.7)")
    assert loss.precompile()
    for again in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss)):
        assert again.precompile()
        assert torch.equal(again(LOGITS, LABELS), loss(LOGITS, LABELS))


@with_compiler
def test_a_pickle_needs_nothing_of_where_it_came_from(tmp_path: Path) -> None:
    loss = losslang.compile("poly1(eps=0.9)")
    place = tmp_path / "loss.pickle"
    place.write_bytes(pickle.dumps(loss))
    text = f"import pickle; print(pickle.load(open({str(place)!r}, 'rb')).precompile())"
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_without_a_compiler_torch_serves_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/nonexistent")
    monkeypatch.setattr(backend, "_noticed", False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for spec in ("sce(alpha=0.11)", "sce(alpha=0.12)"):
            loss = losslang.compile(spec)
            assert not loss.precompile()
            assert loss(LOGITS, LABELS).isfinite()
    (notice,) = caught
    assert notice.category is backend.NativeWarning
    assert "no working C++ compiler" in str(notice.message)


def printed(text: str) -> str:
    """What a program prints in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text], capture_output=True, text=True, timeout=120
    )
    assert not run.returncode, run.stderr
    return run.stdout


@with_compiler
def test_a_fork_of_a_process_that_builds_is_not_held_up() -> None:
    text = (
        "import os, torch, losslang\n"
        "torch.set_num_threads(1)  # torch's own threads do not survive a fork\n"
        "loss = losslang.compile('mae')\n"
        "z, y = torch.zeros(2, 3), torch.tensor([0, 1])\n"
        "loss(z, y)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    loss(z, y)\n"
        "    loss.precompile()\n"
        "    os._exit(0)\n"
        "print(os.waitpid(child, 0)[1])\n"
    )
    assert printed(text) == "0\n"


@with_compiler
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_uses_threads_of_its_own() -> None:
    text = (
        "import os, torch, losslang\n"
        "torch.set_num_threads(2)\n"
        "loss = losslang.compile('mae')\n"
        "z, y = torch.zeros(600, 500), torch.zeros(600).long()\n"
        "loss.precompile(), loss(z, y)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    loss(z, y)\n"
        "    os._exit(0)\n"
        "print(os.waitpid(child, 0)[1])\n"
    )
    assert printed(text) == "0\n"


# ---------------------------------------------------------------- plain calls


@with_compiler
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("spec", ["focal", "ce", "gce", "brier", "kd", "poly"])
def test_a_plain_call_is_reduced_as_torch_reduces_it(spec: str, reduction: str) -> None:
    ours, torchs = (losslang.compile(spec, backend=b) for b in ("auto", "torch"))
    assert ours.precompile(torch.float64)
    results = []
    for module in (ours, torchs):
        inputs = drawn(spec)
        leaf = inputs[0].requires_grad_()
        value = module(*inputs, reduction=reduction)
        (slope,) = torch.autograd.grad(value.sum() * 0.5, leaf)
        results.append((value.detach(), slope))
    for found, wanted in zip(*results, strict=True):
        torch.testing.assert_close(found, wanted)


@with_compiler
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("classes", [5, 400])
@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_halves_are_rounded_once(dtype: torch.dtype, classes: int, factor: float) -> None:
    torch.manual_seed(0)
    loss = losslang.compile("focal(gamma=1.5)")
    assert loss.precompile(dtype)
    assert loss.precompile()
    logits, labels = (3 * torch.randn(20, classes)).to(dtype), torch.randint(0, classes, (20,))
    leaf, exact = logits.clone().requires_grad_(), logits.float().requires_grad_()
    value, wanted = loss(leaf, labels), loss(exact, labels)
    (factor * value).backward()
    (factor * wanted).backward()
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, wanted)
    assert leaf.grad is not None
    assert exact.grad is not None
    assert leaf.grad.dtype == dtype
    near = torch.finfo(torch.float32).eps * 4
    rounded = [(exact.grad * (1 + s)).to(dtype) for s in (-near, 0, near)]
    assert torch.stack([leaf.grad == r for r in rounded]).any(0).all()


@with_compiler
def test_halves_have_their_own_kernel_in_the_background() -> None:
    loss = losslang.compile("gce(q=0.55)")
    many = torch.zeros(backend.WORTH_A_BUILD, 2, dtype=torch.bfloat16)
    loss(many, many[:, 0].long())
    assert torch.bfloat16 in dispatch(loss)._builds


def drawn(spec: str) -> list[torch.Tensor]:
    """Six examples of five classes, one of them ignored where there are labels."""
    torch.manual_seed(3)
    if spec == "kd":
        return [torch.randn(6, 5, dtype=torch.float64) for _ in range(2)]
    return [torch.randn(6, 5, dtype=torch.float64), LABELS]


@with_compiler
@pytest.mark.parametrize("options", [{"reduction": "sum"}, {"ignore_index": 2}])
def test_the_defaults_of_a_config_hold_with_a_kernel(options: dict[str, Any]) -> None:
    ours, torchs = (losslang.from_config("ce", backend=b, **options) for b in ("auto", "torch"))
    assert ours.precompile()
    torch.testing.assert_close(ours(LOGITS[:5], LABELS[:5]), torchs(LOGITS[:5], LABELS[:5]))


@with_compiler
def test_a_plain_call_of_nothing_is_zero() -> None:
    loss = losslang.compile("ce")
    assert loss.precompile()
    logits = torch.zeros(2, 3, requires_grad=True)
    value = loss(logits, torch.tensor([-100, -100]))
    value.backward()
    assert value == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@with_compiler
def test_a_plain_call_has_second_derivatives() -> None:
    loss = losslang.compile("focal")
    assert loss.precompile(torch.float64)
    assert torch.autograd.gradgradcheck(
        lambda z: loss(z, LABELS), (LOGITS.double().requires_grad_(),)
    )


@with_compiler
def test_mistakes_are_told_as_without_a_kernel() -> None:
    ours, torchs = (losslang.compile("focal", backend=b) for b in ("auto", "torch"))
    assert ours.precompile()
    mistakes: list[tuple[int, dict[str, Any]]] = [
        (0, {"gamma": -1.0}),
        (0, {"reduction": "all"}),
        (7, {}),
        (0, {"masks": 1}),
    ]
    for label, options in mistakes:
        labels = torch.full((6,), label)
        said = []
        for module in (ours, torchs):
            with pytest.raises((ValueError, IndexError, TypeError)) as caught:
                module(LOGITS, labels, **options)
            said.append((caught.type, str(caught.value)))
        assert said[0] == said[1]
