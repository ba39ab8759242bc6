"""Convexity of losses f(softmax(scale z)[y]), for K classes, and what is said of their shape.

With q = softmax(z), u = e_y - q and S = diag(q) - q q', the gradient of f(q_y) in z is f' q_y u and
its Hessian (f'' q_y**2 + f' q_y) u u' - f' q_y S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, S

from losslang.verify.readings.local import Local
from losslang.verify.statement import Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local import weighted
from losslang.verify.theorems.local_parts import (
    THEORY,
    at_least,
    at_most,
    conditions,
    parts,
    smooth,
)
from losslang.verify.theorems.pieces import Pieces, Silent, defined, number
from losslang.verify.theorems.premises import bends_up, compares, everywhere, inside, sign, tends


def of_logits(reading: Local) -> Pieces:
    """``f`` as smooth formulas, for a loss of logits."""
    if not reading.composed:
        raise Silent
    return parts(reading)


def curvature(f: Pieces, n: int) -> Expr:
    """The curvature of f(q_y) along u, up to a positive factor."""
    p = f.variable
    bend = (1 - p) * times(p, f.formula(n, 2))
    return bend + times(1 - 2 * p, f.formula(n, 1))


def times(factor: Expr, expr: Expr) -> Expr:
    """A product, term by term, so that what cancels is gone."""
    return sympy.Add(*(factor * term for term in sympy.Add.make_args(expr)))


def pull(f: Pieces, n: int) -> Expr:
    """The slope of f(q_y) in the logit of y."""
    return (1 - f.variable) * times(f.variable, f.formula(n, 1))


def somewhere(
    case: Case, f: Pieces, label: str, expr: Callable[[int], Expr], relation: Relation
) -> Iterator[Premise]:
    """``expr`` has a sign at the guessed place, or its limit ``value`` has at the guessed end."""
    if "place" in case.guess:
        n, place = number({"piece": S.Zero, **case.guess}, "piece", len(f)), case.guess["place"]
        yield from inside(f, n, place)
        yield sign(label, defined(expr(n), {f.variable: place}), relation, f.region)
    else:
        yield from towards_end(case, f, label, expr)
        value = case.guess["value"]
        if value.is_infinite:
            if not compares(sympy.sign(value), relation):
                raise Silent
        else:
            yield sign(label, value, relation, f.region)


def towards_end(
    case: Case, f: Pieces, label: str, expr: Callable[[int], Expr]
) -> Iterator[Premise]:
    """``expr`` tends to ``value`` at the end 0 or 1 of the guess."""
    low = case.guess["end"] == S.Zero
    if not low and case.guess["end"] != S.One:
        raise Silent
    n = 0 if low else len(f) - 1
    yield tends(f, f"{label}: the limit", expr(n), n, low, case.guess["value"])


def infinite(case: Case) -> None:
    """Silent unless the guessed ``value`` is infinite."""
    if not case.guess["value"].is_infinite:
        raise Silent


def _bending_up(f: Pieces) -> Iterator[Premise]:
    label = "q (1 - q) f'' + (1 - 2 q) f' >= 0"
    yield from everywhere(f, label, lambda n: curvature(f, n), ">=")
    yield from bends_up(f)


@conditions
def _is_convex(case: Case) -> Iterator[Premise]:
    f = of_logits(case.reading)
    yield from everywhere(f, "f' <= 0", lambda n: f.formula(n, 1), "<=")
    yield from _bending_up(f)


@conditions
def _is_convex_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _bending_up(of_logits(case.reading))


@conditions
def _is_convex_on_simplex(case: Case) -> Iterator[Premise]:
    if case.reading.composed:
        raise Silent
    f = smooth(case.reading)
    yield sign("f'' >= 0", f.formula(0, 2), ">=", f.where(0))


@conditions
def _bends_down(case: Case) -> Iterator[Premise]:
    f = of_logits(case.reading)

    def bend(n: int) -> Expr:
        found = curvature(f, n)
        return weighted(case, found) if "head" in case.guess else found

    yield from somewhere(case, f, "f bends down there", bend, "<")


@conditions
def _bends_down_across(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    f = of_logits(case.reading)
    yield from somewhere(case, f, "f rises there", lambda n: f.formula(n, 1), ">")


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

THEOREMS = (CONVEX, CONVEX_FOR_TWO, CONVEX_ON_SIMPLEX, NOT_CONVEX, NOT_CONVEX_RISING)
