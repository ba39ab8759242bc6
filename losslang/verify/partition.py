"""Halves of a region of hyperparameters, and the settings in which a tree of them ends.

Whoever splits a region covers it: the halves are derived here, never stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy

from losslang.ir.truth import Less, LessEqual
from losslang.verify.statement import Bounds, Region
from losslang.verify.theorem import Reading
from losslang.verify.verdict import Argument, Cut, Part


def half(region: Region, cut: Cut) -> Region:
    """The part of ``region`` on one side. Raises ValueError for a cut that depends on itself."""
    bounds = region.bounds(cut.symbol)
    if bounds is None or cut.symbol in cut.at.free_symbols:
        raise ValueError(f"{cut.symbol} cannot be split at {cut.at}")
    end = bounds.low if cut.above else bounds.high
    if not (cut.at.is_Rational and bounds.low.is_number and bounds.high.is_number):
        if end.is_infinite:
            return _moved_last(region, cut.symbol, _ended(bounds, cut))
        small, large = (cut.at, cut.symbol) if cut.above else (cut.symbol, cut.at)
        return region.where((LessEqual if cut.closed else Less)(small, large))
    if cut.symbol.is_integer:
        cut = _integral(cut)
    inside = cut.at > end if cut.above else cut.at < end
    if inside or (cut.at == end and not cut.closed):
        return region.having(cut.symbol, _ended(bounds, cut))
    return region


def _integral(cut: Cut) -> Cut:
    """The same half of the integers, with the first integer that it holds."""
    first = sympy.ceiling(cut.at) if cut.above else sympy.floor(cut.at)
    if first == cut.at and not cut.closed:
        first += 1 if cut.above else -1
    return replace(cut, at=first, closed=True)


def _ended(bounds: Bounds, cut: Cut) -> Bounds:
    if cut.above:
        return replace(bounds, low=cut.at, low_closed=cut.closed)
    return replace(bounds, high=cut.at, high_closed=cut.closed)


def _moved_last(region: Region, symbol: sympy.Symbol, bounds: Bounds) -> Region:
    """The bounds of a variable may mention those before it."""
    others = tuple(pair for pair in region.variables if pair[0] != symbol)
    return Region((*others, (symbol, bounds)), region.conditions, region.reads)


def narrowed(reading: Reading, cuts: Sequence[Cut]) -> Reading:
    """The reading for the settings in all of the halves.

    A hyperparameter with one value left is replaced by it. Halves in symbols that the reading does
    not depend on leave it as it is.
    """
    for cut in cuts:
        if cut.symbol in reading.region:
            reading = reading.within(half(reading.region, cut))
            bounds = reading.region.bounds(cut.symbol)
            if bounds is not None and bounds.low == bounds.high:
                reading = reading.setting({cut.symbol: bounds.low})
    return reading


def leaves(argument: Argument, way: tuple[Cut, ...] = ()) -> Iterator[tuple[tuple[Cut, ...], Part]]:
    """Every part, with the halves that lead to it."""
    if isinstance(argument, Part):
        yield way, argument
        return
    for above, rest in ((False, argument.below), (True, argument.above)):
        closed = argument.above_closed == above
        yield from leaves(rest, (*way, Cut(argument.symbol, argument.at, above, closed)))
