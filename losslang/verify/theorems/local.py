"""Which class wins: calibration and order of losses f(softmax(scale z)[y]), for K classes.

Throughout q = softmax(scale z), L_p(q) = sum_k p_k f(q_k), and p is any point of the closed
simplex.
``calibrated`` says that the infimum of L_p over all z in which a class that is not most likely has
a greatest logit is above that over all z; ``order_preserving`` says it of every pair p_i > p_j and
all z with z_i <= z_j, which gives calibration of the top k for every k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import wraps

import sympy
from sympy import Basic, Expr, Rational, S

from losslang.ir.binders import substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, ZERO, Branch
from losslang.ir.truth import Equal
from losslang.verify.partition import half
from losslang.verify.readings.local import Local
from losslang.verify.statement import UNIT, Bounds, Region, Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.pieces import (
    Builder,
    Pieces,
    Premises,
    Silent,
    bends_up,
    continuous,
    defined,
    everywhere,
    floored,
    known_pieces,
    one_piece,
    premises,
    sign,
    tends,
)
from losslang.verify.verdict import Cut

HALF = Rational(1, 2)
LATE = Bounds(HALF, S.One)
EARLY = Bounds(S.Zero, HALF)
THEORY = "proof in docs/design/theory.md"


def parts(reading: Local, bounds: Bounds = UNIT) -> Pieces:
    """``f`` as smooth formulas of p. Raises :class:`Silent`."""
    return known_pieces(reading.region, reading.p, bounds, reading.f)


def smooth(reading: Local, bounds: Bounds = UNIT) -> Pieces:
    """``f`` as one smooth formula of p. Raises :class:`Silent` where it has kinks."""
    return one_piece(parts(reading, bounds))


def at_least(classes: int, reading: Local) -> Premise:
    """There are so many classes."""
    return sign(f"K >= {classes}", reading.classes - classes, ">=", reading.region)


def at_most(classes: int, reading: Local) -> Premise:
    """There are no more classes."""
    return sign(f"K <= {classes}", reading.classes - classes, "<=", reading.region)


def conditions(build: Builder) -> Premises:
    """Premises for a loss of the label's probability, for each side of its branches.

    A branch on whether a hyperparameter has some value is settled by taking that value, and by
    leaving it out.
    """

    def checked(case: Case) -> Iterator[Premise]:
        for side in _sides(case):
            yield from build(side)

    return premises()(wraps(build)(checked))


def _sides(case: Case) -> Iterator[Case]:
    reading: Local = case.reading
    tests = [e.args[0] for e in walk(reading.f) if isinstance(e, Branch)]
    test = next((t for t in tests if isinstance(t, Equal) and t.args[0].is_Rational), None)
    if test is None or test.args[1] not in reading.region:
        yield case
        return
    value, symbol = test.args
    bounds = reading.region.bounds(symbol)
    assert bounds is not None
    inner = substitute(reading.f, {test: ONE})
    settled = replace(reading, f=inner)
    yield from _sides(
        Case(settled.setting({symbol: value}), case.question, _put(case, test, {symbol: value}))
    )
    outer = replace(reading, f=substitute(reading.f, {test: ZERO}))
    for above in (False, True):
        inside = bounds.high > value if above else bounds.low < value
        if inside not in (sympy.true, sympy.false):
            raise Silent
        if inside == sympy.true:
            side = outer.within(half(reading.region, Cut(symbol, value, above, closed=False)))
            yield from _sides(Case(side, case.question, _put(case, test, {})))


def _put(case: Case, test: Expr, values: Mapping[Basic, Basic]) -> dict[str, Expr]:
    """The guess on one side of a branch."""
    answer = {test: ONE if values else ZERO}
    return {
        name: substitute(substitute(guess, answer), values) for name, guess in case.guess.items()
    }


# ---------------------------------------------------------------- what is asked of f


def _late_kinks(f: Pieces) -> Iterator[Premise]:
    for joint in f.joints:
        yield sign("f is smooth up to 1/2", joint - HALF, ">", f.region)


def _falling(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from everywhere(f, "f' < 0", lambda n: f.formula(n, 1), "<")
    yield from continuous(f)
    yield from _late_kinks(f)


def _bounded_below(case: Case) -> Iterator[Premise]:
    """f is above ``floor``, or no steeper than ``steepness`` beyond 1/2."""
    if "floor" in case.guess:
        yield from floored(parts(case.reading), case.guess["floor"])
    else:
        yield from _gentle_at_one(case)


def _gentle_at_one(case: Case) -> Iterator[Premise]:
    f, most = parts(case.reading, LATE), case.guess["steepness"]
    yield from everywhere(f, "f' is bounded below near 1", lambda n: f.formula(n, 1) + most, ">=")


def _convex(case: Case) -> Iterator[Premise]:
    """f is convex, smooth up to 1/2, and falls at 1/2; ``strict`` asks for a positive f''."""
    f = parts(case.reading)
    relation: Relation = ">" if "strict" in case.guess else ">="
    yield from everywhere(f, f"f'' {relation} 0", lambda n: f.formula(n, 2), relation)
    yield from bends_up(f)
    yield from _late_kinks(f)
    yield sign("f'(1/2) < 0", f.at(0, HALF, 1), "<", f.region)


def weighted(case: Case, expr: Expr) -> Expr:
    """A formula times the positive function p**head (1 - p)**tail of the guess, multiplied out.

    With ``slow`` in the guess it is divided by -log(p) as well, which is positive too.
    """
    p, head, tail = case.reading.p, case.guess["head"], case.guess["tail"]
    slow = -1 / sympy.log(p) if "slow" in case.guess else ONE
    return _multiplied(sympy.expand_mul(expr) * p**head * (1 - p) ** tail * slow)


def _multiplied(expr: Expr) -> Expr:
    terms = sympy.Add.make_args(sympy.expand_mul(expr))
    return sympy.Add(*(sympy.powsimp(term, combine="exp") for term in terms))


def _straightened(case: Case, f: Pieces, order: int) -> Expr:
    """f' times a positive function of p; a positive multiple of its derivative of some order."""
    p, found = f.variable, weighted(case, f.formula(0, 1))
    for _ in range(order):
        found = _multiplied(derivative(found, p))
    if case.guess["tail"] == 0:
        return found
    # The power that was taken out leaves poles at 1, which this removes.
    return sympy.expand(sympy.cancel(sympy.together(found * (1 - p) ** (order + 1))))


def _signed(
    case: Case, label: str, expr: Expr, relation: Relation, where: Region
) -> Iterator[Premise]:
    """A sign of a formula, or of each coefficient in the nonnegative ``by`` of the guess."""
    if "by" not in case.guess:
        yield sign(label, expr, relation, where)
        return
    by = case.guess["by"]
    powers = sympy.collect(sympy.expand_mul(expr), by, evaluate=False)
    degrees = {by**n: n for n in range(5)}
    if not by.is_Symbol or not set(powers) <= set(degrees):
        raise Silent
    yield sign(f"{by} >= 0", by, ">=", where)
    for power, coefficient in powers.items():
        if by in coefficient.free_symbols:
            raise Silent
        yield sign(f"{label}: the part with {by}**{degrees[power]}", coefficient, relation, where)


def _turning_late(case: Case) -> Iterator[Premise]:
    """f falls up to 1/2, turns at most once after, and f(t) < f(1 - t) for t > 1/2."""
    f, p, early = smooth(case.reading), case.reading.p, case.guess["early"]
    late = smooth(case.reading, LATE)
    yield sign("f'(1/2) < 0", f.at(0, HALF, 1), "<", f.region)
    turn = _straightened(case, f, 1)
    yield from _signed(case, "f' changes sign once at most", turn, ">=", f.where(0))
    mirrored = defined(f.formula(0), {p: 1 - p})
    yield sign("f(p) < f(1 - p) for p > 1/2", f.formula(0) - mirrored, "<", late.where(0))
    yield sign("the place is above 0", early, ">", f.region)
    yield sign("the place is below 1/2", early - HALF, "<", f.region)
    yield sign("f ends below f(0)", f.formula(0) - f.at(0, early), "<=", late.where(0))


def _bending_late(case: Case) -> Iterator[Premise]:
    """f' is a positive function, smaller beyond 1/2, times one that rises and is concave."""
    f, region = smooth(case.reading), case.reading.region
    order = case.guess["head"] - case.guess["tail"]
    yield sign("the factor is smaller beyond 1/2", order, ">=", region)
    yield sign("f'(1/2) < 0", f.at(0, HALF, 1), "<", region)
    rise, bend = _straightened(case, f, 1), _straightened(case, f, 2)
    yield from _signed(case, "the function rises", rise, ">=", f.where(0))
    yield from _signed(case, "the function is concave", bend, "<=", f.where(0))


def steep_at_zero(case: Case) -> Iterator[Premise]:
    """f' goes to minus infinity at 0: a limit, or at least as fast as -factor / p**power."""
    if "power" not in case.guess:
        f = parts(case.reading)
        yield tends(f, "f'(0) = -oo", f.formula(0, 1), 0, True, S.NegativeInfinity)
        return
    f, p = parts(case.reading, EARLY), case.reading.p
    factor, power = case.guess["factor"], case.guess["power"]
    yield sign("the factor is positive", factor, ">", f.region)
    yield sign("the power is positive", power, ">", f.region)
    bound = factor * p ** (-power)
    yield from everywhere(f, "f' is as steep as a power", lambda n: f.formula(n, 1) + bound, "<=")


def _flat_at_one(case: Case) -> Iterator[Premise]:
    f, end = parts(case.reading), case.guess["end"]
    last = len(f) - 1
    yield tends(f, "f' tends to it at 1", f.formula(last, 1), last, False, end)
    yield sign("f' does not end below 0", end, ">=", f.region)


@conditions
def _rising_late(case: Case) -> Iterator[Premise]:
    """f is nowhere on (1/2, 1) below its infimum over (0, 1/2]."""
    late = parts(case.reading, LATE)
    if "place" in case.guess:
        f, place = smooth(case.reading), case.guess["place"]
        yield sign("the place is above 0", place, ">", f.region)
        yield sign("the place is at most 1/2", place - HALF, "<=", f.region)
        best = f.at(0, place)
        label = "f is no smaller beyond 1/2"
        yield from everywhere(late, label, lambda n: late.formula(n) - best, ">=")
    elif "head" in case.guess:
        f = smooth(case.reading)
        where = smooth(case.reading, LATE).where(0)
        yield sign("f'(1/2) >= 0", f.at(0, HALF, 1), ">=", f.region)
        yield from _signed(case, "f' turns upwards", _straightened(case, f, 1), ">=", where)
    else:
        yield from everywhere(late, "f' >= 0 beyond 1/2", lambda n: late.formula(n, 1), ">=")
        yield from continuous(late)


def preferring_vertices(case: Case) -> Iterator[Premise]:
    """f(p) >= f(1) + chord (1 - p) with chord > 0, while f' >= -steepness everywhere."""
    f, p = parts(case.reading), case.reading.p
    end, chord, most = (case.guess[name] for name in ("end", "chord", "steepness"))
    last = len(f) - 1
    yield tends(f, "f(1)", f.formula(last), last, False, end)
    yield sign("the chord falls", chord, ">", f.region)
    above = "f is above a chord"
    yield from everywhere(f, above, lambda n: f.formula(n) - end - chord * (1 - p), ">=")
    yield from _no_steeper(f, most)
    yield from continuous(f)


def _no_steeper(f: Pieces, most: Expr) -> Iterator[Premise]:
    yield from everywhere(f, "f' is bounded below", lambda n: f.formula(n, 1) + most, ">=")


@conditions
def _falls(case: Case) -> Iterator[Premise]:
    yield from _falling(case)
    yield from _bounded_below(case)


@conditions
def _is_convex(case: Case) -> Iterator[Premise]:
    yield from _convex(case)


@conditions
def _bends(case: Case) -> Iterator[Premise]:
    yield from _bending_late(case)


@conditions
def _turns(case: Case) -> Iterator[Premise]:
    yield from _turning_late(case)


@conditions
def _falls_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _falling(case)
    yield from _bounded_below(case)


@conditions
def _is_convex_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _convex(case)


@conditions
def _bends_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _bending_late(case)


@conditions
def _bends_steeply(case: Case) -> Iterator[Premise]:
    yield from _bending_late(case)
    yield from _gentle_at_one(case)
    yield from steep_at_zero(case)


@conditions
def _falls_steeply(case: Case) -> Iterator[Premise]:
    yield from _falling(case)
    yield from _gentle_at_one(case)
    yield from steep_at_zero(case)


@conditions
def _is_convex_and_steep(case: Case) -> Iterator[Premise]:
    yield from _convex(case)
    yield from steep_at_zero(case)


@conditions
def _is_convex_and_flat(case: Case) -> Iterator[Premise]:
    yield at_most(3, case.reading)
    yield from _convex(case)
    yield from _flat_at_one(case)


@conditions
def _prefers_vertices(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    yield from preferring_vertices(case)


@conditions
def _prefers_edges(case: Case) -> Iterator[Premise]:
    yield at_least(4, case.reading)
    yield from _convex(case)
    yield from _no_steeper(parts(case.reading), case.guess["steepness"])


# ---------------------------------------------------------------- calibration


FALLING = Theorem(
    "local-falling",
    "calibrated",
    Local,
    "f falls strictly, smoothly up to 1/2, and is bounded below: every minimiser gives the most "
    "likely classes the greatest logits, for every number of classes",
    f"{THEORY}: Losses of the label's probability",
    _falls,
)

CONVEX = Theorem(
    "local-convex",
    "calibrated",
    Local,
    "f is convex, smooth up to 1/2, and f'(1/2) < 0: calibrated for every number of classes",
    f"{THEORY}: Losses of the label's probability",
    _is_convex,
)

BENDING = Theorem(
    "local-bending",
    "calibrated",
    Local,
    "f' = u g with u > 0 smaller beyond 1/2, g rising and concave, and g(1/2) < 0: calibrated for "
    "every number of classes",
    f"{THEORY}: Losses of the label's probability",
    _bends,
)

TURNING = Theorem(
    "local-turning",
    "calibrated",
    Local,
    "f falls up to 1/2, turns upwards at most once, and f(p) < f(1 - p) for p > 1/2: calibrated "
    "for every number of classes",
    f"{THEORY}: Losses of the label's probability",
    _turns,
)

RISING = Theorem(
    "local-rising",
    "calibrated",
    Local,
    "f is no smaller on (1/2, 1) than on (0, 1/2]: a label that is certain is served as well by "
    "probability 1/2 or less, where another class is as good",
    f"{THEORY}: Losses of the label's probability",
    _rising_late,
    holds=False,
)

# ---------------------------------------------------------------- order of all classes

ORDER_TWO_FALLING = Theorem(
    "local-order-two-falling",
    "order_preserving",
    Local,
    "two classes are in order as soon as the loss is calibrated",
    f"{THEORY}: Losses of the label's probability",
    _falls_for_two,
)

ORDER_TWO_CONVEX = Theorem(
    "local-order-two-convex",
    "order_preserving",
    Local,
    "two classes are in order as soon as the loss is calibrated",
    f"{THEORY}: Losses of the label's probability",
    _is_convex_for_two,
)

ORDER_TWO_BENDING = Theorem(
    "local-order-two-bending",
    "order_preserving",
    Local,
    "two classes are in order as soon as the loss is calibrated",
    f"{THEORY}: Losses of the label's probability",
    _bends_for_two,
)

ORDER_FALLING = Theorem(
    "local-order-falling",
    "order_preserving",
    Local,
    "f falls, infinitely steeply at 0 and with bounded slope at 1: minimisers order all classes",
    f"{THEORY}: Order of all classes",
    _falls_steeply,
)

ORDER_CONVEX = Theorem(
    "local-order-convex",
    "order_preserving",
    Local,
    "f is convex with f'(1/2) < 0 and infinitely steep at 0: minimisers order all classes",
    f"{THEORY}: Order of all classes",
    _is_convex_and_steep,
)

ORDER_BENDING = Theorem(
    "local-order-bending",
    "order_preserving",
    Local,
    "f' = u g with u > 0 smaller beyond 1/2, g rising and concave, and g(1/2) < 0, f' bounded "
    "below at 1 and -oo at 0: minimisers order all classes",
    f"{THEORY}: Order of all classes",
    _bends_steeply,
)

ORDER_THREE = Theorem(
    "local-order-three",
    "order_preserving",
    Local,
    "f is convex with f'(1/2) < 0 and flat at 1: minimisers order up to three classes",
    f"{THEORY}: Order of all classes",
    _is_convex_and_flat,
)

DISORDER_RISING = Theorem(
    "local-disorder-rising",
    "order_preserving",
    Local,
    "a label that is certain is served as well by probability 1/2 or less",
    f"{THEORY}: Losses of the label's probability",
    _rising_late,
    holds=False,
)

DISORDER_VERTEX = Theorem(
    "local-disorder-vertex",
    "order_preserving",
    Local,
    "with f' bounded and f above a falling chord, all mass on one class is optimal for some p with "
    "p_2 > p_3 > 0, and ties the other classes at 0",
    f"{THEORY}: Order of all classes",
    _prefers_vertices,
    holds=False,
)

DISORDER_EDGE = Theorem(
    "local-disorder-edge",
    "order_preserving",
    Local,
    "f is convex with f'(1/2) < 0 and bounded slope: half the mass on each of two classes is "
    "optimal for some p with p_1 = p_2 > p_3 > p_4, and ties the third with the fourth",
    f"{THEORY}: Order of all classes",
    _prefers_edges,
    holds=False,
)

# ---------------------------------------------------------------- label noise that depends on y


@conditions
def _is_concave(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield sign("f'' <= 0", f.formula(0, 2), "<=", f.where(0))
    yield from _falling(case)
    yield from _bounded_below(case)


@conditions
def _is_strictly_convex(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield sign("f'' > 0", f.formula(0, 2), ">", f.where(0))


@conditions
def _needs_ratio(case: Case) -> Iterator[Premise]:
    """Strictly convex, with the slopes ``start`` at 0 and ``end`` < 0 at 1."""
    f, start, end = smooth(case.reading), case.guess["start"], case.guess["end"]
    yield sign("f'' > 0", f.formula(0, 2), ">", f.where(0))
    yield tends(f, "f'(0)", f.formula(0, 1), 0, True, start)
    yield tends(f, "f'(1)", f.formula(0, 1), 0, False, end)
    yield sign("f'(1) < 0", end, "<", f.region)


def _ratio(case: Case) -> Expr:
    return case.guess["start"] / case.guess["end"]


ASYMMETRIC = Theorem(
    "local-asymmetric",
    "asymmetric_robust",
    Local,
    "f falls, is concave and bounded below: whatever the weights, the least weighted loss puts all "
    "mass on the class of the greatest weight",
    f"Zhou, Liu, Jiang, Gao, Ji 2021, Asymmetric Loss Functions; {THEORY}: Asymmetric losses",
    _is_concave,
)

NOT_ASYMMETRIC_RATIO = Theorem(
    "local-asymmetric-ratio",
    "asymmetric_robust",
    Local,
    "f is strictly convex: weights whose ratio is below f'(0) / f'(1) are served best by a mixture",
    f"Zhou, Liu, Jiang, Gao, Ji 2021, Asymmetric Loss Functions; {THEORY}: Asymmetric losses",
    _needs_ratio,
    holds=False,
    value=_ratio,
)

NOT_ASYMMETRIC = Theorem(
    "local-not-asymmetric",
    "asymmetric_robust",
    Local,
    "f is strictly convex: two classes with nearly equal weights are served best by a mixture",
    f"{THEORY}: Asymmetric losses",
    _is_strictly_convex,
    holds=False,
)

LOCAL = (
    *(FALLING, CONVEX, BENDING, TURNING, RISING),
    *(ORDER_TWO_FALLING, ORDER_TWO_CONVEX, ORDER_TWO_BENDING),
    *(ORDER_FALLING, ORDER_CONVEX, ORDER_BENDING, ORDER_THREE),
    *(DISORDER_RISING, DISORDER_VERTEX, DISORDER_EDGE),
    *(ASYMMETRIC, NOT_ASYMMETRIC_RATIO, NOT_ASYMMETRIC),
)
