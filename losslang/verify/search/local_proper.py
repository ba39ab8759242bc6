"""How to find out whether losses of the label's probability are proper, and bound the 0-1 risk."""

from __future__ import annotations

from collections.abc import Iterable

import sympy
from sympy import Rational, S

from losslang.ir.binders import substitute
from losslang.verify.property import Strategy
from losslang.verify.readings.local import Local
from losslang.verify.search.candidates import PLACES, limit, variants
from losslang.verify.search.local import rates, vertex_weights, vertices
from losslang.verify.search.local_parts import HALF, ends_of, slope_of, some_places, told
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import local_proper, local_risk, local_sum
from losslang.verify.verdict import Witness


def _far_slopes(reading: Local, question: Question) -> Iterable[Guess]:
    """What p f'(p) tends to at 0 and at 1, where that differs."""
    first, last = ends_of(reading, reading.p * slope_of(reading))
    if first is not None and last is not None and first != last:
        yield {"first": first, "last": last}


def _small_places(reading: Local, question: Question) -> Iterable[Guess]:
    return ({"place": place} for place in PLACES if place < HALF)


def _not_itself(case: Case) -> Witness:
    """The label's own probabilities, between whose first two entries moving mass helps."""
    place, reading = case.guess["place"], case.reading
    weighted = reading.p * slope_of(reading)
    if case.reading.classes == 2 or "unbalanced" in str(case.question):
        others = (place, 1 - place)
    else:
        others = (place, 1 - place)
    gap = substitute(weighted, {reading.p: others[0]}) - substitute(
        weighted, {reading.p: others[1]}
    )
    return Witness(
        {"p": others},
        (Sign(gap, "!="),),
        "moving probability from the second class to the first changes the risk at q = p",
    )


def _not_logarithmic(case: Case) -> Witness | None:
    place, reading = case.guess["place"], case.reading
    weighted = reading.p * slope_of(reading)
    for step in (Rational(1, 16), Rational(1, 64), Rational(1, 1024)):
        entries = (place, place - step, 1 - 2 * place + step)
        if min(entries) <= 0:
            continue
        gap = substitute(weighted, {reading.p: entries[0]}) - substitute(
            weighted, {reading.p: entries[1]}
        )
        if abs(float(gap.evalf())) > 1e-12:
            return Witness(
                {"p": entries},
                (Sign(gap, "!="),),
                "moving probability from the second class to the first changes the risk at q = p",
            )
    return None


def _own_probabilities(case: Case) -> Witness:
    place = Rational(1, 4)
    return Witness(
        {"p": (place, 1 - place), "scale": case.reading.scale},
        (Sign(case.reading.scale - 1, "!="),),
        "the minimiser gives p only after the temperature",
    )


def _certain(case: Case) -> Witness:
    f, p = case.reading.f, case.reading.p
    fact = Sign(substitute(f, {p: Rational(3, 4)}) - substitute(f, {p: HALF}), ">=")
    return Witness({"p": (S.One, S.Zero)}, (fact,), "f does not fall")


def _links(reading: Local, question: Question) -> Iterable[Guess]:
    yield {}
    for rate in rates(reading):
        if rate:
            at_one = told(limit(-slope_of(reading), reading.p, S.One, "-"))
            yield from (rate | {"factor": factor} for factor in at_one)
            yield rate


def _orders(reading: Local, question: Question) -> Iterable[Guess]:
    """The power of p that f' is."""
    p = reading.p
    for slope in variants(slope_of(reading)):
        factor, power = sympy.powsimp(sympy.simplify(slope)).as_independent(p, as_Add=False)
        base, exponent = power.as_base_exp()
        if power == S.One:
            base, exponent = p, S.Zero
        if base == p:
            yield {"order": sympy.expand(exponent + 2), "factor": -factor}


STRICTLY_PROPER = (
    Strategy(local_proper.LOGARITHMIC),
    Strategy(local_proper.UNBALANCED_FAR, _far_slopes),
    Strategy(local_proper.UNBALANCED, some_places, _not_itself),
    Strategy(local_proper.NOT_LOGARITHMIC, _small_places, _not_logarithmic),
    Strategy(local_proper.TWO_PROPER),
    Strategy(local_proper.TEMPERED, witness=_own_probabilities),
    Strategy(local_proper.NOT_FALLING, witness=_certain),
)

PROPER = (
    Strategy(local_proper.LOGARITHMIC_WEAKLY),
    Strategy(local_proper.UNBALANCED_FAR_WEAKLY, _far_slopes),
    Strategy(local_proper.UNBALANCED_WEAKLY, some_places, _not_itself),
    Strategy(local_proper.NOT_LOGARITHMIC_WEAKLY, _small_places, _not_logarithmic),
    Strategy(local_proper.TWO_PROPER_WEAKLY),
    Strategy(local_proper.TEMPERED_WEAKLY, witness=_own_probabilities),
)

PROPER_COMPOSITE = (
    Strategy(local_proper.COMPOSITE, _links),
    Strategy(local_proper.NO_LINK, vertices, vertex_weights),
)

RECOVERABLE = (
    Strategy(local_proper.RECOVERABLE, _links),
    Strategy(local_proper.NOT_RECOVERABLE, vertices, vertex_weights),
)


def _uneven(case: Case) -> Witness:
    f, p, place = case.reading.f, case.reading.p, case.guess["place"]
    sums = [
        substitute(f, {p: x}) + substitute(f, {p: 1 - x}) for x in (place, place + Rational(1, 32))
    ]
    return Witness(
        {"q": (place, 1 - place)},
        (Sign(sums[0] - sums[1], "!="),),
        "the sum of the losses of two labels changes with q",
    )


SYMMETRIC = (
    Strategy(local_sum.AFFINE),
    Strategy(local_sum.UNEVEN, some_places, _uneven),
    Strategy(local_sum.CURVED, _small_places),
    Strategy(local_sum.ODD),
)

H_CONSISTENT = tuple(
    Strategy(theorem, _orders)
    for theorem, _ in (
        local_risk.ORDER_ONE,
        local_risk.LOW_ORDER,
        local_risk.MIDDLE_ORDER,
        local_risk.HIGH_ORDER,
    )
)

EXCESS_RISK = tuple(
    Strategy(theorem, _orders)
    for _, theorem in (
        local_risk.ORDER_ONE,
        local_risk.LOW_ORDER,
        local_risk.MIDDLE_ORDER,
        local_risk.HIGH_ORDER,
    )
)
