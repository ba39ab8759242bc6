"""How large formulas from files may be: sizes, depths, and what SymPy would take long to build."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import sympy
from sympy import Basic, S

from losslang.ir import heads
from losslang.ir.limits import MAX_DEPTH
from losslang.ir.reduce import MAX_UNROLLED

MAX_PARTS = 2_000_000
"""Parts of a whole document."""
MAX_FORMULA = 50_000
"""Parts of one formula."""
MAX_NESTING = MAX_DEPTH + 10
MAX_NAME = 200
MAX_ARGUMENT = 10_000
"""Of what a question is about, which may be a formula over losses."""
MAX_DEGREE = 10_000
"""Of a formula in its atoms: at a number of n bits it takes about so many times n."""
MAX_ALL_BITS = 1 << 18
"""Of all numbers of one formula together."""


class Malformed(ValueError):
    """A document is not what it should be; ``path`` says where, ``problem`` why."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def magnitude(value: Basic, path: str) -> float:
    """How large a constant is, roughly; 0 for a formula with variables and for infinity."""
    if not value.is_number or value.is_infinite:
        return 0.0
    if value.is_Rational:
        return float(min(abs(value.p) // value.q, 10**300))
    found = value.evalf(8)
    if found.has(S.ImaginaryUnit):
        raise Malformed(path, "a constant is no real number")
    # SymPy knows no value of our own heads, and computes none while it builds formulas.
    return min(abs(float(found)), 1e300) if found.is_Float else 0.0


@lru_cache(maxsize=1 << 16)
def degree(value: Basic) -> float:
    """Bound on the degree of ``value`` in its atoms, functions taken as atoms of degree 1."""
    if isinstance(value, sympy.Pow) and value.exp.is_Rational:
        return max(1.0, float(abs(value.exp))) * degree(value.base)
    if isinstance(value, sympy.Mul):
        return sum(map(degree, value.args))
    return max(map(degree, value.args), default=1.0)


def copies(binders: Sequence[heads.Index]) -> int:
    """How often the body of a reduction may be written out."""
    sizes = (index.axis.size for index in binders)
    count = 1
    for size in sizes:
        if size is not None and size.is_Integer and size <= MAX_UNROLLED:
            count *= max(int(size), 1)
    return count
