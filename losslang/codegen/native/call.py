"""A kernel as data: its text and how its functions are called.

Modules that were saved hold their kernels as this, so nothing here needs the compiler's own parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Real: TypeAlias = Literal["float", "double", "bfloat16", "float16"]
"""The type of the arrays of a kernel; with halves it computes in float."""


@dataclass(frozen=True)
class Read:
    """An array that a kernel reads: over the examples if it is ``batched``, then along ``axis``."""

    name: str
    batched: bool
    axis: str | None
    entries: Literal["real", "int", "bool"]


KEEP = "@keep"
"""What a formula calls the array that says which examples or places count."""

MATRIX = "@matrix"
"""What a kernel calls the array that it reads and no call passes."""


@dataclass(frozen=True)
class Product:
    """The array ``MATRIX`` as the product ``left @ right.T``.

    ``text`` is Python with the function ``factors``, which takes the arguments of the formula, of
    which ``arrays`` is the number of those that are arrays, and returns ``left`` and ``right``.
    ``sizes`` are an argument and a dimension of it for the rows and for the columns.
    """

    text: str
    arrays: int
    sizes: tuple[tuple[str, int], tuple[str, int]]


@dataclass(frozen=True)
class Sums:
    """What becomes of sums over places.

    ``text`` is Python with the function ``rest``, which takes the sums, each over the examples and
    the classes, and the hyperparameters of the formula, and returns the values. ``arrays`` is the
    number of the formula's arguments that are arrays; ``scores`` is the one that has a gradient,
    over the examples, at most ``widest`` classes, and the places; ``slopes`` are the arrays by
    which the kernel is told those of the sums. ``label`` is the argument that says which places
    count, where no other does.
    """

    text: str
    arrays: int
    scores: str
    slopes: tuple[str, ...]
    widest: int
    label: str | None


@dataclass(frozen=True)
class Kernel:
    """C++ text with the functions ``values`` and ``slopes``.

    ``arrays`` and ``hypers`` name what is read, in order (an option that was chosen as
    ``name=option``); ``axes`` whose sizes are passed beside the number of rows; ``saved`` is the
    number of statistics that a row keeps for its gradient; ``gradients`` are the outputs of the
    second function, each with the axis along which a row of it runs. ``guarded``: some rows have no
    value. ``product`` is where the array comes from that is none of the arguments.
    With ``sums`` the first function is not ``values`` but ``sums``.
    """

    text: str
    arrays: tuple[Read, ...]
    hypers: tuple[str, ...]
    axes: tuple[str, ...]
    saved: int
    gradients: tuple[tuple[str, str | None], ...]
    guarded: bool = False
    product: Product | None = None
    sums: Sums | None = None


@dataclass(frozen=True)
class Interval:
    """Numbers that a hyperparameter may be."""

    low: float
    high: float
    low_closed: bool
    high_closed: bool

    def __contains__(self, x: float) -> bool:
        above = x > self.low or (self.low_closed and x == self.low)
        return above and (x < self.high or (self.high_closed and x == self.high))


@dataclass(frozen=True)
class Signature:
    """How the functions of a loss in an emitted module are called.

    ``formula`` takes ``arguments``, arrays first. ``function`` takes ``inputs`` in order, then
    keywords, among them the hyperparameters by the names and with the domains in ``settings``;
    ``label`` is the input that ``ignore_index`` is about. ``is_plain`` says that the function, with
    no other keyword than those and a reduction, reduces what the formula says of its inputs.
    """

    formula: str
    arguments: tuple[str, ...]
    function: str
    inputs: tuple[str, ...]
    label: str | None
    settings: dict[str, tuple[str, Interval | None]]
    is_plain: bool
