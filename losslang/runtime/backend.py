"""Which formula a call uses: the composed one, or a kernel as soon as there is one.

A kernel is written and compiled beside the training loop, once for each type of numbers, as soon as
a loss has had enough to do; until the kernel is there, and wherever it does not fit, the composed
formula serves. Nothing here changes what a call may be or returns.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from losslang.codegen.native import compiler
from losslang.codegen.native.call import KEEP, Kernel, Real, Signature
from losslang.codegen.native.compiler import Failure
from losslang.runtime.native import HALVES, NO_LABEL, Formula
from losslang.runtime.products import Products
from losslang.runtime.sums import SumsOfPlaces

REALS: dict[torch.dtype, Real] = {
    torch.float32: "float",
    torch.float64: "double",
    torch.bfloat16: "bfloat16",
    torch.float16: "float16",
}
"""The types of numbers that there are kernels for."""


WORTH_A_BUILD = 1 << 16
"""After so many numbers in all calls a kernel is built; a call counts as ``CALL`` at least."""

CALL = 1 << 10

REDUCTIONS = ("mean", "sum", "none")


class NativeWarning(UserWarning):
    """There is no kernel, so torch computes the loss."""


class Dispatch:
    """A loss's formula: called like ``composed``, computed by a kernel where one is ready.

    ``write`` makes the kernel for a type of numbers, or says why there is none.
    """

    def __init__(
        self,
        composed: Callable[..., Tensor],
        signature: Signature,
        write: Callable[[Real], Kernel | str],
    ) -> None:
        self.composed = composed
        self.signature = signature
        self._write = write
        self._work = 0
        self._lock = threading.Lock()
        self._builds: dict[torch.dtype, threading.Thread] = {}
        self._formulas: dict[torch.dtype, Formula] = {}

    def __call__(self, *args: Any) -> Tensor:
        """The value of each example."""
        if torch.compiler.is_compiling():
            return self.composed(*args)
        first = _first_real(args)
        formula = None if first is None or first.dtype in HALVES else self.serving(first)
        return self.composed(*args) if formula is None else formula(*args)

    def serving(self, x: Tensor, *, counted: bool = True) -> Formula | None:
        """The formula with its kernel for such numbers; if enough are counted one is built."""
        formula = self._formulas.get(x.dtype)
        if formula is None and counted and x.is_cpu and x.dtype in REALS:
            self._work += max(x.numel(), CALL)
            if self._work >= WORTH_A_BUILD:
                self._start(x.dtype)
        return formula

    def precompile(self, dtype: torch.dtype = torch.float32) -> bool:
        """Wait for the kernel for ``dtype``; whether there is one."""
        if dtype not in REALS:
            return False
        self._start(dtype).join()
        return dtype in self._formulas

    def written(self) -> tuple[Signature, dict[Real, Kernel | str]]:
        """How it is called, and the kernel for each type of numbers or why there is none."""
        return self.signature, {real: self._write(real) for real in REALS.values()}

    def _start(self, dtype: torch.dtype) -> threading.Thread:
        with self._lock:
            if dtype not in self._builds:
                thread = threading.Thread(target=self._build, args=(dtype,), daemon=True)
                self._builds[dtype] = thread
                thread.start()
            return self._builds[dtype]

    def _build(self, dtype: torch.dtype) -> None:
        written = self._write(REALS[dtype])
        if isinstance(written, str):
            return
        library = compiler.load(compiler.prelude() + written.text)
        if isinstance(library, Failure):
            _notice(library.message)
            return
        kind = Products if written.product else SumsOfPlaces if written.sums else Formula
        self._formulas[dtype] = kind(
            self.composed, self.signature.arguments, written, library, dtype
        )


class Whole:
    """The public function of a loss, its plain calls reduced by the kernel.

    A call is plain if it has no other options than hyperparameters, ``reduction`` and
    ``ignore_index``; for training on a few examples, the others cost more than the formula.
    """

    def __init__(self, public: Callable[..., Tensor], dispatch: Dispatch) -> None:
        functools.update_wrapper(self, public)
        self._public = public
        self._dispatch = dispatch
        signature = dispatch.signature
        self._inputs = {name: n for n, name in enumerate(signature.inputs)}
        self._arguments = [(self._inputs.get(n), n) for n in signature.arguments]
        self._settings = signature.settings
        self._label = signature.label

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        """The loss; see the function that this wraps."""
        if torch.compiler.is_compiling():
            return self._public(*inputs, **options)
        found = self._fast(inputs, options)
        return self._public(*inputs, **options) if found is None else found

    def _fast(self, inputs: Sequence[Any], options: Mapping[str, Any]) -> Tensor | None:
        first = _first_real(inputs)
        if first is None:
            return None
        # The public function computes halves in float32, so that the formula does not see them.
        formula = self._dispatch.serving(first, counted=first.dtype in HALVES)
        if formula is None or not formula.reduces or len(inputs) != len(self._inputs):
            return None
        args: list[Any] = []
        used = ("reduction" in options) + ("ignore_index" in options)
        for place, name in self._arguments:
            if place is not None:
                args.append(inputs[place])
                continue
            if name == KEEP:
                args.append(None)
                continue
            keyword, domain = self._settings[name]
            if keyword not in options:
                return None
            value = options[keyword]
            if isinstance(value, int | float):
                if domain is not None and value not in domain:
                    return None
            elif isinstance(value, list | tuple):
                if domain is not None or not all(isinstance(x, int | float) for x in value):
                    return None
                value = torch.tensor(value, dtype=formula.real)
            elif isinstance(value, Tensor) and value.ndim and not value.requires_grad:
                value = value.to(formula.real)
            args.append(value)
            used += 1
        reduction, ignored = options.get("reduction", "mean"), options.get("ignore_index", -100)
        if used != len(options) or reduction not in REDUCTIONS or type(ignored) is not int:
            return None
        again = partial(self._again, reduction, ignored)
        ignored = NO_LABEL if self._label is None else ignored
        job = formula.job(args, again, reduction, ignored)
        if job is None:
            return None
        try:
            return formula.run(args, job)
        except IndexError:
            return None  # the wrapped function says what is wrong

    def _again(self, reduction: str, ignored: int, *args: Any) -> Tensor:
        given = dict(zip((name for _, name in self._arguments), args, strict=True))
        inputs = [given[name] for name in self._inputs]
        settings = {self._settings[n][0]: x for n, x in given.items() if n in self._settings}
        more = {} if self._label is None else {"ignore_index": ignored}
        return self._public(*inputs, **settings, reduction=reduction, **more)


def _first_real(args: Sequence[Any]) -> Tensor | None:
    """The tensor whose type of numbers a call is computed in."""
    for x in args:
        if isinstance(x, Tensor) and x.is_floating_point():
            return x
    return None


_noticed = False


def _notice(reason: str) -> None:
    """Say once in a process why there are no kernels."""
    global _noticed
    if not _noticed:
        _noticed = True
        text = f"losses are computed by torch alone, because no kernel can be made: {reason}"
        warnings.warn(text, NativeWarning, stacklevel=2)
