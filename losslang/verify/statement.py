"""What gets proved: statements about formulas over a region of real numbers.

Everything the verifier says of a loss comes down to these. A theorem turns a property of a loss
into statements; the prover looks for their proofs; the checker replays them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import substitute
from losslang.ir.heads import Tensor

Relation: TypeAlias = Literal["<", "<=", "==", ">=", ">", "!="]

OPPOSITE: dict[Relation, Relation] = {
    "<": ">=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
    ">=": "<",
    ">": "<=",
}
MIRRORED: dict[Relation, Relation] = {
    "<": ">",
    "<=": ">=",
    "==": "==",
    "!=": "!=",
    ">=": "<=",
    ">": "<",
}


@dataclass(frozen=True)
class Bounds:
    """An interval of real numbers, nonempty; an infinite end is open."""

    low: Expr = S.NegativeInfinity
    high: Expr = S.Infinity
    low_closed: bool = False
    high_closed: bool = False

    def subs(self, rule: Mapping[Basic, Basic]) -> Bounds:
        """The interval with its ends rewritten."""
        return replace(self, low=substitute(self.low, rule), high=substitute(self.high, rule))

    def gaps(self, point: Expr) -> Iterator[tuple[Expr, Relation]]:
        """The distances of a point from the ends, and how they are related to 0 if it lies here."""
        if self.low != S.NegativeInfinity:
            yield point - self.low, ">=" if self.low_closed else ">"
        if self.high != S.Infinity:
            yield self.high - point, ">=" if self.high_closed else ">"

    def holds(self, number: Expr) -> bool:
        """Whether a number is known to lie here."""
        gaps = ((sympy.sign(gap), relation) for gap, relation in self.gaps(number))
        inside = all(sign == 1 or (sign == 0 and relation == ">=") for sign, relation in gaps)
        return inside and not number.is_infinite

    def __str__(self) -> str:
        left, right = "[" if self.low_closed else "(", "]" if self.high_closed else ")"
        return f"{left}{self.low}, {self.high}{right}"


LINE = Bounds()
POSITIVE = Bounds(S.Zero)
NONNEGATIVE = Bounds(S.Zero, low_closed=True)
UNIT = Bounds(S.Zero, S.One)
"""The open interval (0, 1)."""


def point(value: Expr) -> Bounds:
    """The interval that holds one number."""
    return Bounds(value, value, low_closed=True, high_closed=True)


@dataclass(frozen=True)
class Region:
    """The numbers a statement is about.

    Each of ``variables`` lies in its bounds, whose ends may mention the variables before it; an
    integer variable is a symbol that is an integer. ``conditions`` are truth values (``Less``,
    ``LessEqual``, ``Equal``, ``Not``) that hold. ``reads`` bounds the entries of arrays.

    The assumptions of a symbol must follow from its bounds: :mod:`losslang.verify.check` refuses
    a region where they do not.
    """

    variables: tuple[tuple[sympy.Symbol, Bounds], ...] = ()
    conditions: tuple[Expr, ...] = ()
    reads: tuple[tuple[Tensor, Bounds], ...] = ()

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The variables, in order."""
        return tuple(symbol for symbol, _ in self.variables)

    def bounds(self, symbol: Basic) -> Bounds | None:
        """Where a variable lies; ``None`` for a stranger."""
        return dict(self.variables).get(symbol)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.symbols

    def having(self, symbol: sympy.Symbol, bounds: Bounds) -> Region:
        """This region with one more variable, or with other bounds for one it has."""
        if symbol in self:
            pairs = ((s, bounds if s == symbol else b) for s, b in self.variables)
            return replace(self, variables=tuple(pairs))
        return replace(self, variables=(*self.variables, (symbol, bounds)))

    def where(self, *conditions: Expr) -> Region:
        """The part of this region where the conditions hold too."""
        new = tuple(c for c in conditions if c != S.One and c not in self.conditions)
        return replace(self, conditions=self.conditions + new)

    def setting(self, values: Mapping[sympy.Symbol, Expr]) -> Region:
        """This region with variables replaced by values, which leave it."""
        kept = tuple((s, b.subs(values)) for s, b in self.variables if s not in values)
        conditions = (substitute(c, values) for c in self.conditions)
        return Region(kept, tuple(c for c in conditions if c != S.One), self.reads)

    def fresh(self, name: str, **assumptions: bool) -> sympy.Symbol:
        """A real symbol whose name no variable has: ``name``, or ``name`` with primes."""
        taken = {symbol.name for symbol in self.symbols}
        while name in taken:
            name += "'"
        return sympy.Symbol(name, **({"real": True} | assumptions))

    def __str__(self) -> str:
        parts = [f"{s} in {b}" for s, b in self.variables] + [str(c) for c in self.conditions]
        return ", ".join(parts)


@dataclass(frozen=True)
class Sign:
    """``expr`` has a value at every point of the region, and ``expr relation 0`` there."""

    expr: Expr
    relation: Relation
    region: Region = Region()

    def __str__(self) -> str:
        where = f" for {self.region}" if self.region.variables else ""
        return f"{self.expr} {self.relation} 0{where}"


@dataclass(frozen=True)
class Limit:
    """``expr -> value`` as ``variable`` approaches ``point`` from ``side``, all over the region.

    ``value`` may be infinite. The region does not hold ``variable``. ``side`` is where the
    variable comes from: ``"+"`` from above, ``"-"`` from below.
    """

    expr: Expr
    variable: sympy.Symbol
    point: Expr
    side: Literal["+", "-"]
    value: Expr
    region: Region = Region()

    def __str__(self) -> str:
        where = f" for {self.region}" if self.region.variables else ""
        return f"{self.expr} -> {self.value} as {self.variable} -> {self.point}{self.side}{where}"


Curvature: TypeAlias = Literal["affine", "convex", "concave"]


@dataclass(frozen=True)
class Shape:
    """``expr`` is convex (concave, affine) in the entries of the array ``wrt``, jointly."""

    expr: Expr
    wrt: Tensor
    curvature: Curvature
    region: Region = Region()

    def __str__(self) -> str:
        return f"{self.expr} is {self.curvature} in {self.wrt}"


Statement: TypeAlias = Sign | Limit | Shape


def expressions(statement: Statement) -> Iterator[Expr]:
    """The formulas that a statement is about."""
    yield statement.expr
    if isinstance(statement, Limit):
        yield from (statement.point, statement.value)
