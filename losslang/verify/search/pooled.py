"""How to show properties of losses of the label's logit and of sums over the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.heads import Max
from losslang.verify.property import Strategy
from losslang.verify.readings.local import Local
from losslang.verify.readings.pooled import Pooled
from losslang.verify.search import local, local_proper
from losslang.verify.search.candidates import limit
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question, about
from losslang.verify.theorems import centred, one_vs_all, pooled
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.sums import sums_of
from losslang.verify.verdict import Witness

ENDS = ((S.NegativeInfinity, "+"), (S.Infinity, "-"))


def _floors_of(*formulas: Expr, z: sympy.Symbol) -> list[list[Expr]]:
    """Lower bounds worth trying, for each formula: 0 and the limits at the ends."""
    return [
        list(dict.fromkeys([S.Zero, *(v for v in _limits(f, z) if v.is_finite), S.NegativeOne]))
        for f in formulas
    ]


def _limits(formula: Expr, z: sympy.Symbol) -> Iterator[Expr]:
    for at, side in ENDS:
        found = None if formula.has(Max) else limit(formula, z, at, side)
        if found is not None:
            yield found


def _binary(reading: Pooled) -> tuple[Expr, Expr, sympy.Symbol] | None:
    try:
        found = sums_of(reading)
        own, everywhere = found.separate()
    except Silent:
        return None
    return sympy.expand(own + everywhere), everywhere, found.z


def _floors(reading: Pooled, question: Question) -> Iterable[Guess]:
    found = _binary(reading)
    if found is not None:
        for floor, base in product(*_floors_of(*found[:2], z=found[2])):
            yield {"floor": floor, "base": base}


def _pieces(reading: Pooled, question: Question) -> Iterable[Guess]:
    found = _binary(reading)
    if found is not None:
        for floors in _floors_of(found[0], z=found[2]):
            for floor, piece in product(floors, range(3)):
                yield {"floor": floor, "piece": S(piece)}


def _ties(reading: Pooled, question: Question) -> Iterable[Guess]:
    for place in (S.NegativeOne, S.One, S.Zero):
        yield {"first": Rational(2, 5), "second": Rational(7, 20), "place": place}


def _tied(case: Case) -> Witness:
    """Three probabilities, and that one score is best for the first two of them."""
    found = _binary(case.reading)
    first, second, place = (case.guess[name] for name in ("first", "second", "place"))
    facts = []
    if found is not None:
        own, other, z = found
        for p in (first, second):
            risk = p * own + (1 - p) * other
            for step in (-1, 1):
                at = [substitute(risk, {z: v}) for v in (place + step, place)]
                facts.append(Sign(at[0] - at[1], ">="))
    return Witness(
        {"p": (first, second, 1 - first - second), "z": (place, place)},
        tuple(facts),
        "one score is best for both probabilities, which ties the classes",
    )


def _idle(reading: Pooled, question: Question) -> Iterable[Guess]:
    if _binary(reading) is not None:
        yield from ({"place": S(place)} for place in (-1, 0, 1, -2, 2, -10, 10))


def _unmoved(case: Case) -> Witness | None:
    """One score for all classes, beside which no label's loss gains from another score."""
    found, place = _binary(case.reading), case.guess["place"]
    if found is None:
        return None
    own, other, z = found
    gaps = (
        substitute(part, {z: place + step}) - substitute(part, {z: place})
        for part in (own, other)
        for step in (-1, 1)
    )
    facts = tuple(Sign(gap, ">=") for gap in gaps)
    return Witness({"z": (place, place, place)}, facts, "equal scores are best for every label")


# ---------------------------------------------------------------- a free offset


def _local(reading: Pooled) -> tuple[Local, list[Expr]] | None:
    """The loss of the label's probability, and bounds worth trying for the offset's term."""
    try:
        found, phi, offset = pooled.shifted(reading)
    except Silent:
        return None
    return found, list(dict.fromkeys([S.Zero, substitute(phi, {offset: S.Zero})]))


def _with_offset(
    guesses: Callable[[Local, Question], Iterable[Guess]],
) -> Callable[[Pooled, Question], Iterable[Guess]]:
    def found(reading: Pooled, question: Question) -> Iterable[Guess]:
        known = _local(reading)
        if known is None:
            return
        for guess in guesses(known[0], question):
            yield from ({**guess, "offset": least} for least in known[1])

    return found


def _through(witness: Callable[[Case], Witness | None]) -> Callable[[Case], Witness | None]:
    def found(case: Case) -> Witness | None:
        known = _local(case.reading)
        return None if known is None else witness(Case(known[0], case.question, case.guess))

    return found


def _lifted(strategies: Iterable[Strategy]) -> tuple[Strategy, ...]:
    return tuple(
        Strategy(pooled.LIFTED[s.theorem.name], _with_offset(s.guesses), _through(s.witness))
        for s in strategies
        if s.theorem.name in pooled.LIFTED
    )


# ---------------------------------------------------------------- constrained losses, squentropy


def _bases(reading: Pooled, question: Question) -> Iterable[Guess]:
    yield {"base": S.Zero}
    yield {"base": S.NegativeOne}


def _factors(reading: Pooled, question: Question) -> Iterable[Guess]:
    yield {"base": S.Zero, "factor": S.One}


def _weights(reading: Pooled, question: Question) -> Iterable[Guess]:
    try:
        found = sums_of(reading)
    except Silent:
        return
    for symbol, body in found.sums:
        if body == found.z**2:
            yield {"weight": sympy.simplify(sympy.diff(found.h, symbol))}


def _uniform(case: Case) -> Witness:
    """A label whose own probabilities would need all logits to be 0."""
    weight = case.guess["weight"]
    classes = case.reading.classes
    p = (Rational(7, 10), Rational(3, 10))
    values: dict[str, Expr | tuple[Expr, ...]] = {"p": p}
    facts: tuple[Sign, ...] = ()
    if not weight.free_symbols - {classes}:
        # softmax(z) = p needs the squares' gradient to vanish, though z1 - z2 = log(p1 / p2).
        facts = (Sign(sympy.log(p[0] / p[1]), "!="),)
    return Witness(values, facts, "where softmax(z) = p the squares still pull: p is not optimal")


def _of(prop: str) -> tuple[Strategy, ...]:
    return (
        *(Strategy(t) for t in about(prop, pooled.STANDARDISED)),
        *(Strategy(t, _floors) for t in about(prop, one_vs_all.SEPARABLE)),
        *(Strategy(t, _weights) for t in about(prop, pooled.SQUENTROPY)),
        *(Strategy(t, _ties, _tied) for t in about(prop, one_vs_all.TIES)),
        *(Strategy(t, _idle, _unmoved) for t in about(prop, one_vs_all.IDLE)),
        *(Strategy(t, _pieces) for t in about(prop, one_vs_all.MARGIN_SUM)),
    )


def _improper(prop: str) -> tuple[Strategy, ...]:
    return tuple(Strategy(t, _weights, _uniform) for t in about(prop, pooled.SQUENTROPY))


CALIBRATED = (
    *_of("calibrated"),
    Strategy(centred.CONSTRAINED, _bases),
    *_lifted(local.CALIBRATED),
)
ORDER_PRESERVING = (*_of("order_preserving"), *_lifted(local.ORDER_PRESERVING))
STRICTLY_PROPER = (*_lifted(local_proper.STRICTLY_PROPER), *_improper("strictly_proper"))
PROPER = (*_lifted(local_proper.PROPER), *_improper("proper"))
H_CONSISTENT = (
    Strategy(centred.CONSTRAINED_EXPONENTIAL, _factors),
    Strategy(centred.CONSTRAINED_HINGE, _factors),
)
NONNEGATIVE = (Strategy(pooled.STANDARDISED_NONNEGATIVE),)
