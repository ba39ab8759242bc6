"""The prover: looks for proofs of statements and is trusted with nothing.

:func:`prove` tries its layers from cheap to dear, with growing effort, until its budget is spent.
"""

from __future__ import annotations

from losslang.verify.proof import Proof
from losslang.verify.prover import algebra, boxes, chains, indexed, maps, zeros
from losslang.verify.prover.points import counterexample
from losslang.verify.prover.run import Budget, Layer, Run
from losslang.verify.statement import Statement
from losslang.verify.watchdog import within

__all__ = ["LAYERS", "Budget", "counterexample", "prove", "within"]

LAYERS: tuple[Layer, ...] = (
    Layer("composition", 0, 0.5, algebra.composition),
    Layer("relations", 0, 60.0, algebra.relations),
    Layer("value", 0, 1.0, boxes.value),
    Layer("indexed", 0, 2.0, indexed.equations),
    Layer("identity", 0, 1.0, algebra.identity),
    Layer("roots", 0, 1.0, algebra.roots),
    Layer("factors", 1, 60.0, algebra.factors),
    Layer("exponentials", 1, 60.0, maps.exponentials),
    Layer("intervals", 1, 60.0, maps.intervals),
    Layer("boxes", 1, 5.0, boxes.boxes),
    Layer("scales", 1, 60.0, maps.scales),
    Layer("tangents", 1, 60.0, zeros.tangents),
    Layer("chains", 2, 60.0, chains.chains),
    Layer("splits", 2, 60.0, zeros.splits),
    Layer("logarithms", 2, 60.0, algebra.logarithms),
)
"""From cheap to dear."""

EFFORT = 6
"""The most steps in a row that cost effort."""


def prove(statement: Statement, budget: Budget) -> Proof | None:
    """A proof of ``statement`` by the rules, or ``None`` if none was found in time."""
    run = Run(budget, LAYERS)
    for effort in range(EFFORT + 1):
        try:
            found = within(budget.left(), lambda effort=effort: run.prove(statement, effort))  # type: ignore[misc]
        except Exception:
            # SymPy fails on odd input in many ways. A search that fails has found nothing.
            found = None
        if found is not None or not budget.left():
            return found
    return None
