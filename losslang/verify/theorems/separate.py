"""One-vs-all sums A(z_y) + sum over k != y of B(z_k), whose Hessian is diagonal, and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.ir.heads import Max, Min
from losslang.verify.readings.pooled import Pooled
from losslang.verify.statement import LINE
from losslang.verify.theorem import Case, Guess, Premise, Theorem
from losslang.verify.theorems.convexity import convexity
from losslang.verify.theorems.one_vs_all import one_vs_all
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces
from losslang.verify.theorems.premises import (
    bends_up,
    continuous,
    either_sign,
    premises,
    sign,
    supremum,
    tends,
)
from losslang.verify.theorems.sums import entry_body

NAMES = ("A", "B")


def place(guess: Guess, name: str) -> dict[str, Expr]:
    """The guess about one of the functions."""
    return {word: guess[f"{name} {word}"] for word in ("value", "piece", "at", "which")}


def sizes(f: Pieces, k: int, order: int) -> tuple[Callable[[int], Expr], ...]:
    """A derivative of function ``k`` and its negative."""
    return either_sign(lambda n: f.formula(n, order, k))


def _steepest(case: Case, order: int) -> Iterator[Premise]:
    """The guessed values are the suprema of the sizes of a derivative of A and of B."""
    f = one_vs_all(case.reading)
    for k, name in enumerate(NAMES):
        part = place(case.guess, name)
        what = f"the size of {name}'s derivative is at most {part['value']}"
        yield from supremum(f, what, sizes(f, k, order), part["value"], part)
        for lower in range(order):
            yield from continuous(f, lower, k)


@premises()
def _is_convex(case: Case) -> Iterator[Premise]:
    f = one_vs_all(case.reading)
    for k in (0, 1):
        yield from convexity(f, k)


@premises()
def _is_combined(case: Case) -> Iterator[Premise]:
    """g(z_y) plus multiples of pools; the multiples do not depend on the logits."""
    reading: Pooled = case.reading
    pools = {symbol for symbol, _ in reading.pools}
    h, bodies = _taken_out(reading)
    own, region = h, reading.region
    for symbol, pool in reading.pools:
        weight = sympy.expand(derivative(h, symbol))
        if weight.free_symbols & (pools | {reading.z}):
            raise Silent
        own = substitute(own, {symbol: S.Zero})
        entry = _on_the_line(reading, bodies[symbol], pools)
        bends = any(entry.formula(n, 2) != 0 for n in range(len(entry)))
        if bends or len(entry) > 1 or pool.op not in ("sum", "mean"):
            yield sign("the multiple is not negative", weight, ">=", region)
            yield from convexity(entry)
    yield from convexity(_on_the_line(reading, own, pools))


def _taken_out(reading: Pooled) -> tuple[Expr, dict[sympy.Symbol, Expr]]:
    """The loss and the bodies of its pools, without what sums and means add to all entries."""
    h, bodies = reading.h, {}
    taken: set[sympy.Symbol] = set()
    for symbol, pool in reversed(reading.pools):
        body = sympy.expand(entry_body(pool, reading))
        if pool.op in ("sum", "mean"):
            alike, body = body.as_independent(reading.z, as_Add=True)
            if alike.free_symbols & taken:
                raise Silent
            if alike != 0:
                taken.add(symbol)
            times = reading.classes if pool.op == "sum" else S.One
            h = substitute(h, {symbol: symbol + times * alike})
        bodies[symbol] = body
    return sympy.expand(h), bodies


def _on_the_line(reading: Pooled, formula: Expr, pools: set[sympy.Symbol]) -> Pieces:
    if formula.free_symbols & pools:
        raise Silent
    return known_pieces(reading.region, reading.z, LINE, formula)


@premises()
def _is_lipschitz(case: Case) -> Iterator[Premise]:
    if case.question.arguments[1:] not in ((), ("2",)):
        raise Silent
    yield from _steepest(case, 1)


@premises()
def _is_smooth(case: Case) -> Iterator[Premise]:
    yield from _steepest(case, 2)


@premises()
def _is_strongly_convex(case: Case) -> Iterator[Premise]:
    f = one_vs_all(case.reading)
    for k, name in enumerate(NAMES):
        part = place(case.guess, name)
        yield sign(f"the constant of {name} is positive", part["value"], ">", f.region)
        bend = [lambda n, k=k: -f.formula(n, 2, k)]
        yield from supremum(f, f"-{name}'' is at most its negative", bend, -part["value"], part)
        yield from bends_up(f, k)


@premises()
def _is_not_smooth(case: Case) -> Iterator[Premise]:
    yield from _blows_up(case, one_vs_all(case.reading), 2)


@premises()
def _is_not_lipschitz(case: Case) -> Iterator[Premise]:
    yield from _blows_up(case, one_vs_all(case.reading), 1)


def _blows_up(case: Case, f: Pieces, order: int) -> Iterator[Premise]:
    """A derivative of A or of B tends to infinity."""
    g = case.guess
    if g["function"] not in (0, 1) or g["piece"] not in range(len(f)):
        raise Silent
    if not g["value"].is_infinite or not g["at"].is_infinite:
        raise Silent
    n = int(g["piece"])
    low = g["at"] == S.NegativeInfinity
    formula = f.formula(n, order, int(g["function"]))
    yield tends(f, "the derivative is unbounded", formula, n, low, g["value"])


def _length(case: Case) -> Expr:
    own, other = (case.guess[f"{name} value"] for name in NAMES)
    return sympy.sqrt(own**2 + (case.reading.classes - 1) * other**2)


def _values(case: Case) -> list[Expr]:
    return [case.guess[f"{name} value"] for name in NAMES]


_SAYS = "the Hessian of A(z_y) + the sum of B over the other logits is diagonal: "
_SLOPES = "the entries of the gradient of A(z_y) + the sum of B are independent: "

CONVEX = Theorem(
    "one-vs-all-convex", "convex", Pooled, _SAYS + "A and B are convex", "definition", _is_convex
)
COMBINED = Theorem(
    "pooled-convex",
    "convex",
    Pooled,
    "a convex function of the label's logit, plus nonnegative multiples of sums, maxima and "
    "log-sum-exps of convex functions of the logits, and any of sums of affine ones",
    "Boyd, Vandenberghe 2004, Convex Optimization, section 3.2",
    _is_combined,
)
LIPSCHITZ = Theorem(
    "one-vs-all-lipschitz",
    "lipschitz",
    Pooled,
    _SLOPES + "their greatest sizes make its greatest length",
    "the mean value theorem",
    _is_lipschitz,
    value=_length,
)
NOT_LIPSCHITZ = Theorem(
    "one-vs-all-not-lipschitz",
    "lipschitz",
    Pooled,
    _SLOPES + "one is unbounded",
    "the mean value theorem",
    _is_not_lipschitz,
    holds=False,
)
SMOOTH = Theorem(
    "one-vs-all-smooth",
    "smooth",
    Pooled,
    _SAYS + "the greatest of its entries",
    "the mean value theorem, applied to the derivatives",
    _is_smooth,
    value=lambda case: Max(*_values(case)),
)
NOT_SMOOTH = Theorem(
    "one-vs-all-not-smooth",
    "smooth",
    Pooled,
    _SAYS + "an entry is unbounded",
    "the mean value theorem, applied to the derivatives",
    _is_not_smooth,
    holds=False,
)
STRONGLY_CONVEX = Theorem(
    "one-vs-all-strongly-convex",
    "strongly_convex",
    Pooled,
    _SAYS + "the least of its entries",
    "Nesterov 2018, Lectures on Convex Optimization, theorem 2.1.11",
    _is_strongly_convex,
    value=lambda case: Min(*_values(case)),
)

THEOREMS = (CONVEX, COMBINED, LIPSCHITZ, NOT_LIPSCHITZ, SMOOTH, NOT_SMOOTH, STRONGLY_CONVEX)
