"""What a first import and each command cost: no library is loaded that is not needed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("click", "lark", "mpmath", "numpy", "sympy", "torch")

LOSS = "loss ce(logits: real[class], target: class) = -log(softmax(logits)[target])\n"


def loaded_by(code: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter has after running ``code``."""
    report = f"import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.splitlines()[-1].split())


def loaded_by_command(*arguments: str) -> set[str]:
    call = f"from losslang.cli import main\nmain({list(arguments)!r}, standalone_mode=False)"
    return loaded_by(call)


@pytest.fixture
def loss_file(tmp_path):
    path = tmp_path / "ce.loss"
    path.write_text(LOSS, encoding="utf-8")
    return path


def test_import_loads_nothing_heavy():
    assert loaded_by("import losslang; losslang.__version__; dir(losslang)") == set()


def test_diagnostics_load_nothing_heavy():
    assert loaded_by("from losslang import Diagnostic, DiagnosticError") == set()


def test_import_is_quick():
    code = "import time; a = time.process_time(); import losslang; print(time.process_time() - a)"

    def once() -> float:
        run = [sys.executable, "-c", code]
        return float(subprocess.run(run, cwd=ROOT, capture_output=True, check=True).stdout)

    # Its own time and the best of a few, because the machine may be busy with other tests.
    assert min(once() for _ in range(5)) < 0.02


def test_help_loads_only_the_command_line():
    assert loaded_by_command("--help") <= {"click"}
    assert loaded_by_command("compile", "--help") <= {"click"}


def test_formatting_needs_only_the_parser(loss_file):
    assert loaded_by_command("fmt", str(loss_file)) == {"click", "lark"}


def test_checking_needs_no_torch(loss_file):
    assert "torch" not in loaded_by_command("check", str(loss_file))


def test_formatting_starts_quickly(loss_file):
    command = [sys.executable, "-m", "losslang", "fmt", str(loss_file)]

    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        return time.perf_counter() - start

    assert min(once() for _ in range(3)) < 1.5
