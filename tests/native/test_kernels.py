"""Kernels against the composed formula in double precision, value and every gradient."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import mpmath
import numpy
import pytest
import torch
from torch import Tensor

import losslang
from losslang import driver
from losslang.codegen.lower import Lowered, lower
from losslang.codegen.native import compiler
from losslang.codegen.native.compiler import Failure
from losslang.codegen.native.kernel import kernel
from losslang.codegen.rows import rows
from losslang.codegen.slopes import NoSlopesError, with_slopes
from losslang.codegen.torch.emit import emit
from losslang.diagnostics import DiagnosticError
from losslang.ir.loss import Domain, Hyperparameter, Loss
from losslang.runtime.backend import REALS
from losslang.runtime.module import load
from losslang.runtime.native import Formula
from tests.codegen.modules import losses
from tests.native.modules import compiled
from tests.sampling import sampled

pytestmark = pytest.mark.skipif(
    isinstance(compiler.find(), Failure), reason="there is no C++ compiler"
)

ROWS, CLASSES = 37, 11


@cache
def lowered(spec: str) -> Lowered | None:
    """A loss of rows; ``None`` for another."""
    try:
        low = lower(driver.elaborated(spec))
        rows(with_slopes(low))
    except (DiagnosticError, NoSlopesError):
        return None
    return low


CONSTRAINED = {"cumulative_link", "hyperbolic_pairwise_confusion", "multi_quantile"}
"""Losses that are undefined at most random inputs: thresholds in order, points of a ball, a level
for each quantile."""

NAMES = sampled(e.name for e in driver.library() if e.name not in CONSTRAINED)


@cache
def formula(spec: str, dtype: torch.dtype) -> Formula:
    low = lowered(spec)
    assert low is not None
    emitted = emit([low.loss])
    signature = emitted.signatures[low.loss.name]
    composed = getattr(load(emitted.text, emitted.digest), signature.formula)
    written = kernel(rows(with_slopes(low)), REALS[dtype])
    library = compiler.load(compiler.prelude() + written.text)
    assert not isinstance(library, Failure), library.message
    return Formula(composed, signature.arguments, written, library, dtype)


def given(loss: Loss, seed: int, n: int = ROWS, classes: int = CLASSES) -> list[Any]:
    """Arguments of a formula, in double precision: inputs inside their domains."""
    torch.manual_seed(seed)
    low = lower(loss)
    found: dict[str, Any] = {}
    for known in loss.inputs:
        shape = (n, *(int(a.size) if a.size is not None else classes for a in known.axes))
        if known.kind == "index":
            found[known.name] = torch.randint(0, classes, shape)
        elif known.kind in ("bit", "sign"):
            ends = (0.0, 1.0) if known.kind == "bit" else (-1.0, 1.0)
            found[known.name] = torch.tensor(ends).double()[torch.randint(0, 2, shape)]
        elif known.kind == "simplex":
            found[known.name] = torch.randn(shape).double().softmax(-1)
        elif known.domain.low is not None or known.domain.high is not None:
            found[known.name] = inside(known.domain, 0.05 + 0.9 * torch.rand(shape).double())
        else:
            found[known.name] = 2 * torch.randn(shape).double()
    for hyper in loss.hyperparameters:
        found[hyper.name] = setting(hyper, classes)
    return [found[name] for name in (*low.hard.arrays, *low.hard.hyperparameters)]


def inside(domain: Domain, share: Tensor) -> Tensor:
    """Numbers at shares of an interval, or so far from its only end."""
    low, high = (None if end is None else float(end) for end in (domain.low, domain.high))
    if low is not None and high is not None:
        return low + (high - low) * share
    return low + share if low is not None else (high or 0.0) - share


def setting(hyper: Hyperparameter, classes: int) -> Any:
    """The default of a hyperparameter, or numbers in its domain."""
    if hyper.kind == "choice":
        return str(hyper.default)
    if isinstance(hyper.default, tuple):
        return torch.tensor([float(x) for x in hyper.default]).double()  # type: ignore[arg-type]
    if hyper.axes:
        return torch.rand(classes).double().softmax(-1)
    return 0.5 if hyper.default is None else float(hyper.default)


def results(
    function: Any,
    args: list[Any],
    slope: Tensor,
    dtype: torch.dtype,
    slots: Sequence[int] | None = None,
) -> list[Tensor]:
    """The values, and the gradients of all real arrays, or of those at the places ``slots``."""
    args = [
        x.to(dtype).clone() if isinstance(x, Tensor) and x.is_floating_point() else x for x in args
    ]
    leaves = [
        x.requires_grad_()
        for place, x in enumerate(args)
        if isinstance(x, Tensor) and x.is_floating_point() and x.ndim and len(x) == len(slope)
        if slots is None or place in slots
    ]
    value = function(*args)
    return [
        value.detach(),
        *torch.autograd.grad(value, leaves, slope.to(dtype), materialize_grads=True),
    ]


def reduced(made: Formula, reduction: Any, args: list[Any], dtype: torch.dtype) -> list[Tensor]:
    """The sum or mean, and its gradients."""

    def function(*args: Any) -> Tensor:
        job = made.job(args, made.composed, reduction)
        assert job is not None
        return made.run(args, job).expand(ROWS)

    once = torch.zeros(ROWS)
    once[0] = 1
    value, *gradients = results(function, args, once, dtype, made.slots)
    return [value[0], *gradients]


def same(found: list[Tensor], wanted: list[Tensor], tolerance: float) -> None:
    least = max(1e-30, *(1e-2 * float(truth.abs().max()) for truth in wanted))
    for ours, truth in zip(found, wanted, strict=True):
        scale = truth.abs().max().clamp(min=least)
        torch.testing.assert_close(ours.double() / scale, truth / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize("spec", NAMES)
def test_a_kernel_computes_what_the_formula_says(spec: str) -> None:
    low = lowered(spec)
    if low is None or low.loss.draws:
        pytest.skip("it is no loss of rows, or its draws are made by the call")
    made = formula(spec, torch.float64)
    for classes in (CLASSES, 60):
        args = given(low.loss, seed=1, classes=classes)
        slope = torch.randn(ROWS).double()
        assert made.job(args, made.composed) is not None
        wanted = results(made.composed, args, slope, torch.float64, made.slots)
        same(results(made, args, slope, torch.float64, made.slots), wanted, 1e-11)
        for reduction, scale in (("sum", 1), ("mean", 1 / ROWS)):
            total, *gradients = reduced(made, reduction, args, torch.float64)
            each = torch.full((ROWS,), scale, dtype=torch.float64)
            wanted = results(made.composed, args, each, torch.float64, made.slots)
            torch.testing.assert_close(total, scale * wanted[0].sum())
            same(gradients, wanted[1:], 1e-11)


# ---------------------------------------------------------------- what a call may be

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, 3.0], [0.0, 0.0, 0.0], [9.0, 1.0, -8.0]])
LABELS = torch.tensor([0, 1, 2, 0])
FLOAT = torch.float32


def focal() -> Formula:
    return formula("focal", torch.float32)


def of_program(program: str) -> tuple[Formula, Any]:
    """The kernel of a loss, and its formula by torch."""
    loss = losses(program)[0]
    emitted = emit([loss])
    signature = emitted.signatures[loss.name]
    composed = getattr(load(emitted.text, emitted.digest), signature.formula)
    written = kernel(rows(with_slopes(lower(loss))), "double")
    library = compiler.load(compiler.prelude() + written.text)
    assert not isinstance(library, Failure), library.message
    return Formula(composed, signature.arguments, written, library, torch.float64), composed


@pytest.mark.parametrize("exponent", [-3, -1, 2, 3, 4, 7])
def test_whole_powers_of_negative_numbers(exponent: int) -> None:
    made, composed = of_program(f"loss it(x: real) = x**({exponent})")
    x, slope = torch.tensor([-2.0, -0.5, 3.0]).double(), torch.ones(3).double()
    same(
        results(made, [x], slope, torch.float64),
        results(composed, [x], slope, torch.float64),
        1e-14,
    )


def test_a_number_times_an_exponential_is_finite_where_the_exponential_is_not() -> None:
    """Oracle: mpmath 1.3."""
    pairs = [(1e-300, 720.0), (0.0, 3000.0), (-2.0, 1.0)]
    x, u = torch.tensor(pairs, dtype=torch.float64).unbind(-1)
    wanted = torch.tensor([float(a * mpmath.exp(b)) for a, b in pairs], dtype=torch.float64)
    for function in of_program("loss it(x: real, u: real) = x * exp(u)"):
        value, _, slope = results(function, [x, u], torch.ones(3), torch.float64)
        torch.testing.assert_close((value, slope), (wanted, wanted), rtol=1e-14, atol=0)


@pytest.mark.parametrize("m", [2, 3, 4])
def test_a_multiple_of_an_angle_has_its_slope_at_either_end(m: int) -> None:
    """Oracle: Chebyshev polynomials by NumPy."""
    polynomial = numpy.polynomial.Chebyshev.basis(m)
    x, slope = torch.tensor([-1.0, -1 + 1e-9, -0.5, 0.3, 1 - 1e-9, 1.0]).double(), torch.ones(6)
    wanted = [torch.from_numpy(f(x.numpy())) for f in (polynomial, polynomial.deriv())]
    for function in of_program(f"loss it(x: real) = cos({m} * acos(x))"):
        found = results(function, [x], slope, torch.float64)
        torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-12)


def test_in_single_precision_every_entry_keeps_its_digits() -> None:
    torch.manual_seed(0)
    logits, labels = 3 * torch.randn(64, 200), torch.randint(0, 200, (64,))
    logits[::4, 7] += 40
    labels[::4] = 7
    slope = torch.ones(64)
    found = results(focal(), [logits, labels, 2.0], slope, torch.float32)
    wanted = results(
        formula("focal", torch.float64), [logits, labels, 2.0], slope.double(), torch.float64
    )
    for ours, truth in zip(found, wanted, strict=True):
        # Below that, factors of a product may be subnormal.
        error = (ours.double() - truth).abs() / truth.abs().clamp(min=1e-30)
        assert error.max() < 8 * torch.finfo().eps


def test_with_one_class_the_loss_is_zero_and_so_is_its_slope() -> None:
    value, slope = results(
        focal(), [torch.randn(5, 1), torch.zeros(5).long(), 2.0], torch.ones(5), torch.float32
    )
    assert not value.any()
    assert not slope.any()


def test_examples_may_have_any_shape() -> None:
    logits, labels = LOGITS.reshape(2, 2, 3), LABELS.reshape(2, 2)
    assert torch.equal(focal()(logits, labels, 2.0), focal()(LOGITS, LABELS, 2.0).reshape(2, 2))


def test_rows_that_do_not_lie_one_after_the_other() -> None:
    turned = LOGITS.t().contiguous().t()
    found = results(focal(), [turned, LABELS, 2.0], torch.ones(4), torch.float32)
    wanted = results(focal(), [LOGITS, LABELS, 2.0], torch.ones(4), torch.float32)
    assert all(map(torch.equal, found, wanted))


def test_no_rows() -> None:
    logits = torch.empty(0, 3, requires_grad=True)
    value = focal()(logits, LABELS[:0], 2.0)
    value.sum().backward()
    assert value.shape == (0,)
    assert logits.grad is not None
    assert logits.grad.shape == (0, 3)


def test_a_hyperparameter_has_a_gradient() -> None:
    gammas = [torch.tensor(1.5, requires_grad=True) for _ in range(2)]
    functions: list[Any] = [focal(), focal().composed]
    for function, gamma in zip(functions, gammas, strict=True):
        function(LOGITS, LABELS, gamma).sum().backward()
    torch.testing.assert_close(gammas[0].grad, gammas[1].grad)


def test_a_pass_that_nobody_wants_keeps_nothing_for_the_others() -> None:
    made, classes = formula("bce_kd", torch.float64), 3  # a pass for the gradient by tau alone
    low = lowered("bce_kd")
    assert low is not None
    args = given(low.loss, seed=3, classes=classes)
    each = torch.ones(ROWS).double()
    wanted = results(made.composed, args, each, torch.float64, made.slots)
    same(reduced(made, "sum", args, torch.float64)[1:], wanted[1:], 1e-11)


def test_a_second_backward_gives_the_same() -> None:
    logits = LOGITS.clone().requires_grad_()
    total = focal()(logits, LABELS, 2.0).mean()
    first, second = (
        torch.autograd.grad(0.5 * total, logits, retain_graph=True)[0] for _ in range(2)
    )
    assert torch.equal(first, second)
    torch.testing.assert_close(2 * first, torch.autograd.grad(total, logits)[0])


@pytest.mark.parametrize("dtype", [FLOAT, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("factor", [1.0, 0.5, 0.3])
@pytest.mark.parametrize("spec", ["ce", "focal(gamma=2)", "gce"])
def test_a_second_backward_of_a_mean_gives_every_digit_again(
    spec: str, factor: float, dtype: torch.dtype
) -> None:
    loss = losslang.compile(spec)
    assert loss.precompile(dtype)
    logits = LOGITS.to(dtype, copy=True).requires_grad_()
    total = factor * loss(logits, torch.tensor([0, -100, 2, 0]))
    (first,) = torch.autograd.grad(total, logits, retain_graph=True)
    kept = first.clone()
    first += 1  # a gradient belongs to who asked for it
    (second,) = torch.autograd.grad(total, logits, retain_graph=True)
    assert torch.equal(second, kept)


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_a_mean_is_over_the_examples_that_count(factor: float) -> None:
    loss = losslang.compile("focal(gamma=2)")
    assert loss.precompile()
    logits, labels = LOGITS.clone().requires_grad_(), torch.tensor([0, -100, 2, 0])
    total = factor * loss(logits, labels)
    few = results(focal(), [LOGITS[::2], labels[::2], 2.0], torch.full((2,), factor / 3), FLOAT)
    for _ in range(2):
        (found,) = torch.autograd.grad(total, logits, retain_graph=True)
        assert not found[1].any()
        torch.testing.assert_close(found[::2], few[1])


def test_logits_that_changed_before_the_backward_are_refused() -> None:
    loss = losslang.compile("focal(gamma=2)")
    assert loss.precompile()
    logits = LOGITS.clone().requires_grad_()
    total = loss(logits, LABELS)
    with torch.no_grad():
        logits += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        total.backward()


def test_two_losses_of_the_same_logits() -> None:
    logits = LOGITS.clone().requires_grad_()
    sums = focal()(logits, LABELS, 2.0).sum() + focal()(logits, LABELS, 1.0).sum()
    (both,) = torch.autograd.grad(sums, logits)
    each = [
        results(focal(), [LOGITS, LABELS, g], torch.ones(4), torch.float32)[1] for g in (2.0, 1.0)
    ]
    torch.testing.assert_close(both, each[0] + each[1])


def test_the_slope_of_a_slope() -> None:
    made = formula("focal", torch.float64)
    logits = LOGITS.double().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda z: made(z, LABELS, 2.0), (logits,))


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_of_the_classes_is_refused(label: int) -> None:
    with pytest.raises(IndexError):
        focal()(LOGITS, torch.tensor([0, 1, label, 0]), 2.0)


def test_what_a_kernel_is_not_for_goes_to_the_composed_formula() -> None:
    made = focal()
    assert made.job([LOGITS.double(), LABELS, 2.0], made.composed) is None
    assert made.job([LOGITS.to("meta"), LABELS, 2.0], made.composed) is None
    assert made.job([LOGITS, LABELS[:3], 2.0], made.composed) is None
    assert made.job([LOGITS, LABELS, torch.ones(4)], made.composed) is None
    each = torch.func.vmap(lambda z, y: made(z, y, 2.0))(LOGITS, LABELS)
    torch.testing.assert_close(each, made(LOGITS, LABELS, 2.0))


def test_nothing_is_kept_for_a_gradient_that_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    made = focal()
    kept: list[Tensor | None] = []
    values = made.values

    def spied(*args: Any, keep: bool) -> tuple[Tensor, Tensor | None, int]:
        result, saved, count = values(*args, keep=keep)
        kept.append(saved)
        return result, saved, count

    monkeypatch.setattr(made, "values", spied)
    made(LOGITS, LABELS, 2.0)
    with torch.no_grad():
        made(LOGITS.clone().requires_grad_(), LABELS, 2.0)
    assert kept == [None, None]


@pytest.mark.parametrize("shape", [(20_001, 10), (1_001, 300), (65, 5_000)])
def test_the_number_of_threads_changes_no_digit(shape: tuple[int, int]) -> None:
    made, _ = compiled("squentropy", Formula, torch.float32)
    torch.manual_seed(0)
    logits, labels = torch.randn(shape).requires_grad_(), torch.randint(0, shape[1], shape[:1])
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            values = made(logits, labels, reduction="none")
            found.append((values.detach(), *torch.autograd.grad(made(logits, labels), logits)))
    finally:
        torch.set_num_threads(before)
    for each in found[1:]:
        assert all(map(torch.equal, each, found[0]))
