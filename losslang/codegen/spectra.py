"""Eigenvalues and singular values: a matrix in the last two dimensions, its numbers in the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy

from losslang.codegen import reading, reductions
from losslang.codegen.plan import Array
from losslang.ir.binders import fresh, substitute
from losslang.ir.heads import ONE, Index
from losslang.ir.reduce import Reduce
from losslang.ir.spectrum import OUTER, Spectrum, spectral_axis

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner


def plan_spectrum(planner: Planner, e: Spectrum) -> Array:
    """The array of a spectrum, or of products of its vectors, read at its place."""
    row, column = (fresh(index.axis) for index in e.binders)
    around, args = _matrix(planner, e, row, column)
    op = next(spectrum for spectrum, outer in OUTER.items() if e.op in (spectrum, outer))
    places = [Index("@n", spectral_axis(op, row.axis, column.axis)), row, column][: len(e.rest)]
    axes = (*around, *places)
    found = Array(planner.node(e.op, args, (), axes), axes)
    for place, at in zip(places, e.rest, strict=True):
        found = reading.read_at(planner, found, place, at)
    return found


def plan_logdet(planner: Planner, e: Reduce) -> Array | None:
    """A sum of the logarithms of all eigenvalues of a matrix, which needs none of them alone."""
    if e.op != "sum" or len(e.binders) != 1 or not isinstance(e.body, sympy.log):
        return None
    (index,), (numbers,) = e.binders, e.body.args
    if not isinstance(numbers, Spectrum) or numbers.op != "eigenvalues" or numbers.at != index:
        return None
    row, column = (fresh(i.axis) for i in numbers.binders)
    own = index.axis == spectral_axis(numbers.op, row.axis, column.axis)
    if not own or e.guard != ONE or numbers.guard != ONE:
        return None
    around, args = _matrix(planner, numbers, row, column)
    return Array(planner.node("logdet", args, (), around), around)


def _matrix(
    planner: Planner, e: Spectrum, row: Index, column: Index
) -> tuple[tuple[Index, ...], list[int]]:
    """The other axes of a matrix, and its node with rows and columns last.

    What a guard leaves out is 0, so that its numbers are 0 and the last. An eigenvalue may be
    negative: there what is kept is said, too, and the others' are put below all of them.
    """
    rule = dict(zip(e.binders, (row, column), strict=True))
    guard, body = substitute(e.guard, rule), substitute(e.body, rule)
    matrix = planner.as_float(planner.plan(body))
    kept = None if guard == ONE else planner.truth_tensor(planner.plan(guard))
    if kept is not None:
        matrix = reductions.filled(planner, kept, matrix, 0.0)
    planner.scalars |= matrix.hypers
    around = tuple(a for a in matrix.axes if a not in (row, column))
    axes = (*around, row, column)
    args = [planner.over(planner.as_tensor(matrix), axes)]
    if kept is not None and e.op.startswith("eigen"):
        args.append(planner.over(kept, axes))
    return around, args
