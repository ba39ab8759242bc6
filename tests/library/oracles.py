"""What every loss of the library is compared with, and how the comparison is made.

An oracle is either a function of another library (torch, pytorch-metric-learning), differentiated
by autograd in float64, or the paper's formula written out in mpmath at 100 digits, differentiated
by central differences with a step of 2**-100, which leaves some 60 correct digits. No oracle is
read from a ``.loss`` file or computed by the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from mpmath import mp, mpf
from torch import Tensor

import losslang

DIGITS = 100
STEP = mpf(2) ** -100

Inputs = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """One loss on one kind of input, with the function it must agree with.

    A ``paper`` oracle is a formula in mpmath: it takes nested lists and returns one number, or a
    list with a number per example (``None`` where the loss leaves the example out). Any other is a
    library's function and takes and returns tensors. ``hyper`` are passed per call, as tensors, and
    differentiated too. A ``frozen`` formula takes the undisturbed inputs as well, for the parts
    that the loss holds constant in the gradient. ``slack`` multiplies the tolerance; ``why`` says
    which condition number it stands for.
    """

    spec: str
    on: str
    inputs: Callable[[], Inputs]
    oracle: Callable[..., Any]
    source: str
    hyper: dict[str, float | list[float]] = field(default_factory=dict)
    paper: bool = True
    frozen: bool = False
    training: bool = True
    slack: float = 1.0
    why: str = ""

    @property
    def name(self) -> str:
        """How the case is called in test reports."""
        settings = ",".join(f"{key}={value}" for key, value in self.hyper.items())
        return (
            f"{self.spec}{{{settings}}} on {self.on}" if settings else f"{self.spec} on {self.on}"
        )


@dataclass(frozen=True)
class Expected:
    """The oracle's values, and their derivatives by every real input and hyperparameter."""

    values: Tensor
    kept: Tensor
    jacobians: tuple[Tensor, ...]
    per_example: bool


@dataclass(frozen=True)
class Errors:
    """Largest differences, relative to the largest entry of what is compared."""

    value: float
    gradient: float


# A loss of order 1 is a handful of operations: a few hundred units in the last place of float64
# leave room for every order of summation; in float32 some thirty units are asked for.
TOLERANCE = {torch.float64: 1e-12, torch.float32: 4e-6}

# The gradient of a saturated loss is the difference of numbers of the loss's own size, so one that
# is smaller by this factor is measured on the scale of the loss.
SATURATED = 1e-6


# ---------------------------------------------------------------- measuring


@cache
def compiled(spec: str) -> torch.nn.Module:
    """The loss, compiled once per test run."""
    return losslang.compile(spec)


def arguments(case: Case, dtype: torch.dtype) -> tuple[list[Tensor], dict[str, Tensor]]:
    """The inputs and hyperparameters of a case, rounded to ``dtype`` and ready for gradients."""
    inputs = [_leaf(tensor, dtype) for tensor in case.inputs()]
    hyper = {
        name: _leaf(torch.tensor(value, dtype=torch.float64), dtype)
        for name, value in case.hyper.items()
    }
    return inputs, hyper


def _leaf(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    return tensor.to(dtype).detach().clone().requires_grad_()


@cache
def expected(case: Case, dtype: torch.dtype) -> Expected:
    """The oracle's answer at the inputs as ``dtype`` holds them."""
    inputs, hyper = arguments(case, dtype)
    exact = [tensor.detach().double() if _real(tensor) else tensor for tensor in inputs]
    settings = {name: tensor.detach().double() for name, tensor in hyper.items()}
    if not case.paper:
        return _from_library(case, exact, settings)
    with mp.workdps(DIGITS):
        return _from_paper(case, exact, settings)


def _real(tensor: Tensor) -> bool:
    return tensor.is_floating_point()


def _from_library(case: Case, inputs: list[Tensor], hyper: dict[str, Tensor]) -> Expected:
    leaves = [tensor.requires_grad_() for tensor in (*inputs, *hyper.values()) if _real(tensor)]
    values = case.oracle(*inputs, **hyper)
    rows = values.reshape(-1)
    found = [
        torch.autograd.grad(row, leaves, retain_graph=True, materialize_grads=True) for row in rows
    ]
    jacobians = tuple(torch.stack(column) for column in zip(*found, strict=True))
    kept = torch.ones(len(rows), dtype=torch.bool)
    return Expected(rows.detach(), kept, jacobians, values.dim() > 0)


def _from_paper(case: Case, inputs: list[Tensor], hyper: dict[str, Tensor]) -> Expected:
    tensors = [*inputs, *hyper.values()]
    numbers = [digits(tensor) for tensor in tensors]
    names = list(hyper)

    def call(arguments: list[Any]) -> Any:
        own, settings = arguments[: len(inputs)], arguments[len(inputs) :]
        extra = {"frozen": numbers[: len(inputs)]} if case.frozen else {}
        return case.oracle(*own, **dict(zip(names, settings, strict=True)), **extra)

    at = call(numbers)
    jacobians = []
    for position, tensor in enumerate(tensors):
        if _real(tensor):
            columns = [
                _slope(call, numbers, position, place) for place in range(max(tensor.numel(), 1))
            ]
            stacked = torch.tensor(columns, dtype=torch.float64).T
            jacobians.append(stacked.reshape(stacked.shape[0], *tensor.shape))
    rows = at if isinstance(at, list) else [at]
    return Expected(
        torch.tensor([0.0 if row is None else float(row) for row in rows], dtype=torch.float64),
        torch.tensor([row is not None for row in rows]),
        tuple(jacobians),
        isinstance(at, list),
    )


def _slope(
    call: Callable[[list[Any]], Any], numbers: list[Any], position: int, place: int
) -> list[float]:
    """Central differences of all values by one entry of one argument."""
    sides = []
    for step in (STEP, -STEP):
        moved = [*numbers]
        moved[position] = _shifted(numbers[position], place, step)[0]
        value = call(moved)
        sides.append(value if isinstance(value, list) else [value])
    return [
        0.0 if up is None else float((up - down) / (2 * STEP))
        for up, down in zip(*sides, strict=True)
    ]


def _shifted(value: Any, place: int, step: Any) -> tuple[Any, int]:
    """``value`` with ``step`` added to its entry number ``place`` in row-major order."""
    if not isinstance(value, list):
        return (value + step if place == 0 else value), place - 1
    out = []
    for entry in value:
        moved, place = _shifted(entry, place, step)
        out.append(moved)
    return out, place


def digits(tensor: Tensor) -> Any:
    """Nested lists of exact numbers."""
    if tensor.dim() == 0:
        return mpf(tensor.item()) if _real(tensor) else tensor.item()
    return [digits(row) for row in tensor]


def module(case: Case, dtype: torch.dtype) -> torch.nn.Module:
    """The compiled loss in the mode the case asks for, its state in the inputs' precision."""
    return compiled(case.spec).train(case.training).to(dtype)


@cache
def measure(case: Case, dtype: torch.dtype) -> Errors:
    """The worst relative errors of value and gradient over the reductions a case allows."""
    want = expected(case, dtype)
    values, gradients = [], []
    size = float(want.values.abs().max()) if want.values.numel() else 0.0
    for reduction in ("mean", "none") if want.per_example else ("mean",):
        inputs, hyper = arguments(case, dtype)
        got = module(case, dtype)(*inputs, reduction=reduction, **hyper)
        weights = _cotangent(want, reduction)
        target = want.values if reduction == "none" else (weights * want.values).sum()
        values.append(relative_error(got, target))
        leaves = [tensor for tensor in (*inputs, *hyper.values()) if _real(tensor)]
        scalar = (got.double() * weights).sum() if reduction == "none" else got.double()
        slopes = torch.autograd.grad(scalar, leaves, materialize_grads=True)
        for slope, jacobian in zip(slopes, want.jacobians, strict=True):
            exact = torch.tensordot(weights, jacobian, dims=1)
            gradients.append(relative_error(slope, exact, SATURATED * size))
    return Errors(max(values), max(gradients, default=0.0))


def _cotangent(want: Expected, reduction: str) -> Tensor:
    """Weights of the examples: the mean's, or uneven ones, so that no gradient cancels."""
    if reduction == "none":
        return torch.linspace(0.5, 1.5, len(want.values), dtype=torch.float64)
    return want.kept.double() / want.kept.sum()


def relative_error(got: Tensor, want: Tensor, floor: float = 0.0) -> float:
    """Largest difference over the largest entry of ``want``; infinite if ``got`` is not finite.

    ``floor`` is the least scale that counts. Where all is 0 to 1e-30, no more than that is asked.
    """
    got = got.detach().double()
    if got.shape != want.shape:
        raise AssertionError(f"shape {tuple(got.shape)} instead of {tuple(want.shape)}")
    if not bool(torch.isfinite(got).all()):
        return float("inf")
    if want.numel() == 0:
        return 0.0
    scale = max(float(want.abs().max()), floor, 1e-30)
    return float((got - want).abs().max()) / scale


def table(cases: Sequence[Case]) -> list[tuple[str, str, str, Errors, Errors]]:
    """Rows of the oracle table: loss, inputs, oracle, errors in float32 and float64."""
    return [
        (
            case.spec,
            case.on,
            case.source,
            measure(case, torch.float32),
            measure(case, torch.float64),
        )
        for case in cases
    ]
