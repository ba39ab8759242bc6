"""A kernel for the CPU as a function of tensors.

A kernel computes the values of all rows, and keeps of each row the statistics that its gradient
needs. Where a call asks for the sum or mean, the gradient is computed with the values, for in
training the slope of what is returned is 1 or some other number; a second backward computes both
again. A call that the kernel is not for (another device, a transform, a tensor where the kernel
wants a number) goes to the composed formula, and so does the slope of a slope.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from losslang.codegen.native.call import Kernel, Read

HALVES = (torch.bfloat16, torch.float16)
"""Types of numbers that are computed with in float32, as are their values."""

WORTH_A_THREAD = 1 << 17
"""Calls of fewer numbers run in one thread."""

NO_LABEL = -(1 << 63)

_PROCESS = os.getpid()

Reduction: TypeAlias = Literal["none", "sum", "mean"]

PLAIN = (Tensor, torch.nn.Parameter)


class Job:
    """What a kernel is asked for: over which examples, and how their values are reduced.

    ``sizes`` are those of the kernel's axes; examples labelled ``ignored`` do not count; ``again``
    computes the same by operations that can be differentiated again.
    """

    __slots__ = ("again", "examples", "ignored", "reduction", "rows", "sizes")

    def __init__(
        self,
        examples: torch.Size,
        sizes: Sequence[int],
        again: Callable[..., Tensor],
        reduction: Reduction,
        ignored: int,
    ) -> None:
        self.examples = examples
        self.rows = examples.numel()
        self.sizes = sizes
        self.again = again
        self.reduction = reduction
        self.ignored = ignored


class Formula:
    """``composed`` with a kernel for the calls that it fits.

    ``names`` are those of the arguments: arrays first, then hyperparameters. ``reduces``: it can
    also return the sum or mean of the values.
    """

    reduces = True
    tasks: tuple[str, ...] = ("values", "slopes", "both")

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
        self.real = torch.float32 if dtype in HALVES else dtype
        self._functions = {task: getattr(library, task) for task in self.tasks}
        for function in self._functions.values():
            function.argtypes, function.restype = [ctypes.c_char_p], ctypes.c_long
        place = {name: n for n, name in enumerate(names)}
        self._arrays = [
            (place.get(read.name), read.axis, read.batched, self._dtype(read))
            for read in kernel.arrays
        ]
        self._hypers = [_hyper(key, place) for key in kernel.hypers]
        self.slots = [place[name] for name, _ in kernel.gradients]
        self._gradients = [(place[name], axis) for name, axis in kernel.gradients]
        self._along_rows = [place for place, axis in self._gradients if axis is not None]
        self._nothing = [None] * len(self.slots)
        pointers = len(self._arrays) + len(self.slots)
        counts = f"{pointers}P{len(self._hypers)}d{len(kernel.axes)}q"
        self._pack = struct.Struct(f"@{counts}PPPPqqqdqqP").pack

    def __call__(self, *args: Any) -> Tensor:
        """The values; a label outside of its axis raises ``IndexError``."""
        job = self.job(args, self.composed)
        return self.composed(*args) if job is None else self.run(args, job)

    def job(
        self,
        args: Sequence[Any],
        again: Callable[..., Tensor],
        reduction: Reduction = "none",
        ignored: int = NO_LABEL,
    ) -> Job | None:
        """What the kernel would be asked for; ``None`` where it is not for these arguments."""
        examples: torch.Size | None = None
        sizes: dict[str, int] = {}
        for place, axis, batched, dtype in self._arrays:
            if place is None:
                continue
            x = args[place]
            if type(x) not in PLAIN or not x.is_cpu or x.dtype != dtype:
                return None
            if x.requires_grad and place not in self.slots:
                return None
            shape = x.shape
            if axis is not None:
                if not shape or sizes.setdefault(axis, shape[-1]) != shape[-1]:
                    return None
                shape = shape[:-1]
            if (examples is not None and examples != shape) if batched else shape:
                return None
            examples = shape if batched else examples
        for place, option in self._hypers:
            if option is None and not is_number(args[place]):
                return None
        if examples is None or len(sizes) != len(self.kernel.axes) or is_transformed():
            return None
        return Job(examples, [sizes[a] for a in self.kernel.axes], again, reduction, ignored)

    def _dtype(self, read: Read) -> torch.dtype:
        real = self.dtype if read.batched else self.real
        return {"int": torch.int64, "bool": torch.bool}.get(read.entries, real)

    def run(self, args: Sequence[Any], job: Job) -> Tensor:
        """The values, or their sum or mean."""
        if torch.is_grad_enabled():
            for x in args:
                if isinstance(x, Tensor) and x.requires_grad:
                    value: Tensor = _Rows.apply(self, job, *args)  # type: ignore[no-untyped-call]
                    return value
        result, _, _ = self.values(contiguous(args), job, (), keep=False)
        return result

    def values(
        self, given: Sequence[Any], job: Job, found: Sequence[Tensor | None], *, keep: bool
    ) -> tuple[Tensor, Tensor | None, int]:
        """The result, the statistics of rows if they are kept, and how many examples count.

        If ``found`` is not empty, it receives the gradients of the result.
        """
        is_reduced = job.reduction != "none"
        result = torch.empty(() if is_reduced else job.examples, dtype=self.real)
        saved = torch.empty(self.kernel.saved * job.rows, dtype=self.real) if keep else None
        address = result.data_ptr()
        value, total = (0, address) if is_reduced else (address, 0)
        count = self._run(
            "both" if found else "values",
            None,
            found or self._nothing,
            given,
            job,
            (value, 0 if saved is None else saved.data_ptr(), total, 0),
            0,
            1.0,
        )
        if count < 0:
            raise IndexError("a label is outside of its axis")
        return result, saved, count

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
        found = self.room(given, job, wanted)
        slope = slope.contiguous()
        self._run(
            "slopes",
            slope,
            found,
            given,
            job,
            (0, saved.data_ptr(), 0, 0),
            0 if job.reduction != "none" else 1,
            1 / max(kept, 1) if job.reduction == "mean" else 1.0,
        )
        return self.per_argument(found, given)

    def is_known_beforehand(self, job: Job, wanted: Sequence[bool]) -> bool:
        """Whether values and gradients may be had in one go: all rows have the same slope."""
        return job.reduction != "none" and all(wanted[place] for place in self._along_rows)

    def room(self, given: Sequence[Any], job: Job, wanted: Sequence[bool]) -> list[Tensor | None]:
        """Memory for the gradients, in the kernel's order."""
        return [
            None
            if not wanted[place]
            else torch.empty_like(given[place])
            if axis is not None
            else torch.empty(job.examples, dtype=self.real)
            for place, axis in self._gradients
        ]

    def per_argument(
        self, found: Sequence[Tensor | None], given: Sequence[Any]
    ) -> list[Tensor | None]:
        """Gradients in the order of the arguments; summed for an argument that is one number."""
        ordered: list[Tensor | None] = [None] * len(given)
        for (place, axis), x in zip(self._gradients, found, strict=True):
            if x is not None and axis is None:
                x = (x if given[place].ndim else x.sum()).to(given[place].dtype)
            ordered[place] = x
        return ordered

    def _run(
        self,
        task: str,
        slope: Tensor | None,
        gradients: Sequence[Tensor | None],
        given: Sequence[Any],
        job: Job,
        results: tuple[int, int, int, int],
        slope_step: int,
        slope_scale: float,
    ) -> int:
        """Call the kernel: over how many examples it went, negative for a label out of range.

        ``results`` are the addresses of the values, the statistics, their total, and the guard.
        """
        words: list[float] = []
        for place, *_ in self._arrays:
            x = slope if place is None else given[place]
            words.append(0 if x is None else x.data_ptr())
        for x in gradients:
            words.append(0 if x is None else x.data_ptr())
        for place, option in self._hypers:
            words.append(float(given[place]) if option is None else float(given[place] == option))
        rows = job.rows
        threads = 1
        if rows * max(job.sizes, default=1) >= WORTH_A_THREAD:
            threads = torch.get_num_threads()
        count: int = self._functions[task](
            self._pack(
                *words,
                *job.sizes,
                *results,
                rows,
                job.ignored,
                slope_step,
                slope_scale,
                job.reduction == "mean",
                threads,
                _team() if threads > 1 and os.getpid() == _PROCESS else 0,
            )
        )
        return count


class _Rows(torch.autograd.Function):
    """The result for all rows, with a kernel's gradient."""

    @staticmethod
    def forward(ctx: Any, formula: Formula, job: Job, *args: Any) -> Tensor:
        given = contiguous(args)
        wanted = ctx.needs_input_grad[2:]
        known = formula.is_known_beforehand(job, wanted)
        found = formula.room(given, job, wanted) if known else []
        value, saved, ctx.kept = formula.values(given, job, found, keep=not known)
        ctx.save_for_backward(*[x for x in args if isinstance(x, Tensor)], saved)
        ctx.formula, ctx.job, ctx.known, ctx.found = formula, job, known, found
        ctx.others = [None if isinstance(x, Tensor) else x for x in args]
        return value

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        *tensors, saved = ctx.saved_tensors
        left = iter(tensors)
        args = [next(left) if x is None else x for x in ctx.others]
        wanted = ctx.needs_input_grad[2:]
        if is_followed(slope):
            return (None, None, *differentiable(ctx.job, args, wanted, slope))
        formula, job = ctx.formula, ctx.job
        factor = slope.item() if ctx.known else 0
        if not ctx.known or (factor != 1 and formula.dtype in HALVES):  # to round but once
            given = contiguous(args)
            if saved is None:
                _, saved, _ = formula.values(given, job, (), keep=True)
            return (None, None, *formula.slopes(given, job, saved, slope, wanted, ctx.kept))
        # A gradient may be changed by who has it, so it is given away but once.
        found, ctx.found = ctx.found, None
        if found is None:
            given = contiguous(args)
            found = formula.room(given, job, wanted)
            formula.values(given, job, found, keep=False)
        if factor != 1:
            for x in found:
                if x is not None:
                    x *= factor
        return (None, None, *formula.per_argument(found, args))


@cache
def _team() -> int:
    """The address of ``GOMP_parallel`` in the OpenMP that torch computes with; 0 if there is none.

    Threads of torch wait for more work by turning round for a while, and others beside them would
    have to wait. After a fork, which OpenMP does not survive, a kernel starts its own.
    """
    library = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    try:
        found = ctypes.CDLL(str(library)).GOMP_parallel
    except (OSError, AttributeError):
        return 0
    return ctypes.cast(found, ctypes.c_void_p).value or 0


def is_followed(slope: Tensor) -> bool:
    """Whether something follows the operations of this backward: a transform, a second one.

    A ``slope`` without memory of its own is one of many that torch takes at once.
    """
    return torch.is_grad_enabled() or is_transformed() or not torch._C._has_storage(slope)


def differentiable(
    job: Job, args: Sequence[Any], wanted: Sequence[bool], slope: Tensor
) -> list[Tensor | None]:
    """Gradients by operations that a transform sees, and that can be differentiated again."""
    leaves = [x for x, want in zip(args, wanted, strict=True) if want]
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        value = job.again(*args)
    found = iter(torch.autograd.grad(value, leaves, slope, create_graph=again, allow_unused=True))
    return [next(found) if want else None for want in wanted]


def defined(text: str, name: str) -> Callable[..., Any]:
    """A function of a text that came with a kernel."""
    space: dict[str, Any] = {}
    exec(text, space)
    found: Callable[..., Any] = space[name]
    return found


def detached(args: Sequence[Any]) -> list[Any]:
    """The arguments as leaves of a graph of their own."""
    return [
        x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in args
    ]


def contiguous(args: Sequence[Any]) -> list[Any]:
    """The arguments as a kernel reads them; to be held on to as long as it runs."""
    return [x.contiguous() if isinstance(x, Tensor) else x for x in args]


def _hyper(key: str, place: dict[str, int]) -> tuple[int, str | None]:
    name, _, option = key.partition("=")
    return place[name], option or None


def is_number(x: Any) -> bool:
    """Whether a hyperparameter is one that a kernel can be told."""
    if type(x) in PLAIN:
        return bool(x.ndim == 0 and x.is_cpu and x.is_floating_point())
    return isinstance(x, int | float)


def is_transformed() -> bool:
    """Whether something follows the operations of this call: a transform, a tracer."""
    return (
        torch.compiler.is_compiling()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch.autograd.forward_ad._current_level >= 0
        or torch._C._len_torch_function_stack() > 0
        or torch._C._len_torch_dispatch_stack() > 0
    )
