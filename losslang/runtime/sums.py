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
    Reduction,
    contiguous,
    defined,
    detached,
    differentiable,
    is_followed,
    is_number,
    is_transformed,
)


class SumsOfPlaces(Formula):
    """``composed`` with a kernel for its sums over places."""

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
        self.rest: Callable[..., Tensor] = defined(kernel.sums.text, "rest")

    def job(
        self,
        args: Sequence[Any],
        again: Callable[..., Tensor],
        reduction: Reduction = "none",
        ignored: int = NO_LABEL,
    ) -> Job | None:
        """What the kernel would be asked for; ``None`` where it is not for these arguments.

        Without an array that says which places count, those that are not labelled ``ignored`` do.
        """
        arrays = [x for x in args[: self._sums.arrays] if x is not None]
        if not all(type(x) in PLAIN and x.is_cpu for x in arrays):
            return None
        if args[self.scores].ndim < 2 or is_transformed():
            return None
        examples, classes, *space = args[self.scores].shape
        for place, axis, batched, dtype in self._arrays:
            if place is None or place >= len(args):
                continue
            x = args[place]
            if x is None:
                continue
            shape = (examples, *space) if axis is None else (examples, classes, *space)
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
        return Job(torch.Size(space), (classes, examples), again, reduction, ignored)

    def run(self, args: Sequence[Any], job: Job) -> Tensor:
        """The value of each example, or their sum or mean.

        Raises ``IndexError`` if a label is no class, or if an example of which no place counts is
        to be left out.
        """
        sums, counts = self.summed(args, job)
        if any(x is None for x in args) and not counts.all():
            raise IndexError("an example has no place that counts")
        if torch.is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in args):
            value: Tensor = _Sums.apply(self, job, sums, *args)  # type: ignore[no-untyped-call]
            return value
        return self.value(sums, args[self._sums.arrays :], job)

    def value(self, sums: Sequence[Tensor], settings: Sequence[Any], job: Job) -> Tensor:
        """What becomes of the sums."""
        value = self.rest(*sums, *settings)
        if job.reduction == "none":
            return value
        return value.sum() / max(len(value), 1) if job.reduction == "mean" else value.sum()

    def summed(self, args: Sequence[Any], job: Job) -> tuple[Sequence[Tensor], Tensor]:
        """Each sum, over the examples and the classes, and how many places of an example count."""
        classes, examples = job.sizes
        slopes = self._sums.slopes
        width = len(slopes) * examples * classes
        found = torch.empty(width + examples, dtype=self.real)
        given = [*contiguous(args), *(None for _ in slopes)]
        results = found.data_ptr(), 0, 0, 0
        if self._run("sums", None, [None], given, job, results, 0, 1.0) < 0:
            raise IndexError("a label is outside of its axis")
        return found[:width].view(len(slopes), examples, classes).unbind(), found[width:]

    def gradient(self, args: Sequence[Any], job: Job, slopes: Sequence[Tensor]) -> Tensor:
        """The gradient by the scores, from that by each sum."""
        given = [*contiguous(args), *(slope.contiguous() for slope in slopes)]
        found = torch.empty_like(given[self.scores])
        self._run("slopes", None, [found], given, job, (0, 0, 0, 0), 0, 1.0)
        return found


class _Sums(torch.autograd.Function):
    """The value of each example, with the kernel's gradient."""

    @staticmethod
    def forward(
        ctx: Any, formula: SumsOfPlaces, job: Job, found: Sequence[Tensor], *args: Any
    ) -> Tensor:
        sums = [x.requires_grad_() for x in detached(found)]
        settings = detached(args[formula._sums.arrays :])
        with torch.enable_grad():
            value = formula.value(sums, settings, job)
        ctx.save_for_backward(*(x for x in args if isinstance(x, Tensor)))
        ctx.others = [... if isinstance(x, Tensor) else x for x in args]
        ctx.formula, ctx.job, ctx.graph = formula, job, (sums, settings, value)
        return value.detach()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        left = iter(ctx.saved_tensors)
        args = [next(left) if x is ... else x for x in ctx.others]
        wanted = ctx.needs_input_grad[3:]
        if is_followed(slope):
            return (None, None, None, *differentiable(ctx.job, args, wanted, slope))
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
        return (None, None, None, *found)
