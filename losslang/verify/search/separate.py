"""Guesses for one-vs-all sums: the greatest and least derivatives of both functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Expr, Integer, S

from losslang.verify.property import Strategy
from losslang.verify.readings.pooled import Pooled
from losslang.verify.search.critical import suprema, unbounded
from losslang.verify.search.numbers import sign_of
from losslang.verify.theorem import Guess, Question
from losslang.verify.theorems import separate as theorems
from losslang.verify.theorems.one_vs_all import one_vs_all
from losslang.verify.theorems.pieces import Pieces, Silent

Finder = Callable[[Pooled, Question], Iterator[Guess]]


def _read(reading: Pooled) -> Pieces | None:
    try:
        return one_vs_all(reading)
    except Silent:
        return None


def steepest(order: int) -> Finder:
    """The suprema of the sizes of a derivative."""

    def find(reading: Pooled, question: Question) -> Iterator[Guess]:
        f = _read(reading)
        found: dict[str, Expr] = {}
        for k, name in enumerate(theorems.NAMES if f is not None else ()):
            assert f is not None
            tops = suprema(f, theorems.sizes(f, k, order))
            if not tops:
                return
            found |= _named(name, tops[0].guess)
        if found:
            yield found

    return find


def _named(name: str, guess: dict[str, Expr]) -> dict[str, Expr]:
    return {f"{name} {word}": part for word, part in guess.items()}


def flattest(reading: Pooled, question: Question) -> Iterator[Guess]:
    """The infima of the curvatures, where they seem positive."""
    f = _read(reading)
    found: dict[str, Expr] = {}
    for k, name in enumerate(theorems.NAMES if f is not None else ()):
        assert f is not None
        tops = suprema(f, [lambda n, f=f, k=k: -f.formula(n, 2, k)])  # type: ignore[misc]
        if not tops or sign_of(-tops[0].value, f.region) <= 0:
            return
        found |= _named(name, {**tops[0].guess, "value": -tops[0].value})
    if found:
        yield found


def infinite(order: int) -> Finder:
    """Ends where a derivative seems unbounded."""

    def find(reading: Pooled, question: Question) -> Iterator[Guess]:
        f = _read(reading)
        for k in range(2 if f is not None else 0):
            assert f is not None
            ends = (S.Infinity, S.NegativeInfinity)
            for place in unbounded(f, lambda n, f=f, k=k: f.formula(n, order, k), *ends):  # type: ignore[misc]
                yield {**place, "function": Integer(k)}

    return find


CONVEX = (Strategy(theorems.CONVEX), Strategy(theorems.COMBINED))
LIPSCHITZ = (
    Strategy(theorems.NOT_LIPSCHITZ, infinite(1)),
    Strategy(theorems.LIPSCHITZ, steepest(1)),
)
SMOOTH = (
    Strategy(theorems.NOT_SMOOTH, infinite(2)),
    Strategy(theorems.SMOOTH, steepest(2)),
)
STRONGLY_CONVEX = (Strategy(theorems.STRONGLY_CONVEX, flattest),)
