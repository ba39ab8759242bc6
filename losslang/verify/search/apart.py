"""Guesses for sums of functions of numbers that vary independently: their infima and suprema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sympy import Expr, Integer, S

from losslang.verify.property import Strategy
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.readings.pooled import Pooled
from losslang.verify.search.critical import suprema, unbounded
from losslang.verify.theorem import Guess, Question
from losslang.verify.theorems import apart as theorems
from losslang.verify.theorems.apart import Summand, summands
from losslang.verify.theorems.pieces import Silent

Reading = Multiclass | Pooled


def _parts(reading: Reading) -> tuple[Summand, ...]:
    try:
        return summands(reading)
    except Silent:
        return ()


def _formula(part: Summand, turn: Expr = S.One) -> Callable[[int], Expr]:
    return lambda n: turn * part.pieces.formula(n, 0, part.k)


def _ends(parts: Iterable[Summand], below: bool) -> dict[str, Expr] | None:
    """The likeliest infimum or supremum of each function; ``None`` if one has none."""
    found: dict[str, Expr] = {}
    turn, word = (S.NegativeOne, "low") if below else (S.One, "high")
    for part in parts:
        tops = suprema(part.pieces, [_formula(part, turn)])
        if not tops:
            return None
        name = f"{word} {part.name}"
        found[name] = turn * tops[0].value
        found[f"{name} piece"] = Integer(tops[0].piece)
        found[f"{name} at"] = tops[0].at
    return found


def below(reading: Reading, question: Question) -> Iterator[Guess]:
    """Infima."""
    parts = _parts(reading)
    lows = _ends(parts, True) if parts else None
    if lows is not None:
        yield lows


def between(reading: Reading, question: Question) -> Iterator[Guess]:
    """Infima and suprema."""
    parts = _parts(reading)
    for lows in below(reading, question):
        highs = _ends(parts, False)
        if highs is not None:
            yield {**lows, **highs}


def far(reading: Reading, question: Question) -> Iterator[Guess]:
    """Functions that tend to infinity."""
    for number, part in enumerate(_parts(reading)):
        for value in (S.Infinity, S.NegativeInfinity):
            for place in unbounded(part.pieces, _formula(part), value):
                if place["at"].is_infinite:
                    end = {"piece": place["piece"], "at": place["at"]}
                    yield {"infinite": value, "part": Integer(number), **end}


def reached(reading: Reading, question: Question) -> Iterator[Guess]:
    """Infima and suprema, one of which may be infinite."""
    yield from between(reading, question)
    parts = _parts(reading)
    for guess in far(reading, question):
        other = _ends(parts, guess["infinite"] == S.Infinity)
        if other is not None:
            yield {**guess, **other}


RANGE = (Strategy(theorems.RANGE, reached),)
BOUNDED = (Strategy(theorems.UNBOUNDED, far), Strategy(theorems.BOUNDED, between))
BOUNDED_BELOW = (
    Strategy(theorems.UNBOUNDED_BELOW, far),
    Strategy(theorems.BOUNDED_BELOW, below),
)
NONNEGATIVE = (Strategy(theorems.NONNEGATIVE, below), Strategy(theorems.NEGATIVE, below))
