"""Every claim in the standard library has a proof that the checker accepts.

Proofs are kept beside the tests, as finding them takes minutes and checking them seconds. Where a
loss has changed, ``pytest --update-golden`` finds them anew.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from losslang import driver
from losslang.ir.loss import Loss
from losslang.verify.check import check_certificate
from losslang.verify.decode import decode_certificate
from losslang.verify.digest import digest
from losslang.verify.encode import encode_certificate
from losslang.verify.engine import Engine
from losslang.verify.readings.fix import fixed
from losslang.verify.readings.recognise import readings
from losslang.verify.theorem import Reading
from losslang.verify.verdict import Argument, Split, Verdict
from tests.library.worked import standing
from tests.sampling import is_drawn

PROOFS = Path(__file__).resolve().parents[1] / "cases/proofs"
ENTRIES = {entry.name: entry for entry in driver.library()}


def proved(loss: Loss, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """The proofs of what a loss claims, as they are kept; ``known`` ones are not looked for."""
    found = dict(known or {})
    wanted = tuple(claim for claim in loss.claims if claim.stated not in found)
    for claim in Engine(replace(loss, claims=wanted)).claims():
        assert claim.ok, f"{claim.text}: {claim.verdict.status}, {claim.says}"
        found[claim.text] = [
            {"choices": dict(settings.choices), "certificate": certificate(verdict)}
            for settings, verdict in claim.measured
        ]
    stated = (claim.stated for claim in loss.claims)
    return {"loss": digest(loss), "claims": {text: found[text] for text in stated if text in found}}


def certificate(verdict: Verdict) -> Any:
    """The certificate of a verdict, as data."""
    assert verdict.certificate is not None
    return encode_certificate(verdict.certificate)


def written(kept: dict[str, Any]) -> str:
    """Proofs as JSON with one line per loss and per claim, so that a change shows which it is."""
    claims = [f"{json.dumps(text)}: {json.dumps(parts)}" for text, parts in kept["claims"].items()]
    body = ",\n  ".join(claims)
    return f'{{\n "loss": {json.dumps(kept["loss"])},\n "claims": {{\n  {body}\n }}\n}}\n'


def conclusions(argument: Argument) -> set[bool]:
    """Whether the parts of an argument say that the property holds."""
    if isinstance(argument, Split):
        return conclusions(argument.below) | conclusions(argument.above)
    return {argument.holds}


@pytest.mark.parametrize("name", ENTRIES)
def test_what_a_loss_claims_has_proofs_that_the_checker_accepts(name, update_golden):
    """Every claim has its proofs; the sample asks the checker about one in nine."""
    entry = ENTRIES[name]
    loss = standing(entry.path, of_values=True)
    path = PROOFS / entry.family / f"{name}.json"
    if update_golden and not is_current(path, loss):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(proved(loss, still_true(path, loss))), encoding="utf-8")
    assert is_current(path, loss), "the loss has changed: pytest --update-golden"
    kept = json.loads(path.read_text(encoding="utf-8"))
    given = {h.name: h.default for h in loss.hyperparameters if h.given and not h.learn}
    known: dict[str, tuple[Loss, tuple[Reading, ...]]] = {}
    for claim in loss.claims:
        for part in kept["claims"][claim.stated] if is_drawn(f"{name} {claim.stated}", 9) else ():
            proof = decode_certificate(part["certificate"])
            assert conclusions(proof.argument) == {not claim.negated}
            choices = json.dumps(part["choices"])
            if choices not in known:
                chosen = fixed(loss, given | part["choices"])
                known[choices] = chosen, readings(chosen)
            chosen, read = known[choices]
            check_certificate(chosen, proof, read)


def still_true(path: Path, loss: Loss) -> dict[str, Any]:
    """The kept proofs of a loss, by what they prove; none if it has changed."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return kept["claims"] if kept.get("loss") == digest(loss) else {}


def is_current(path: Path, loss: Loss) -> bool:
    """Whether the kept proofs are those of what a loss claims."""
    return path.exists() and [*still_true(path, loss)] == [claim.stated for claim in loss.claims]


def test_no_proof_is_left_of_a_loss_that_is_gone():
    kept = {(path.parent.name, path.stem) for path in PROOFS.rglob("*.json")}
    assert kept == {(entry.family, name) for name, entry in ENTRIES.items()}


@pytest.mark.parametrize("name", [name for name in ENTRIES if is_drawn(name, 40)])
def test_what_a_loss_claims_is_proved_anew(name):
    proved(standing(ENTRIES[name].path, of_values=True))
