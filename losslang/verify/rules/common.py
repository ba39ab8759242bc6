"""What the rules share: reading their data, and when a formula has a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import UNDEFINED, walk
from losslang.ir.derive import derivative
from losslang.ir.facts import FACTS
from losslang.ir.heads import At, Branch, Detach, Max, Min
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.truth import And, Equal, Less, LessEqual, Not, Or
from losslang.verify.compose import Composition
from losslang.verify.enclosure import Range
from losslang.verify.proof import Data, Rejected
from losslang.verify.rules.normal import Normal, TooHard
from losslang.verify.statement import Bounds, Region, Sign, Statement

T = TypeVar("T")


def sign_statement(statement: Statement) -> Sign:
    """The statement, if it is about a sign."""
    if not isinstance(statement, Sign):
        raise Rejected(f"the rule is about signs, not about {statement}")
    return statement


def get(data: Mapping[str, Data], name: str, kind: type[T]) -> T:
    """An entry of the data, of the kind that is wanted."""
    value = data.get(name)
    if not isinstance(value, kind):
        raise Rejected(f"{name} is missing or of a wrong kind")
    return value


def formula(data: Mapping[str, Data], name: str) -> Expr:
    """An entry that is a formula without undefined parts."""
    value = get(data, name, Expr)
    if any(part in UNDEFINED for part in walk(value)):
        raise Rejected(f"{name} is no real number")
    return value


def variable(data: Mapping[str, Data], region: Region, name: str = "variable") -> sympy.Symbol:
    """An entry that is a variable of the region."""
    symbol = get(data, name, sympy.Symbol)
    if symbol not in region:
        raise Rejected(f"{symbol} is no variable of the region")
    return symbol


def choice(data: Mapping[str, Data], name: str, words: Sequence[str]) -> str:
    """An entry that is one of some words."""
    word = get(data, name, str)
    if word not in words:
        raise Rejected(f"{name} is {word!r}, not one of {', '.join(words)}")
    return word


def must_stand(known: Range | None, goal: Sign) -> None:
    """Raise :class:`Rejected` unless what is known of the goal's formula implies the goal."""
    if known is None:
        raise Rejected(f"composition does not show that {goal.expr} has a value")
    if not known.stands(goal.relation):
        raise Rejected(f"composition leaves {goal.expr} in {known.hull}")


def same(one: Expr, other: Expr, region: Region) -> bool:
    """Whether two formulas are equal wherever both have values."""
    try:
        return Normal(region, one - other).is_zero(one - other)
    except TooHard:
        return False


def must_agree(one: Expr, other: Expr, region: Region) -> None:
    """Raise :class:`Rejected` unless two formulas are known to be equal."""
    if not same(one, other, region):
        raise Rejected(f"{one} and {other} are not known to be equal")


def slope(expr: Expr, symbol: sympy.Symbol, times: int = 1) -> Expr:
    """A derivative of a formula that is smooth where it has a value."""
    for part in walk(expr):
        row = primitive_of(part)
        if row is not None and row.arity == 1 and not FACTS[row.name].smooth:
            if symbol in part.free_symbols:
                raise Rejected(f"{part} is not smooth")
        elif symbol in part.free_symbols and not _is_smooth(part):
            raise Rejected(f"no derivative is known of {part}")
    for _ in range(times):
        expr = derivative(expr, symbol)
    if any(part in UNDEFINED for part in walk(expr)):
        raise Rejected("a derivative is not known")
    return expr


def _is_smooth(part: Basic) -> bool:
    if primitive_of(part) is not None:
        return primitive_of(part).name != "xlogy"  # type: ignore[union-attr]
    return isinstance(part, sympy.Add | sympy.Mul | sympy.Pow | sympy.Symbol)


# ---------------------------------------------------------------- having a value


def definedness(expr: Expr, region: Region) -> tuple[Sign, ...]:
    """Statements that together say that ``expr`` has a value all over the region.

    What composition already shows is left out.

    Raises:
        Rejected: It has a part of which this is not known.
    """
    signs = Composition(region)
    if signs.defined(expr):
        return ()
    made: dict[Sign, None] = {}
    for part in walk(expr):
        for needed in _needs(part, signs):
            known = signs.range(needed.expr)
            if known is None or not known.stands(needed.relation):
                made[Sign(needed.expr, needed.relation, region)] = None
    return tuple(made)


TOTAL = (sympy.Add, sympy.Mul, At, Max, Min, Branch, Less, LessEqual, Equal, And, Or, Not)
"""Heads that have a value wherever their parts have one."""


def _needs(part: Basic, signs: Composition) -> Iterator[Sign]:
    if isinstance(part, TOTAL) or part.is_Rational:
        return
    if isinstance(part, sympy.Pow):
        yield from _power_needs(part, signs)
        return
    row = primitive_of(part)
    if row is None or row.arity != 1:
        if signs.defined(part) and not isinstance(part, Detach):
            return
        raise Rejected(f"{part} may have no value")
    x, domain = operands(part)[0], FACTS[row.name].domain
    if not domain.inf.is_infinite:
        yield Sign(x - domain.inf, ">" if domain.left_open else ">=")
    if not domain.sup.is_infinite:
        yield Sign(domain.sup - x, ">" if domain.right_open else ">=")


def _power_needs(part: sympy.Pow, signs: Composition) -> Iterator[Sign]:
    if part.exp.is_Integer:
        if part.exp < 0:
            yield Sign(part.base, "!=")
    elif part.exp.is_Rational:
        yield Sign(part.base, ">" if part.exp < 0 else ">=")
    elif not signs.defined(part):
        yield Sign(part.base, ">")


# ---------------------------------------------------------------- symbols


def new_variable(symbol: sympy.Symbol, bounds: Bounds, region: Region, earlier: Region) -> None:
    """Raise :class:`Rejected` unless a new symbol assumes nothing but what its bounds imply.

    ``earlier`` holds the variables that the bounds may mention.
    """
    if any(symbol.name == other.name for other in region.symbols):
        raise Rejected(f"{symbol} is a variable already")
    if symbol != placed(symbol.name, bounds, earlier):
        raise Rejected(f"{symbol} assumes something else than its bounds say")


def placed(name: str, bounds: Bounds, earlier: Region) -> sympy.Symbol:
    """A symbol that assumes its sign if its bounds tell it, and else that it is real."""
    signs = Composition(earlier.having(_PROBE, bounds))
    known = signs.range(_PROBE)
    if known is not None and known.positive:
        return sympy.Symbol(name, positive=True)
    if known is not None and known.nonnegative:
        return sympy.Symbol(name, nonnegative=True)
    return sympy.Symbol(name, real=True)


_PROBE = sympy.Symbol("_probe", real=True)

INFINITE = (S.Infinity, S.NegativeInfinity)
