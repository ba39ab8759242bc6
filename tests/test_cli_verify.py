"""``losslang verify``: what it prints and writes, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from shutil import rmtree

import click
import jsonschema
import pytest
from click.testing import CliRunner

import losslang
from losslang import driver
from losslang.cli import main, verify
from losslang.diagnostics import fail
from tests.verify.engines import FALLS, STANDS, KnownEngine, report

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "docs/verify.schema.json").read_text(encoding="utf-8"))

TWO = """
loss first(logits: real[class], target: class) = -log(softmax(logits)[target])

claim shift_invariant(logits)

loss second(x: real, y: real) = (x - y)^2

loss weighted(base: loss) = 2 * base
"""


@pytest.fixture
def calls(monkeypatch):
    """Stands in for the verifier: remembers what it is asked, and knows two claims."""
    found: list[tuple] = []

    def known(spec=None, *, path=None, name=None, timeout=60.0):
        found.append((spec, path, name, timeout))
        if spec.get("spec") == "nonsense":
            fail("unknown-name", "no loss 'nonsense'")
        return report(*claims)

    claims = [STANDS]
    known.claims = claims  # type: ignore[attr-defined]
    monkeypatch.setattr(driver, "verify", known)
    return found


def run(*arguments: object):
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


@pytest.fixture
def two(tmp_path) -> Path:
    path = tmp_path / "two.loss"
    path.write_text(TWO, encoding="utf-8")
    return path


# ---------------------------------------------------------------- what is asked


def test_an_expression_prints_its_table(calls):
    result = run("poly1")
    assert result.exit_code == 0
    assert "when eps > -2" in result.stdout
    assert result.stderr == ""
    assert calls[0][:3] == ({"spec": "poly1"}, None, None)


def test_hyperparameters_are_set(calls):
    run("poly1", "--set", "eps=-3", "--set", " mode = linear ")
    assert calls[0][0] == {"spec": "poly1", "eps": "-3", "mode": "linear"}


@pytest.mark.parametrize("setting", ["eps", "=3", "eps=", "spec=ce"])
def test_what_sets_nothing_is_refused(calls, setting):
    result = run("poly1", "--set", setting)
    assert result.exit_code == 2
    assert "--set" in result.stderr
    assert not calls


def test_a_file_is_verified_loss_by_loss_within_one_limit(calls, two):
    assert run(two, "--timeout", "9").exit_code == 0
    assert [call[1:3] for call in calls] == [(two, "first"), (two, "second")]
    assert 4 < calls[0][3] <= 4.5
    assert 8 < calls[1][3] <= 9


def test_one_loss_of_a_file(calls, two):
    run(two, "--name", "second")
    assert [call[2] for call in calls] == ["second"]


def test_a_name_goes_with_a_file(calls):
    assert run("poly1", "--name", "x").exit_code == 2


def test_one_property_decides_only_that(calls, monkeypatch):
    engine = KnownEngine([STANDS, FALLS])
    monkeypatch.setattr(driver, "verify", lambda *_, **__: report(engine=engine))
    result = run("poly1", "--property", "calibrated")
    assert result.exit_code == 0
    assert [str(question) for question in engine.decided] == ["calibrated"]
    assert "convex" not in result.stdout


def test_an_unknown_property_is_explained(calls):
    result = run("poly1", "--property", "calibratd")
    assert result.exit_code == 1
    assert "error[unknown-property]" in result.stderr
    assert "did you mean 'calibrated'?" in result.stderr


def test_nothing_asked_is_a_mistake(calls):
    assert run().exit_code == 2


# ---------------------------------------------------------------- what it says


def test_a_claim_that_does_not_stand_fails(calls):
    driver.verify.claims.append(FALLS)  # type: ignore[attr-defined]
    result = run("poly1")
    assert result.exit_code == 1
    assert "FAILED  convex(logits)" in result.stdout


def test_a_mistake_in_the_loss_fails(calls):
    result = run("nonsense")
    assert result.exit_code == 1
    assert "error[unknown-name]" in result.stderr


def test_an_explanation_shows_the_argument_and_the_source(calls):
    result = run("poly1", "--explain", "calibrated")
    assert "For eps > -2: f falls (A paper)." in result.stdout
    assert "source: A paper, Theorem 1" in result.stdout
    assert "bounded" not in result.stdout


def test_json_is_as_the_schema_says(calls):
    result = run("poly1", "--json")
    data = json.loads(result.stdout)
    jsonschema.validate(data, SCHEMA)
    assert data["ok"]
    assert data["reports"][0]["verdicts"][0]["status"] == "conditional"


def test_json_has_the_mistakes(calls):
    data = json.loads(run("nonsense", "--json").stdout)
    jsonschema.validate(data, SCHEMA)
    assert not data["ok"]
    assert data["diagnostics"][0]["code"] == "unknown-name"


def test_no_progress_where_nobody_watches(calls):
    assert run("poly1").stderr == ""


def test_a_terminal_sees_what_is_being_decided(calls, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(sys.stderr.__class__, "isatty", lambda _: True, raising=False)
    monkeypatch.setattr(click, "echo", lambda text="", **_: told.append(str(text)))
    with verify.told("poly1: calibrated (1 of 4)"):
        assert "poly1: calibrated (1 of 4)" in told[-1]
    assert told[-1] == "\r\x1b[K"


# ---------------------------------------------------------------- what it writes


def test_certificates_are_written_to_a_folder(calls, tmp_path):
    folder = tmp_path / "new" / "proofs"
    result = run("poly1", "--certificates", folder)
    assert result.exit_code == 0
    assert "wrote 1 certificate" in result.stderr
    (path,) = folder.iterdir()
    assert path.name == "poly1.calibrated.json"
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), SCHEMA)


def test_a_counterexample_is_drawn(calls, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "poly1.png"
    result = run("poly1", "--plot", path)
    assert "drew 1 counterexample" in result.stderr
    assert path.read_bytes().startswith(b"\x89PNG")


def test_no_counterexample_is_no_image(calls, tmp_path):
    path = tmp_path / "poly1.png"
    result = run("poly1", "--property", "bounded", "--plot", path)
    assert result.exit_code == 0
    assert "nothing to draw" in result.stderr
    assert not path.exists()


# ---------------------------------------------------------------- with the verifier itself


@pytest.fixture
def certificate(two, tmp_path) -> Path:
    """A certificate that the verifier made."""
    folder = tmp_path / "proofs"
    asked = ("--name", "first", "--property", "shift_invariant")
    result = run(two, *asked, "--certificates", folder)
    assert result.exit_code == 0, result.output
    assert "ok      shift_invariant(logits)" in result.stdout
    return folder / "first.shift_invariant-logits.json"


def test_a_certificate_is_accepted_without_the_file_it_came_from(certificate, two):
    two.unlink()
    result = run("--check", certificate)
    assert result.exit_code == 0
    assert "accepted" in result.stdout


def test_a_certificate_brings_along_what_its_file_imports(tmp_path):
    folder = tmp_path / "losses"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts/base.loss").write_text(TWO, encoding="utf-8")
    main_file = folder / "main.loss"
    main_file.write_text('import "parts/base.loss"\n\nloss both = 2 * first\n', encoding="utf-8")
    found = losslang.verify(path=main_file, name="both").about("shift_invariant")
    (document,) = found.certificates()
    assert sorted(document["files"]) == ["main.loss", "parts/base.loss"]
    rmtree(folder)
    assert driver.check_certificate(json.loads(json.dumps(document))).problem is None


def test_a_certificate_holds_its_settings():
    found = losslang.verify("focal", gamma=Fraction(1, 3)).about("permutation_equivariant")
    (document,) = found.certificates()
    assert document["loss"] == {"spec": "focal", "gamma": "1/3"}
    assert found.settings == {"gamma": "1/3"}
    assert driver.check_certificate(document).problem is None
    document["loss"]["gamma"] = "1/4"
    assert "has changed" in str(driver.check_certificate(document).problem)


def test_the_package_is_the_function_whatever_was_imported_first():
    for first in ("import losslang", "import losslang.verify.verdict"):
        code = f"{first}; import losslang; from losslang.verify.verdict import Verdict;"
        code += "print(losslang.verify('ce').about('shift_invariant')['shift_invariant'].status)"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stdout == "proved\n"


def test_the_check_needs_no_search(certificate):
    code = "import json, sys; from losslang import driver;"
    code += f"print(driver.check_certificate(json.load(open({str(certificate)!r}))).problem);"
    code += "print(*(n for n in sys.modules if n.startswith('losslang.verify.') and"
    code += " n.split('.')[2] in ('prover', 'search', 'engine', 'properties', 'decide')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["None"]


SPOILED = {
    "another loss": lambda d: d["files"].update(
        {"two.loss": d["files"]["two.loss"].replace("-log(", "-2 * log(")}
    ),
    "a loss with a mistake": lambda d: d["files"].update({"two.loss": "loss first("}),
    "no loss": lambda d: d["files"].clear(),
    "another question": lambda d: d["certificate"]["question"].update(property="scale_invariant"),
    "another theorem": lambda d: d["certificate"]["argument"].update(theorem="nonsense"),
    "no proof": lambda d: d["certificate"]["argument"].update(uses=[]),
    "another format": lambda d: d.update(format="losslang-report"),
    "another version": lambda d: d.update(version=2),
    "no certificate": lambda d: d.pop("certificate"),
    "a strange formula": lambda d: d["certificate"]["argument"]["uses"][0].update(
        guess={"by": ["eval", "1"]}
    ),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_certificate_is_rejected(certificate, spoil):
    document = json.loads(certificate.read_text(encoding="utf-8"))
    spoil(document)
    certificate.write_text(json.dumps(document), encoding="utf-8")
    result = run("--check", certificate)
    assert result.exit_code == 1
    assert "rejected" in result.stderr


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "3", '{"format": 0.1}'])
def test_what_is_no_certificate_is_rejected(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    result = run("--check", path)
    assert result.exit_code == 1
    assert "rejected" in result.stderr


def test_the_check_can_answer_a_program(certificate):
    data = json.loads(run("--check", certificate, "--json").stdout)
    assert data["ok"]
    assert data["problem"] is None
    assert data["proved"]


def test_a_certificate_can_be_checked_from_a_pipe(certificate):
    text = certificate.read_text(encoding="utf-8")
    result = CliRunner().invoke(main, ["verify", "--check", "-"], input=text)
    assert result.exit_code == 0


def test_checking_goes_without_a_target(certificate):
    assert run("poly1", "--check", certificate).exit_code == 2
