"""Theorems about phi as a loss of the difference of two scores: consistency for the AUC.

A Margin is read as ``phi`` of a difference too, the way bipartite ranking uses such losses: the
risk is the mean of phi(f(x) - f(x')) over x of label 1 and x' of label 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr, S

from losslang.verify.readings import Margin, Pairs
from losslang.verify.statement import LINE
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.curve import convexity, monotonicity
from losslang.verify.theorems.halves import (
    OWN,
    falls_at_zero,
    falls_later,
    halves,
    phi,
    symmetry,
    whole,
)
from losslang.verify.theorems.margin import CALIBRATED_FAILS
from losslang.verify.theorems.pieces import Pieces, Silent, number
from losslang.verify.theorems.premises import continuous, everywhere, premises, sign, tends

READS = (Margin, Pairs)


def bounded_below(case: Case, p: Pieces) -> Iterator[Premise]:
    """A ``phi`` that never rises has the guessed finite limit, so it is bounded below."""
    low, last = case.guess["low"], len(p) - 1
    if not low.is_finite:
        raise Silent
    yield tends(p, "phi has a limit", p.formula(last), last, False, low)


def _falling_smoothly(case: Case, p: Pieces) -> Iterator[Premise]:
    """``phi`` is convex and differentiable, never rises and is bounded below."""
    yield from convexity(p)
    yield from continuous(p, 1)
    yield from monotonicity(p, rising=False)
    yield from bounded_below(case, p)


@premises()
def _gao_zhou(case: Case) -> Iterator[Premise]:
    p = whole(case)
    yield from _falling_smoothly(case, p)
    yield from falls_at_zero(p)


@premises()
def _gao_zhou_later(case: Case) -> Iterator[Premise]:
    p = whole(case)
    yield from _falling_smoothly(case, p)
    yield from falls_later(case, p)


@premises()
def _symmetric(case: Case) -> Iterator[Premise]:
    yield from symmetry(case)
    yield from bounded_below(case, whole(case))
    p, better = halves(case), case.guess["better"]
    yield from monotonicity(p, rising=False, k=0)
    yield from monotonicity(p, rising=True, k=1)
    yield sign("the difference is positive", better, ">", p.region)
    yield sign("it is better than none", phi(case, S.Zero) - phi(case, better), ">", p.region)


@premises()
def _square(case: Case) -> Iterator[Premise]:
    p, g = whole(case), case.guess
    scale, centre, rest = g["scale"], g["centre"], g["rest"]
    parabola = scale * (p.variable - centre) ** 2 + rest
    yield from everywhere(p, "phi is a parabola", lambda n: p.formula(n) - parabola, "==")
    for joint in p.joints:
        at = p.value(joint) - parabola.xreplace({p.variable: joint})
        yield sign(f"also at {joint}", at, "==", p.region)
    yield sign("it opens upwards", scale, ">", p.region)
    yield sign("its bottom is right of 0", centre, ">", p.region)


@premises()
def _kink_ties(case: Case) -> Iterator[Premise]:
    p = whole(case)
    n = number(case.guess, "joint", len(p) - 1)
    joint = p.joints[n]
    yield from convexity(p)
    yield sign("the kink lies right of 0", joint, ">", p.region)
    yield sign("phi falls up to it", p.at(n, joint, 1), "<", p.region)
    yield sign("the slope jumps there", p.at(n + 1, joint, 1) - p.at(n, joint, 1), ">", p.region)


GAO = "Gao & Zhou 2015, thm "
AUC_HOLDS = (
    Theorem(
        "convex-auc-consistent",
        "auc_consistent",
        READS,
        "A convex, differentiable phi that never rises and has a negative slope at 0 is consistent "
        "for the AUC.",
        GAO + "2",
        _gao_zhou,
    ),
    Theorem(
        "convex-still-falling-auc-consistent",
        "auc_consistent",
        READS,
        "A convex, differentiable phi that never rises and still falls at some difference m >= 0 "
        "is consistent for the AUC.",
        GAO + "2",
        _gao_zhou_later,
    ),
    Theorem(
        "symmetric-auc-consistent",
        "auc_consistent",
        READS,
        "A symmetric phi that never rises, is bounded below and gets below phi(0) is consistent "
        "for the AUC.",
        "Charoenphakdee, Lee & Sugiyama 2019, thm 6; " + OWN + "Pairs and symmetric losses",
        _symmetric,
    ),
    Theorem(
        "square-auc-consistent",
        "auc_consistent",
        READS,
        "A parabola of the difference with its bottom right of 0 is consistent for the AUC.",
        "Gao, Jin, Zhu & Zhou 2013, thm 1; " + OWN + "Pairs and squares",
        _square,
    ),
)
AUC_FAILS = (
    Theorem(
        "kink-ties-pairs",
        "auc_consistent",
        READS,
        "A convex phi with a kink at c > 0 up to which it falls is not consistent for the AUC: "
        "three examples have a best scoring that ties the two likelier ones.",
        OWN + "Pairs and kinks; Gao & Zhou 2015 for the hinge",
        _kink_ties,
        holds=False,
    ),
    *(
        replace(
            theorem,
            name=f"{theorem.name}-for-pairs",
            property="auc_consistent",
            reads=READS,
            says=f"Consistency for the AUC needs calibration. {theorem.says}",
            source=f"{GAO}1; {theorem.source}",
        )
        for theorem in CALIBRATED_FAILS
    ),
)

RANKING: tuple[Theorem, ...] = (*AUC_HOLDS, *AUC_FAILS)
_ = (Expr, LINE, Silent)
