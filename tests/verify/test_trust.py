"""The verifier trusts nothing that searches, and no certificate that somebody has touched.

What is altered here is every field of certificates of every kind. An alteration may pass where it
leaves a valid proof; then the certificate must still answer the same question in the same way.
"""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from losslang import driver
from losslang.ir.loss import Loss
from losslang.verify import check
from losslang.verify.decode import decode_certificate
from losslang.verify.formula import Malformed
from losslang.verify.partition import leaves, narrowed
from losslang.verify.proof import Rejected
from losslang.verify.readings.recognise import readings
from losslang.verify.theorem import Case, Reading
from losslang.verify.theorems import THEOREMS
from losslang.verify.verdict import Certificate
from tests.sampling import some
from tests.verify.alterations import agree, altered

ROOT = Path(__file__).resolve().parents[2]
VERIFY = ROOT / "losslang" / "verify"

UNTRUSTED = (
    *("prover", "search", "properties", "property", "decide", "thresholds", "judge", "claims"),
    *("conditions", "engine", "report", "tripwire", "witnesses", "culprit", "ask", "layout"),
    "picture",
)
"""Below ``losslang.verify``: what searches, or presents what was found."""

QUESTIONS = {
    "hinge": (
        *("calibrated", "strictly_proper", "canonical_link", "symmetric", "convex(score)"),
        *("strongly_convex(score)", "lipschitz(score)", "smooth(score)", "bounded", "range"),
        *("bounded_below", "nonnegative", "monotone", "h_consistent", "excess_risk", "minimiser"),
        *("raising_tail", "exponential_tail", "auc_consistent", "batch_permutation_invariant"),
    ),
    "logistic": (
        *("calibrated", "strictly_proper", "proper_composite", "canonical_link", "recoverable"),
        *("strongly_convex(score)", "smooth(score)", "self_concordant(score)", "excess_risk"),
        *("exponential_tail", "raising_tail", "order_preserving"),
    ),
    "poly1": (
        *("calibrated", "order_preserving", "proper", "symmetric", "convex(logits)", "monotone"),
        *("shift_invariant(logits)", "permutation_equivariant", "asymmetric_robust"),
    ),
    "focal": (
        *("calibrated", "symmetric", "equals(ce)", "decreasing(gamma)"),
        "value(logits=[0, 0], target=1)",
    ),
    "gce": ("strictly_proper", "lipschitz(logits)"),
    "brier": ("scale_invariant(logits)",),
    "huber": (
        *("elicits(mean)", "monotone", "minimiser", "bounded_influence", "redescending"),
        *("error_monotone", "homogeneous", "bregman", "self_concordant(prediction)"),
    ),
    "quantile": ("elicits(quantile)", "minimiser", "homogeneous"),
    "mse": ("elicits(mean)", "bregman", "lipschitz(prediction)", "convex(target)"),
    "info_nce": ("scale_invariant(u)", "replication_invariant", "attracts"),
    "circle": ("decreasing(margin)",),
    "clip": ("temperature", "equals(clip(text, image))"),
    "giou": (
        *("zero_at_equality", "exchange_invariant", "homogeneous", "saturates(target)"),
        "shift_invariant(prediction, target)",
    ),
    "welsch": ("saturates(prediction)", "homogeneous"),
    "cauchy": ("saturates(prediction)", "zero_at_equality"),
    "rmse": ("replication_invariant", "homogeneous"),
    "gaussian_nll": ("elicits_variance", "likelihood(normal)", "likelihood(laplace)"),
}
"""Questions that are decided in a moment, by as many theorems as possible."""

SHARP = (
    *("lipschitz", "smooth", "bounded", "bounded_below", "range", "strongly_convex", "minimiser"),
    "value",
)
"""Properties whose value is the only right one."""

CASES = [(name, question) for name, questions in QUESTIONS.items() for question in questions]

ALTERATIONS = some(60)
"""How many alterations of each certificate a test run tries."""


# ---------------------------------------------------------------- what the checker uses


def test_the_checker_loads_nothing_that_searches():
    code = "import sys, losslang.verify.check; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("losslang.verify.") for name in run.stdout.split()}
    assert "rules.signs" in loaded
    assert not [name for name in loaded if name.split(".")[0] in UNTRUSTED]


def _imported(path: Path) -> set[str]:
    """The modules of the verifier that a file names in its imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.removeprefix("losslang.verify.") for name in found if "losslang.verify." in name}


def _file(module: str) -> Path | None:
    path = VERIFY.joinpath(*module.split("."))
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if found.exists() else None


def test_nothing_that_the_checker_imports_imports_what_searches():
    waiting, seen = ["check"], set()
    while waiting:
        module = waiting.pop()
        path = _file(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        assert module.split(".")[0] not in UNTRUSTED, module
        waiting += _imported(path)
    assert {"partition", "admit", "compose", "theorems.margin", "readings.local"} <= seen


def test_the_design_names_what_is_trusted():
    text = (ROOT / "docs" / "design" / "verify.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    trusted = " ".join(left for left, _ in rows[:5])
    for name in (
        "statement",
        "proof",
        "theorem",
        "verdict",
        "decode",
        "partition",
        "check",
        "admit",
    ):
        assert f"`{name}`" in trusted


# ---------------------------------------------------------------- altered certificates


@cache
def _loss(name: str) -> Loss:
    return driver.elaborated(name)


@cache
def _document(name: str, question: str) -> str:
    report = driver.verify(name, timeout=300).about(question)
    (document,) = report.certificates()
    return json.dumps(document["certificate"])


@pytest.fixture
def once(monkeypatch) -> Callable[[Loss], tuple[Reading, ...]]:
    """Read each loss once, not anew for every alteration."""
    known: dict[int, tuple[Reading, ...]] = {}

    def remembered(loss: Loss) -> tuple[Reading, ...]:
        if id(loss) not in known:
            known[id(loss)] = readings(loss)
        return known[id(loss)]

    monkeypatch.setattr(check, "readings", remembered)
    return remembered


def _values(
    loss: Loss, certificate: Certificate, known: Callable[[Loss], tuple[Reading, ...]]
) -> list[object]:
    if certificate.question.property not in SHARP:
        return []
    found = []
    for way, part in leaves(certificate.argument, certificate.way):
        for use in part.uses:
            reading = narrowed(known(loss)[use.reading], way)
            case = Case(reading, certificate.question, use.guess)
            found.append(THEOREMS[part.theorem].value(case))
    return found


@pytest.mark.parametrize(("name", "question"), CASES)
def test_no_altered_certificate_says_anything_new(name, question, once):
    loss, document = _loss(name), json.loads(_document(name, question))
    original = decode_certificate(document)
    assert check.check_certificate(loss, original)
    alterations = list(altered(document))
    random.Random(question).shuffle(alterations)
    rejected = 0
    for where, other in alterations[:ALTERATIONS]:
        try:
            certificate = decode_certificate(other)
            check.check_certificate(loss, certificate)
        except (Malformed, Rejected):
            rejected += 1
            continue
        assert agree(original, certificate), where
        assert _values(loss, certificate, once) == _values(loss, original, once), where
    assert rejected > len(alterations[:ALTERATIONS]) // 2


def test_the_certificates_altered_here_are_of_many_kinds():
    theorems, statuses = set(), set()
    for name, question in CASES:
        certificate = decode_certificate(json.loads(_document(name, question)))
        parts = [part for _, part in leaves(certificate.argument)]
        theorems |= {part.theorem for part in parts}
        statuses.add(frozenset(part.holds for part in parts))
    assert len(theorems) >= 50
    assert statuses == {frozenset({True}), frozenset({False}), frozenset({True, False})}
