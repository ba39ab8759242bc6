"""Live modules with their kernels, and the same by torch."""

from __future__ import annotations

import sys
from typing import Any

import torch

import losslang
from losslang.runtime.backend import Dispatch
from losslang.runtime.native import Formula


def dispatch(module: Any) -> Dispatch:
    """The formula of a live module."""
    (found,) = sys.modules[type(module).__module__].__kernels__.values()
    assert isinstance(found, Dispatch)
    return found


def formula(module: Any, dtype: torch.dtype = torch.float64) -> Any:
    """The formula with its kernel for a type of numbers."""
    return dispatch(module)._formulas[dtype]


def compiled(spec: str, kind: type[Formula], dtype: torch.dtype = torch.float64) -> tuple[Any, Any]:
    """A loss with its kernel, of some kind, and the same by torch."""
    ours = losslang.compile(spec)
    assert ours.precompile(dtype)
    assert isinstance(formula(ours, dtype), kind)
    return ours, losslang.compile(spec, backend="torch")
