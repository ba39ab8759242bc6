"""Conditions on hyperparameters and sizes, between the language's syntax and trees of halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import sympy
from sympy import Expr

from losslang.verify.decide import Fork, Found, Open
from losslang.verify.statement import LINE, Region
from losslang.verify.verdict import Part

Name: TypeAlias = Callable[[sympy.Symbol], str]
Cell: TypeAlias = "tuple[End, End, Part | Fork | Open]"
End: TypeAlias = "tuple[Expr, bool] | None"
"""A cut and whether it belongs to the side above it; ``None`` at infinity."""


def condition(found: Found, name: Name, region: Region) -> str | None:
    """Where ``found`` holds within a region of settings, as the language writes it.

    ``None`` stands for everywhere and for nowhere.
    """
    text = _text(found, name, region)
    return None if text in (ALWAYS, NEVER) else text


ALWAYS, NEVER = "true", "false"


def _text(found: Found, name: Name, region: Region) -> str:
    if isinstance(found, Part):
        return ALWAYS if found.holds else NEVER
    if isinstance(found, Open):
        return NEVER
    symbol = found.symbol
    runs = list(_merged(_cells(found, symbol, None, None), name, region))
    if len(runs) == 1:
        return runs[0][2]
    if _all_but_one(runs):
        return f"{name(symbol)} != {_number(_value(runs[0][1]))}"
    alternatives = [
        _conjunction(_between(low, high, symbol, name, region), text) for low, high, text in runs
    ]
    parts = [a for a in alternatives if a != NEVER]
    if not parts:
        return NEVER
    return (
        parts[0] if len(parts) == 1 else " or ".join(f"({p})" if " and " in p else p for p in parts)
    )


def _all_but_one(runs: list[tuple[End, End, str]]) -> bool:
    return (
        len(runs) == 3
        and [r[2] for r in runs] == [ALWAYS, NEVER, ALWAYS]
        and (_value(runs[1][0]) == _value(runs[1][1]))
    )


def _value(end: End) -> Expr:
    assert end is not None
    return end[0]


def _cells(found: Found, symbol: sympy.Symbol, low: End, high: End) -> Iterator[Cell]:
    """The pieces of the symbol's line, from left to right."""
    if isinstance(found, Fork) and found.symbol == symbol:
        cut = (found.at, found.above_closed)
        yield from _cells(found.below, symbol, low, cut)
        yield from _cells(found.above, symbol, cut, high)
    else:
        yield low, high, found


def _merged(cells: Iterator[Cell], name: Name, region: Region) -> Iterator[tuple[End, End, str]]:
    """Neighbours with the same condition made one."""
    run: tuple[End, End, str] | None = None
    for low, high, found in cells:
        text = _text(found, name, region)
        if run is not None and run[2] == text:
            run = (run[0], high, text)
            continue
        if run is not None:
            yield run
        run = (low, high, text)
    if run is not None:
        yield run


def _only(low: End, high: End, symbol: sympy.Symbol, region: Region) -> Expr | None:
    """The one value that lies between two cuts and in the symbol's domain, if there is just one."""
    domain = region.bounds(symbol) or LINE
    first, first_open = low or (domain.low, not domain.low_closed)
    last, last_open = high or (domain.high, not domain.high_closed)
    if low is not None:
        first_open = not low[1]
    if symbol.is_integer and first.is_Rational and last.is_Rational:
        first = sympy.floor(first) + 1 if first_open else sympy.ceiling(first)
        last = sympy.ceiling(last) - 1 if last_open else sympy.floor(last)
        return first if first == last else None
    return first if first == last and not first_open and not last_open else None


def _between(low: End, high: End, symbol_: sympy.Symbol, name: Name, region: Region) -> str:
    if low is None and high is None:
        return ALWAYS
    symbol, only = name(symbol_), _only(low, high, symbol_, region)
    if only is not None:
        return f"{symbol} == {_number(only)}"
    if low is None:
        at, above_closed = high or (sympy.S.Zero, True)
        return f"{symbol} {'<' if above_closed else '<='} {_number(at)}"
    left = "<=" if low[1] else "<"
    if high is None:
        return f"{symbol} {'>=' if low[1] else '>'} {_number(low[0])}"
    return f"{_number(low[0])} {left} {symbol} {'<' if high[1] else '<='} {_number(high[0])}"


def _conjunction(first: str, second: str) -> str:
    if NEVER in (first, second):
        return NEVER
    if ALWAYS in (first, second):
        return second if first == ALWAYS else first
    return f"{first} and {f'({second})' if ' or ' in second else second}"


def _number(value: Expr) -> str:
    """An expression as the language writes it."""
    if value.is_Rational and not value.is_integer:
        decimal = sympy.Rational(value)
        if set(sympy.factorint(decimal.q)) <= {2, 5} and decimal.q <= 10**6:
            return repr(float(decimal))
    return str(value).replace("Abs(", "abs(")
