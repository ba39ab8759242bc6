"""How to show properties of losses f(softmax(z)[y]): which theorems, with which guesses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice, pairwise, product
from typing import TypeAlias

import sympy
from sympy import Expr, Rational, S, Symbol

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.ir.heads import Branch
from losslang.verify.geometric import closed
from losslang.verify.property import Strategy
from losslang.verify.readings.local import Local
from losslang.verify.sampling import points
from losslang.verify.search.candidates import (
    GRID,
    PLACES,
    function_of,
    greatest,
    limit,
    nearest,
    own,
    powers,
    slightly_above,
    solutions,
    variants,
)
from losslang.verify.search.critical import suprema
from losslang.verify.search.limits import limit_of
from losslang.verify.statement import UNIT, Relation, Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import (
    local,
    local_noise,
    local_order,
    local_proper,
    local_range,
    local_risk,
    local_shape,
    local_steep,
    local_sum,
)
from losslang.verify.theorems.pieces import Silent, pieces
from losslang.verify.verdict import Witness

HALF = Rational(1, 2)
MOST = 1e4
"""A function that comes up to this is taken to be unbounded."""
PLAINLY = 1e-3
"""How far from 0 a formula is at a place that makes a readable witness."""

_Guesses: TypeAlias = Callable[[Local, Question], Iterable[Guess]]


def _slope(reading: Local) -> Expr:
    return closed(derivative(reading.f, reading.p), reading.region.having(reading.p, UNIT))


def _ends(reading: Local, formula: Expr) -> tuple[Expr | None, Expr | None]:
    """Limits at 0 and 1, as formulas of the hyperparameters."""
    ends = ((S.Zero, "+"), (S.One, "-"))
    found = [limit_of(formula, reading.p, at, side, reading.region) for at, side in ends]
    zero, one = (v if v is not None and own(reading.region, v) else None for v in found)
    return zero, one


def _known(*values: Expr | None) -> Iterator[Expr]:
    """The finite ones, each once."""
    yield from dict.fromkeys(v for v in values if v is not None and v.is_finite is not False)


# ---------------------------------------------------------------- calibration and order


def _steepnesses(reading: Local) -> Iterator[Expr]:
    """How steep f may be beyond 1/2."""
    slope = _slope(reading)
    yield -substitute(slope, {reading.p: HALF})
    for end in _known(limit(slope, reading.p, S.One, "-")):
        yield -end


def _floors(reading: Local, question: Question) -> Iterable[Guess]:
    yield {"floor": S.Zero}
    yield from ({"steepness": most} for most in _steepnesses(reading))
    yield from ({"floor": end} for end in _known(limit(reading.f, reading.p, S.One, "-")))


def _weights(reading: Local) -> Iterator[dict[str, Expr]]:
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
    return (w for w in _weights(reading) if (w["head"] - w["tail"]).is_nonnegative is not False)


def _steep_bends(reading: Local, question: Question) -> Iterable[Guess]:
    for weight in islice(_bends_late(reading, question), 4):
        for rate in islice(_gentle_rates(reading, question), 4):
            yield {**weight, **rate}


def _turns(reading: Local, question: Question) -> Iterable[Guess]:
    for early in (Rational(1, 4), Rational(1, 100)):
        yield from (weight | {"early": early} for weight in _weights(reading))


def _rises(reading: Local, question: Question) -> Iterable[Guess]:
    weights = list(_weights(reading))
    yield from (weight for weight in weights[:4] if weight["tail"] != 0)
    yield {}
    yield from weights
    f = function_of(reading.f, reading.p)
    if f is not None:
        place, _ = greatest(lambda x: -f(x))
        yield {"place": min(nearest(place), HALF)}


def _rates(reading: Local) -> Iterator[dict[str, Expr]]:
    """How f' goes to minus infinity at 0: at least as a power of p, or by its limit."""
    slope, p = _slope(reading), reading.p
    for power in dict.fromkeys([S.One, *(-e for e in powers(slope, p))]):
        if power.is_positive is not False:
            at_half = -substitute(slope, {p: HALF}) * HALF**power
            yield {"factor": sympy.simplify(at_half), "power": power}
    yield {}


def _gentle_rates(reading: Local, question: Question) -> Iterable[Guess]:
    for rate in _rates(reading):
        for most in islice(_steepnesses(reading), 2):
            yield rate | {"steepness": most}


def _steep(reading: Local, question: Question) -> Iterable[Guess]:
    yield {"strict": S.One}
    yield {}
    yield from _rates(reading)


def _flat(reading: Local, question: Question) -> Iterable[Guess]:
    _, end = _ends(reading, _slope(reading))
    if end is not None:
        yield {"end": end}


def _vertices(reading: Local, question: Question) -> Iterable[Guess]:
    steep, gentle = _ends(reading, _slope(reading))
    for chord, most in product(_known(gentle, steep), _known(steep, gentle)):
        yield {"chord": -chord, "steepness": -most}
    zero, one = _ends(reading, reading.f)
    if one is None:
        return
    chords = list(_known(None if gentle is None else -gentle, None if zero is None else zero - one))
    slopes = list(_known(*(None if s is None else -s for s in (steep, gentle))))
    for chord, most in product(chords, slopes):
        yield {"end": one, "chord": chord, "steepness": most}


def _bounded_slopes(reading: Local, question: Question) -> Iterable[Guess]:
    steep, _ = _ends(reading, _slope(reading))
    yield from ({"steepness": -most} for most in _known(steep))


def _slope_ends(reading: Local, question: Question) -> Iterable[Guess]:
    steep, gentle = _ends(reading, _slope(reading))
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


def _vertex_weights(case: Case) -> Witness | None:
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
    slope = -substitute(_slope(reading), {reading.p: HALF})
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
    Strategy(local_order.DISORDER_VERTEX, _vertices, _vertex_weights),
    Strategy(local_order.DISORDER_EDGE, _bounded_slopes, _edge_weights),
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

# ---------------------------------------------------------------- probabilities


def _places(reading: Local, question: Question) -> Iterable[Guess]:
    return ({"place": place} for place in PLACES)


def _far_slopes(reading: Local, question: Question) -> Iterable[Guess]:
    """What p f'(p) tends to at 0 and at 1, where that differs."""
    first, last = _ends(reading, reading.p * _slope(reading))
    if first is not None and last is not None and first != last:
        yield {"first": first, "last": last}


def _small_places(reading: Local, question: Question) -> Iterable[Guess]:
    return ({"place": place} for place in PLACES if place < HALF)


def _not_itself(case: Case) -> Witness:
    """The label's own probabilities, between whose first two entries moving mass helps."""
    place, reading = case.guess["place"], case.reading
    weighted = reading.p * _slope(reading)
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
    weighted = reading.p * _slope(reading)
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
    for rate in _rates(reading):
        if rate:
            at_one = _known(limit(-_slope(reading), reading.p, S.One, "-"))
            yield from (rate | {"factor": factor} for factor in at_one)
            yield rate


def _orders(reading: Local, question: Question) -> Iterable[Guess]:
    """The power of p that f' is."""
    p = reading.p
    for slope in variants(_slope(reading)):
        factor, power = sympy.powsimp(sympy.simplify(slope)).as_independent(p, as_Add=False)
        base, exponent = power.as_base_exp()
        if power == S.One:
            base, exponent = p, S.Zero
        if base == p:
            yield {"order": sympy.expand(exponent + 2), "factor": -factor}


STRICTLY_PROPER = (
    Strategy(local_proper.LOGARITHMIC),
    Strategy(local_proper.UNBALANCED_FAR, _far_slopes),
    Strategy(local_proper.UNBALANCED, _places, _not_itself),
    Strategy(local_proper.NOT_LOGARITHMIC, _small_places, _not_logarithmic),
    Strategy(local_proper.TWO_PROPER),
    Strategy(local_proper.TEMPERED, witness=_own_probabilities),
    Strategy(local_proper.NOT_FALLING, witness=_certain),
)
PROPER = (
    Strategy(local_proper.LOGARITHMIC_WEAKLY),
    Strategy(local_proper.UNBALANCED_FAR_WEAKLY, _far_slopes),
    Strategy(local_proper.UNBALANCED_WEAKLY, _places, _not_itself),
    Strategy(local_proper.NOT_LOGARITHMIC_WEAKLY, _small_places, _not_logarithmic),
    Strategy(local_proper.TWO_PROPER_WEAKLY),
    Strategy(local_proper.TEMPERED_WEAKLY, witness=_own_probabilities),
)
PROPER_COMPOSITE = (
    Strategy(local_proper.COMPOSITE, _links),
    Strategy(local_proper.NO_LINK, _vertices, _vertex_weights),
)
RECOVERABLE = (
    Strategy(local_proper.RECOVERABLE, _links),
    Strategy(local_proper.NOT_RECOVERABLE, _vertices, _vertex_weights),
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
    Strategy(local_sum.UNEVEN, _places, _uneven),
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

# ---------------------------------------------------------------- shape


def _extremes(formula: Callable[[Local], Expr], sign: int) -> _Guesses:
    """Places and ends where a formula may be below 0 (above, if ``sign`` is -1)."""

    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        expr, p = formula(reading), reading.p
        value = function_of(expr, p)
        if value is not None:
            place, extreme = greatest(lambda x: -sign * value(x))
            if extreme > 0:
                yield from ({"place": x} for x in PLACES if -sign * value(float(x)) > PLAINLY)
                yield {"place": nearest(place) if 0 < nearest(place) < 1 else Rational(place)}
            return
        for at, found in zip((S.Zero, S.One), _ends(reading, expr), strict=True):
            if found is not None:
                yield {"end": at, "value": found}
        bare = _bare(reading, expr)
        if bare != expr:
            yield from _beside_turns(bare, p)
        yield from ({"place": place} for place in islice(PLACES, 6))
        yield from _beside_turns(expr, p)

    return guesses


def _bare(reading: Local, expr: Expr) -> Expr:
    """``expr`` with the hyperparameters that may be 0 at 0: it often turns at the same places."""
    zero = {s: S.Zero for s, b in reading.region.variables if b.low == 0 and b.low_closed}
    return substitute(expr, zero)


def _beside_turns(expr: Expr, p: Symbol) -> Iterator[Guess]:
    """Where a formula turns, and places on both sides of where it vanishes."""
    for turn in islice(solutions(derivative(expr, p), p), 2):
        yield {"place": turn}
    for root in islice(solutions(expr, p), 3):
        yield {"place": root / 2}
        yield {"place": (1 + root) / 2}


def _curvature(reading: Local) -> Expr:
    p, slope = reading.p, _slope(reading)
    return p * (1 - p) * derivative(slope, p) + (1 - 2 * p) * slope


def _pull(reading: Local) -> Expr:
    terms = sympy.Add.make_args(_slope(reading))
    return (1 - reading.p) * sympy.Add(*(reading.p * term for term in terms))


def _greatest_sizes(formula: Callable[[Local], Expr]) -> _Guesses:
    """Places in pieces of the unit interval where a formula of f may be greatest in size."""

    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        for f in variants(reading.f):
            parts = pieces(reading.region, reading.p, UNIT, f)
            if parts is None:
                continue
            formulas = [formula(replace(reading, f=parts.formula(n))) for n in range(len(parts))]
            sides = (formulas.__getitem__, lambda n, of=formulas: -of[n])
            for place in suprema(parts, sides):
                yield place.guess | {"most": place.value}

    return guesses


def _pulls(reading: Local, question: Question) -> Iterable[Guess]:
    """A number just above the greatest q (1 - q) |f'|, or a plain one."""
    f = pieces(reading.region, reading.p, UNIT, reading.f)
    formulas = [_pull(replace(reading, f=f.formula(n))) for n in range(len(f))] if f else []
    values = [function_of(formula, reading.p) for formula in formulas]
    if f is None or not all(values):
        yield {"most": S.One}
        return
    most = S.Zero
    for n, value in enumerate(values):
        low, high = (float(end) for end in (f.spans[n].low, f.spans[n].high))
        grid = [low + (high - low) * x for x in GRID]
        _, here = greatest(lambda x, value=value: abs(value(x)), grid)  # type: ignore[misc]
        most = max(most, here)
    yield {"most": slightly_above(most)}


def _bounded_terms(terms: Callable[[Local], tuple[local_steep.Term, ...]]) -> _Guesses:
    """Numbers that the terms' shapes seem to stay below."""

    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        if reading.f.has(Branch):
            return
        try:
            tops = [_top(reading, term.shape) for term in terms(reading)]
        except Silent:
            return
        if max(tops, default=MOST) < MOST:
            for spare in (0, 1):
                eighths = (math.ceil(most * (1 - 1e-9) * 8) + spare for most in tops)
                yield {f"term {n}": Rational(most, 8) for n, most in enumerate(eighths)}

    return guesses


def _if_free(guesses: _Guesses) -> _Guesses:
    """The guesses where f has hyperparameters."""
    return lambda reading, question: (
        guesses(reading, question) if reading.f.free_symbols - {reading.p} else ()
    )


def _top(reading: Local, shape: Expr) -> float:
    """The greatest size of a function of p that is seen at a few settings."""
    found = [0.0]
    ends = {s: b.low for s, b in reading.region.variables if b.low_closed and b.low.is_number}
    for setting in islice(points(reading.region), 8):
        found += [_greatest(substitute(shape, {**setting, **at}), reading.p) for at in ({}, ends)]
    return max(found)


def _greatest(shape: Expr, p: Symbol) -> float:
    value = function_of(shape, p)
    return MOST if value is None else greatest(lambda x: abs(value(x)))[1]


def _peaks(reading: Local, question: Question) -> Iterable[Guess]:
    pull = sympy.expand_mul(_pull(reading))
    return (
        {"place": root} for root in islice(solutions(derivative(pull, reading.p), reading.p), 6)
    )


def _infinite_ends(
    formula: Callable[[Local], Expr],
) -> _Guesses:
    def guesses(reading: Local, question: Question) -> Iterable[Guess]:
        expr = formula(reading)
        for at, found in zip((S.Zero, S.One), _ends(reading, expr), strict=True):
            if found is not None and found.is_infinite:
                yield {"end": at, "value": found}

    return guesses


def _bend(reading: Local) -> Expr:
    return reading.p * (1 - reading.p) * _curvature(reading)


def _bends(reading: Local, question: Question) -> Iterable[Guess]:
    p, slope = reading.p, _slope(reading)
    along, across = p**2 * derivative(slope, p) + p * slope, p * slope
    yield {"most": HALF}
    sides = [function_of(e, p) for e in (along, across)]
    if sides[0] is not None and sides[1] is not None:
        a, b = sides[0], sides[1]
        _, most = greatest(lambda x: 2 * (1 - x) ** 2 * abs(a(x)) + abs(b(x)) / 2)
        yield {"most": nearest(most)}
        yield {"most": slightly_above(most, 1e-4)}


def _limits(reading: Local, question: Question) -> Iterable[Guess]:
    start, end = _ends(reading, reading.f)
    if start is not None and end is not None:
        yield {"start": start, "end": end}


def _turning(reading: Local, question: Question) -> Iterable[Guess]:
    for limits in _limits(reading, question):
        for root in islice(solutions(_slope(reading), reading.p), 4):
            yield {**limits, "place": root}


def _frames(reading: Local, question: Question) -> Iterable[Guess]:
    """Two numbers around f."""
    value = function_of(reading.f, reading.p)
    if value is None:
        return
    _, most = greatest(value)
    _, least = greatest(lambda x: -value(x))
    if max(abs(most), abs(least)) < 1e6:
        yield {
            "low": sympy.Integer(int(-least // 1) - 1),
            "high": sympy.Integer(int(most // 1) + 2),
        }


def _low(reading: Local, question: Question) -> Iterable[Guess]:
    yield {"low": S.Zero}
    yield from ({"low": low} for low in _known(*_ends(reading, reading.f)))
    yield from ({"low": frame["low"]} for frame in _frames(reading, question))


def _at_place(
    says: str, formula: Callable[[Local], Expr], relation: Relation
) -> Callable[[Case], Witness | None]:
    """The value of a formula at the place, or close to the end, that was found."""

    def witness(case: Case) -> Witness | None:
        expr, p = formula(case.reading), case.reading.p
        places = [case.guess["place"]] if "place" in case.guess else []
        if not places:
            near = [Rational(1, 10**n) for n in (1, 2, 3, 4, 6, 9)]
            places = near if case.guess["end"] == S.Zero else [1 - x for x in near]
        for place in places:
            value = substitute(expr, {p: place})
            number = float(value.evalf()) if not value.free_symbols else 0.0
            if number < 0 if relation == "<" else number > 0:
                return Witness({"p": place}, (Sign(value, relation),), says)
        return None

    return witness


def _growing(formula: Callable[[Local], Expr], says: str) -> Callable[[Case], Witness]:
    """A formula beyond 1000 in size, near an end."""

    def witness(case: Case) -> Witness:
        expr, p = formula(case.reading), case.reading.p
        near = [Rational(1, 10**n) for n in (3, 6, 12, 100, 300)]
        values = []
        for x in near:
            place = x if case.guess["end"] == S.Zero else 1 - x
            values.append((place, substitute(expr, {p: place})))
        sign = 1 if case.guess["value"] == S.Infinity else -1
        rises = [Sign(sign * (b[1] - a[1]), ">") for a, b in pairwise(values[:3])]
        return Witness({"p": tuple(place for place, _ in values[:3])}, tuple(rises), says)

    return witness


def _f(reading: Local) -> Expr:
    return reading.f


def _bending(reading: Local, question: Question) -> Iterable[Guess]:
    """Where the loss bends down; also after a power and a logarithm have been taken out."""
    if function_of(reading.f, reading.p) is None:
        yield from islice(_extremes(_curvature, 1)(reading, question), 4)
        for weight in islice(_weights(reading), 4):
            guess = {**weight, "slow": S.One, "end": S.Zero}
            shape = local.weighted(Case(reading, question, guess), _curvature(reading))
            found = limit(shape, reading.p, S.Zero, "+")
            if found is not None:
                yield {**guess, "value": found}
    yield from _extremes(_curvature, 1)(reading, question)


CONVEX = (
    Strategy(local_shape.CONVEX),
    Strategy(
        local_shape.NOT_CONVEX,
        _bending,
        _at_place("the loss bends down between two logits", _curvature, "<"),
    ),
    Strategy(
        local_shape.NOT_CONVEX_RISING,
        _extremes(_slope, -1),
        _at_place("f rises there", _slope, ">"),
    ),
    Strategy(local_shape.CONVEX_FOR_TWO),
    Strategy(local_shape.CONVEX_ON_SIMPLEX),
)
LIPSCHITZ = (
    Strategy(local_steep.LIPSCHITZ_PEAK, _peaks),
    Strategy(
        local_steep.NOT_LIPSCHITZ,
        _infinite_ends(_pull),
        _growing(_pull, "the slope in the label's logit grows without bound"),
    ),
    Strategy(local_steep.LIPSCHITZ, _greatest_sizes(_pull)),
    Strategy(local_steep.LIPSCHITZ_AT_MOST, _pulls),
    Strategy(local_steep.LIPSCHITZ_BY_TERMS, _bounded_terms(local_steep.slope_terms)),
)
SMOOTH = (
    Strategy(
        local_steep.NOT_SMOOTH,
        _infinite_ends(_bend),
        _growing(_bend, "the second derivative grows without bound"),
    ),
    Strategy(local_steep.SMOOTH_BY_TERMS, _if_free(_bounded_terms(local_steep.bend_terms))),
    Strategy(local_steep.SMOOTH, _greatest_sizes(lambda reading: 2 * _bend(reading))),
    Strategy(local_steep.SMOOTH_AT_MOST, _bends),
    Strategy(local_steep.SMOOTH_BY_TERMS, _bounded_terms(local_steep.bend_terms)),
)
NONNEGATIVE = (
    Strategy(local_range.NONNEGATIVE),
    Strategy(local_range.NOT_NONNEGATIVE, _extremes(_f, 1), _at_place("f < 0 there", _f, "<")),
)
MONOTONE = (
    Strategy(local_range.MONOTONE),
    Strategy(
        local_range.NOT_MONOTONE, _extremes(_slope, -1), _at_place("f rises there", _slope, ">")
    ),
)
RANGE = (
    Strategy(local_range.RANGE, _limits),
    Strategy(local_range.RANGE_TURNING, _turning),
)
BOUNDED = (
    Strategy(local_range.BOUNDED_FALLING, _limits),
    Strategy(local_range.UNBOUNDED, _infinite_ends(_f), _growing(_f, "the loss is unbounded")),
    Strategy(local_range.BOUNDED, _frames),
    Strategy(local_range.BOUNDED_BY_SLOPE, _bounded_slopes),
)
BOUNDED_BELOW = (
    Strategy(local_range.BOUNDED_BELOW, _low),
    Strategy(
        local_range.UNBOUNDED_BELOW,
        _infinite_ends(_f),
        _growing(_f, "the loss falls without bound"),
    ),
)
