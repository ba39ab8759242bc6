"""The digest of a loss: the same for the same meaning, another for another."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from losslang import driver
from losslang.verify.digest import digest

ROOT = Path(__file__).resolve().parents[2]
LOSS = """
loss mine(logits: real[class], target: class, *, a: real >= 0 = 1) =
    a * p * (1 - p) - log(p)
where
    p = softmax(logits)[target]
"""


def of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.loss"
    path.write_text(text, encoding="utf-8")
    return digest(driver.elaborated(path=path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a * p * (1 - p) - log(p)", "-log(p) + p * a * (1 - p)"),
        ("softmax(logits)[target]", "softmax(z)[target]\n    z = logits"),
        ("\nloss", '\n"""Documented."""\nloss'),
    ],
    ids=["order of terms", "names", "documentation"],
)
def test_what_means_the_same_has_the_same_digest(tmp_path, old, new):
    assert old in LOSS
    assert of(tmp_path, LOSS) == of(tmp_path, LOSS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [("- log", "- 2 * log"), (">= 0", "> 0"), ("= 1)", "= 2)"), ("1 - p", "2 - p")],
)
def test_what_means_something_else_has_another_digest(tmp_path, old, new):
    assert old in LOSS
    assert of(tmp_path, LOSS) != of(tmp_path, LOSS.replace(old, new))


def test_a_claim_does_not_change_the_digest():
    loss = driver.elaborated("poly1")
    assert loss.claims
    assert digest(replace(loss, claims=())) == digest(loss)


def test_another_process_finds_the_same_digest():
    code = "from losslang import driver; from losslang.verify.digest import digest;"
    code += "print(digest(driver.elaborated('giou')))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == digest(driver.elaborated("giou"))


@pytest.mark.parametrize("name", ["info_nce", "supcon", "kd"])
def test_it_does_not_depend_on_how_many_indices_were_made_before(name):
    assert digest(driver.elaborated(name)) == digest(driver.elaborated(name))
