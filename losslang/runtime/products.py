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
from losslang.runtime.native import PLAIN, Formula, Job, contiguous, differentiable

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
        space: dict[str, Any] = {}
        exec(kernel.product.text, space)
        self.factors: Callable[..., tuple[Tensor, Tensor]] = space["factors"]

    def job(self, args: Sequence[Any], again: Callable[..., Result], *reduced: Any) -> Job | None:
        """What the kernel would be asked for; ``None`` where it is not for these arguments."""
        arrays, others = args[: self._product.arrays], args[self._product.arrays :]
        if not all(type(x) in PLAIN and x.is_cpu for x in arrays):
            return None
        if any(x.is_floating_point() and x.dtype != self.dtype for x in arrays):
            return None
        if any(isinstance(x, Tensor) and (x.ndim or x.requires_grad) for x in others):
            return None
        shape = [args[place].shape[dim] for place, dim in self._sizes]
        return super().job(
            [*args, torch.empty((), dtype=self.dtype).expand(shape)], again, *reduced
        )

    def run(self, args: Sequence[Any], job: Job) -> Result:
        """The values, and which rows have one if the kernel says so."""
        if torch.is_grad_enabled() and any(x.requires_grad for x in args[: self._product.arrays]):
            found: Result = _Products.apply(self, job, *args)  # type: ignore[no-untyped-call]
            return found
        left, right = self.factors(*args)
        return self.computed([*args, left @ right.t()], job)

    def computed(self, args: Sequence[Any], job: Job, *, slopes: bool = False) -> Result:
        """The values, and which rows have one; ``slopes`` take the place of the matrix."""
        given = contiguous(args)
        value = torch.empty(job.examples, dtype=self.dtype)
        guard = torch.empty(job.examples, dtype=torch.bool) if self.kernel.guarded else None
        kept = self._run(
            "both" if slopes else "values",
            None,
            given[-1:],
            given,
            job,
            (value.data_ptr(), 0, 0, 0 if guard is None else guard.data_ptr()),
            0,
            1.0,
        )
        if kept < 0:
            raise IndexError("a label is outside of its axis")
        return value if guard is None else (value, guard)


class _Products(torch.autograd.Function):
    """The values of all rows, with the gradient of the matrix kept in its place."""

    @staticmethod
    def forward(ctx: Any, formula: Products, job: Job, *args: Any) -> Result:
        arguments = [
            x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in args
        ]
        with torch.enable_grad():
            factors = formula.factors(*arguments)
        left, right = (factor.detach() for factor in factors)
        matrix = left @ right.t()
        found = formula.computed([*args, matrix], job, slopes=True)
        if isinstance(found, tuple):
            ctx.mark_non_differentiable(found[1])
        ctx.save_for_backward(*(x for x in args if isinstance(x, Tensor)), matrix)
        ctx.job, ctx.factors, ctx.arguments = job, factors, arguments
        return found

    @staticmethod
    def backward(ctx: Any, slope: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        *tensors, matrix = ctx.saved_tensors
        wanted = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            given = iter(tensors)
            args = [next(given) if isinstance(x, Tensor) else x for x in ctx.arguments]
            return (None, None, *differentiable(ctx.job, args, wanted, slope))
        left, right = ctx.factors
        each = slope.unsqueeze(-1)
        slopes = []
        with torch.autocast("cpu", enabled=False):
            if left.requires_grad:
                slopes.append(each * (matrix @ right.detach()))
            if right.requires_grad:
                slopes.append(matrix.t() @ (each * left.detach()))
        leaves = [x for x, want in zip(ctx.arguments, wanted, strict=True) if want]
        moving = [factor for factor in ctx.factors if factor.requires_grad]
        found = iter(
            torch.autograd.grad(moving, leaves, slopes, retain_graph=True, allow_unused=True)
        )
        return (None, None, *(next(found) if want else None for want in wanted))
