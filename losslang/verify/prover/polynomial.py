"""Polynomials in several variables, which z3 decides where it is installed."""

from __future__ import annotations

from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.rules.polynomial import (
    MISSING,
    NotPolynomial,
    counterexamples,
    is_installed,
)
from losslang.verify.statement import Sign, Statement


def polynomial(run: Run, goal: Sign, effort: int) -> Proof | None:
    """As it stands; one variable alone is for ``roots``."""
    if len(goal.expr.free_symbols) < 2:
        return None
    return run.step(goal, "polynomial", {}, effort)


def hint(statement: Statement) -> str:
    """What would help where a statement has no proof; empty if nothing is known to."""
    if not isinstance(statement, Sign) or len(statement.expr.free_symbols) < 2 or is_installed():
        return ""
    try:
        counterexamples(statement)
    except NotPolynomial:
        return ""
    return f" ({MISSING})"
