"""A kernel for the CPU as a function of tensors.

A kernel computes the values of all rows, and keeps of each row the statistics that its gradient
needs. A call that the kernel is not for (another device, a transform, a tensor where the kernel
wants a number) goes to the composed formula, and so does the slope of a slope.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from losslang.codegen.native.call import Kernel, Read

WORTH_A_THREAD = 1 << 17
"""Calls of fewer numbers run in one thread."""

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
        ("rows", ctypes.c_long),
        ("threads", ctypes.c_int),
    )


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
        self._values, self._slopes = library.values, library.slopes
        place = {name: n for n, name in enumerate(names)}
        self._arrays = [(place.get(read.name), read) for read in kernel.arrays]
        self._hypers = [_hyper(key, place) for key in kernel.hypers]
        self.slots = [place[name] for name, _ in kernel.gradients]

    def __call__(self, *args: Any) -> Tensor:
        """The values; a label outside of its axis raises ``IndexError``."""
        shape = self._shape(args)
        if shape is None or _is_transformed():
            return self.composed(*args)
        if not torch.is_grad_enabled() or not any(
            isinstance(x, Tensor) and x.requires_grad for x in args
        ):
            return self.values(args, shape)
        value: Tensor = _Rows.apply(self, shape, *args)  # type: ignore[no-untyped-call]
        return value

    def values(self, args: Sequence[Any], shape: _Shape, saved: Tensor | None = None) -> Tensor:
        """The value of each example; ``saved`` receives the statistics of its row."""
        value = torch.empty(shape.examples, dtype=self.dtype)
        self._call(args, shape, value=value, saved=saved)
        return value

    def slopes(
        self,
        args: Sequence[Any],
        shape: _Shape,
        saved: Tensor,
        slope: Tensor,
        wanted: Sequence[bool],
    ) -> list[Tensor | None]:
        """For each argument its gradient, or ``None`` where it is not wanted."""
        found: list[Tensor | None] = [None] * len(args)
        for place, (_, axis) in zip(self.slots, self.kernel.gradients, strict=True):
            if wanted[place]:
                like = args[place] if axis is not None else slope
                found[place] = torch.empty_like(like, memory_format=torch.contiguous_format)
        outputs = [found[place] for place in self.slots]
        self._call(args, shape, saved=saved, slope=slope.contiguous(), gradients=outputs)
        for place, x in enumerate(found):
            if x is not None and args[place].ndim == 0:
                found[place] = x.sum().to(args[place].dtype)
        return found

    def _shape(self, args: Sequence[Any]) -> _Shape | None:
        """The examples and the sizes of all axes; ``None`` where the kernel is not for ``args``."""
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
            leading = x.ndim - (read.axis is not None)
            if leading < 0 or (leading and not read.batched):
                return None
            if read.batched:
                if examples not in (None, x.shape[:leading]):
                    return None
                examples = x.shape[:leading]
            if read.axis is not None and sizes.setdefault(read.axis, x.shape[-1]) != x.shape[-1]:
                return None
        for place, option in self._hypers:
            x = args[place]
            single = type(x) in _PLAIN and x.ndim == 0 and x.is_cpu and x.is_floating_point()
            if option is None and not isinstance(x, int | float) and not single:
                return None
        if examples is None or set(sizes) != set(self.kernel.axes):
            return None
        return _Shape(examples, [sizes[axis] for axis in self.kernel.axes])

    def _dtype(self, read: Read) -> torch.dtype:
        return {"int": torch.int64, "bool": torch.bool}.get(read.entries, self.dtype)

    def _call(
        self,
        given: Sequence[Any],
        shape: _Shape,
        *,
        value: Tensor | None = None,
        saved: Tensor | None = None,
        slope: Tensor | None = None,
        gradients: Sequence[Tensor | None] = (),
    ) -> None:
        """Run the kernel: the values if there is no ``slope``, otherwise the gradients."""
        args = [x.contiguous() if isinstance(x, Tensor) else x for x in given]
        arrays = [slope if place is None else args[place] for place, _ in self._arrays]
        hypers = [
            float(args[place]) if option is None else float(args[place] == option)
            for place, option in self._hypers
        ]
        rows = shape.examples.numel()
        work = rows * max(shape.sizes, default=1)
        call = _Call(
            _pointers(arrays),
            (ctypes.c_double * max(1, len(hypers)))(*hypers),
            (ctypes.c_long * max(1, len(shape.sizes)))(*shape.sizes),
            None if value is None else value.data_ptr(),
            None if saved is None else saved.data_ptr(),
            _pointers(gradients),
            rows,
            torch.get_num_threads() if work >= WORTH_A_THREAD else 1,
        )
        function = self._values if slope is None else self._slopes
        if function(ctypes.byref(call)):
            raise IndexError("a label is outside of its axis")


@dataclass(frozen=True)
class _Shape:
    """The shape of the examples, and the size of each axis of a kernel in order."""

    examples: torch.Size
    sizes: list[int]


class _Rows(torch.autograd.Function):
    """The values of all rows, with a kernel's gradient."""

    @staticmethod
    def forward(ctx: Any, formula: Formula, shape: _Shape, *args: Any) -> Tensor:
        saved = torch.empty(formula.kernel.saved, *shape.examples, dtype=formula.dtype)
        value = formula.values(args, shape, saved)
        tensors = [x for x in args if isinstance(x, Tensor)]
        ctx.save_for_backward(*tensors, saved)
        ctx.formula, ctx.shape = formula, shape
        ctx.others = [None if isinstance(x, Tensor) else x for x in args]
        return value

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        *tensors, saved = ctx.saved_tensors
        given = iter(tensors)
        args = [next(given) if x is None else x for x in ctx.others]
        wanted = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return (None, None, *_of_composed(ctx.formula, args, wanted, slope))
        return (None, None, *ctx.formula.slopes(args, ctx.shape, saved, slope, wanted))


def _of_composed(
    formula: Formula, args: Sequence[Any], wanted: Sequence[bool], slope: Tensor
) -> list[Tensor | None]:
    """Gradients that can be differentiated again."""
    leaves = [x for x, want in zip(args, wanted, strict=True) if want]
    value = formula.composed(*args)
    found = iter(torch.autograd.grad(value, leaves, slope, create_graph=True, allow_unused=True))
    return [next(found) if want else None for want in wanted]


def _pointers(tensors: Sequence[Tensor | None]) -> Any:
    given = [None if x is None else x.data_ptr() for x in tensors]
    return (ctypes.c_void_p * max(1, len(given)))(*given)


def _hyper(key: str, place: dict[str, int]) -> tuple[int, str | None]:
    name, _, option = key.partition("=")
    return place[name], option or None


def _is_transformed() -> bool:
    """Whether something follows the operations of this call: a transform, a tracer."""
    return (
        torch.compiler.is_compiling()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch.autograd.forward_ad._current_level >= 0
        or torch._C._len_torch_function_stack() > 0
        or torch._C._len_torch_dispatch_stack() > 0
    )
