"""A kernel as data: its text and how its functions are called.

Modules that were saved hold their kernels as this, so nothing here needs the compiler's own parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Real: TypeAlias = Literal["float", "double"]
"""The type that a kernel computes in."""


@dataclass(frozen=True)
class Read:
    """An array that a kernel reads: over the examples if it is ``batched``, then along ``axis``."""

    name: str
    batched: bool
    axis: str | None
    entries: Literal["real", "int", "bool"]


@dataclass(frozen=True)
class Kernel:
    """C++ text with the functions ``values`` and ``slopes``.

    ``arrays`` and ``hypers`` name what is read, in order (an option that was chosen as
    ``name=option``); ``axes`` whose sizes are passed beside the number of rows; ``saved`` is the
    number of statistics that a row keeps for its gradient; ``gradients`` are the outputs of the
    second function, each with the axis along which a row of it runs.
    """

    text: str
    arrays: tuple[Read, ...]
    hypers: tuple[str, ...]
    axes: tuple[str, ...]
    saved: int
    gradients: tuple[tuple[str, str | None], ...]
