"""Greatest slope and curvature of losses f(softmax(scale z)[y]), for K classes.

The notation is that of :mod:`~losslang.verify.theorems.local_shape`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy
from sympy import Abs, Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.verify.readings.local import Local
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Guess, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY, conditions, smooth
from losslang.verify.theorems.local_shape import (
    curvature,
    infinite,
    of_logits,
    pull,
    times,
    towards_end,
)
from losslang.verify.theorems.norms import dual_norm
from losslang.verify.theorems.pieces import Pieces, Silent, defined, number
from losslang.verify.theorems.premises import (
    approached,
    continuous,
    either_sign,
    everywhere,
    inside,
    sign,
    supremum,
)


@conditions
def _is_lipschitz(case: Case) -> Iterator[Premise]:
    """``most`` is the supremum of q (1 - q) |f'(q)|."""
    f, most = of_logits(case.reading), case.guess["most"]
    dual_norm(case)
    yield from supremum(
        f, "q (1 - q) |f'| <= c", either_sign(lambda n: pull(f, n)), most, case.guess
    )
    yield from continuous(f)


@conditions
def _is_lipschitz_at_most(case: Case) -> Iterator[Premise]:
    """q (1 - q) |f'(q)| <= most."""
    f, most = of_logits(case.reading), case.guess["most"]
    dual_norm(case)
    yield from everywhere(f, "q (1 - q) f' >= -c", lambda n: most + pull(f, n), ">=")
    yield from everywhere(f, "q (1 - q) f' <= c", lambda n: most - pull(f, n), ">=")
    yield from continuous(f)


@conditions
def _pulls_most(case: Case) -> Iterator[Premise]:
    """f falls, and q (1 - q) |f'(q)| rises up to ``place`` and falls after it."""
    if not case.reading.composed:
        raise Silent
    f, place = smooth(case.reading), case.guess["place"]
    p, change = f.variable, derivative(pull(f, 0), f.variable)
    dual_norm(case)
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
    return _terms(reading, [pull(smooth(reading), 0)])


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
    dual_norm(case)
    yield from _each_bounded(smooth(case.reading), slope_terms(case.reading), case)


def _sum_of_slopes(case: Case) -> Expr:
    total = _sum_of_bounds(slope_terms(case.reading), case.guess)
    return dual_norm(case) * total * case.reading.scale


def _greatest_slope(case: Case) -> Expr:
    f = smooth(case.reading)
    most = -defined(pull(f, 0), {f.variable: case.guess["place"]})
    return dual_norm(case) * most * case.reading.scale


def _lipschitz_constant(case: Case) -> Expr:
    return dual_norm(case) * case.guess["most"] * case.reading.scale


@conditions
def _is_steep(case: Case) -> Iterator[Premise]:
    f = of_logits(case.reading)
    infinite(case)
    yield from towards_end(case, f, "q (1 - q) f'", lambda n: pull(f, n))


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
    across = times(p, f.formula(0, 1))
    along = times(2 * (1 - p) ** 2, times(p**2, f.formula(0, 2)) + across)
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
    sides = either_sign(lambda n: 2 * p * (1 - p) * curvature(f, n))
    side = sides[number(case.guess, "which", len(sides))]
    yield from approached(f, "two logits bend it so much", side, most, case.guess)


def _smoothness(case: Case) -> Expr:
    return case.guess["most"] * case.reading.scale**2


@conditions
def _is_bent(case: Case) -> Iterator[Premise]:
    f = of_logits(case.reading)
    p = f.variable
    infinite(case)
    yield from towards_end(case, f, "the curvature", lambda n: p * (1 - p) * curvature(f, n))


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

THEOREMS = (
    *(LIPSCHITZ, LIPSCHITZ_AT_MOST, LIPSCHITZ_BY_TERMS, LIPSCHITZ_PEAK, NOT_LIPSCHITZ),
    *(SMOOTH, SMOOTH_AT_MOST, SMOOTH_BY_TERMS, NOT_SMOOTH),
)
