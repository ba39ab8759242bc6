"""The README's main job, from a loss file to a trained classifier."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compile_a_loss_and_train_with_it(tmp_path):
    module = tmp_path / "my_loss.py"
    run("-m", "losslang", "compile", "examples/focal.loss", "-o", module)
    told = run("-W", "error", "examples/train_digits.py", module, "Focal", "--epochs", 4)
    losses = [float(value) for value in re.findall(r"loss (\S+)", told)]
    assert losses == sorted(losses, reverse=True)
    assert float(told.split()[-1]) > 0.8


def test_the_worked_example_of_the_readme_holds():
    assert "1 held, 0 failed" in run("-m", "losslang", "test", "examples/focal.loss")
