"""Switches whose side a region tells: a test of hyperparameters that holds for all settings."""

from __future__ import annotations

import sympy
from sympy import Basic, Expr, S

from losslang.ir.heads import Max, Min
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify.compose import spread
from losslang.verify.enclosure import Range
from losslang.verify.readings.algebra import rewritten
from losslang.verify.statement import Region


def settled(expr: Expr, region: Region) -> Expr:
    """``expr`` without the comparisons, sizes and extrema that are decided on the whole region."""

    def rule(e: Basic) -> Basic:
        if not isinstance(e, Less | LessEqual | Equal | sympy.Abs | Max | Min):
            return e
        if not e.free_symbols <= set(region.symbols):
            return e
        first, second = e.args[0], S.Zero if isinstance(e, sympy.Abs) else e.args[1]
        found = spread(sympy.expand(first - second), region)
        return e if found is None else _decided(e, found)

    return rewritten(expr, rule)


def _decided(e: Expr, gap: Range) -> Basic:
    """The switch, given the range of what it compares with 0."""
    if isinstance(e, Less | LessEqual | Equal):
        return _truth(e, gap)
    if not (gap.nonnegative or gap.nonpositive):
        return e
    if isinstance(e, sympy.Abs):
        return e.args[0] if gap.nonnegative else -e.args[0]
    first, second, *others = e.args
    wins = gap.nonnegative == isinstance(e, Max)
    return e.func(first if wins else second, *others)


def _truth(e: Expr, gap: Range) -> Expr:
    if isinstance(e, Equal):
        return S.Zero if gap.nonzero else e
    yes, no = (
        (gap.negative, gap.nonnegative) if isinstance(e, Less) else (gap.nonpositive, gap.positive)
    )
    return S.One if yes else S.Zero if no else e
