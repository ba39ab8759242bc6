"""How to show calibration and order of losses f(softmax(z)[y]): which theorems, which guesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.property import Strategy
from losslang.verify.readings.local import Local
from losslang.verify.search.candidates import function_of, greatest, limit, nearest, powers
from losslang.verify.search.local_parts import HALF, ends_of, slope_of, told
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import local, local_noise, local_order
from losslang.verify.verdict import Witness


def _steepnesses(reading: Local) -> Iterator[Expr]:
    """How steep f may be beyond 1/2."""
    slope = slope_of(reading)
    yield -substitute(slope, {reading.p: HALF})
    for end in told(limit(slope, reading.p, S.One, "-")):
        yield -end


def _floors(reading: Local, question: Question) -> Iterable[Guess]:
    yield {"floor": S.Zero}
    yield from ({"steepness": most} for most in _steepnesses(reading))
    yield from ({"floor": end} for end in told(limit(reading.f, reading.p, S.One, "-")))


def head_weights(reading: Local) -> Iterator[dict[str, Expr]]:
    """Powers of p and 1 - p that may straighten f'."""
    p = reading.p
    heads = [S.Zero, S.One, *(-e for e in powers(reading.f, p))]
    tails = [S.Zero, *(-e for e in powers(reading.f, 1 - p))]
    tails.sort(key=lambda e: (int(e.count_ops()), abs(e) if e.is_number else 0))
    for tail, head in islice(product(tails, heads), 8):
        for by in tail.free_symbols | head.free_symbols:
            yield {"head": head, "tail": tail, "by": by}
        yield {"head": head, "tail": tail}


def _bends_late(reading: Local, question: Question) -> Iterable[Guess]:
    return (w for w in head_weights(reading) if (w["head"] - w["tail"]).is_nonnegative is not False)


def _steep_bends(reading: Local, question: Question) -> Iterable[Guess]:
    for weight in islice(_bends_late(reading, question), 4):
        for rate in islice(_gentle_rates(reading, question), 4):
            yield {**weight, **rate}


def _turns(reading: Local, question: Question) -> Iterable[Guess]:
    for early in (Rational(1, 4), Rational(1, 100)):
        yield from (weight | {"early": early} for weight in head_weights(reading))


def _rises(reading: Local, question: Question) -> Iterable[Guess]:
    weights = list(head_weights(reading))
    yield from (weight for weight in weights[:4] if weight["tail"] != 0)
    yield {}
    yield from weights
    f = function_of(reading.f, reading.p)
    if f is not None:
        place, _ = greatest(lambda x: -f(x))
        yield {"place": min(nearest(place), HALF)}


def rates(reading: Local) -> Iterator[dict[str, Expr]]:
    """How f' goes to minus infinity at 0: at least as a power of p, or by its limit."""
    slope, p = slope_of(reading), reading.p
    for power in dict.fromkeys([S.One, *(-e for e in powers(slope, p))]):
        if power.is_positive is not False:
            at_half = -substitute(slope, {p: HALF}) * HALF**power
            yield {"factor": sympy.simplify(at_half), "power": power}
    yield {}


def _gentle_rates(reading: Local, question: Question) -> Iterable[Guess]:
    for rate in rates(reading):
        for most in islice(_steepnesses(reading), 2):
            yield rate | {"steepness": most}


def _steep(reading: Local, question: Question) -> Iterable[Guess]:
    yield {"strict": S.One}
    yield {}
    yield from rates(reading)


def _flat(reading: Local, question: Question) -> Iterable[Guess]:
    _, end = ends_of(reading, slope_of(reading))
    if end is not None:
        yield {"end": end}


def vertices(reading: Local, question: Question) -> Iterable[Guess]:
    """Chords below f that fall to f(1), and how steep f is at most."""
    steep, gentle = ends_of(reading, slope_of(reading))
    for chord, most in product(told(gentle, steep), told(steep, gentle)):
        yield {"chord": -chord, "steepness": -most}
    zero, one = ends_of(reading, reading.f)
    if one is None:
        return
    chords = list(told(None if gentle is None else -gentle, None if zero is None else zero - one))
    slopes = list(told(*(None if s is None else -s for s in (steep, gentle))))
    for chord, most in product(chords, slopes):
        yield {"end": one, "chord": chord, "steepness": most}


def bounded_slopes(reading: Local, question: Question) -> Iterable[Guess]:
    """How steep f is at 0, as if nowhere more so."""
    steep, _ = ends_of(reading, slope_of(reading))
    yield from ({"steepness": -most} for most in told(steep))


def _slope_ends(reading: Local, question: Question) -> Iterable[Guess]:
    steep, gentle = ends_of(reading, slope_of(reading))
    if steep is not None and gentle is not None and steep.is_finite is not False:
        yield {"start": steep, "end": gentle}


def _certain_label(case: Case) -> Witness:
    """A label that is certain, and where the loss gives it too little probability."""
    f, p = case.reading.f, case.reading.p
    value = function_of(f, p)
    place = case.guess.get("place", HALF)
    if value is not None and place == HALF:
        least, _ = greatest(lambda x: -value(x), [n / 512 for n in range(1, 257)])
        place = min(nearest(least), HALF)
    here = substitute(f, {p: place})
    others = (Rational(51, 100), Rational(3, 4), Rational(9, 10), Rational(99, 100))
    return Witness(
        {"p": (S.One, S.Zero), "q": (place, 1 - place)},
        tuple(Sign(substitute(f, {p: x}) - here, ">=") for x in others),
        f"a label that is certain: giving it probability {place} costs no more than any above 1/2",
    )


def vertex_weights(case: Case) -> Witness | None:
    """Probabilities p for which all mass on the first class is best, and some mixtures."""
    reading, guess = case.reading, case.guess
    chord, most = guess["chord"], guess["steepness"]
    if chord.free_symbols or most.free_symbols:
        return None
    small = nearest(float(chord / (2 * most + 3 * chord)) * 0.999)
    weights = (1 - 3 * small, 2 * small, small)
    f, p = reading.f, reading.p
    start, end = limit(f, p, S.Zero, "+"), guess.get("end", limit(f, p, S.One, "-"))
    facts = []
    if start is not None and end is not None:
        best = weights[0] * end + (weights[1] + weights[2]) * start
        for mixture in ((Rational(8, 10), Rational(1, 10)), (Rational(1, 2), Rational(3, 10))):
            entries = (*mixture, 1 - sum(mixture))
            risk = sum(w * substitute(f, {p: q}) for w, q in zip(weights, entries, strict=True))
            facts.append(Sign(risk - best, ">="))
    return Witness(
        {"p": weights, "q": (S.One, S.Zero, S.Zero)},
        tuple(facts),
        "the risk is least at q, which ties the second class with the third",
    )


def _edge_weights(case: Case) -> Witness:
    reading, most = case.reading, case.guess["steepness"]
    slope = -substitute(slope_of(reading), {reading.p: HALF})
    # (2 d / 3) |f'(0)| <= (1 - d) / 2 |f'(1/2)|
    d = nearest(min(0.5, 0.999 * float(slope / 2 / (2 * most / 3 + slope / 2))))
    weights = ((1 - d) / 2, (1 - d) / 2, 2 * d / 3, d / 3)
    return Witness(
        {"p": weights, "q": (HALF, HALF, S.Zero, S.Zero)},
        (Sign((1 - d) / 2 * slope - 2 * d / 3 * most, ">="),),
        "no mass moves to the third and fourth class at the least risk, which ties them",
    )


def _near_weights(case: Case) -> Witness:
    f, p = case.reading.f, case.reading.p
    rests = (Rational(1, 10), Rational(1, 100), Rational(1, 1000))
    even = 2 * substitute(f, {p: HALF})
    sides = (substitute(f, {p: rest}) + substitute(f, {p: 1 - rest}) for rest in rests)
    return Witness(
        {"weights": (S.One, S.One), "q": (HALF, HALF)},
        tuple(Sign(even - uneven, "<") for uneven in sides),
        "for two nearly equal weights half and half costs less than all mass on one class",
    )


CALIBRATED = (
    Strategy(local.FALLING, _floors),
    Strategy(local.CONVEX),
    Strategy(local.RISING, _rises, _certain_label),
    Strategy(local.BENDING, _bends_late),
    Strategy(local.TURNING, _turns),
)

ORDER_PRESERVING = (
    Strategy(local_order.ORDER_CONVEX, _steep),
    Strategy(local_order.ORDER_FALLING, _gentle_rates),
    Strategy(local_order.DISORDER_RISING, _rises, _certain_label),
    Strategy(local_order.DISORDER_VERTEX, vertices, vertex_weights),
    Strategy(local_order.DISORDER_EDGE, bounded_slopes, _edge_weights),
    Strategy(local_order.ORDER_TWO_FALLING, _floors),
    Strategy(local_order.ORDER_TWO_CONVEX),
    Strategy(local_order.ORDER_THREE, _flat),
    Strategy(local_order.ORDER_TWO_BENDING, _bends_late),
    Strategy(local_order.ORDER_BENDING, _steep_bends),
)

ASYMMETRIC_ROBUST = (
    Strategy(local_noise.ASYMMETRIC, _floors),
    Strategy(local_noise.NOT_ASYMMETRIC_RATIO, _slope_ends, _near_weights),
    Strategy(local_noise.NOT_ASYMMETRIC, witness=_near_weights),
)
