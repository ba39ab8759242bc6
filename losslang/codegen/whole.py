"""Whole numbers: sizes that Python computes, and the places that arrays are read at."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce as fold
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.codegen.plan import Array
from losslang.ir.heads import ONE, ZERO, Axis, Max, Min, Size
from losslang.ir.inside import implied, is_floor
from losslang.ir.primitives import operands

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner


def whole(planner: Planner, e: Expr) -> Array:
    """The array of an expression of whole numbers, which are not turned to floats.

    Without an index it is a number of Python's, so the hyperparameters in it have to be, too.
    """
    if isinstance(e, sympy.Add):
        parts = [(-a, "-") if a.could_extract_minus_sign() else (a, "+") for a in e.args]
        parts.sort(key=lambda part: (part[1] == "-", part[0].is_number, str(part[0])))
        arrays = [whole(planner, a) for a, _ in parts]
        return planner.map("add", arrays, [sign for _, sign in parts], dtype="int")
    if isinstance(e, sympy.Mul) and e.as_coeff_Mul()[0].is_Integer:
        factors = sorted(e.args, key=lambda a: not a.is_number)
        return planner.map("mul", [whole(planner, a) for a in factors], dtype="int")
    if is_floor(e):
        above, below = sympy.fraction(sympy.together(operands(e)[0]))
        if above.is_integer and below.is_integer:
            return planner.map(
                "floordiv", [whole(planner, above), whole(planner, below)], dtype="int"
            )
    made = [whole(planner, a) for a in e.args] if isinstance(e, Max | Min) else []
    if made and all(array.static for array in made):
        op = "static_maximum" if isinstance(e, Max) else "static_minimum"
        return fold(lambda a, b: planner.map(op, [a, b]), made)
    array = planner.plan(e)
    if array.static and array.hypers:
        planner.scalars |= array.hypers
        return replace(array, hypers=frozenset())
    return array


def count(planner: Planner, axis: Axis) -> Expr:
    """The size of an axis, 0 where what is written in the program is negative."""
    size = Size(axis)
    parts = size.args if isinstance(size, Min) else (size,)
    sure = all(implied(part, ONE, planner.domains) for part in parts)
    return size if sure else Max(ZERO, size)
