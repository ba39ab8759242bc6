"""Curvature, slope and range of losses f(softmax(scale z)[y]), for K classes.

With q = softmax(z), u = e_y - q and S = diag(q) - q q', the gradient of f(q_y) in z is f' q_y u and
its Hessian (f'' q_y**2 + f' q_y) u u' - f' q_y S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sympy
from sympy import Abs, Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.readings.local import Local
from losslang.verify.statement import Bounds, Relation
from losslang.verify.theorem import Case, Guess, Premise, Theorem
from losslang.verify.theorems.local import weighted
from losslang.verify.theorems.local_parts import (
    THEORY,
    at_least,
    at_most,
    conditions,
    parts,
    smooth,
)
from losslang.verify.theorems.pieces import (
    Pieces,
    Silent,
    approached,
    compares,
    continuous,
    defined,
    everywhere,
    inside,
    jump,
    number,
    sign,
    supremum,
    tends,
)

# ---------------------------------------------------------------- a place, or an end


def _softmax(reading: Local) -> Pieces:
    """``f`` as smooth formulas, for a loss of logits."""
    if not reading.composed:
        raise Silent
    return parts(reading)


def _curvature(f: Pieces, n: int) -> Expr:
    """The curvature of f(q_y) along u, up to a positive factor."""
    p = f.variable
    bend = (1 - p) * _times(p, f.formula(n, 2))
    return bend + _times(1 - 2 * p, f.formula(n, 1))


def _times(factor: Expr, expr: Expr) -> Expr:
    """A product, term by term, so that what cancels is gone."""
    return sympy.Add(*(factor * term for term in sympy.Add.make_args(expr)))


def _pull(f: Pieces, n: int) -> Expr:
    """The slope of f(q_y) in the logit of y."""
    return (1 - f.variable) * _times(f.variable, f.formula(n, 1))


def _somewhere(
    case: Case, f: Pieces, label: str, expr: Callable[[int], Expr], relation: Relation
) -> Iterator[Premise]:
    """``expr`` has a sign at the guessed place, or its limit ``value`` has at the guessed end."""
    if "place" in case.guess:
        n, place = (
            number({"piece": S.Zero} | dict(case.guess), "piece", len(f)),
            case.guess["place"],
        )
        yield from inside(f, n, place)
        yield sign(label, defined(expr(n), {f.variable: place}), relation, f.region)
    else:
        yield from _towards_end(case, f, label, expr)
        value = case.guess["value"]
        if value.is_infinite:
            if not compares(sympy.sign(value), relation):
                raise Silent
        else:
            yield sign(label, value, relation, f.region)


def _towards_end(
    case: Case, f: Pieces, label: str, expr: Callable[[int], Expr]
) -> Iterator[Premise]:
    """``expr`` tends to ``value`` at the end 0 or 1 of the guess."""
    low = case.guess["end"] == S.Zero
    if not low and case.guess["end"] != S.One:
        raise Silent
    n = 0 if low else len(f) - 1
    yield tends(f, f"{label}: the limit", expr(n), n, low, case.guess["value"])


def _infinite(case: Case) -> None:
    if not case.guess["value"].is_infinite:
        raise Silent


# ---------------------------------------------------------------- convexity


def _bending_up(f: Pieces) -> Iterator[Premise]:
    label = "q (1 - q) f'' + (1 - 2 q) f' >= 0"
    yield from everywhere(f, label, lambda n: _curvature(f, n), ">=")
    yield from continuous(f)
    for n in range(len(f.joints)):
        yield sign("the slope of f rises", jump(f, n), ">=", f.region)


@conditions
def _is_convex(case: Case) -> Iterator[Premise]:
    f = _softmax(case.reading)
    yield from everywhere(f, "f' <= 0", lambda n: f.formula(n, 1), "<=")
    yield from _bending_up(f)


@conditions
def _is_convex_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _bending_up(_softmax(case.reading))


@conditions
def _is_convex_on_simplex(case: Case) -> Iterator[Premise]:
    if case.reading.composed:
        raise Silent
    f = smooth(case.reading)
    yield sign("f'' >= 0", f.formula(0, 2), ">=", f.where(0))


@conditions
def _bends_down(case: Case) -> Iterator[Premise]:
    f = _softmax(case.reading)

    def bend(n: int) -> Expr:
        found = _curvature(f, n)
        return weighted(case, found) if "head" in case.guess else found

    yield from _somewhere(case, f, "f bends down there", bend, "<")


@conditions
def _bends_down_across(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    f = _softmax(case.reading)
    yield from _somewhere(case, f, "f rises there", lambda n: f.formula(n, 1), ">")


_CURVATURE = f"{THEORY}: Curvature of losses of the label's probability"

CONVEX = Theorem(
    "local-shape-convex",
    "convex",
    Local,
    "f' <= 0 and q (1 - q) f'' + (1 - 2 q) f' >= 0: the Hessian in the logits is positive "
    "semidefinite for every number of classes",
    _CURVATURE,
    _is_convex,
)
CONVEX_FOR_TWO = Theorem(
    "local-shape-convex-two",
    "convex",
    Local,
    "two classes, and q (1 - q) f'' + (1 - 2 q) f' >= 0",
    _CURVATURE,
    _is_convex_for_two,
)
CONVEX_ON_SIMPLEX = Theorem(
    "local-shape-convex-simplex",
    "convex",
    Local,
    "a convex function of one entry of the input",
    "definition",
    _is_convex_on_simplex,
)
NOT_CONVEX = Theorem(
    "local-shape-not-convex",
    "convex",
    Local,
    "q (1 - q) f'' + (1 - 2 q) f' is negative somewhere: the loss bends down along e_y - q",
    _CURVATURE,
    _bends_down,
    holds=False,
)
NOT_CONVEX_RISING = Theorem(
    "local-shape-not-convex-rising",
    "convex",
    Local,
    "f rises somewhere: with three classes the loss bends down along a direction that keeps q_y",
    _CURVATURE,
    _bends_down_across,
    holds=False,
)

# ---------------------------------------------------------------- Lipschitz and smooth


def _norm(case: Case) -> Expr:
    """The dual norm of e_y - q, at most, over 1 - q_y."""
    words = set(case.question.arguments) - {case.question.input, case.reading.input}
    if words <= {"2"}:
        return sympy.sqrt(2)
    norms = {"inf": S(2), "1": S.One}
    if len(words) > 1 or not words <= set(norms):
        raise Silent
    return norms[words.pop()]


def _both(expr: Callable[[int], Expr]) -> tuple[Callable[[int], Expr], Callable[[int], Expr]]:
    """A formula and its negative: one of them is greatest where its size is."""
    return expr, lambda n: -expr(n)


@conditions
def _is_lipschitz(case: Case) -> Iterator[Premise]:
    """``most`` is the supremum of q (1 - q) |f'(q)|."""
    f, most = _softmax(case.reading), case.guess["most"]
    _norm(case)
    yield from supremum(f, "q (1 - q) |f'| <= c", _both(lambda n: _pull(f, n)), most, case.guess)
    yield from continuous(f)


@conditions
def _is_lipschitz_at_most(case: Case) -> Iterator[Premise]:
    """q (1 - q) |f'(q)| <= most."""
    f, most = _softmax(case.reading), case.guess["most"]
    _norm(case)
    yield from everywhere(f, "q (1 - q) f' >= -c", lambda n: most + _pull(f, n), ">=")
    yield from everywhere(f, "q (1 - q) f' <= c", lambda n: most - _pull(f, n), ">=")
    yield from continuous(f)


@conditions
def _pulls_most(case: Case) -> Iterator[Premise]:
    """f falls, and q (1 - q) |f'(q)| rises up to ``place`` and falls after it."""
    if not case.reading.composed:
        raise Silent
    f, place = smooth(case.reading), case.guess["place"]
    p, change = f.variable, derivative(_pull(f, 0), f.variable)
    _norm(case)
    yield from inside(f, 0, place)
    yield sign("f' <= 0", f.formula(0, 1), "<=", f.where(0))
    low = f.region.having(p, Bounds(S.Zero, place))
    high = f.region.having(p, Bounds(place, S.One))
    yield sign("the slope grows before the place", change, "<=", low)
    yield sign("the slope shrinks behind it", change, ">=", high)


@dataclass(frozen=True)
class Term:
    """``factor``, of hyperparameters alone, times ``shape``."""

    factor: Expr
    shape: Expr


def slope_terms(reading: Local) -> tuple[Term, ...]:
    """Functions of p whose sizes add up to at least q (1 - q) |f'|. Raises :class:`Silent`."""
    if not reading.composed:
        raise Silent
    return _terms(reading, [_pull(smooth(reading), 0)])


def _terms(reading: Local, formulas: Sequence[Expr]) -> tuple[Term, ...]:
    """The terms of each of the formulas, in which the factor 1 - p is left as it is."""
    rest = reading.region.fresh("rest")
    found: list[Term] = []
    for formula in formulas:
        expanded = sympy.expand_mul(substitute(formula, {1 - reading.p: rest}))
        for term in sorted(sympy.Add.make_args(expanded), key=sympy.default_sort_key):
            whole = sympy.powsimp(substitute(term, {rest: 1 - reading.p}), combine="exp")
            found.append(Term(*whole.as_independent(reading.p, as_Add=False)))
    return tuple(found)


def _each_bounded(f: Pieces, terms: Sequence[Term], case: Case) -> Iterator[Premise]:
    """The size of each shape is at most the guess for it."""
    for n, term in enumerate(terms):
        for part in (term.shape, -term.shape):
            most = case.guess[f"term {n}"]
            yield sign(f"term {n} of the sum is bounded", most - part, ">=", f.where(0))


def _sum_of_bounds(terms: Sequence[Term], guess: Guess) -> Expr:
    return sympy.Add(*(guess[f"term {n}"] * Abs(t.factor) for n, t in enumerate(terms)))


@conditions
def _has_bounded_slope_terms(case: Case) -> Iterator[Premise]:
    _norm(case)
    yield from _each_bounded(smooth(case.reading), slope_terms(case.reading), case)


def _sum_of_slopes(case: Case) -> Expr:
    total = _sum_of_bounds(slope_terms(case.reading), case.guess)
    return _norm(case) * total * case.reading.scale


def _greatest_slope(case: Case) -> Expr:
    f = smooth(case.reading)
    most = -defined(_pull(f, 0), {f.variable: case.guess["place"]})
    return _norm(case) * most * case.reading.scale


def _lipschitz_constant(case: Case) -> Expr:
    return _norm(case) * case.guess["most"] * case.reading.scale


@conditions
def _is_steep(case: Case) -> Iterator[Premise]:
    f = _softmax(case.reading)
    _infinite(case)
    yield from _towards_end(case, f, "q (1 - q) f'", lambda n: _pull(f, n))


LIPSCHITZ = Theorem(
    "local-shape-lipschitz",
    "lipschitz",
    Local,
    "c is the supremum of q (1 - q) |f'(q)|: the gradient f' q_y (e_y - q) has norm at most "
    "sqrt(2) c, and the sum of its entries' sizes is at most 2 c, which two logits come up to",
    f"{THEORY}: Slope of losses of the label's probability",
    _is_lipschitz,
    value=_lipschitz_constant,
)
LIPSCHITZ_AT_MOST = Theorem(
    "local-shape-lipschitz-at-most",
    "lipschitz",
    Local,
    "q (1 - q) |f'(q)| <= c: the gradient f' q_y (e_y - q) has norm at most sqrt(2) c, and the sum "
    "of its entries' sizes is at most 2 c",
    f"{THEORY}: Slope of losses of the label's probability",
    _is_lipschitz_at_most,
    value=_lipschitz_constant,
    exact=False,
)
LIPSCHITZ_BY_TERMS = Theorem(
    "local-shape-lipschitz-by-terms",
    "lipschitz",
    Local,
    "each term of q (1 - q) f'(q) is bounded: the gradient f' q_y (e_y - q) has norm at most "
    "sqrt(2) c, and the sum of its entries' sizes is at most 2 c, for the sum c of the bounds",
    f"{THEORY}: Slope of losses of the label's probability",
    _has_bounded_slope_terms,
    value=_sum_of_slopes,
    exact=False,
)
LIPSCHITZ_PEAK = Theorem(
    "local-shape-lipschitz-peak",
    "lipschitz",
    Local,
    "q (1 - q) |f'(q)| is greatest at a place, where it grows no more",
    f"{THEORY}: Slope of losses of the label's probability",
    _pulls_most,
    value=_greatest_slope,
)
NOT_LIPSCHITZ = Theorem(
    "local-shape-not-lipschitz",
    "lipschitz",
    Local,
    "q (1 - q) f'(q), the slope in the label's logit, is unbounded",
    f"{THEORY}: Slope of losses of the label's probability",
    _is_steep,
    holds=False,
)


def _bounded_hessian(case: Case) -> Iterator[Premise]:
    """2 (1 - q)**2 |f'' q**2 + f' q| + |f' q| / 2 <= most."""
    if not case.reading.composed:
        raise Silent
    f, p, most = smooth(case.reading), case.reading.p, case.guess["most"]
    along, across = p**2 * f.formula(0, 2) + p * f.formula(0, 1), p * f.formula(0, 1)
    for a in (1, -1):
        for b in (1, -1):
            rest = most - a * 2 * (1 - p) ** 2 * along - b * across / 2
            yield sign("the Hessian is bounded", rest, ">=", f.where(0))


def bend_terms(reading: Local) -> tuple[Term, ...]:
    """Functions of p whose sizes add up to at least the Hessian's norm. Raises :class:`Silent`."""
    if not reading.composed:
        raise Silent
    f, p = smooth(reading), reading.p
    across = _times(p, f.formula(0, 1))
    along = _times(2 * (1 - p) ** 2, _times(p**2, f.formula(0, 2)) + across)
    return _terms(reading, [along, across / 2])


@conditions
def _has_bounded_bend_terms(case: Case) -> Iterator[Premise]:
    yield from _each_bounded(smooth(case.reading), bend_terms(case.reading), case)


def _sum_of_bends(case: Case) -> Expr:
    return _sum_of_bounds(bend_terms(case.reading), case.guess) * case.reading.scale**2


@conditions
def _is_smooth_at_most(case: Case) -> Iterator[Premise]:
    yield from _bounded_hessian(case)


@conditions
def _is_smooth(case: Case) -> Iterator[Premise]:
    """Along the unit vector between two logits the second derivative comes up to ``most``."""
    yield from _bounded_hessian(case)
    f, p, most = smooth(case.reading), case.reading.p, case.guess["most"]
    sides = _both(lambda n: 2 * p * (1 - p) * _curvature(f, n))
    side = sides[number(case.guess, "which", len(sides))]
    yield from approached(f, "two logits bend it so much", side, most, case.guess)


def _smoothness(case: Case) -> Expr:
    return case.guess["most"] * case.reading.scale**2


@conditions
def _is_bent(case: Case) -> Iterator[Premise]:
    f = _softmax(case.reading)
    p = f.variable
    _infinite(case)
    yield from _towards_end(case, f, "the curvature", lambda n: p * (1 - p) * _curvature(f, n))


SMOOTH = Theorem(
    "local-shape-smooth",
    "smooth",
    Local,
    "2 (1 - q)**2 |f'' q**2 + f' q| + |f' q| / 2 <= b bounds the largest eigenvalue of the "
    "Hessian, and 2 q (1 - q) (q (1 - q) f'' + (1 - 2 q) f'), the curvature between two logits, "
    "comes up to it",
    f"{THEORY}: Curvature of losses of the label's probability",
    _is_smooth,
    value=_smoothness,
)
SMOOTH_AT_MOST = Theorem(
    "local-shape-smooth-at-most",
    "smooth",
    Local,
    "2 (1 - q)**2 |f'' q**2 + f' q| + |f' q| / 2 <= b bounds the largest eigenvalue of the "
    "Hessian, for |e_y - q|**2 <= 2 (1 - q_y)**2 and diag(q) - q q' <= 1/2",
    f"{THEORY}: Curvature of losses of the label's probability",
    _is_smooth_at_most,
    value=_smoothness,
    exact=False,
)
SMOOTH_BY_TERMS = Theorem(
    "local-shape-smooth-by-terms",
    "smooth",
    Local,
    "each term of 2 (1 - q)**2 (f'' q**2 + f' q) and of f' q / 2 is bounded: the sum of the bounds "
    "bounds the largest eigenvalue of the Hessian",
    f"{THEORY}: Curvature of losses of the label's probability",
    _has_bounded_bend_terms,
    value=_sum_of_bends,
    exact=False,
)
NOT_SMOOTH = Theorem(
    "local-shape-not-smooth",
    "smooth",
    Local,
    "the second derivative between two logits is unbounded",
    f"{THEORY}: Curvature of losses of the label's probability",
    _is_bent,
    holds=False,
)

# ---------------------------------------------------------------- range


@conditions
def _is_nonnegative(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from everywhere(f, "f >= 0", f.formula, ">=")
    for joint in f.joints:
        yield sign("f >= 0 at a kink", f.value(joint), ">=", f.region)


@conditions
def _is_negative(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from _somewhere(case, f, "f < 0 there", f.formula, "<")


NONNEGATIVE = Theorem(
    "local-shape-nonnegative",
    "nonnegative",
    Local,
    "f >= 0",
    "definition",
    _is_nonnegative,
)
NOT_NONNEGATIVE = Theorem(
    "local-shape-negative",
    "nonnegative",
    Local,
    "f < 0 for some probability of the label",
    "definition",
    _is_negative,
    holds=False,
)


def _falling(f: Pieces) -> Iterator[Premise]:
    yield from everywhere(f, "f' <= 0", lambda n: f.formula(n, 1), "<=")
    yield from continuous(f)


@conditions
def _falls(case: Case) -> Iterator[Premise]:
    yield from _falling(parts(case.reading))


@conditions
def _rises(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from _somewhere(case, f, "f rises there", lambda n: f.formula(n, 1), ">")


MONOTONE = Theorem(
    "local-shape-monotone",
    "monotone",
    Local,
    "f' <= 0: the loss never rises with the probability of the label",
    "definition",
    _falls,
)
NOT_MONOTONE = Theorem(
    "local-shape-not-monotone",
    "monotone",
    Local,
    "f rises somewhere",
    "definition",
    _rises,
    holds=False,
)


def _limits(case: Case, f: Pieces) -> Iterator[Premise]:
    """The limits ``start`` at 0 and ``end`` at 1."""
    last = len(f) - 1
    yield tends(f, "f(0)", f.formula(0), 0, True, case.guess["start"])
    yield tends(f, "f(1)", f.formula(last), last, False, case.guess["end"])


@conditions
def _falls_between(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    yield from _falling(f)
    yield from _limits(case, f)


@conditions
def _falls_boundedly(case: Case) -> Iterator[Premise]:
    if case.guess["start"].is_infinite or case.guess["end"].is_infinite:
        raise Silent
    f = parts(case.reading)
    yield from _falling(f)
    yield from _limits(case, f)


@conditions
def _lies_between(case: Case) -> Iterator[Premise]:
    f, low, high = parts(case.reading), case.guess["low"], case.guess["high"]
    yield from everywhere(f, "f is bounded below", lambda n: f.formula(n) - low, ">=")
    yield from everywhere(f, "f is bounded above", lambda n: f.formula(n) - high, "<=")
    yield from continuous(f)


@conditions
def _turns_once(case: Case) -> Iterator[Premise]:
    """f is convex with its least value at ``place``."""
    f, place = smooth(case.reading), case.guess["place"]
    yield from _limits(case, f)
    yield from inside(f, 0, place)
    yield sign("f is convex", f.formula(0, 2), ">=", f.where(0))
    yield sign("f'(place) = 0", f.at(0, place, 1), "==", f.region)


@conditions
def _is_unbounded(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    _infinite(case)
    yield from _towards_end(case, f, "f", f.formula)


@conditions
def _is_unbounded_below(case: Case) -> Iterator[Premise]:
    f = parts(case.reading)
    if case.guess["value"] != S.NegativeInfinity:
        raise Silent
    yield from _towards_end(case, f, "f", f.formula)


@conditions
def _has_floor(case: Case) -> Iterator[Premise]:
    f, low = parts(case.reading), case.guess["low"]
    yield from everywhere(f, "f is bounded below", lambda n: f.formula(n) - low, ">=")
    yield from continuous(f)


def _falling_range(case: Case) -> Expr:
    return sympy.Tuple(case.guess["end"], case.guess["start"])


def _turning_range(case: Case) -> Expr:
    start, end = case.guess["start"], case.guess["end"]
    least = smooth(case.reading).at(0, case.guess["place"])
    greatest = S.Infinity if S.Infinity in (start, end) else sympy.Max(start, end)
    return sympy.Tuple(least, greatest)


RANGE = Theorem(
    "local-shape-range",
    "range",
    Local,
    "f falls, so its limits at 1 and at 0 are its infimum and its supremum",
    "definition",
    _falls_between,
    value=_falling_range,
)
RANGE_TURNING = Theorem(
    "local-shape-range-turning",
    "range",
    Local,
    "f is convex, least at a place and greatest towards an end",
    "definition",
    _turns_once,
    value=_turning_range,
)
BOUNDED_FALLING = Theorem(
    "local-shape-bounded-falling",
    "bounded",
    Local,
    "f falls between finite limits at 0 and at 1",
    "definition",
    _falls_boundedly,
)
BOUNDED = Theorem(
    "local-shape-bounded",
    "bounded",
    Local,
    "f lies between two numbers",
    "definition",
    _lies_between,
)
UNBOUNDED = Theorem(
    "local-shape-unbounded",
    "bounded",
    Local,
    "f is infinite in the limit at an end",
    "definition",
    _is_unbounded,
    holds=False,
)
BOUNDED_BELOW = Theorem(
    "local-shape-bounded-below",
    "bounded_below",
    Local,
    "f lies above a number",
    "definition",
    _has_floor,
)
UNBOUNDED_BELOW = Theorem(
    "local-shape-unbounded-below",
    "bounded_below",
    Local,
    "f goes to minus infinity at an end",
    "definition",
    _is_unbounded_below,
    holds=False,
)

LOCAL_SHAPE = (
    *(CONVEX, CONVEX_FOR_TWO, CONVEX_ON_SIMPLEX, NOT_CONVEX, NOT_CONVEX_RISING),
    *(LIPSCHITZ, LIPSCHITZ_AT_MOST, LIPSCHITZ_BY_TERMS, LIPSCHITZ_PEAK, NOT_LIPSCHITZ),
    *(SMOOTH, SMOOTH_AT_MOST, SMOOTH_BY_TERMS, NOT_SMOOTH),
    *(NONNEGATIVE, NOT_NONNEGATIVE, MONOTONE, NOT_MONOTONE),
    *(RANGE, RANGE_TURNING, BOUNDED_FALLING, BOUNDED, UNBOUNDED),
    *(BOUNDED_BELOW, UNBOUNDED_BELOW),
)
