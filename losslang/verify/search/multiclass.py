"""How to show properties of losses of differences between logits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.heads import Max, Min
from losslang.verify.property import Strategy
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.search.candidates import limit
from losslang.verify.search.critical import suprema
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question, about
from losslang.verify.theorems import multiclass
from losslang.verify.theorems.pieces import Pieces, Silent
from losslang.verify.verdict import Witness

_Read = Callable[[Multiclass], Pieces]


def _phi(reading: Multiclass, read: _Read) -> Pieces | None:
    try:
        return read(reading)
    except Silent:
        return None


def _ends(phi: Pieces) -> Iterator[tuple[Expr, Expr]]:
    """The ends of the line, and what phi tends to there."""
    for n, at, side in ((-1, S.Infinity, "-"), (0, S.NegativeInfinity, "+")):
        formula = phi.formulas[n][0]
        found = None if formula.has(Max, Min) else limit(formula, phi.variable, at, side)
        if found is not None:
            yield at, found


def _pieces(read: _Read) -> Callable[[Multiclass, Question], Iterable[Guess]]:
    """Which piece holds 0, and lower bounds."""

    def guesses(reading: Multiclass, question: Question) -> Iterable[Guess]:
        phi = _phi(reading, read)
        if phi is not None:
            floors = dict.fromkeys([S.Zero, *(v for _, v in _ends(phi) if v.is_finite)])
            for piece in range(len(phi)):
                yield from ({"piece": S(piece), "floor": floor} for floor in floors)

    return guesses


def _lower(reading: Multiclass, question: Question) -> Iterable[Guess]:
    for guess in _pieces(multiclass.worst)(reading, question):
        yield from ({**guess, "place": place} for place in (S.One, S(10), Rational(1, 10)))


def _slopes(reading: Multiclass, question: Question) -> Iterable[Guess]:
    phi = _phi(reading, multiclass.worst)
    if phi is not None:
        slopes = (lambda n: phi.formula(n, 1), lambda n: -phi.formula(n, 1))
        for place in suprema(phi, slopes):
            yield place.guess | {"most": place.value}


def _infinite(reading: Multiclass, question: Question) -> Iterable[Guess]:
    phi = _phi(reading, multiclass.worst)
    if phi is not None:
        yield from ({"end": at, "value": v} for at, v in _ends(phi) if v.is_infinite)


def _even(case: Case) -> Witness:
    """Three probabilities below 1/2, for which equal logits are best, and some that are worse."""
    p = (Rational(2, 5), Rational(7, 20), Rational(1, 4))
    symbols, losses = case.reading.at(3)
    risk = sum(w * loss for w, loss in zip(p, losses, strict=True))
    best = substitute(risk, dict.fromkeys(symbols, S.Zero))
    others = ((1, 0, 0), (0, 1, 0), (2, 1, 0))
    facts = tuple(
        Sign(substitute(risk, dict(zip(symbols, map(S, z), strict=True))) - best, ">=")
        for z in others
    )
    return Witness({"p": p, "z": (S.Zero,) * 3}, facts, "equal logits are best and tie all classes")


def _far(case: Case) -> Witness:
    phi = multiclass.worst(case.reading)
    far = 1 if case.guess["end"] == S.Infinity else -1
    values = [phi.value(S(far * 10**n)) for n in (1, 2, 3)]
    sign = 1 if case.guess["value"] == S.Infinity else -1
    rises = tuple(Sign(sign * (b - a), ">") for a, b in pairwise(values))
    return Witness({"margin": S(far * 1000)}, rises, "the loss grows without bound")


def _of(prop: str) -> tuple[Strategy, ...]:
    pairs, top = _pieces(multiclass.pairwise), _pieces(multiclass.worst)
    return (
        *(Strategy(t, pairs) for t in about(prop, multiclass.PAIRWISE_ODD)),
        *(Strategy(t, top) for t in about(prop, multiclass.WORST_OF_TWO)),
        *(Strategy(t, top, _even) for t in about(prop, multiclass.WORST_CONVEX)),
    )


CALIBRATED = (
    *_of("calibrated"),
    Strategy(multiclass.PAIRWISE_CONVEX, _pieces(multiclass.pairwise)),
    Strategy(multiclass.WORST_TRUNCATED, _lower),
)
ORDER_PRESERVING = _of("order_preserving")
SYMMETRIC = (Strategy(multiclass.PAIRWISE_SYMMETRIC),)
CONVEX = (Strategy(multiclass.PAIRWISE_SHAPE), Strategy(multiclass.WORST_SHAPE))
LIPSCHITZ = (Strategy(multiclass.WORST_LIPSCHITZ, _slopes),)
BOUNDED = (Strategy(multiclass.WORST_UNBOUNDED, _infinite, _far),)
NONNEGATIVE = (Strategy(multiclass.WORST_NONNEGATIVE),)
