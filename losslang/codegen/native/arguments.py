"""What the functions of a kernel share: the order of arguments, and what is kept between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from losslang.codegen.native.call import Kernel, Product, Read, Real
from losslang.codegen.plan import Node
from losslang.codegen.products import COLUMNS
from losslang.codegen.rows import REDUCTIONS, NoRowsError, Rows
from losslang.ir.loss import BATCH

STORED = {"bfloat16": "BFloat16", "float16": "Float16"}
"""The types in which the arrays of a kernel are stored that computes in float."""


class Arguments:
    """Of a row form: its arrays, hyperparameters and sizes, each in the order of a call.

    ``label`` is the array that may say that a row does not count; ``saved`` are the
    statistics that ``values`` keeps for ``slopes``. Raises :class:`NoRowsError` where rows may have
    no value, unless there is a ``product``.
    """

    def __init__(self, rows: Rows, real: Real, label: str | None, product: Product | None) -> None:
        self.label = label
        self.product = product
        self.rows = rows
        self.nodes = rows.plan.nodes
        self.real: Literal["float", "double"] = "double" if real == "double" else "float"
        self.stored = STORED.get(real, self.real)
        first, *others = rows.plan.outputs
        if first.guard is not None and product is None:
            raise NoRowsError("some rows have no value")
        self.value = first.value
        self.guard = first.guard
        self.gradients = [(out.name, out.value, along(out.axes)) for out in others]
        reads = [n for n in self.nodes if n.op == "read"]
        self.arrays = {str(n.attrs[0]): n for n in reads}
        keys = [key(n) for n in self.nodes if n.op in ("hyper", "chosen")]
        self.hypers = list(dict.fromkeys(keys))
        axes = [dim for n in self.nodes for dim in n.dims if dim != BATCH.name]
        axes += [a for _, _, a in self.gradients if a is not None]
        self.axes = [axis for axis in dict.fromkeys(axes) if axis not in rows.sizes]
        of_value = rows.needed([self.value])
        of_slopes = rows.needed([number for _, number, _ in self.gradients])
        self.saved = [
            n
            for n in sorted(of_value & of_slopes)
            if self.nodes[n].op in REDUCTIONS and self.nodes[n].dims == (BATCH.name,)
        ]

    def kernel(self, lines: Iterable[str]) -> Kernel:
        """A text, and how it is called."""
        return Kernel(
            "\n".join(lines),
            tuple(_read(name, node) for name, node in self.arrays.items()),
            tuple(self.hypers),
            tuple(self.axes),
            len(self.saved),
            tuple((name.removeprefix("d "), axis) for name, _, axis in self.gradients),
            self.guard is not None,
            self.product,
        )

    def types(self) -> Iterator[str]:
        """The types of a text: ``A`` is computed with, ``S`` is stored.

        ``Whole`` is for whole numbers of the width of ``A``.
        """
        yield f"using A = {self.real};"
        yield f"using S = {self.stored};"
        yield "using Whole = Format<A>::Word;"


def _read(name: str, node: Node) -> Read:
    entries: Literal["real", "int", "bool"] = "real"
    if node.dtype in ("int", "bool"):
        entries = node.dtype
    argument = name.removesuffix(COLUMNS.name)
    return Read(argument, BATCH.name in node.dims, along(node.dims), entries)


def along(axes: Sequence[str]) -> str | None:
    """The axis beside the batch."""
    return next((axis for axis in axes if axis != BATCH.name), None)


def key(node: Node) -> str:
    """A hyperparameter, or an option of one."""
    return "=".join(str(a) for a in node.attrs)
