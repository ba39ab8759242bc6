"""Whole losses in index notation: what follows from how they are composed.

A property that holds for every summand of a loss, and that sums keep, holds for the loss. It fails
if it fails for a section of it (:mod:`~losslang.verify.theorems.sections`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import sympy
from sympy import Basic, Expr, Integer, Interval, S

from losslang.ir.binders import free_indices, occurs, substitute
from losslang.ir.heads import Max, Min, Size
from losslang.ir.loss import Input, Loss, Term
from losslang.ir.truth import LessEqual, conjuncts
from losslang.verify import instances
from losslang.verify.arrays import Arrays
from losslang.verify.instances import unlabelled
from losslang.verify.readings.algebra import rewritten
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.structure import Structure
from losslang.verify.smoothness import kink
from losslang.verify.statement import LINE, Bounds, Region, Shape, Sign
from losslang.verify.steepness import steepness
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems import curve as curves
from losslang.verify.theorems.convexity import STRONGLY_CONVEX as BENT
from losslang.verify.theorems.sections import line, negative, on_line, outgrows, slopes
from losslang.verify.theorems.slope import SMOOTH as CURVED

DCP = "Grant, Boyd & Ye 2006, Disciplined convex programming, section 4"

BY_DEFINITION = "the definition"

SUMMED = "sums keep it"

BETWEEN = {
    "simplex": Bounds(S.Zero, S.One, low_closed=True, high_closed=True),
    "bit": Bounds(S.Zero, S.One, low_closed=True, high_closed=True),
    "bool": Bounds(S.Zero, S.One, low_closed=True, high_closed=True),
    "sign": Bounds(S.NegativeOne, S.One, low_closed=True, high_closed=True),
}


# ---------------------------------------------------------------- all inputs
def domain(loss: Loss, region: Region) -> Region:
    """The hyperparameters, the entries of all inputs in their domains, and the sizes of axes.

    An axis that labels point into has two places or more, every other at least one.
    """
    reads = []
    for known in loss.inputs:
        if known.kind in BETWEEN:
            reads.append((known.tensor, BETWEEN[known.kind]))
        elif known.kind in ("real", "int"):
            reads.append((known.tensor, bounds_of(known.domain)))
    pointed = {known.over for known in loss.inputs}
    sizes = (
        LessEqual(Integer(2 if axis in pointed else 1), Size(axis))
        for axis in instances.axes_of(loss)
    )
    return Region(region.variables, region.conditions, (*region.reads, *reads)).where(*sizes)


def summands(case: Case) -> Iterator[tuple[Term, Region]]:
    """The terms of a loss, those with the same results as one, and where each has to hold.

    With ``apart`` in the guess each term is taken by itself.
    """
    loss: Loss = case.reading.loss
    groups: dict[tuple[object, ...], list[Term]] = {}
    for n, term in enumerate(loss.terms):
        own = (n,) if "apart" in case.guess else ()
        groups.setdefault((term.result, term.guard, *own), []).append(term)
    everywhere = domain(loss, case.reading.region)
    for same in groups.values():
        body = sympy.Add(*(unlabelled(term.body) for term in same))
        name = " + ".join(term.name for term in same)
        whole = replace(same[0], name=name, body=body)
        yield whole, everywhere.where(*conjuncts(whole.guard))


def array(loss: Loss, name: str) -> Input | None:
    """The input of real numbers with that name."""
    return next((i for i in loss.inputs if i.name == name and i.kind in ("real", "simplex")), None)


def _each(
    about: Callable[[Case, Term, Region], Iterator[Premise]],
) -> Callable[[Case], Sequence[Premise] | None]:
    def premises(case: Case) -> Sequence[Premise] | None:
        try:
            return [
                premise for term, where in summands(case) for premise in about(case, term, where)
            ]
        except (KeyError, Mute):
            return None

    return premises


class Mute(Exception):
    """A theorem does not speak of a case."""


def _bounds_guessed(case: Case, name: str, term: Term) -> Expr:
    """The guessed bound of a summand, a formula in hyperparameters."""
    value = case.guess[f"{name} {term.name}"]
    if not value.free_symbols <= set(case.reading.region.symbols) or free_indices(value):
        raise Mute
    return value


def _total(case: Case, name: str) -> Expr:
    return sympy.Add(*(case.guess[f"{name} {term.name}"] for term, _ in summands(case)))


@_each
def _nonnegative(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    yield Premise(f"{term.name} is never negative", Sign(term.body, ">=", where))


@_each
def _bounded_below(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    low = _bounds_guessed(case, "low", term)
    yield Premise(f"{term.name} is at least {low}", Sign(term.body - low, ">=", where))


@_each
def _bounded(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    low, high = (_bounds_guessed(case, name, term) for name in ("low", "high"))
    yield Premise(f"{term.name} is at least {low}", Sign(term.body - low, ">=", where))
    yield Premise(f"{term.name} is at most {high}", Sign(high - term.body, ">=", where))


def _array_asked_about(case: Case, term: Term) -> Input:
    """The array that the question names, if the term counts whatever its entries are."""
    known = array(case.reading.loss, case.question.input)
    if known is None or occurs(known.tensor, term.guard):
        raise Mute
    return known


@_each
def _convex(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    known = _array_asked_about(case, term)
    yield Premise(f"{term.name} is convex", Shape(term.body, known.tensor, "convex", where))


@_each
def _differentiable(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    known = _array_asked_about(case, term)
    if kink(term.body, known.tensor, where) is not None:
        raise Mute
    yield from ()


def steepest(case: Case) -> Expr | None:
    """What composition says of the Euclidean Lipschitz constant in the input asked about."""
    known = array(case.reading.loss, case.question.input)
    if known is None or case.question.arguments[1:] not in ((), ("2",)):
        return None
    found = [steepness(t.body, known.tensor, where) for t, where in summands(case)]
    guarded = any(occurs(known.tensor, t.guard) for t, _ in summands(case))
    return None if guarded or None in found else sympy.Add(*found)


def _at_most(case: Case) -> Sequence[Premise] | None:
    return None if steepest(case) is None else []


def _exactly(case: Case) -> Sequence[Premise] | None:
    most, curve = steepest(case), line(case)
    ends = case.guess.get("low"), case.guess.get("high")
    if most is None or curve is None or ends[0] is None or ends[1] is None:
        return None
    if curve.bounds != LINE or not (ends[0].is_Rational and ends[1].is_Rational):
        return None
    if not ends[0] < ends[1]:
        return None
    low, high = (
        resolved(substitute(curve.function, {curve.variable: end}), curve.region) for end in ends
    )
    length = sympy.sqrt(sympy.Add(*(slope**2 for slope in slopes(case.guess).values())))
    gap = high - low - most * length * (ends[1] - ends[0])
    return [Premise("the loss is as steep as that somewhere", Sign(gap, "==", curve.region))]


def resolved(expr: Expr, region: Region) -> Expr:
    """The same formula with every maximum and minimum whose winner is plain settled."""
    signs = Arrays(region)

    def settled(e: Basic) -> Basic:
        if not isinstance(e, Max | Min):
            return e
        turn = 1 if isinstance(e, Max) else -1
        for best in e.args:
            gaps = [signs.range(turn * (best - other)) for other in e.args if other != best]
            if all(gap is not None and gap.nonnegative for gap in gaps):
                return best
        return e

    return rewritten(expr, settled)


# ---------------------------------------------------------------- the theorems
_LINES = {
    t.name: on_line(t)
    for t in (
        curves.CHORD,
        *(
            t
            for t in (
                *curves.BOUNDED,
                *curves.BOUNDED_BELOW,
                *curves.LIPSCHITZ,
                *curves.DIFFERENTIABLE,
                *CURVED,
                *BENT,
            )
            if not t.holds
        ),
    )
}

NONNEGATIVE = (
    Theorem(
        "negative-for-some-inputs",
        "nonnegative",
        Structure,
        "There are inputs at which the loss is negative.",
        BY_DEFINITION,
        negative,
        holds=False,
    ),
    Theorem(
        "nonnegative-by-composition",
        "nonnegative",
        Structure,
        "A loss is never negative if none of its terms is.",
        SUMMED,
        _nonnegative,
    ),
)

BOUNDED_BELOW = (
    Theorem(
        "falls-below-a-line",
        "bounded_below",
        Structure,
        "Along a line of inputs the loss stays below a function that falls linearly.",
        BY_DEFINITION,
        outgrows((-1,)),
        holds=False,
    ),
    _LINES["tends-to-minus-infinity"],
    Theorem(
        "bounded-below-by-composition",
        "bounded_below",
        Structure,
        "A loss is bounded below if all its terms are; the bound need not be the best.",
        SUMMED,
        _bounded_below,
        value=lambda case: _total(case, "low"),
        exact=False,
    ),
)

BOUNDED = (
    Theorem(
        "outgrows-a-line",
        "bounded",
        Structure,
        "Along a line of inputs the loss stays beyond a function that grows linearly.",
        BY_DEFINITION,
        outgrows((-1, 1)),
        holds=False,
    ),
    _LINES["tends-to-infinity"],
    Theorem(
        "bounded-by-composition",
        "bounded",
        Structure,
        "A loss is bounded if all its terms are; the bounds need not be the best.",
        SUMMED,
        _bounded,
        value=lambda case: Interval(_total(case, "low"), _total(case, "high")),
        exact=False,
    ),
)

CONVEX = (
    Theorem(
        "convex-by-composition",
        "convex",
        Structure,
        "A loss is convex in an input if the rules of composition make all its terms so.",
        DCP,
        _convex,
    ),
    _LINES["above-a-chord"],
)

LIPSCHITZ = (
    Theorem(
        "lipschitz-by-composition",
        "lipschitz",
        Structure,
        "Composition bounds the Lipschitz constant, and between two inputs it is attained.",
        "the chain rule and the triangle inequality",
        _exactly,
        value=steepest,
    ),
    Theorem(
        "lipschitz-at-most",
        "lipschitz",
        Structure,
        "Composition bounds the Lipschitz constant; the bound need not be the best.",
        "the chain rule and the triangle inequality",
        _at_most,
        value=steepest,
        exact=False,
    ),
    _LINES["slope-unbounded"],
    _LINES["jump-so-not-lipschitz"],
)

DIFFERENTIABLE = (
    Theorem(
        "differentiable-by-composition",
        "differentiable",
        Structure,
        "A loss that is composed of smooth functions only, inside of their domains, is "
        "differentiable.",
        "the chain rule",
        _differentiable,
    ),
    _LINES["kink-so-not-differentiable"],
    _LINES["jump-so-not-differentiable"],
)

SMOOTH = tuple(_LINES[t.name] for t in CURVED if not t.holds)

STRONGLY_CONVEX = tuple(_LINES[t.name] for t in BENT if not t.holds)

THEOREMS: tuple[Theorem, ...] = (
    *NONNEGATIVE,
    *BOUNDED_BELOW,
    *BOUNDED,
    *CONVEX,
    *LIPSCHITZ,
    *DIFFERENTIABLE,
    *SMOOTH,
    *STRONGLY_CONVEX,
)
