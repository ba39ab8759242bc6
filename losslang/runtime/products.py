"""A kernel that reads a matrix of products, as a function of the factors' arguments.

The matrix has a row for each example and a column for each one that it is compared with. A call
forms it once; where a gradient is wanted, the kernel puts that in its place, row by row, while the
row is in the cache. The slope of a row multiplies the whole row, so it can wait: what reaches the
factors is ``slope * (G @ right)`` and ``G.T @ (slope * left)``. Whatever makes the factors of the
arguments is torch's, and so is its gradient.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from losslang.codegen.native.call import MATRIX, Kernel
from losslang.runtime.native import (
    PLAIN,
    Formula,
    Job,
    contiguous,
    defined,
    detached,
    differentiable,
    is_followed,
)

Result: TypeAlias = Any
"""The values; with them, where some rows have none, which have one."""


class Products(Formula):
    """``composed`` with a kernel for the rows of a matrix of products."""

    reduces = False

    def __init__(
        self,
        composed: Callable[..., Result],
        names: Sequence[str],
        kernel: Kernel,
        library: ctypes.CDLL,
        dtype: torch.dtype,
    ) -> None:
        super().__init__(composed, (*names, MATRIX), kernel, library, dtype)
        assert kernel.product is not None
        self._product = kernel.product
        self._sizes = [(names.index(name), dim) for name, dim in kernel.product.sizes]
        self.factors: Callable[..., tuple[Tensor, Tensor]]
        self.factors = defined(kernel.product.text, "factors")

    def job(self, args: Sequence[Any], again: Callable[..., Result], *reduced: Any) -> Job | None:
        """What the kernel would be asked for; ``None`` where it is not for these arguments."""
        arrays, others = args[: self._product.arrays], args[self._product.arrays :]
        if not all(type(x) in PLAIN and x.is_cpu for x in arrays):
            return None
        if any(x.is_floating_point() and x.dtype != self.dtype for x in arrays):
            return None
        if any(isinstance(x, Tensor) and x.ndim for x in others):
            return None
        values = (lambda *x: again(*x)[0]) if self.kernel.guarded else again
        shape = [args[place].shape[dim] for place, dim in self._sizes]
        matrix = torch.empty((), dtype=self.dtype).expand(shape)
        return super().job([*args, matrix], values, *reduced)

    def run(self, args: Sequence[Any], job: Job) -> Result:
        """The values, and which rows have one if the kernel says so."""
        if torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in args):
            found: Result = _Products.apply(self, job, *args)  # type: ignore[no-untyped-call]
            return found
        left, right = self.factors(*args)
        return self.computed([*args, left @ right.t()], job, [None] * len(self.slots))

    def computed(self, args: Sequence[Any], job: Job, slopes: Sequence[Tensor | None]) -> Result:
        """:meth:`run` with the matrix as the last argument.

        ``slopes`` receive what is wanted of the gradients of each value; the matrix may receive its
        own.
        """
        given = contiguous(args)
        value = torch.empty(job.examples, dtype=self.dtype)
        guard = torch.empty(job.examples, dtype=torch.bool) if self.kernel.guarded else None
        rows = 0 if guard is None else guard.data_ptr()
        task = "values" if all(x is None for x in slopes) else "both"
        results = value.data_ptr(), 0, 0, rows
        if self._run(task, None, slopes, given, job, results, 0, 1.0) < 0:
            raise IndexError("a label is outside of its axis")
        return value if guard is None else (value, guard)


class _Products(torch.autograd.Function):
    """The values of all rows, with the gradient of the matrix kept in its place."""

    @staticmethod
    def forward(ctx: Any, formula: Products, job: Job, *args: Any) -> Result:
        arguments = detached(args)
        with torch.enable_grad():
            factors = formula.factors(*arguments)
        left, right = (factor.detach() for factor in factors)
        matrix = left @ right.t()
        wanted = [*ctx.needs_input_grad[2:], True]
        slopes = [
            matrix if along else matrix.new_empty(len(matrix)) if wanted[place] else None
            for place, along in formula._gradients
        ]
        found = formula.computed([*args, matrix], job, slopes)
        if isinstance(found, tuple):
            ctx.mark_non_differentiable(found[1])
        ctx.save_for_backward(*(x for x in args if isinstance(x, Tensor)), *slopes)
        ctx.formula, ctx.job, ctx.factors, ctx.arguments = formula, job, factors, arguments
        return found

    @staticmethod
    def backward(ctx: Any, slope: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        arguments, wanted = ctx.arguments, ctx.needs_input_grad[2:]
        tensors = iter(ctx.saved_tensors)
        args = [next(tensors) if isinstance(x, Tensor) else x for x in arguments]
        if is_followed(slope):
            return (None, None, *differentiable(ctx.job, args, wanted, slope))
        slopes = dict(zip(ctx.formula.slots, tensors, strict=True))
        matrix = slopes.pop(len(args))
        found = _of_arguments(ctx.factors, arguments, wanted, matrix, slope.unsqueeze(-1))
        for place, each in slopes.items():
            if each is not None:
                own = (slope * each).sum().to(args[place].dtype)
                found[place] = own if found[place] is None else own + found[place]
        return (None, None, *found)


def _of_arguments(
    factors: Sequence[Tensor],
    arguments: Sequence[Any],
    wanted: Sequence[bool],
    matrix: Tensor,
    slope: Tensor,
) -> list[Tensor | None]:
    """What reaches the arguments through the factors, where each row of ``matrix``, the gradient of
    the matrix, has a slope.
    """
    left, right = (factor.detach() for factor in factors)
    with torch.autocast("cpu", enabled=False):
        slopes = [
            slope * (matrix @ right) if factors[0].requires_grad else None,
            matrix.t() @ (slope * left) if factors[1].requires_grad else None,
        ]
    if not any(factor.requires_grad for factor in factors):
        return [None] * len(arguments)
    moving = [(x, by) for x, by in zip(factors, slopes, strict=True) if by is not None]
    found = iter(
        torch.autograd.grad(
            [x for x, _ in moving],
            [x for x, want in zip(arguments, wanted, strict=True) if want],
            [by for _, by in moving],
            retain_graph=True,
            allow_unused=True,
        )
    )
    return [next(found) if want else None for want in wanted]
