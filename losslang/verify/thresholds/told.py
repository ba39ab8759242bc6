"""Places where an answer may change that the loss itself tells, without a look at settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

import sympy
from sympy import Abs, Basic, Expr, S

from losslang.ir.binders import walk
from losslang.ir.heads import At, Index, Size
from losslang.ir.loss import Loss
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify.partition import restricted
from losslang.verify.theorem import Reading
from losslang.verify.thresholds.change import Change
from losslang.verify.verdict import Cut

if TYPE_CHECKING:
    from losslang.verify.decide import Decider


def end_of_half(decider: Decider, way: tuple[Cut, ...]) -> Change | None:
    """An end that belongs to a half: a proof may have to treat it by itself."""
    region = restricted(decider.parameters, way)
    cut_symbols = {cut.symbol for cut in way}
    for symbol, bounds in region.variables:
        if symbol.is_integer or symbol not in cut_symbols or bounds.low == bounds.high:
            continue
        if bounds.low_closed:
            return Change(symbol, bounds.low, False)
        if bounds.high_closed:
            return Change(symbol, bounds.high, True)
    return None


def special(decider: Decider, way: tuple[Cut, ...], answer: bool | None) -> Change | None:
    """The end of a domain, or an exponent at which a power is affine and bends to neither side.

    For settings that all have one ``answer``, but no common proof.
    """
    region = restricted(decider.parameters, way)
    for symbol, bounds in region.variables:
        if symbol.is_integer or bounds.low == bounds.high:
            continue
        if bounds.low_closed and bounds.low.is_number:
            return Change(symbol, bounds.low, False)
        if bounds.high_closed and bounds.high.is_number:
            return Change(symbol, bounds.high, True)
    exponents = [e.exp for reading in decider.readings for e in _powers(reading)]
    for symbol, bounds in region.variables:
        if symbol.is_integer or not any(exp.has(symbol) for exp in exponents):
            continue
        low, high = bounds.low, bounds.high
        if low.is_number and high.is_number and low < 1 < high:
            return Change(symbol, S.One, True, beside=answer, here=answer)
    return None


def _powers(reading: Reading) -> Iterator[sympy.Pow]:
    for name in (f.name for f in fields(reading)):
        formula = getattr(reading, name)
        if isinstance(formula, Expr):
            yield from formula.atoms(sympy.Pow)


def tested(decider: Decider, way: tuple[Cut, ...]) -> Change | None:
    """A number that the loss itself tests a hyperparameter against, where it changes its course."""
    region = restricted(decider.parameters, way)
    for symbol, bounds in region.variables:
        if symbol.is_integer or not (bounds.low.is_number and bounds.high.is_number):
            continue
        for at in sorted(_tests(decider.loss, symbol)):
            if bounds.low < at < bounds.high:
                return Change(symbol, at, True)
            if at == bounds.low < bounds.high and bounds.low_closed:
                return Change(symbol, at, False)
            if at == bounds.high > bounds.low and bounds.high_closed:
                return Change(symbol, at, True)
    return None


def _tests(loss: Loss, symbol: sympy.Symbol) -> set[Expr]:
    found: set[Expr] = set()
    for part in (e for term in loss.terms for e in walk(term.body)):
        if part.free_symbols == {symbol} and isinstance(part, Equal | Less | LessEqual | Abs):
            difference = part.args[0] - (0 if isinstance(part, Abs) else part.args[1])
            if difference.is_polynomial(symbol) and not any(map(_is_read, walk(difference))):
                roots = sympy.Poly(difference, symbol).ground_roots()
                found.update(root for root in roots if root.is_real)
    return found


def _is_read(part: Basic) -> bool:
    return isinstance(part, At | Index | Size)
