"""Which way losses move scores: the label's and those of positive pairs down, all others up."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.diagnostics import DiagnosticError

CLASSES = "loss l(z: real[class], y: class, *, a: real = 1) = "
PAIRS = "loss l(u: real[batch, dim], v: real[batch, dim]) for i in batch = "
GROUPS = "loss l(x: real[batch, dim], y: label[batch]) for i in batch = "
SIMILAR = "\nwhere\n    s(i, j) = cosine(x[i], x[j])"

CASES = [
    ("ce", "proved"),
    ("info_nce", "proved"),
    ("siglip", "proved"),
    ("circle", "proved"),
    ("sface", "proved"),
    (CLASSES + "-z[y]", "proved"),
    (CLASSES + "z[y]", "unknown"),
    (CLASSES + "sum(z[k] for k in class)", "unknown"),
    (CLASSES + "sum(z[k] for k in class if k != y)", "proved"),
    # a factor of unknown sign
    (CLASSES + "-a * z[y]", "unknown"),
    (CLASSES + "-a**2 * z[y]", "proved"),
    # no gradient flows through the weight, which grows with the score
    (CLASSES + "-detach(exp(z[y])) * z[y]", "proved"),
    (CLASSES + "-exp(z[y]) * z[y]", "unknown"),
    (PAIRS + "-dot(u[i], v[i])", "proved"),
    (PAIRS + "sum(dot(u[i], v[j]) for j in batch)", "unknown"),
    (PAIRS + "sum(dot(u[i], v[j]) for j in batch if j != i)", "proved"),
    # the candidate that is taken off is one of another array
    (PAIRS + "log(sum(exp(dot(u[i], v[j])) for j in batch)) - dot(u[i], v[i])", "proved"),
    (PAIRS + "log(sum(exp(dot(u[i], u[j])) for j in batch)) - dot(u[i], v[i])", "unknown"),
    (GROUPS + "sum(exp(s(i, j)) for j in batch if y[j] != y[i])" + SIMILAR, "proved"),
    (GROUPS + "sum(exp(s(i, j)) for j in batch if y[j] == y[i])" + SIMILAR, "unknown"),
    (GROUPS + "sum(exp(-s(i, j)) for j in batch if y[j] == y[i])" + SIMILAR, "proved"),
]


@pytest.mark.parametrize(("program", "status"), CASES)
def test_scores_are_used_in_the_right_way(program, status, tmp_path):
    if program.startswith("loss"):
        path = tmp_path / "l.loss"
        path.write_text(program, encoding="utf-8")
        report = driver.verify(path=path)
    else:
        report = driver.verify(program)
    verdict = report["attracts"]
    assert verdict.status == status
    if verdict.certificate is not None:
        assert driver.check_certificate(report.certificate(verdict)).problem is None


@pytest.mark.parametrize("program", ["huber", "triplet", "hinge"])
def test_losses_without_scores_are_not_asked(program):
    with pytest.raises(DiagnosticError):
        driver.verify(program)["attracts"]
