"""A kernel for the CPU as a function of tensors.

A kernel computes the values of all rows, and keeps of each row the statistics that its gradient
needs. A call that the kernel is not for (another device, a transform, a tensor where the kernel
wants a number) goes to the composed formula, and so does the slope of a slope.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from losslang.codegen.native.call import Kernel, Read

WORTH_A_THREAD = 1 << 17
"""Calls of fewer numbers run in one thread."""

NO_LABEL = -(1 << 63)

Reduction: TypeAlias = Literal["none", "sum", "mean"]

_PLAIN = (Tensor, torch.nn.Parameter)


class _Call(ctypes.Structure):
    """The arguments of a kernel; see ``struct Call`` of ``kernel.h``."""

    _fields_ = (
        ("arrays", ctypes.POINTER(ctypes.c_void_p)),
        ("hypers", ctypes.POINTER(ctypes.c_double)),
        ("sizes", ctypes.POINTER(ctypes.c_long)),
        ("value", ctypes.c_void_p),
        ("saved", ctypes.c_void_p),
        ("gradients", ctypes.POINTER(ctypes.c_void_p)),
        ("total", ctypes.c_void_p),
        ("rows", ctypes.c_long),
        ("ignored", ctypes.c_long),
        ("slope_step", ctypes.c_long),
        ("kept", ctypes.c_long),
        ("slope_scale", ctypes.c_double),
        ("is_mean", ctypes.c_int),
        ("threads", ctypes.c_int),
    )


@dataclass(frozen=True)
class Job:
    """What a kernel is asked for: over which examples, and how their values are reduced.

    ``sizes`` are those of the kernel's axes; examples labelled ``ignored`` do not count; ``again``
    computes the same by operations that can be differentiated again.
    """

    examples: torch.Size
    sizes: tuple[int, ...]
    again: Callable[..., Tensor]
    reduction: Reduction = "none"
    ignored: int = NO_LABEL


class Formula:
    """``composed`` with a kernel for the calls that it fits.

    ``names`` are those of the arguments: arrays first, then hyperparameters.
    """

    def __init__(
        self,
        composed: Callable[..., Tensor],
        names: Sequence[str],
        kernel: Kernel,
        library: ctypes.CDLL,
        dtype: torch.dtype,
    ) -> None:
        self.composed = composed
        self.kernel = kernel
        self.dtype = dtype
        self._functions = library.values, library.slopes
        place = {name: n for n, name in enumerate(names)}
        self._arrays = [(place.get(read.name), read) for read in kernel.arrays]
        self._hypers = [_hyper(key, place) for key in kernel.hypers]
        self.slots = [place[name] for name, _ in kernel.gradients]

    def __call__(self, *args: Any) -> Tensor:
        """The values; a label outside of its axis raises ``IndexError``."""
        job = self.job(args, self.composed)
        return self.composed(*args) if job is None else self.run(args, job)

    def job(self, args: Sequence[Any], again: Callable[..., Tensor]) -> Job | None:
        """What the kernel would be asked for; ``None`` where it is not for these arguments."""
        examples: torch.Size | None = None
        sizes: dict[str, int] = {}
        for place, read in self._arrays:
            if place is None:
                continue
            x = args[place]
            if type(x) not in _PLAIN or not x.is_cpu or x.dtype != self._dtype(read):
                return None
            if x.requires_grad and place not in self.slots:
                return None
            shape = x.shape
            if read.axis is not None:
                if not shape or sizes.setdefault(read.axis, shape[-1]) != shape[-1]:
                    return None
                shape = shape[:-1]
            if (examples not in (None, shape)) if read.batched else shape:
                return None
            examples = shape if read.batched else examples
        for place, option in self._hypers:
            if option is None and not _is_number(args[place]):
                return None
        if examples is None or len(sizes) != len(self.kernel.axes) or _is_transformed():
            return None
        return Job(examples, tuple(sizes[axis] for axis in self.kernel.axes), again)

    def _dtype(self, read: Read) -> torch.dtype:
        return {"int": torch.int64, "bool": torch.bool}.get(read.entries, self.dtype)

    def run(self, args: Sequence[Any], job: Job) -> Tensor:
        """The values, or their sum or mean."""
        wanted = torch.is_grad_enabled() and any(
            isinstance(x, Tensor) and x.requires_grad for x in args
        )
        if not wanted:
            return self.values(_contiguous(args), job, None)[0]
        value: Tensor = _Rows.apply(self, job, *args)  # type: ignore[no-untyped-call]
        return value

    def values(self, given: Sequence[Any], job: Job, saved: Tensor | None) -> tuple[Tensor, int]:
        """The result, and over how many examples; ``saved`` receives the statistics of rows."""
        value = torch.empty(job.examples, dtype=self.dtype)
        total = None if job.reduction == "none" else torch.empty((), dtype=self.dtype)
        call = self._call(given, job, saved)
        call.value = value.data_ptr()
        if total is not None:
            call.total, call.is_mean = total.data_ptr(), job.reduction == "mean"
        if self._functions[0](ctypes.byref(call)):
            raise IndexError("a label is outside of its axis")
        return (value if total is None else total), call.kept

    def slopes(
        self,
        given: Sequence[Any],
        job: Job,
        saved: Tensor,
        slope: Tensor,
        wanted: Sequence[bool],
        kept: int,
    ) -> list[Tensor | None]:
        """For each argument its gradient, or ``None`` where it is not wanted."""
        found: list[Tensor | None] = [None] * len(given)
        for place, (_, axis) in zip(self.slots, self.kernel.gradients, strict=True):
            if wanted[place]:
                size = given[place].shape if axis is not None else job.examples
                found[place] = torch.empty(size, dtype=self.dtype)
        slope = slope.contiguous()
        call = self._call(given, job, saved, slope)
        call.gradients = _pointers([found[place] for place in self.slots])
        if job.reduction != "none":
            call.slope_step = 0
        if job.reduction == "mean":
            call.slope_scale = 1 / max(kept, 1)
        self._functions[1](ctypes.byref(call))
        for place, x in enumerate(found):
            if x is not None and given[place].ndim == 0:
                found[place] = x.sum().to(given[place].dtype)
        return found

    def _call(
        self, given: Sequence[Any], job: Job, saved: Tensor | None, slope: Tensor | None = None
    ) -> _Call:
        arrays = [slope if place is None else given[place] for place, _ in self._arrays]
        hypers = [
            float(given[place]) if option is None else float(given[place] == option)
            for place, option in self._hypers
        ]
        rows = job.examples.numel()
        work = rows * max(job.sizes, default=1)
        return _Call(
            arrays=_pointers(arrays),
            hypers=(ctypes.c_double * len(hypers))(*hypers),
            sizes=(ctypes.c_long * len(job.sizes))(*job.sizes),
            saved=None if saved is None else saved.data_ptr(),
            rows=rows,
            ignored=job.ignored,
            slope_step=1,
            slope_scale=1.0,
            threads=torch.get_num_threads() if work >= WORTH_A_THREAD else 1,
        )


class _Rows(torch.autograd.Function):
    """The result for all rows, with a kernel's gradient."""

    @staticmethod
    def forward(ctx: Any, formula: Formula, job: Job, *args: Any) -> Tensor:
        saved = torch.empty((formula.kernel.saved, *job.examples), dtype=formula.dtype)
        given = _contiguous(args)
        value, ctx.kept = formula.values(given, job, saved)
        ctx.save_for_backward(*(x for x in args if isinstance(x, Tensor)), saved)
        ctx.formula, ctx.job = formula, job
        ctx.others = [None if isinstance(x, Tensor) else x for x in args]
        return value

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        *tensors, saved = ctx.saved_tensors
        left = iter(tensors)
        args = [next(left) if x is None else x for x in ctx.others]
        wanted = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return (None, None, *_differentiable(ctx.job, args, wanted, slope))
        given = _contiguous(args)
        return (None, None, *ctx.formula.slopes(given, ctx.job, saved, slope, wanted, ctx.kept))


def _differentiable(
    job: Job, args: Sequence[Any], wanted: Sequence[bool], slope: Tensor
) -> list[Tensor | None]:
    """Gradients that can be differentiated again."""
    leaves = [x for x, want in zip(args, wanted, strict=True) if want]
    value = job.again(*args)
    found = iter(torch.autograd.grad(value, leaves, slope, create_graph=True, allow_unused=True))
    return [next(found) if want else None for want in wanted]


def _contiguous(args: Sequence[Any]) -> list[Any]:
    """The arguments as a kernel reads them; to be held on to as long as it runs."""
    return [x.contiguous() if isinstance(x, Tensor) else x for x in args]


def _pointers(tensors: Sequence[Tensor | None]) -> Any:
    return (ctypes.c_void_p * len(tensors))(*(None if x is None else x.data_ptr() for x in tensors))


def _hyper(key: str, place: dict[str, int]) -> tuple[int, str | None]:
    name, _, option = key.partition("=")
    return place[name], option or None


def _is_number(x: Any) -> bool:
    if type(x) in _PLAIN:
        return bool(x.ndim == 0 and x.is_cpu and x.is_floating_point())
    return isinstance(x, int | float)


def _is_transformed() -> bool:
    """Whether something follows the operations of this call: a transform, a tracer."""
    return (
        torch.compiler.is_compiling()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch.autograd.forward_ad._current_level >= 0
        or torch._C._len_torch_function_stack() > 0
        or torch._C._len_torch_dispatch_stack() > 0
    )
