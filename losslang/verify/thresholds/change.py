"""A place where an answer changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy
from sympy import Expr

from losslang.verify.partition import half
from losslang.verify.statement import Region
from losslang.verify.verdict import Cut


@dataclass(frozen=True)
class Change:
    """The answer differs below and above ``at``, which itself goes with the side above if so.

    ``beside`` is the answer on both sides of ``at`` where it is known, and ``here`` the one at
    ``at`` itself, which then stands alone.
    """

    symbol: sympy.Symbol
    at: Expr
    above_closed: bool
    beside: bool | None = None
    here: bool | None = None


def alone(change: Change, beside: bool | None) -> Change:
    """The change, if the answer on both sides of it is the same."""
    return replace(change, beside=beside, here=None if beside is None else not beside)


def divides(region: Region, symbol: sympy.Symbol, at: Expr) -> bool:
    """Whether the settings below and above a candidate are all there are."""
    try:
        half(region, Cut(symbol, at, True, True))
    except ValueError:
        return False
    return True


def may_meet(region: Region, one: sympy.Symbol, form: Expr) -> bool:
    """Whether a real hyperparameter may have the value of a formula in another, free of it."""
    pair = {one} | form.free_symbols
    for symbol in pair:
        bounds = region.bounds(symbol)
        if bounds is None or symbol.is_integer:
            return False
        if (bounds.low.free_symbols | bounds.high.free_symbols) & pair:
            return False
    return len(pair) == 2 and divides(region, one, form)
