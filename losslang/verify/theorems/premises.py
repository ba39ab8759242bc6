"""The premises that theorems share.

A *place* in a guess is a piece and a number in it: ``piece`` and ``at``. At an end of the piece it
means what the piece's formula tends to there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import wraps
from typing import TypeAlias

import sympy
from sympy import Expr

from losslang.ir.binders import is_undefined
from losslang.ir.heads import Max, Min
from losslang.verify.statement import Bounds, Limit, Region, Relation, Sign
from losslang.verify.theorem import Case, Guess, Premise
from losslang.verify.theorems.pieces import (
    Pieces,
    Silent,
    defined,
    gaps,
    has_no_value,
    jump,
    number,
    place,
)

Builder: TypeAlias = Callable[[Case], Iterable[Premise]]
Premises: TypeAlias = Callable[[Case], tuple[Premise, ...] | None]


def stated(build: Builder) -> Premises:
    """Premises from a generator of them, without those that are plain arithmetic.

    ``None`` where it raises :class:`Silent`, misses a guess, or needs two numbers to compare as
    they do not.
    """

    @wraps(build)
    def checked(case: Case) -> tuple[Premise, ...] | None:
        try:
            return tuple(p for p in build(case) if not _settled(p) or _spelled_out.get())
        except (Silent, KeyError):
            return None

    return checked


def premises(*also: str) -> Callable[[Builder], Premises]:
    """As :func:`stated`, and ``None`` too for a guess that mentions a stranger.

    Guesses may mention the reading's region, and symbols named in ``also``.
    """

    def decorate(build: Builder) -> Premises:
        inner = stated(build)

        @wraps(build)
        def checked(case: Case) -> tuple[Premise, ...] | None:
            region: Region = case.reading.region
            known = {*region.symbols, *(region.fresh(name) for name in also)}
            if not all(value.free_symbols <= known for value in case.guess.values()):
                return None
            return inner(case)

        return checked

    return decorate


_spelled_out: ContextVar[bool] = ContextVar("_spelled_out", default=False)
"""Whether premises are asked for in full, also those that are plain arithmetic."""


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


def sign(label: str, expr: Expr, relation: Relation, region: Region) -> Premise:
    """A premise about a formula; Silent if it has symbols from elsewhere."""
    if not expr.free_symbols <= set(region.symbols) or has_no_value(expr):
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


def lies_in(label: str, point: Expr, bounds: Bounds, region: Region) -> Iterator[Premise]:
    """``point`` lies in ``bounds``."""
    for gap, relation in bounds.gaps(point):
        yield sign(label, gap, relation, region)


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
