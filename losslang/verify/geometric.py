"""Geometric sums with a free number of terms, in closed form where that is known to be defined."""

from __future__ import annotations

from functools import lru_cache

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import free_indices
from losslang.ir.heads import ONE, Index
from losslang.ir.reduce import Reduce
from losslang.verify.compose import spread
from losslang.verify.readings.algebra import rewritten
from losslang.verify.statement import Region


@lru_cache(maxsize=1 << 10)
def closed(expr: Expr, region: Region) -> Expr:
    """``expr`` with c + c r + ... + c r**(n - 1) as c (1 - r**n)/(1 - r), if r is never 1."""

    def rule(e: Basic) -> Basic:
        found = _geometric(e) if isinstance(e, Reduce) else None
        if found is None:
            return e
        factor, ratio, count = found
        gap, length = spread(1 - ratio, region), spread(count, region)
        if gap is None or length is None or not (gap.nonzero and length.nonnegative):
            return e
        return factor * (1 - ratio**count) / (1 - ratio)

    return rewritten(expr, rule) if expr.has(Reduce) else expr


def _geometric(e: Reduce) -> tuple[Expr, Expr, Expr] | None:
    """The first term, the ratio, and the number of terms."""
    if e.op != "sum" or len(e.binders) != 1 or e.guard != ONE:
        return None
    (j,), _, body = e.open()
    if j.axis.size is None:
        return None
    factor, ratio = S.One, None
    for part in sympy.Mul.make_args(body):
        if j not in free_indices(part):
            factor *= part
            continue
        power = _power(part, j)
        if power is None or ratio is not None:
            return None
        first, ratio = power
        factor *= first
    return None if ratio is None else (factor, ratio, j.axis.size)


def _power(part: Expr, j: Index) -> tuple[Expr, Expr] | None:
    """(base**start, base**step) of base**(start + step j), for whole steps."""
    base, exponent = part.as_base_exp()
    spread_out = sympy.expand(exponent)
    step, start = spread_out.coeff(j, 1), spread_out.coeff(j, 0)
    if j in free_indices(base) or j in free_indices(start) or not step.is_Integer:
        return None
    if sympy.expand(spread_out - step * j - start) != 0:
        return None
    return base**start, base**step
