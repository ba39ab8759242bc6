"""Invariances: proved from the formulas in index notation, refuted by inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from losslang import driver
from losslang.verify import witnesses
from losslang.verify.check import check_certificate
from losslang.verify.engine import Engine
from losslang.verify.verdict import Verdict


def decide(program: str, question: str, tmp_path: Path) -> Verdict:
    """The verdict on a question about a spec or a program, its certificate checked."""
    if program.startswith("loss"):
        path = tmp_path / "l.loss"
        path.write_text(program, encoding="utf-8")
        loss = driver.elaborated(path=path)
    else:
        loss = driver.elaborated(program)
    engine = Engine(loss)
    name, _, rest = question.partition("(")
    arguments = tuple(rest.rstrip(")").split(", ")) if rest else ()
    verdict = engine.decide(engine.asked(name, arguments))
    if verdict.certificate is not None:
        check_certificate(engine.loss, verdict.certificate)
    if verdict.witness is not None:
        assert verdict.witness.facts
        assert witnesses.replays(verdict.witness)
    return verdict


TWO_SCORES = "loss l(z: real[class], target: class) = "
GROUPED = "loss l(x: real[batch, dim], y: label[batch]) = "

CASES = [
    ("ce", "shift_invariant(logits)", "proved"),
    ("focal", "shift_invariant(logits)", "proved"),
    (TWO_SCORES + "max(z) - z[target]", "shift_invariant(z)", "proved"),
    (TWO_SCORES + "sum(relu(1 + z[k] - z[target]) for k in class)", "shift_invariant(z)", "proved"),
    (
        TWO_SCORES + "variance where variance = mean((z - mean(z))**2)",
        "shift_invariant(z)",
        "proved",
    ),
    (TWO_SCORES + "-z[target]", "shift_invariant(z)", "refuted"),
    (TWO_SCORES + "sum(z**2)", "shift_invariant(z)", "refuted"),
    ("z_loss", "shift_invariant(logits)", "refuted"),
    ("info_nce", "scale_invariant(u)", "proved"),
    ("info_nce", "scale_invariant(v)", "proved"),
    ("ce", "scale_invariant(logits)", "refuted"),
    ("triplet", "scale_invariant(anchor)", "refuted"),
    ("ce", "permutation_equivariant", "proved"),
    ("brier", "permutation_equivariant", "proved"),
    ("nce", "permutation_equivariant", "proved"),
    (TWO_SCORES + "-z[target] + z[0]", "permutation_equivariant", "refuted"),
    ("ce", "batch_permutation_invariant", "proved"),
    ("info_nce", "batch_permutation_invariant", "proved"),
    ("supcon", "relabel_invariant", "proved"),
    ("ce", "replication_invariant", "proved"),
    ("rmse", "replication_invariant", "proved"),
    ("load_balance", "replication_invariant", "proved"),
    (GROUPED + "max(max(x[i]) for i in batch)", "replication_invariant", "proved"),
    (GROUPED + "sum(max(x[i]) for i in batch)", "replication_invariant", "refuted"),
    (GROUPED + "mean(max(x[i]) for i in batch) / size(batch)", "replication_invariant", "refuted"),
    (
        GROUPED + "mean(max(x[j] - x[i]) for i in batch for j in batch if i != j)",
        "replication_invariant",
        "refuted",
    ),
    ("giou", "shift_invariant(prediction, target)", "proved"),
    ("giou", "shift_invariant(prediction)", "refuted"),
    ("kd", "shift_invariant(student, teacher)", "proved"),
]


@pytest.mark.parametrize(("program", "question", "status"), CASES)
def test_invariances_are_decided(program, question, status, tmp_path):
    assert decide(program, question, tmp_path).status == status


def test_a_witness_shows_the_inputs_and_both_values(tmp_path):
    witness = decide(TWO_SCORES + "-z[target]", "shift_invariant(z)", tmp_path).witness
    assert witness is not None
    assert {"z", "target", "by", "before", "after"} <= set(witness.values)
