"""The sum over all labels of losses f(q_y): symmetric losses tolerate uniform label noise."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.readings.local import Local
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import HALF, THEORY, at_least, at_most, conditions, smooth
from losslang.verify.theorems.local_proper import mirrored, placed
from losslang.verify.theorems.premises import sign


@conditions
def _is_affine(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield sign("f'' = 0", f.formula(0, 2), "==", f.where(0))


@conditions
def _is_odd(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield at_most(2, case.reading)
    gap = f.formula(0, 1) - mirrored(f)
    yield sign("f(p) + f(1 - p) is constant", gap, "==", f.where(0))


@conditions
def _is_uneven(case: Case) -> Iterator[Premise]:
    f, place = smooth(case.reading), case.guess["place"]
    yield from placed(case, S.One)
    gap = f.at(0, place, 1) - f.at(0, 1 - place, 1)
    yield sign("f(p) + f(1 - p) changes there", gap, "!=", f.region)


@conditions
def _is_curved(case: Case) -> Iterator[Premise]:
    f, place = smooth(case.reading), case.guess["place"]
    yield at_least(3, case.reading)
    yield from placed(case, HALF)
    yield sign("f is curved there", f.at(0, place, 2), "!=", f.region)


def _sum(case: Case) -> Expr:
    reading = case.reading
    total = reading.classes * substitute(reading.f, {reading.p: 1 / reading.classes})
    return sympy.expand(total)


_GHOSH = "Ghosh, Kumar, Sastry 2017, Robust Loss Functions under Label Noise, theorem 1"

AFFINE = Theorem(
    "local-affine",
    "symmetric",
    Local,
    "f is affine, so the losses of all labels sum to a constant",
    _GHOSH,
    _is_affine,
    value=_sum,
)

ODD = Theorem(
    "local-odd",
    "symmetric",
    Local,
    "f(p) + f(1 - p) is constant: the losses of two labels sum to a constant",
    _GHOSH,
    _is_odd,
    value=_sum,
)

UNEVEN = Theorem(
    "local-uneven",
    "symmetric",
    Local,
    "f(p) + f(1 - p) is not constant, and so neither is the sum over any number of labels",
    f"{_GHOSH}; {THEORY}: Symmetric losses of the label's probability",
    _is_uneven,
    holds=False,
)

CURVED = Theorem(
    "local-curved",
    "symmetric",
    Local,
    "f is not affine below 1/2, so the losses of three or more labels do not sum to a constant",
    f"{_GHOSH}; {THEORY}: Symmetric losses of the label's probability",
    _is_curved,
    holds=False,
)

THEOREMS = (AFFINE, ODD, UNEVEN, CURVED)
