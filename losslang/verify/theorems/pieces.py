"""Smooth pieces of functions of one variable, and the premises that theorems about them share.

A *place* in a guess is a piece and a number in it: ``piece`` and ``at``. At an end of the piece it
means what the piece's formula tends to there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from typing import TypeAlias

import sympy
from sympy import Basic, Expr, S

from losslang.diagnostics import InternalError
from losslang.ir.binders import is_undefined, substitute
from losslang.ir.derive import derivative
from losslang.ir.heads import Max, Min
from losslang.ir.truth import LessEqual
from losslang.verify.cells import cells, formula_at
from losslang.verify.geometric import closed
from losslang.verify.statement import Bounds, Limit, Region, Relation, Sign
from losslang.verify.theorem import Case, Guess, Premise


class Silent(Exception):
    """The theorem does not speak of this case."""


Builder: TypeAlias = Callable[[Case], Iterable[Premise]]
Premises: TypeAlias = Callable[[Case], tuple[Premise, ...] | None]


def premises(*also: str) -> Callable[[Builder], Premises]:
    """Premises from a generator of them, without those that are plain arithmetic.

    ``None`` where it raises :class:`Silent`, misses a guess, or needs two numbers to compare as
    they do not. Guesses may mention the reading's region, and symbols named in ``also``.
    """

    def decorate(build: Builder) -> Premises:
        @wraps(build)
        def checked(case: Case) -> tuple[Premise, ...] | None:
            region: Region = case.reading.region
            known = {*region.symbols, *(region.fresh(name) for name in also)}
            if not all(value.free_symbols <= known for value in case.guess.values()):
                return None
            try:
                return tuple(p for p in build(case) if not _settled(p) or _spelled_out.get())
            except (Silent, KeyError):
                return None

        return checked

    return decorate


_spelled_out: ContextVar[bool] = ContextVar("_spelled_out", default=False)


def is_spelled_out() -> bool:
    """Whether premises are asked for in full, also those that are plain arithmetic."""
    return _spelled_out.get()


def spelled_out(
    premises_of: Callable[[Case], Sequence[Premise] | None], case: Case
) -> Sequence[Premise]:
    """The premises of a case in full, for a reader of the numbers; none where there is no case."""
    token = _spelled_out.set(True)
    try:
        return tuple(premises_of(case) or ())
    finally:
        _spelled_out.reset(token)


def _settled(premise: Premise) -> bool:
    statement = premise.statement
    if not isinstance(statement, Sign) or not statement.expr.is_Rational:
        return False
    if not compares(statement.expr, statement.relation):
        raise Silent
    return True


def compares(number: Expr, relation: Relation) -> bool:
    """Whether a rational number is so related to zero."""
    sign = sympy.sign(number)
    allowed = {"<": (-1,), "<=": (-1, 0), "==": (0,), ">=": (0, 1), ">": (1,), "!=": (-1, 1)}
    return sign in allowed[relation]


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
    if _has_no_value(value):
        raise Silent
    return value


def _has_no_value(expr: Expr) -> bool:
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


# ---------------------------------------------------------------- premises


def sign(label: str, expr: Expr, relation: Relation, region: Region) -> Premise:
    """A premise about a formula; Silent if it has symbols from elsewhere."""
    if not expr.free_symbols <= set(region.symbols) or _has_no_value(expr):
        raise Silent
    return Premise(label, Sign(expr, relation, without_idle(region, expr)))


def without_idle(region: Region, expr: Expr) -> Region:
    """The region without variables that ``expr`` does not depend on: no weaker a statement."""
    if region.conditions:
        return region
    kept: list[tuple[sympy.Symbol, Bounds]] = []
    used = set(expr.free_symbols)
    for symbol, bounds in reversed(region.variables):
        if symbol in used:
            kept.append((symbol, bounds))
            used |= bounds.low.free_symbols | bounds.high.free_symbols
    return replace(region, variables=tuple(reversed(kept)))


def everywhere(
    p: Pieces, label: str, expr: Callable[[int], Expr], relation: Relation
) -> Iterator[Premise]:
    """``expr(n)`` has a sign inside every piece ``n``."""
    for n, span in enumerate(p.spans):
        suffix = f" on ({span.low}, {span.high})" if len(p) > 1 else ""
        yield sign(label + suffix, expr(n), relation, p.where(n))


def continuous(p: Pieces, order: int = 0, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` (its derivative) is continuous; at closed ends of the domain, the function."""
    what = "the function" if order == 0 else "the derivative"
    for n, joint in enumerate(p.joints):
        jump = p.at(n + 1, joint, order, k) - p.at(n, joint, order, k)
        yield sign(f"{what} does not jump at {joint}", jump, "==", p.region)
        if order == 0:
            yield from _meets(p, n, joint, k)
    if order == 0:
        if p.bounds.low_closed:
            yield from _meets(p, 0, p.bounds.low, k)
        if p.bounds.high_closed:
            yield from _meets(p, len(p) - 1, p.bounds.high, k)


def floored(p: Pieces, floor: Expr, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` is no less than a number inside every piece."""
    yield from everywhere(p, "it is bounded below", lambda n: p.formula(n, 0, k) - floor, ">=")


def bends_up(p: Pieces, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` is continuous and its slope falls at no joint: convex pieces join to one."""
    yield from continuous(p, 0, k)
    for n, joint in enumerate(p.joints):
        yield sign(f"the slope does not fall at {joint}", jump(p, n, 1, k), ">=", p.region)


def _meets(p: Pieces, n: int, point: Expr, k: int) -> Iterator[Premise]:
    gap = p.value(point, k) - p.at(n, point, 0, k)
    yield sign(f"the function at {point} continues its piece", gap, "==", p.region)


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


def lies_in(label: str, point: Expr, bounds: Bounds, region: Region) -> Iterator[Premise]:
    """``point`` lies in ``bounds``."""
    for gap, relation in bounds.gaps(point):
        yield sign(label, gap, relation, region)


def gaps(point: Expr, span: Bounds) -> tuple[Expr, ...]:
    """The distances of a point from the finite ends of an interval, positive inside."""
    return tuple(gap for gap, _ in span.gaps(point))


def inside(p: Pieces, n: int, point: Expr, closed: bool = False) -> Iterator[Premise]:
    """``point`` lies in piece ``n``."""
    relation: Relation = ">=" if closed else ">"
    for distance in gaps(point, p.spans[n]):
        yield sign(f"{point} lies in the piece", distance, relation, p.region)


def approached(
    p: Pieces, label: str, expr: Callable[[int], Expr], value: Expr, guess: Guess
) -> Iterator[Premise]:
    """``expr(n)``, of the variable, equals ``value`` at the guessed place or tends to it."""
    n, point = place(guess, p)
    span = p.spans[n]
    if point not in (span.low, span.high):
        yield from inside(p, n, point)
        yield sign(label, defined(expr(n), {p.variable: point}) - value, "==", p.region)
        return
    try:
        if point.is_infinite or value.is_infinite:
            raise Silent
        yield sign(label, defined(expr(n), {p.variable: point}) - value, "==", p.region)
    except Silent:
        yield tends(p, label, expr(n), n, point == span.low, value)


def tends(p: Pieces, label: str, expr: Expr, n: int, low: bool, value: Expr) -> Premise:
    """``expr`` tends to ``value`` at an end of piece ``n``."""
    strangers = expr.free_symbols - {*p.region.symbols, p.variable}
    if strangers or is_undefined(expr) or is_undefined(value):
        raise Silent
    end = p.spans[n].low if low else p.spans[n].high
    side = "+" if low else "-"
    return Premise(label, Limit(expr, p.variable, end, side, value, p.region))  # type: ignore[arg-type]


def either_sign(expr: Callable[[int], Expr]) -> tuple[Callable[[int], Expr], Callable[[int], Expr]]:
    """A formula of each piece and its negative: one of them is greatest where its size is."""
    return expr, lambda n: -expr(n)


def supremum(
    p: Pieces, label: str, exprs: Sequence[Callable[[int], Expr]], value: Expr, guess: Guess
) -> Iterator[Premise]:
    """``value`` is the supremum of ``exprs`` inside the pieces, the guessed place shows which.

    If the guess has a ``second`` place too, ``value`` is the greater one of what is approached
    there (``second value``) and at the other place (``first value``).
    """
    for expr in exprs:
        yield from everywhere(p, label, _below(value, expr), ">=")
    if "second value" not in guess:
        yield from _best(p, label, exprs, value, guess)
        return
    tops = guess["first value"], guess["second value"]
    if value not in (Max(*tops), -Min(*(-top for top in tops))):
        raise Silent
    second = {name: guess[f"second {name}"] for name in ("piece", "at", "which")}
    yield from _best(p, label, exprs, tops[0], guess)
    yield from _best(p, label, exprs, tops[1], second)


def _best(
    p: Pieces, label: str, exprs: Sequence[Callable[[int], Expr]], value: Expr, guess: Guess
) -> Iterator[Premise]:
    """One of ``exprs``, ``which``, takes the value at the guessed place or approaches it."""
    which = exprs[number(guess, "which", len(exprs))] if len(exprs) > 1 else exprs[0]
    yield from approached(p, f"{label} is the least", which, value, guess)


def _below(value: Expr, expr: Callable[[int], Expr]) -> Callable[[int], Expr]:
    return lambda n: value - expr(n)


def near(region: Region, low: Expr, high: Expr) -> Region | None:
    """The part of the region where zero lies in [low, high]; ``None`` if that is nowhere."""
    if low.is_positive or high.is_negative:
        return None
    tests = [LessEqual(low, S.Zero), LessEqual(S.Zero, high)]
    if S.Zero in tests:
        return None
    return region.where(*tests)
