"""Whole losses in index notation: what follows from how they are composed.

A property that holds for every summand of a loss, and that sums keep, holds for the loss. It fails
if it fails for inputs of certain sizes, which a guess names: ``size class``, ``logits 0 1``. A
guess may also name a line of inputs, ``along logits 0 1`` being the entry's slope; then the loss is
a :class:`~losslang.verify.readings.curve.Curve`, and the theorems about curves speak of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import sympy
from sympy import Basic, Expr, Integer, Interval, S

from losslang.ir.binders import free_indices, is_undefined, occurs, substitute
from losslang.ir.heads import ONE, Index, Max, Min, Size
from losslang.ir.loss import EVERYTHING, Input, Loss, Requirement, Term
from losslang.ir.truth import Equal, Less, LessEqual, Not, conjuncts
from losslang.verify import instances
from losslang.verify.arrays import Arrays
from losslang.verify.instances import Inputs, unlabelled
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.structure import Structure
from losslang.verify.smoothness import kink
from losslang.verify.statement import LINE, Bounds, Region, Relation, Shape, Sign
from losslang.verify.steepness import steepness
from losslang.verify.theorem import Case, Guess, Premise, Theorem
from losslang.verify.theorems import curve as curves
from losslang.verify.theorems.convexity import STRONGLY_CONVEX as BENT
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


@_each
def _convex(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    known = array(case.reading.loss, case.question.input)
    if known is None or occurs(known.tensor, term.guard):
        raise Mute
    yield Premise(f"{term.name} is convex", Shape(term.body, known.tensor, "convex", where))


@_each
def _differentiable(case: Case, term: Term, where: Region) -> Iterator[Premise]:
    known = array(case.reading.loss, case.question.input)
    if known is None or occurs(known.tensor, term.guard):
        raise Mute
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


# ---------------------------------------------------------------- certain inputs


def value(case: Case) -> Expr | None:
    """The loss at the guess's inputs; ``None`` unless it has a value there."""
    try:
        found = instances.value(case.reading.loss, instances.from_data(case.guess))
    except ValueError:
        return None
    return None if found is None or is_undefined(found) else found


def _negative(case: Case) -> Sequence[Premise] | None:
    found = value(case)
    return found and [Premise("the loss is negative there", Sign(found, "<", case.reading.region))]


def line(case: Case) -> Curve | None:
    """The loss along the guess's line of inputs, from ``from`` to ``to`` or without ends."""
    loss: Loss = case.reading.loss
    inputs, along = instances.from_data(case.guess), slopes(case.guess)
    names = {name for name, _ in along}
    moved = [known for known in loss.inputs if known.name in names]
    if not along or (case.question.input and names != {case.question.input}):
        return None
    bounds = LINE
    if any(known.kind != "real" or known.domain != EVERYTHING for known in moved):
        ends = case.guess.get("from"), case.guess.get("to")
        if ends[0] is None or ends[1] is None or not (ends[1] - ends[0]).is_positive:
            return None
        bounds = Bounds(ends[0], ends[1], low_closed=True, high_closed=True)
        if not all(instances.admits(loss, _moved(inputs, along, end)) for end in ends):
            return None
    elif not instances.admits(loss, inputs):
        return None
    s = case.reading.region.fresh("s")
    function = instances.formula(loss, _moved(inputs, along, s))
    if function is None or is_undefined(function):
        return None
    return Curve(case.reading.region, spelled(function), s, bounds, "s")


def slopes(guess: Guess) -> dict[instances.Entry, Expr]:
    """How fast each entry moves along the guess's line."""
    found: dict[instances.Entry, Expr] = {}
    for key, slope in guess.items():
        word, *entry = key.split()
        places = all(n.isdecimal() for n in entry[1:])
        if word == "along" and entry and places and slope.is_Rational:
            found[entry[0], tuple(map(int, entry[1:]))] = slope
    return found


def _moved(inputs: Inputs, along: dict[instances.Entry, Expr], s: Expr) -> Inputs:
    entries = {key: old + s * along.get(key, S.Zero) for key, old in inputs.entries.items()}
    return Inputs(inputs.sizes, entries)


def on_line(theorem: Theorem) -> Theorem:
    """A theorem by which a curve lacks a property, for losses that have such a curve."""

    def premises(case: Case) -> Sequence[Premise] | None:
        curve = line(case)
        return None if curve is None else theorem.premises(restricted(case, curve))

    return Theorem(
        f"{theorem.name}-on-a-line",
        theorem.property,
        Structure,
        f"Along a line of inputs: {theorem.says}",
        theorem.source,
        premises,
        holds=False,
    )


def _outgrows(signs: tuple[int, ...]) -> Callable[[Case], Sequence[Premise] | None]:
    def premises(case: Case) -> Sequence[Premise] | None:
        curve, rate, offset = line(case), case.guess.get("rate"), case.guess.get("offset")
        if curve is None or rate is None or offset is None or curve.bounds != LINE:
            return None
        if not (rate.is_Rational and offset.is_Rational) or sympy.sign(rate) not in signs:
            return None
        sign = sympy.sign(rate)
        gap = sign * curve.function - abs(rate) * curve.variable + offset
        ray = curve.region.having(curve.variable, Bounds(S.Zero, low_closed=True))
        return [Premise("the loss stays beyond a line", Sign(gap, ">=", ray))]

    return premises


POINTS = ("piece", "joint", "at", "value", "low", "middle", "high")


def restricted(case: Case, curve: Curve) -> Case:
    """The same case for the loss along a line."""
    guess = {name: case.guess[name] for name in POINTS if name in case.guess}
    return Case(curve, case.question, guess)


# ---------------------------------------------------------------- having a value


def _signs(condition: Expr, where: Region) -> Iterator[Sign]:
    """A truth value as statements about numbers."""
    for part in conjuncts(condition):
        inner = part.args[0] if isinstance(part, Not) else None
        if isinstance(part, Less | LessEqual):
            relation: Relation = ">" if isinstance(part, Less) else ">="
            yield Sign(part.args[1] - part.args[0], relation, where)
        elif isinstance(inner, Equal):
            yield Sign(inner.args[1] - inner.args[0], "!=", where)
        else:
            yield Sign(part, ">", where)


def _well_defined(case: Case) -> Sequence[Premise] | None:
    loss: Loss = case.reading.loss
    everywhere = domain(loss, case.reading.region)
    return [
        Premise(f"{_shown(needed)} always holds", sign)
        for needed in loss.requires
        for sign in _signs(needed.condition, everywhere.where(*conjuncts(needed.guard)))
    ]


def _shown(needed: Requirement) -> str:
    return needed.span.text if needed.span is not None else str(needed.condition)


def broken(case: Case) -> tuple[Requirement, Sign] | None:
    """The guess's ``requirement``, and that its ``part`` fails at the guess's ``place``."""
    loss: Loss = case.reading.loss
    number, part, place = (case.guess.get(n) for n in ("requirement", "part", "place"))
    if number is None or part is None or place is None or not part.is_Integer:
        return None
    if number not in range(len(loss.requires)):
        return None
    needed, inputs = loss.requires[int(number)], instances.from_data(case.guess)
    if not instances.admits(loss, inputs):
        return None
    spots = places(needed, inputs)
    if place not in range(len(spots)):
        return None
    guard = _at(loss, needed.guard, inputs, spots[int(place)])
    condition = _at(loss, needed.condition, inputs, spots[int(place)], apart=int(part))
    if guard != ONE or condition is None or is_undefined(condition):
        return None
    opposite: dict[Relation, Relation] = {">": "<=", ">=": "<", "!=": "=="}
    (sign,) = _signs(condition, case.reading.region)
    return needed, Sign(sign.expr, opposite[sign.relation], sign.region)


def places(needed: Requirement, inputs: Inputs) -> list[dict[Index, int]]:
    """The values of the free indices of a requirement, for axes of known size."""
    free = free_indices(needed.condition) | free_indices(needed.guard)
    ordered = sorted(free, key=lambda i: (i.axis.name, i.name))
    sizes = [
        int(i.axis.size)
        if i.axis.size is not None and i.axis.size.is_Integer
        else inputs.sizes.get(i.axis.name, 0)
        for i in ordered
    ]
    return [dict(zip(ordered, at, strict=True)) for at in product(*map(range, sizes))]


def _at(
    loss: Loss, truth: Expr, inputs: Inputs, place: dict[Index, int], apart: int | None = None
) -> Expr | None:
    if apart is not None:
        parts = conjuncts(truth)
        if not 0 <= apart < len(parts):
            return None
        truth = parts[apart]
    truth = substitute(truth, {index: Integer(n) for index, n in place.items()})
    return instances.part_of(loss, truth, inputs)


def _ill_defined(case: Case) -> Sequence[Premise] | None:
    found = broken(case)
    if found is None:
        return None
    return [Premise(f"{_shown(found[0])} fails there", found[1])]


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
        _negative,
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
        _outgrows((-1,)),
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
        _outgrows((-1, 1)),
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
WELL_DEFINED = (
    Theorem(
        "every-requirement-holds",
        "well_defined",
        Structure,
        "Every operation of the loss is defined at all inputs in their domains.",
        BY_DEFINITION,
        _well_defined,
    ),
    Theorem(
        "a-requirement-fails",
        "well_defined",
        Structure,
        "There are inputs at which an operation of the loss is not defined.",
        BY_DEFINITION,
        _ill_defined,
        holds=False,
    ),
)

THEOREMS: tuple[Theorem, ...] = (
    *NONNEGATIVE,
    *BOUNDED_BELOW,
    *BOUNDED,
    *CONVEX,
    *LIPSCHITZ,
    *DIFFERENTIABLE,
    *SMOOTH,
    *STRONGLY_CONVEX,
    *WELL_DEFINED,
)
