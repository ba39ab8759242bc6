"""The prover: looks for proofs of statements and is trusted with nothing.

:func:`prove` tries its layers from cheap to dear, with growing effort, until its budget is spent.
"""

from __future__ import annotations

from losslang.verify.proof import Proof
from losslang.verify.prover import (
    algebra,
    arrays,
    boxes,
    chains,
    coefficients,
    indexed,
    maps,
    polynomial,
    taylor,
    weaken,
    zeros,
)
from losslang.verify.prover.budget import Budget
from losslang.verify.prover.points import counterexample
from losslang.verify.prover.run import Layer, Run
from losslang.verify.statement import Statement
from losslang.verify.watchdog import within

__all__ = ["LAYERS", "Budget", "counterexample", "prove", "within"]

LAYERS: tuple[Layer, ...] = (
    Layer("composition", 0, algebra.composition, 0.5),
    Layer("arrays", 0, arrays.composition, 3.0),
    Layer("bounded powers", 0, arrays.bounded_powers, 3.0),
    Layer("relations", 0, algebra.relations, share=1.0),
    Layer("value", 0, boxes.value, 1.0),
    Layer("indexed", 0, indexed.equations, 2.0),
    Layer("identity", 0, algebra.identity, 1.0),
    Layer("roots", 0, algebra.roots, 1.0),
    Layer("remainders", 0, taylor.remainders),
    Layer("affine", 0, weaken.affine, 1.0, raw=True),
    Layer("taylor", 0, taylor.powers, 1.0, raw=True),
    Layer("powers", 0, maps.powers, raw=True, share=1.0),
    Layer("scales", 0, maps.scales, raw=True, share=1.0),
    Layer("factors", 0, algebra.factors, raw=True, share=1.0),
    Layer("coefficients", 1, coefficients.coefficients, share=1.0),
    Layer("exponentials", 1, maps.exponentials),
    Layer("intervals", 1, maps.intervals),
    Layer("boxes", 1, boxes.boxes, 0.2, raw=True),
    Layer("tangents", 1, zeros.tangents),
    Layer("ends", 1, weaken.ends),
    Layer("polynomial", 2, polynomial.polynomial, 5.0),
    Layer("chains", 2, chains.chains),
    Layer("fewer", 2, weaken.fewer),
    Layer("lifts", 2, weaken.lifts),
    Layer("bounds", 2, weaken.bounds),
    Layer("splits", 2, zeros.splits),
    Layer("logarithms", 2, algebra.logarithms),
)
"""From cheap to dear."""

EFFORT = 6
"""The most steps in a row that cost effort."""


def prove(statement: Statement, budget: Budget) -> Proof | None:
    """A proof of ``statement`` by the rules, or ``None`` if none was found in time."""
    run = Run(budget, LAYERS)
    for effort in range(EFFORT + 1):
        try:
            found = budget.within(lambda effort=effort: run.prove(statement, effort))  # type: ignore[misc]
        except Exception:
            # SymPy fails on odd input in many ways. A search that fails has found nothing.
            found = None
        if found is not None or not budget.left():
            return found
    return None
