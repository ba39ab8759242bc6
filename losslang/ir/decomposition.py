"""Eigenvalues and singular values with many digits, as the interpreter sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import mpmath

from losslang.ir import exact
from losslang.ir.exact import Number
from losslang.ir.folds import UndefinedError

Decomposition: TypeAlias = Callable[..., Number]
"""What an operation of :class:`~losslang.ir.spectrum.Spectrum` gives, by its ``rest``."""


def decomposed(op: str, entries: Mapping[tuple[int, int], Number]) -> Decomposition:
    """The spectrum of a matrix, or the products of its vectors; ``nan`` if an entry is not finite.

    ``entries`` are those of the rows and columns that are kept.
    """
    rows = sorted({i for i, _ in entries})
    columns = sorted({j for _, j in entries})
    if not entries:
        return _read(op, [], [], [], [], [])
    matrix = mpmath.matrix([[exact.rough(entries[i, j]) for j in columns] for i in rows])
    if not all(mpmath.isfinite(entry) for entry in matrix):
        return lambda *place: mpmath.nan
    return _read(op, *_vectors(op, matrix), rows, columns)


def _vectors(op: str, matrix: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """The numbers, the largest first, with their vectors on the left and on the right."""
    if op in ("eigenvalues", "eigenvectors"):
        numbers, vectors = mpmath.eigsy(matrix)
        order = range(len(numbers) - 1, -1, -1)
        sides = [list(vectors[:, n]) for n in order]
        return [numbers[n] for n in order], sides, sides
    left, numbers, right = mpmath.svd_r(matrix)
    count = range(len(numbers))
    return list(numbers), [list(left[:, n]) for n in count], [list(right[n, :]) for n in count]


def _read(
    op: str,
    numbers: list[Any],
    left: list[Any],
    right: list[Any],
    rows: list[int],
    columns: list[int],
) -> Decomposition:
    def number(n: int) -> Number:
        if not 0 <= n < len(numbers):
            raise UndefinedError(f"there is no number {n} among {len(numbers)} {op}")
        return numbers[n]

    def product(n: int, i: int, j: int) -> Number:
        number(n)
        return left[n][rows.index(i)] * right[n][columns.index(j)]

    return number if op in ("eigenvalues", "singular_values") else product
