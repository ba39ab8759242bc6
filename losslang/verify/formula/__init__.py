"""Formulas as exact JSON data, and back.

A formula is a prefix array, ``["+", ["symbol", "eps", "real"], 1]``. Integers are numbers, or
strings of digits where other programs would round them; ``["/", 1, 3]`` is a third. What may stand
where is one table, :data:`HEADS`.

Files come from strangers. Nothing is evaluated as text, and every part is measured before SymPy
builds it, for SymPy computes powers of integers on construction.
"""

from __future__ import annotations

from losslang.verify.formula.limits import Malformed
from losslang.verify.formula.read import FormulaReader
from losslang.verify.formula.table import APPLIED, HEADS, Json
from losslang.verify.formula.write import encode_expr, encode_whole, normal, written

__all__ = [
    "APPLIED",
    "HEADS",
    "FormulaReader",
    "Json",
    "Malformed",
    "encode_expr",
    "encode_whole",
    "normal",
    "written",
]
