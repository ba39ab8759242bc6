"""Formulas over boxes: from an expression to bounds of its values.

The bounds beyond the natural extension are the mean-value form and the monotonicity test (Moore,
Kearfott and Cloud, "Introduction to Interval Analysis", 2009, chapter 6).
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from losslang.diagnostics import InternalError
from losslang.verify import interval
from losslang.verify.compile import Compiler
from losslang.verify.interval import NOUGHT, PRECISION, Interval, Undefined
from losslang.verify.tape import Box, Tape


def compile_tape(expr: Expr, symbols: Sequence[Expr], *, inside: bool = False) -> Tape:
    """The program that computes ``expr`` from the values of ``symbols``.

    Args:
        expr: A scalar expression: arithmetic, functions, conditionals and truth values. A
            ``Detach`` is its argument.
        symbols: The inputs in the order of a box's sides; any expression can be one.
        inside: Whether only the inside of each box matters. Then ``x < c`` holds on a box that
            ends at ``c``, for an input ``x`` and a number ``c``.

    Raises:
        TypeError: A part is no scalar formula of the symbols: an array, a reduction, nan.
    """
    compiler = Compiler(symbols, inside)
    return compiler.tape(compiler.slot(expr))


def mean_value(
    tape: Tape, box: Box, precision: int = PRECISION, *, partial: bool = False
) -> Interval:
    """The natural extension met with the mean-value form around the midpoint.

    Raises:
        Undefined: As :meth:`Tape.range`.
    """
    try:
        natural, slopes = tape.gradient(box, precision, partial=partial)
    except Undefined:
        return tape.range(box, precision, partial=partial)
    if not all(side.is_finite for side in box):
        return natural
    centre = [Interval(side.midpoint, side.midpoint) for side in box]
    middle = tape.at_reals(centre, precision, partial=partial)
    if middle is None:
        return natural
    with interval.precision(precision):
        for side, point, slope in zip(box, centre, slopes, strict=True):
            middle += slope * (side - point)
    return _met(natural, middle)


def monotone(
    tape: Tape, box: Box, precision: int = PRECISION, *, partial: bool = False
) -> Interval:
    """The natural extension met with the bounds at those ends where partial derivatives point.

    It is the natural extension alone where the formula may jump at an end of the box.

    Raises:
        Undefined: As :meth:`Tape.range`.
    """
    try:
        natural, slopes = tape.gradient(box, precision, partial=partial)
    except Undefined:
        return tape.range(box, precision, partial=partial)
    if tape.loose:
        return natural
    bounds = natural
    for greatest in (False, True):
        face = [_end(side, slope, greatest) for side, slope in zip(box, slopes, strict=True)]
        found = tape.at_reals(face, precision, partial=partial) if face != list(box) else None
        if found is not None:
            low, high = (natural.low, found.high) if greatest else (found.low, natural.high)
            bounds = _met(bounds, Interval(low, high))
    return bounds


def _end(side: Interval, slope: Interval, greatest: bool) -> Interval:
    """The end of ``side`` where a function with that slope is extreme, if one can be told."""
    if slope.low < NOUGHT < slope.high:
        return side
    end = side.high if (slope.low >= NOUGHT) == greatest else side.low
    return Interval(end, end) if end.is_finite() else side


def _met(first: Interval, second: Interval) -> Interval:
    common = first.meet(second)
    if common is None:
        raise InternalError(f"{first} and {second} should both hold a formula's values")
    return common
