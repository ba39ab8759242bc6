"""Single settings of hyperparameters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import sympy
from sympy import Expr, Rational

from losslang.verify.partition import restricted
from losslang.verify.statement import Bounds, Region
from losslang.verify.verdict import Cut

SIZES = tuple(sympy.Integer(n) for n in (2, 3, 4, 5))
GENERIC = tuple(Rational(n) for n in ("3/4", "2", "3/2", "1/3", "-1/2", "-2"))


def free(parameters: Region, way: tuple[Cut, ...]) -> bool:
    """Whether more than one setting lies on the way."""
    region = restricted(parameters, way)
    return len(one_valued(region)) < len(region.variables)


def one_valued(region: Region) -> dict[sympy.Symbol, Expr]:
    """The variables that have one value left."""
    return {s: b.low for s, b in region.variables if b.low == b.high}


def generic(region: Region) -> dict[sympy.Symbol, Expr] | None:
    """A setting of all variables at which nothing special happens."""
    setting: dict[sympy.Symbol, Expr] = {}
    for symbol, bounds in region.variables:
        options = SIZES[1:] if symbol.is_integer else _unlike(setting.values())
        inside = [
            v for v in (*options, *within(bounds.subs(setting))) if bounds.subs(setting).holds(v)
        ]
        if not inside:
            return None
        setting[symbol] = inside[0]
    return setting


def _unlike(taken: Collection[Expr]) -> list[Expr]:
    """Numbers for the next hyperparameter: equal ones are special."""
    return sorted(GENERIC, key=lambda value: value in taken)


def within(bounds: Bounds) -> Iterator[Expr]:
    """A few numbers between two bounds."""
    low, high = bounds.low, bounds.high
    if low.is_finite and high.is_finite:
        for share in (Rational(1, 2), Rational(1, 3), Rational(4, 5)):
            yield sympy.nsimplify(low + (high - low) * share, rational=True)
    elif low.is_finite:
        yield from (low + n for n in (1, Rational(1, 2), 3))
    elif high.is_finite:
        yield from (high - n for n in (1, Rational(1, 2), 3))


def ends(bounds: Bounds) -> Iterable[Expr]:
    """The bounds that are numbers."""
    return [end for end in (bounds.low, bounds.high) if end.is_finite]
