"""Signs of formulas in index notation."""

from __future__ import annotations

import sympy

from losslang.ir.binders import Binder, walk
from losslang.ir.heads import At, Branch, Index, Max, Min, Size
from losslang.ir.truth import Truth
from losslang.verify.arrays import spread_of
from losslang.verify.interval import rational
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.rules.monotone import powers
from losslang.verify.statement import Sign

HEADS = (At, Binder, Branch, Index, Size, Truth, Max, Min, sympy.Abs)


def bounded_powers(run: Run, goal: Sign, effort: int) -> Proof | None:
    """A power of something that composition bounds, with an exponent that may be a parameter."""
    for power in powers(goal):
        known = spread_of(power.base, goal.region)
        if goal.relation != ">=" or known is None or not known.hull.high.is_finite():
            continue
        high = rational(known.hull.high)
        bound = sympy.Rational(high.numerator, high.denominator)
        proof = run.step(goal, "bounded base", {"bound": bound}, effort)
        if proof is not None:
            return proof
    return None


def composition(run: Run, goal: Sign, effort: int) -> Proof | None:
    """By composition, as it stands."""
    if not goal.region.conditions and not any(isinstance(e, HEADS) for e in walk(goal.expr)):
        return None
    return run.step(goal, "arrays", {}, effort)
