"""A kernel for sums over the places of each example, as a function of tensors.

The kernel sums, torch computes the rest of the formula of what was summed, a few numbers for each
example. On the way back torch says how the result moves with each sum, and the kernel writes what
that means for the logits; it computes what it needs of a place again, so that the gradient is the
only array of the size of the logits.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from losslang.codegen.native.call import Kernel
from losslang.runtime.native import (
    NO_LABEL,
    PLAIN,
    Formula,
    Job,
    contiguous,
    detached,
    differentiable,
    is_number,
    is_transformed,
)


class SumsOfPlaces(Formula):
    """``composed`` with a kernel for its sums over places."""

    reduces = False
    tasks = ("sums", "slopes")

    def __init__(
        self,
        composed: Callable[..., Tensor],
        names: Sequence[str],
        kernel: Kernel,
        library: ctypes.CDLL,
        dtype: torch.dtype,
    ) -> None:
        assert kernel.sums is not None
        super().__init__(composed, (*names, *kernel.sums.slopes), kernel, library, dtype)
        self._sums = kernel.sums
        self.scores = names.index(kernel.sums.scores)
        space: dict[str, Any] = {}
        exec(kernel.sums.text, space)
        self.rest: Callable[..., Tensor] = space["rest"]

    def job(self, args: Sequence[Any], again: Callable[..., Tensor], *_: Any) -> Job | None:
        """What the kernel would be asked for; ``None`` where it is not for these arguments."""
        if not all(type(x) in PLAIN and x.is_cpu for x in args[: self._sums.arrays]):
            return None
        if args[self.scores].ndim != 3 or is_transformed():
            return None
        examples, classes, places = args[self.scores].shape
        for place, axis, batched, dtype in self._arrays:
            if place is None or place >= len(args):
                continue
            x = args[place]
            shape = (examples, places) if axis is None else (examples, classes, places)
            if not batched or x.dtype != dtype or x.shape != shape:
                return None
            if x.requires_grad and place != self.scores:
                return None
        for place, option in self._hypers:
            x = args[place]
            if option is None and not (is_number(x) and not getattr(x, "requires_grad", False)):
                return None
        if not 0 < classes <= self._sums.widest:
            return None
        return Job(torch.Size((places,)), (classes, examples), again, "none", NO_LABEL)

    def run(self, args: Sequence[Any], job: Job) -> Tensor:
        """The value of each example."""
        if torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in args):
            value: Tensor = _Sums.apply(self, job, *args)  # type: ignore[no-untyped-call]
            return value
        return self.rest(*self.summed(args, job), *args[self._sums.arrays :])

    def summed(self, args: Sequence[Any], job: Job) -> tuple[Tensor, ...]:
        """Each sum, over the examples and the classes."""
        classes, examples = job.sizes
        slopes = self._sums.slopes
        sums = torch.empty(len(slopes), examples, classes, dtype=self.real)
        given = [*contiguous(args), *(None for _ in slopes)]
        results = sums.data_ptr(), 0, 0, 0
        if self._run("sums", None, [None], given, job, results, 0, 1.0) < 0:
            raise IndexError("a label is outside of its axis")
        return sums.unbind()

    def gradient(self, args: Sequence[Any], job: Job, slopes: Sequence[Tensor]) -> Tensor:
        """The gradient by the scores, from that by each sum."""
        given = [*contiguous(args), *(slope.contiguous() for slope in slopes)]
        found = torch.empty_like(given[self.scores])
        self._run("slopes", None, [found], given, job, (0, 0, 0, 0), 0, 1.0)
        return found


class _Sums(torch.autograd.Function):
    """The value of each example, with the kernel's gradient."""

    @staticmethod
    def forward(ctx: Any, formula: SumsOfPlaces, job: Job, *args: Any) -> Tensor:
        arrays = formula._sums.arrays
        sums = [x.requires_grad_() for x in detached(formula.summed(args, job))]
        settings = detached(args[arrays:])
        with torch.enable_grad():
            value = formula.rest(*sums, *settings)
        ctx.save_for_backward(*(x for x in args if isinstance(x, Tensor)))
        ctx.others = [None if isinstance(x, Tensor) else x for x in args]
        ctx.formula, ctx.job, ctx.graph = formula, job, (sums, settings, value)
        return value.detach()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        left = iter(ctx.saved_tensors)
        args = [next(left) if x is None else x for x in ctx.others]
        wanted = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return (None, None, *differentiable(ctx.job, args, wanted, slope))
        sums, settings, value = ctx.graph
        arrays, scores = len(args) - len(settings), ctx.formula.scores
        moving = [x for x, want in zip(settings, wanted[arrays:], strict=True) if want]
        by = torch.autograd.grad(
            value, [*sums, *moving], slope, retain_graph=True, materialize_grads=True
        )
        found: list[Tensor | None] = [None] * len(args)
        if wanted[scores]:
            found[scores] = ctx.formula.gradient(args, ctx.job, by[: len(sums)])
        others = iter(by[len(sums) :])
        found[arrays:] = [next(others) if want else None for want in wanted[arrays:]]
        return (None, None, *found)
