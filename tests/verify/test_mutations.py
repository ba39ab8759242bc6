"""Small changes of the library's formulas do not go unnoticed.

A fixed sample of the mutants that ``benchmarks.mutations`` makes; the benchmark judges all of them.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.mutations import Mutant, judge, mutants, tasks
from losslang import resources
from tests.sampling import FULL

PINNED = (
    "ce focal poly1 gce mse huber quantile log_cosh hinge logistic exponential kl js dice"
    " squentropy info_nce triplet bce brier z_loss"
).split()
"""Losses whose claims and properties say enough to tell them from their neighbours."""

SAMPLE = slice(2, None, 4) if FULL else slice(7, None, 12)
BAR = 0.85


def mutant(loss: str, change: str) -> tuple[Mutant, Path]:
    """The task of judging one mutant of a library loss."""
    path = resources.library_files()[loss]
    return next((m, path) for m in mutants(loss, path) if m.change == change)


def test_most_of_the_mutants_are_noticed():
    chosen = [
        (mutant, path) for name in PINNED for mutant, path in tasks(name) if path.stem == name
    ]
    results = [judge(task) for task in chosen[SAMPLE]]
    changed = [result for result in results if result.outcome != "same"]
    missed = [(r.mutant.loss, r.mutant.change) for r in changed if not r.flagged]
    assert len(changed) > (15 if FULL else 5)
    assert len(missed) <= (1 - BAR) * len(changed), missed


def test_a_claim_that_became_false_is_a_contradiction():
    task = mutant("hinge", "1 - target * score -> ((1) + (target * score))")
    assert judge(task).outcome == "contradicted"


def test_a_mutant_with_the_same_values_is_left_out():
    assert judge(mutant("mse", "prediction <-> target")).outcome == "same"


def test_a_mutant_that_agrees_at_the_defaults_alone_is_none_of_them():
    assert judge(mutant("expectile", "1 - theta -> (theta)")).outcome != "same"


def test_invariances_are_asked_apart_from_the_claims():
    result = judge(mutant("info_nce", "cosine(u[i], v[j]) -> dot(u[i], v[j])"))
    assert (result.outcome, result.invariance) == ("contradicted", "")
