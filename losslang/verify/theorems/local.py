"""Which class wins: calibration of losses f(softmax(scale z)[y]), for K classes.

Throughout q = softmax(scale z), L_p(q) = sum_k p_k f(q_k), and p is any point of the closed
simplex.
``calibrated`` says that the infimum of L_p over all z in which a class that is not most likely has
a greatest logit is above that over all z; ``order_preserving`` says it of every pair p_i > p_j and
all z with z_i <= z_j, which gives calibration of the top k for every k.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr

from losslang.ir.derive import derivative
from losslang.ir.heads import ONE
from losslang.verify.readings.local import Local
from losslang.verify.statement import Region, Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import HALF, LATE, THEORY, conditions, parts, smooth
from losslang.verify.theorems.pieces import Pieces, Silent, defined
from losslang.verify.theorems.premises import bends_up, continuous, everywhere, floored, sign


def _late_kinks(f: Pieces) -> Iterator[Premise]:
    for joint in f.joints:
        yield sign("f is smooth up to 1/2", joint - HALF, ">", f.region)


def falling(case: Case) -> Iterator[Premise]:
    """f falls, and is smooth up to 1/2."""
    f = parts(case.reading)
    yield from everywhere(f, "f' < 0", lambda n: f.formula(n, 1), "<")
    yield from continuous(f)
    yield from _late_kinks(f)


def bounded_below(case: Case) -> Iterator[Premise]:
    """f is above ``floor``, or no steeper than ``steepness`` beyond 1/2."""
    if "floor" in case.guess:
        yield from floored(parts(case.reading), case.guess["floor"])
    else:
        yield from gentle_at_one(case)


def gentle_at_one(case: Case) -> Iterator[Premise]:
    """f is no steeper than ``steepness`` beyond 1/2."""
    f, most = parts(case.reading, LATE), case.guess["steepness"]
    yield from everywhere(f, "f' is bounded below near 1", lambda n: f.formula(n, 1) + most, ">=")


def bending_up(case: Case) -> Iterator[Premise]:
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


def bending_late(case: Case) -> Iterator[Premise]:
    """f' is a positive function, smaller beyond 1/2, times one that rises and is concave."""
    f, region = smooth(case.reading), case.reading.region
    order = case.guess["head"] - case.guess["tail"]
    yield sign("the factor is smaller beyond 1/2", order, ">=", region)
    yield sign("f'(1/2) < 0", f.at(0, HALF, 1), "<", region)
    rise, bend = _straightened(case, f, 1), _straightened(case, f, 2)
    yield from _signed(case, "the function rises", rise, ">=", f.where(0))
    yield from _signed(case, "the function is concave", bend, "<=", f.where(0))


@conditions
def rising_late(case: Case) -> Iterator[Premise]:
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


@conditions
def _falls(case: Case) -> Iterator[Premise]:
    yield from falling(case)
    yield from bounded_below(case)


@conditions
def _is_convex(case: Case) -> Iterator[Premise]:
    yield from bending_up(case)


@conditions
def _bends(case: Case) -> Iterator[Premise]:
    yield from bending_late(case)


@conditions
def _turns(case: Case) -> Iterator[Premise]:
    yield from _turning_late(case)


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
    rising_late,
    holds=False,
)

THEOREMS = (FALLING, CONVEX, BENDING, TURNING, RISING)
