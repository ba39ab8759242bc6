"""Which formula a call uses: the composed one, or a kernel as soon as there is one.

A kernel is written and compiled beside the training loop, once for each type of numbers, as soon as
a loss has had enough to do; until the kernel is there, and wherever it does not fit, the composed
formula serves. Nothing here changes what a call may be or returns.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from losslang.codegen.native import compiler
from losslang.codegen.native.call import Kernel, Real
from losslang.codegen.native.compiler import Failure
from losslang.runtime.native import Formula

REALS: dict[torch.dtype, Real] = {torch.float32: "float", torch.float64: "double"}
"""The types of numbers that there are kernels for."""


WORTH_A_BUILD = 1 << 16
"""After so many numbers in all calls a kernel is built; a call counts as ``CALL`` at least."""

CALL = 1 << 10


class NativeWarning(UserWarning):
    """There is no kernel, so torch computes the loss."""


class Dispatch:
    """A loss's formula: called like ``composed``, computed by a kernel where one is ready.

    ``write`` makes the kernel for a type of numbers, or says why there is none.
    """

    def __init__(
        self,
        composed: Callable[..., Tensor],
        names: Sequence[str],
        write: Callable[[Real], Kernel | str],
    ) -> None:
        self.composed = composed
        self._names = tuple(names)
        self._write = write
        self._work = 0
        self._lock = threading.Lock()
        self._builds: dict[torch.dtype, threading.Thread] = {}
        self._formulas: dict[torch.dtype, Formula] = {}

    def __call__(self, *args: Any) -> Tensor:
        """The value of each example."""
        first = next((x for x in args if isinstance(x, Tensor) and x.is_floating_point()), None)
        if first is None:
            return self.composed(*args)
        formula = self._formulas.get(first.dtype)
        if formula is not None:
            return formula(*args)
        if first.is_cpu and first.dtype in REALS and not torch.compiler.is_compiling():
            self._work += max(first.numel(), CALL)
            if self._work >= WORTH_A_BUILD:
                self._start(first.dtype)
        return self.composed(*args)

    def precompile(self, dtype: torch.dtype = torch.float32) -> bool:
        """Wait for the kernel for ``dtype``; whether there is one."""
        if dtype not in REALS:
            return False
        self._start(dtype).join()
        return dtype in self._formulas

    def written(self) -> tuple[tuple[str, ...], dict[Real, Kernel | str]]:
        """The arguments, and the kernel for each type of numbers or why there is none."""
        return self._names, {real: self._write(real) for real in REALS.values()}

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
        self._formulas[dtype] = Formula(self.composed, self._names, written, library, dtype)


_noticed = False


def _notice(reason: str) -> None:
    """Say once in a process why there are no kernels."""
    global _noticed
    if not _noticed:
        _noticed = True
        text = f"losses are computed by torch alone, because no kernel can be made: {reason}"
        warnings.warn(text, NativeWarning, stacklevel=2)
