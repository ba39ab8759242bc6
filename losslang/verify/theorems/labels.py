"""Binary losses with a loss for each label, of a probability q or of a score v.

``positive`` is what the label 1 costs, ``negative`` what the other label costs, and
L(eta, x) = eta positive(x) + (1 - eta) negative(x). The loss decides for the label 1 where q is
above 1/2, or v above 0: the ``middle``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.verify.readings import Binary, Margin, Probability
from losslang.verify.statement import LINE, UNIT, Bounds
from losslang.verify.theorem import Case, Premise
from losslang.verify.theorems.halves import HALF
from losslang.verify.theorems.pieces import Pieces, defined, known_pieces
from losslang.verify.theorems.premises import continuous

POSITIVE, NEGATIVE = 0, 1


def parts(reading: Binary | Probability | Margin) -> tuple[sympy.Symbol, Bounds, Expr, Expr, Expr]:
    """Variable, its bounds, the middle, and what the labels 1 and 0 cost."""
    if isinstance(reading, Probability):
        return reading.q, UNIT, HALF, reading.positive, reading.negative
    if isinstance(reading, Binary):
        return reading.v, LINE, S.Zero, reading.positive, reading.negative
    return reading.m, LINE, S.Zero, reading.phi, defined(reading.phi, {reading.m: -reading.m})


def pair(case: Case) -> Pieces:
    """The pieces of both losses."""
    x, bounds, _, positive, negative = parts(case.reading)
    return known_pieces(case.reading.region, x, bounds, positive, negative)


def side(case: Case, above: bool) -> Pieces:
    """The pieces of both losses on one side of the middle, which belongs to it."""
    x, bounds, middle, positive, negative = parts(case.reading)
    if above:
        bounds = replace(bounds, low=middle, low_closed=True)
    else:
        bounds = replace(bounds, high=middle, high_closed=True)
    return known_pieces(case.reading.region, x, bounds, positive, negative)


def joined(p: Pieces) -> Iterator[Premise]:
    """Both losses are continuous."""
    yield from continuous(p, 0, POSITIVE)
    yield from continuous(p, 0, NEGATIVE)


def total(p: Pieces, n: int, order: int) -> Expr:
    """A derivative of positive + negative on a piece."""
    return p.formula(n, order, POSITIVE) + p.formula(n, order, NEGATIVE)
