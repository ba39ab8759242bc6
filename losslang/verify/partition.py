"""Halves of a region of hyperparameters, and the settings in which a tree of them ends.

Whoever splits a region covers it: the halves are derived here, never stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.heads import At, Index, Size
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Less, LessEqual
from losslang.verify.compose import Composition
from losslang.verify.readings.algebra import rewritten
from losslang.verify.readings.instance import Unknown, written_out
from losslang.verify.settle import settled
from losslang.verify.statement import Bounds, Region
from losslang.verify.theorem import Reading
from losslang.verify.verdict import Argument, Cut, Part

R = TypeVar("R", bound=Reading)


def half(region: Region, cut: Cut) -> Region:
    """The part of ``region`` on one side.

    Raises ValueError for a cut that depends on itself, or at what is not a number everywhere: then
    the two sides would leave something out.
    """
    bounds = region.bounds(cut.symbol)
    if bounds is None or cut.symbol in cut.at.free_symbols:
        raise ValueError(f"{cut.symbol} cannot be split at {cut.at}")
    if any(isinstance(part, At | Index | Size) for part in walk(cut.at)):
        raise ValueError(f"{cut.at} depends on the inputs")
    if not Composition(region).defined(cut.at):
        raise ValueError(f"{cut.at} may have no value")
    end = bounds.low if cut.above else bounds.high
    if cut.at == end and not cut.symbol.is_integer:
        return region if cut.closed else region.having(cut.symbol, _ended(bounds, cut))
    if not (cut.at.is_Rational and bounds.low.is_number and bounds.high.is_number):
        if _may_end(region, bounds, cut):
            return _moved_last(region, cut.symbol, _ended(bounds, cut))
        small, large = (cut.at, cut.symbol) if cut.above else (cut.symbol, cut.at)
        return region.where((LessEqual if cut.closed else Less)(small, large))
    if cut.symbol.is_integer:
        cut = _integral(cut)
    inside = cut.at > end if cut.above else cut.at < end
    if inside or (cut.at == end and not cut.closed):
        return region.having(cut.symbol, _ended(bounds, cut))
    return region


def restricted(region: Region, way: Sequence[Cut]) -> Region:
    """The part in all of some halves. Raises ValueError as :func:`half`."""
    for cut in way:
        region = half(region, cut)
    return region


def sides(symbol: sympy.Symbol, at: Expr, above_closed: bool) -> tuple[Cut, Cut]:
    """The halves below and above a number, which belongs to the one above if ``above_closed``."""
    return Cut(symbol, at, False, not above_closed), Cut(symbol, at, True, above_closed)


def pinned(setting: Mapping[sympy.Symbol, Expr]) -> tuple[Cut, ...]:
    """Halves that leave one setting."""
    return tuple(
        Cut(s, value, above, True) for s, value in setting.items() for above in (False, True)
    )


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


def _may_end(region: Region, bounds: Bounds, cut: Cut) -> bool:
    """Whether the cut replaces an end of the bounds, and leaves some numbers between the two."""
    others = (b for s, b in region.variables if s != cut.symbol)
    if any(cut.symbol in b.low.free_symbols | b.high.free_symbols for b in others):
        return False
    if cut.above:
        end, opposite, reached = bounds.low, bounds.high, bounds.high_closed
    else:
        end, opposite, reached = bounds.high, bounds.low, bounds.low_closed
    if end.is_infinite or cut.symbol.is_integer:
        return bool(end.is_infinite)
    if opposite == cut.at:
        return reached and cut.closed
    known, outward = Composition(region), -1 if cut.above else 1
    beyond = known.range(outward * (end - cut.at))
    room = None if opposite.is_infinite else known.range(outward * (cut.at - opposite))
    return (beyond is not None and beyond.nonnegative) and (
        opposite.is_infinite or (room is not None and room.positive)
    )


def _moved_last(region: Region, symbol: sympy.Symbol, bounds: Bounds) -> Region:
    """The bounds of a variable may mention those before it."""
    others = tuple(pair for pair in region.variables if pair[0] != symbol)
    return Region((*others, (symbol, bounds)), region.conditions, region.reads)


def narrowed(reading: R, cuts: Sequence[Cut]) -> R:
    """The reading for the settings in all of the halves, and perhaps for more.

    A hyperparameter with one value left is replaced by it. Halves in symbols that the reading does
    not depend on leave it as it is. Raises ValueError as :func:`half`.
    """
    values: dict[sympy.Symbol, Expr] = {}
    for cut in cuts:
        at = substitute(cut.at, values)
        if cut.symbol not in reading.region or not at.free_symbols <= set(reading.region.symbols):
            continue
        reading = reading.within(half(reading.region, replace(cut, at=at)))
        bounds = reading.region.bounds(cut.symbol)
        if bounds is not None and bounds.low == bounds.high:
            values[cut.symbol] = bounds.low
            reading = reading.setting({cut.symbol: bounds.low})
    return _decided(reading) if cuts else reading


def _decided(reading: R) -> R:
    """The reading without the tests that its region decides, its sums of known length spelled."""

    def change(part: object) -> object:
        return settled(_spelled(part), reading.region) if isinstance(part, Expr) else part

    return reading.mapped(change)


def _spelled(expr: Expr) -> Expr:
    """``expr`` with the reductions over a known number of places that are no places of arrays."""

    def rule(e: Basic) -> Basic:
        if not isinstance(e, Reduce) or any(i.axis.size is None for i in e.binders):
            return e
        reads = (part for part in walk(e) if isinstance(part, At))
        if any(free_indices(read) & set(e.binders) for read in reads):
            return e
        try:
            return written_out(e, {})
        except Unknown:
            return e

    return rewritten(expr, rule)


def leaves(argument: Argument, way: tuple[Cut, ...] = ()) -> Iterator[tuple[tuple[Cut, ...], Part]]:
    """Every part, with the halves that lead to it."""
    if isinstance(argument, Part):
        yield way, argument
        return
    below, above = sides(argument.symbol, argument.at, argument.above_closed)
    yield from leaves(argument.below, (*way, below))
    yield from leaves(argument.above, (*way, above))
