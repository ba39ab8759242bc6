"""Bounds on the excess of the 0-1 risk where scores lie in [-B, B] (H-consistency)."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Piecewise, S

from losslang.verify.readings import Margin
from losslang.verify.statement import POSITIVE, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.excess import probability_gap, psi_convex, psi_link, psi_of, readable
from losslang.verify.theorems.halves import (
    LOWER,
    OWN,
    UPPER,
    cost_at,
    halves,
    joined,
    phi,
    symmetry,
)
from losslang.verify.theorems.premises import everywhere, premises


def _bounded_scores(case: Case) -> tuple[sympy.Symbol, sympy.Symbol, Region]:
    t, region = probability_gap(case)
    b = region.fresh("B")
    return t, b, region.having(b, POSITIVE)


def _at_bound(case: Case) -> Expr:
    t, b, _ = _bounded_scores(case)
    return phi(case, S.Zero) - cost_at(case, (1 + t) / 2, b)


def _h_value(case: Case) -> Expr:
    _, b, _ = _bounded_scores(case)
    return readable(
        Piecewise((psi_of(case), case.guess["minimiser"] <= b), (_at_bound(case), True))
    )


@premises("t", "B")
def _h_symmetric(case: Case) -> Iterator[Premise]:
    p = halves(case)
    yield from symmetry(case)
    yield from joined(p)
    yield from everywhere(p, "phi does not rise", lambda n: p.formula(n, 1, UPPER), "<=")
    yield from everywhere(p, "nor left of 0", lambda n: p.formula(n, 1, LOWER), ">=")


def _h_symmetric_value(case: Case) -> Expr:
    t, b, _ = _bounded_scores(case)
    return readable(t * (phi(case, S.Zero) - phi(case, b)))


AWASTHI = "Awasthi, Mao, Mohri & Zhong 2022, thm 1 and sec. 5"

H_CONSISTENT = (
    Theorem(
        "symmetric-h-consistent",
        "h_consistent",
        Margin,
        "For a symmetric margin loss that never rises and scores in [-B, B], an excess error t "
        "costs an excess risk of at least t (phi(0) - phi(B)).",
        AWASTHI,
        _h_symmetric,
        value=_h_symmetric_value,
    ),
    Theorem(
        "convex-h-consistent",
        "h_consistent",
        Margin,
        "For a convex calibrated margin loss and scores in [-B, B], an excess error t costs an "
        "excess risk of at least phi(0) less the cost of the minimiser, or of B if the minimiser "
        "is above B.",
        AWASTHI,
        premises("t", "B")(psi_convex),
        value=_h_value,
    ),
    Theorem(
        "slope-condition-h-consistent",
        "h_consistent",
        Margin,
        "Under the slope condition, with a rising inverse link and scores in [-B, B], an excess "
        "error t costs an excess risk of at least phi(0) less the cost of the minimiser, or of B "
        "if the minimiser is above B.",
        AWASTHI + "; " + OWN + "Slope condition",
        premises("t", "B")(psi_link),
        value=_h_value,
    ),
)
