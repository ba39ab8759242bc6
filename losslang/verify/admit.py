"""Which statements make sense: whether what SymPy assumes of their symbols follows from the region.

SymPy simplifies by the assumptions of symbols; ``sqrt(x**2)`` becomes ``x`` where ``x`` is declared
positive. So a region that also holds other numbers would make proofs say too much.
"""

from __future__ import annotations

from functools import lru_cache

import sympy

from losslang.ir.binders import is_undefined
from losslang.verify.compose import Composition
from losslang.verify.enclosure import Range
from losslang.verify.proof import Rejected
from losslang.verify.statement import Limit, Region, Statement, expressions


def admit(statement: Statement) -> None:
    """Raise :class:`~losslang.verify.proof.Rejected` unless a statement makes sense.

    It may mention the variables of its region alone, each of which has its own name and ends in
    earlier ones, and is assumed to be nothing but what its bounds imply.
    """
    known = _variables(statement.region)
    if isinstance(statement, Limit):
        if statement.variable in known:
            raise Rejected(f"the region holds {statement.variable}, the variable of a limit")
        if statement.variable in (statement.point.free_symbols | statement.value.free_symbols):
            raise Rejected(f"the limit mentions {statement.variable}")
        known |= {statement.variable}
    for expr in expressions(statement):
        strangers = expr.free_symbols - known
        if strangers:
            raise Rejected(f"{_first(strangers)} is no variable of the region")
        if is_undefined(expr):
            raise Rejected(f"{expr} is no real number")


@lru_cache(maxsize=1 << 12)
def _variables(region: Region) -> frozenset[sympy.Basic]:
    signs = Composition(region)
    before: set[sympy.Basic] = set()
    names: set[str] = set()
    for symbol, bounds in region.variables:
        for end in (bounds.low, bounds.high):
            if not end.is_infinite and not end.free_symbols <= before:
                raise Rejected(f"the bounds of {symbol} mention later variables")
        if symbol.name in names:
            raise Rejected(f"two variables are called {symbol}")
        if not _follows(symbol, signs.range(symbol)):
            raise Rejected(f"{symbol} is assumed to be what {bounds} does not imply")
        before.add(symbol)
        names.add(symbol.name)
    for condition in region.conditions:
        if not condition.free_symbols <= before:
            raise Rejected(f"a condition is about {_first(condition.free_symbols - before)}")
    return frozenset(before)


def _first(symbols: frozenset[sympy.Basic] | set[sympy.Basic]) -> sympy.Basic:
    return min(symbols, key=str)


def _follows(symbol: sympy.Symbol, known: Range | None) -> bool:
    """Whether the assumptions of a symbol hold for all real, or all whole, numbers of a range."""
    facts = {"real": True}
    if symbol.is_integer:
        facts["integer"] = True
    if known is not None:
        zero = known.stands("==")
        signs = ("positive", "negative", "nonnegative", "nonpositive", "nonzero")
        facts |= {"zero": True} if zero else {s: True for s in signs if getattr(known, s)}
    allowed = sympy.Symbol(symbol.name, **facts).assumptions0
    return all(allowed.get(fact) == value for fact, value in symbol.assumptions0.items())
