"""Smooth pieces of functions of one variable, and places in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy
from sympy import Basic, Expr, S

from losslang.diagnostics import InternalError
from losslang.ir.binders import is_undefined, substitute
from losslang.ir.derive import derivative
from losslang.ir.truth import LessEqual
from losslang.verify.cells import cells, formula_at
from losslang.verify.geometric import closed
from losslang.verify.statement import Bounds, Region
from losslang.verify.theorem import Guess


class Silent(Exception):
    """The theorem does not speak of this case."""


@dataclass(frozen=True)
class Pieces:
    """``functions`` of ``variable`` on ``bounds``, smooth inside each of the adjacent ``spans``.

    ``formulas[n][k]`` is the formula of function ``k`` on span ``n``.
    """

    region: Region
    variable: sympy.Symbol
    bounds: Bounds
    functions: tuple[Expr, ...]
    spans: tuple[Bounds, ...]
    formulas: tuple[tuple[Expr, ...], ...]

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def joints(self) -> tuple[Expr, ...]:
        """Where two pieces meet: number ``n`` is the upper end of piece ``n``."""
        return tuple(span.high for span in self.spans[:-1])

    def where(self, n: int) -> Region:
        """The inside of piece ``n``."""
        inside = replace(self.spans[n], low_closed=False, high_closed=False)
        return self.region.having(self.variable, inside)

    def formula(self, n: int, order: int = 0, k: int = 0) -> Expr:
        """The derivative of the given order of function ``k`` inside piece ``n``."""
        found = self.formulas[n][k]
        for _ in range(order):
            found = closed(_derivative(found, self.variable), self.where(n))
        return found

    def at(self, n: int, point: Expr, order: int = 0, k: int = 0) -> Expr:
        """:meth:`formula` at a point of the piece, or its limit at an end."""
        return defined(self.formula(n, order, k), {self.variable: point})

    def value(self, point: Expr, k: int = 0) -> Expr:
        """Function ``k`` itself at a point, by the formula in force there if that is known."""
        whole = self.functions[k]
        here = formula_at(whole, self.variable, self.bounds, self.region, point)
        return defined(whole if here is None else here, {self.variable: point})


@lru_cache(maxsize=1 << 12)
def _derivative(formula: Expr, variable: sympy.Symbol) -> Expr:
    try:
        return derivative(formula, variable)
    except InternalError as error:
        raise Silent from error


def defined(expr: Expr, rule: Mapping[Basic, Basic]) -> Expr:
    """``expr`` with numbers put in; Silent where it has no value then.

    Our formulas are continuous where all their parts have values, so this is the limit as well.
    """
    value: Expr = substitute(expr, rule)
    if has_no_value(value):
        raise Silent
    return value


def has_no_value(expr: Expr) -> bool:
    """Whether a formula is none: undefined or infinite."""
    return is_undefined(expr) or expr.has(S.Infinity, S.NegativeInfinity, sympy.AccumBounds)


@lru_cache(maxsize=256)
def pieces(
    region: Region, variable: sympy.Symbol, bounds: Bounds, *functions: Expr
) -> Pieces | None:
    """Where all ``functions`` are smooth; ``None`` where that cannot be told."""
    if len(functions) == 1:
        found = cells(functions[0], variable, bounds, region)
        if found is None:
            return None
        rows = tuple((cell.formula,) for cell in found)
        return Pieces(region, variable, bounds, functions, tuple(c.bounds for c in found), rows)
    # A sum with unknown weights is smooth where all of its terms are.
    weights = tuple(region.fresh(f"weight{n}") for n in range(len(functions)))
    wider = region
    for weight in weights:
        wider = wider.having(weight, Bounds())
    total = sympy.Add(*(w * f for w, f in zip(weights, functions, strict=True)))
    found = cells(total, variable, bounds, wider)
    if found is None:
        return None
    units = [{w: S(int(w == chosen)) for w in weights} for chosen in weights]
    rows = tuple(tuple(substitute(cell.formula, unit) for unit in units) for cell in found)
    return Pieces(region, variable, bounds, functions, tuple(c.bounds for c in found), rows)


def known_pieces(
    region: Region, variable: sympy.Symbol, bounds: Bounds, *functions: Expr
) -> Pieces:
    """Where all ``functions`` are smooth; Silent where that cannot be told."""
    found = pieces(region, variable, bounds, *functions)
    if found is None:
        raise Silent
    return found


def one_piece(found: Pieces) -> Pieces:
    """The pieces, if there is only one; Silent for functions that are not smooth all over."""
    if len(found) > 1:
        raise Silent
    return found


def jump(p: Pieces, n: int, order: int = 1, k: int = 0) -> Expr:
    """By how much the derivative rises at joint ``n``."""
    joint = p.joints[n]
    return p.at(n + 1, joint, order, k) - p.at(n, joint, order, k)


def number(guess: Guess, name: str, count: int) -> int:
    """A guessed number of a piece or joint, below ``count``."""
    value = guess[name]
    if not value.is_Integer or not 0 <= value < count:
        raise Silent
    return int(value)


def place(guess: Guess, p: Pieces) -> tuple[int, Expr]:
    """The guessed piece, and the number in it."""
    return number(guess, "piece", len(p)), guess["at"]


def gaps(point: Expr, span: Bounds) -> tuple[Expr, ...]:
    """The distances of a point from the finite ends of an interval, positive inside."""
    return tuple(gap for gap, _ in span.gaps(point))


def near(region: Region, low: Expr, high: Expr) -> Region | None:
    """The part of the region where zero lies in [low, high]; ``None`` if that is nowhere."""
    if low.is_positive or high.is_negative:
        return None
    tests = [LessEqual(low, S.Zero), LessEqual(S.Zero, high)]
    if S.Zero in tests:
        return None
    return region.where(*tests)
