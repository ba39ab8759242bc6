"""Eigenvalues and singular values of a matrix, and what their derivatives are made of."""

from __future__ import annotations

from typing import Any

from sympy import Expr

from losslang.ir.binders import Binder, free_indices, substitute
from losslang.ir.heads import Axis, Index, Min, Size
from losslang.ir.truth import conjuncts

SPECTRA = ("eigenvalues", "singular_values")

OUTER = {"eigenvalues": "eigenvectors", "singular_values": "singular_vectors"}
"""The operation that the derivative of each spectrum reads."""


class Spectrum(Binder):
    """``op(body for row for column if guard)`` read at ``rest``.

    ``eigenvalues`` (of a matrix that is symmetric) and ``singular_values``, the largest first, are
    read at a number, ``rest = (n,)``. ``eigenvectors`` and ``singular_vectors`` are the products
    ``u[i] * v[j]`` of the unit vectors that belong to the ``n``-th of them, ``rest = (n, i, j)``:
    the derivative of that number by the entry at ``i, j``. These do not depend on the vectors'
    signs. Where two of the numbers are equal they depend on the basis that is taken, but their sum
    over equal numbers does not.

    The guard keeps some rows and some columns: each of its conditions is on one of both.
    """

    @property
    def at(self) -> Expr:
        """Which number of the spectrum, 0 for the largest."""
        return self.rest[0]

    def _eval_is_extended_nonnegative(self) -> bool | None:
        return True if self.op == "singular_values" else None

    def slope(self, row: Index, column: Index) -> Expr:
        """The derivative by the entry of the matrix at ``row, column``."""
        return Spectrum(OUTER[self.op], *self.args[1:4], self.at, row, column)

    def _sympystr(self, printer: Any) -> str:
        bound = "".join(f" for {i} in {i.axis}" for i in self.binders)
        rest = ", ".join(map(printer._print, self.rest))
        return f"{self.op}({printer._print(self.body)}{bound})[{rest}]"


def spectral_axis(op: str, row: Axis, column: Axis) -> Axis:
    """The axis of the numbers of a spectrum: the same for all matrices over the same axes."""
    first, second = sorted((row.base, column.base), key=str)
    name = first.name if first == second else f"{first} by {second}"
    size = Size(row) if op == "eigenvalues" else Min(Size(first), Size(second))
    return Axis(f"{op} over {name}", size)


def is_separable(guard: Expr, row: Index, column: Index) -> bool:
    """Whether a guard keeps rows and columns, and not some entries of them."""
    return not any({row, column} <= free_indices(part) for part in conjuncts(guard))


def symmetric(body: Expr, row: Index, column: Index) -> Expr:
    """The symmetric part of a matrix, which is the matrix itself where it is seen to be."""
    turned = substitute(body, {row: column, column: row})
    return body if turned == body else (body + turned) / 2
