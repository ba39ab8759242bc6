"""A wrong order of the classes that costs no more than any right order of a grid.

This is what a finite number of values can show of a risk whose infimum wrong orders share; that
no right order between the points of the grid costs less is for the theorem.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, permutations
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.readings import Score
from losslang.verify.readings.instance import Unknown
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case
from losslang.verify.verdict import Witness

Point: TypeAlias = tuple[Expr, ...]

LAWS = {
    2: ("1 0", "3/4 1/4"),
    3: ("1 0 0", "1/2 3/10 1/5", "2/5 7/20 1/4", "7/10 1/5 1/10"),
    4: ("2/5 3/10 1/5 1/10",),
}
PARTS = {2: 20, 3: 10, 4: 8}
SMALL = tuple(Rational(1, 10**n) for n in (2, 4, 6, 9))
SHOWN = 8
"""So many right orders, the cheapest, stand beside the wrong one."""


def wrong_order(case: Case) -> Witness | None:
    """Probabilities of the labels, scores on the simplex in a wrong order, and their risk."""
    reading: Score = case.reading
    for classes in LAWS:
        symbols = reading.symbols(classes)
        try:
            losses = reading.at(classes)
        except (Unknown, ValueError):
            continue
        for law in LAWS[classes]:
            p = tuple(map(Rational, law.split()))
            risk = sympy.Add(*(w * loss for w, loss in zip(p, losses, strict=True)))
            if risk.free_symbols <= set(symbols):
                found = _wrong(case, p, risk, symbols)
                if found is not None:
                    return found
    return None


def _wrong(case: Case, p: Point, risk: Expr, symbols: Sequence[sympy.Symbol]) -> Witness | None:
    tape = compile_tape(risk, symbols)
    top_only = case.question.property == "calibrated"

    def cost(q: Point) -> float:
        value = tape.float([float(x) for x in q])
        return value if math.isfinite(value) else math.inf

    right: list[tuple[float, Point]] = []
    wrong: list[tuple[float, Point]] = []
    for q in grid(len(p)):
        (wrong if is_wrong(p, q, top_only) else right).append((cost(q), q))
    wrong += [(cost(q), q) for q in deep(len(p)) if is_wrong(p, q, top_only)]
    right.sort(key=lambda pair: pair[0])
    least, q = min(wrong, key=lambda pair: pair[0], default=(math.inf, ()))
    if not right or not least <= right[0][0]:
        return None

    def at(place: Point) -> Expr:
        return substitute(risk, dict(zip(symbols, place, strict=True)))

    best = at(q)
    facts = tuple(Sign(at(other) - best, ">=") for _, other in right[:SHOWN])
    what = "ranks a wrong class first" if top_only else "has the classes in a wrong order"
    return Witness(
        {"p": p, "q": q, "risk": best},
        facts,
        f"q {what}, and costs no more than any right one of the {len(right)} on a grid",
    )


def is_wrong(p: Point, q: Point, top_only: bool) -> bool:
    """Whether a class that is less likely has no smaller a score; only for the first place?"""
    likeliest, first = max(p), max(q)
    if top_only:
        return any(b == first and a < likeliest for a, b in zip(p, q, strict=True))
    return any(
        (a - b) * (x - y) <= 0 and a != b
        for (a, x), (b, y) in combinations(tuple(zip(p, q, strict=True)), 2)
    )


@cache
def grid(classes: int) -> tuple[Point, ...]:
    """The points of the simplex with positive multiples of a tenth or so."""
    parts = PARTS[classes]
    cuts = combinations(range(1, parts), classes - 1)
    return tuple(
        tuple(Rational(b - a, parts) for a, b in zip((0, *cut), (*cut, parts), strict=True))
        for cut in cuts
    )


def deep(classes: int) -> Iterator[Point]:
    """Points close to faces of the simplex."""
    for small in SMALL:
        for share in (S.One, Rational(1, 2), Rational(3, 10)):
            rest = [small**n for n in range(1, classes)]
            head = 1 - sympy.Add(*rest)
            if share < 1 and classes > 2:
                yield from permutations((share * head, (1 - share) * head + rest[0], *rest[1:]))
            else:
                yield from permutations((head, *rest))
    yield from permutations((Integer(1) / classes,) * classes)
