"""The command line: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import losslang
from losslang.cli import COMMANDS, main
from losslang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from losslang.driver.stdlib import LibraryEntry
from losslang.source import Source, Span
from losslang.syntax.format import format_module

ROOT = Path(__file__).resolve().parents[1]

LOSS = '"""Cross-entropy."""\nloss ce(logits: real[class], target: class) =\n'
LOSS += "    -log(softmax(logits)[target])\n"
UNTIDY = LOSS.replace(" =\n    ", "=\n ")
TIDY = format_module(LOSS)


LIBRARY = (
    LibraryEntry("ce", "classification", "Cross-entropy.", Path("ce.loss")),
    LibraryEntry("focal", "classification", "Focal loss.", Path("focal.loss")),
    LibraryEntry(
        "dice",
        "segmentation",
        "Dice loss.",
        Path("dice.loss"),
        claims=("bounded <= 1",),
        aliases=("monai.losses.DiceLoss(smooth_nr=smooth)",),
    ),
)


def problem(text: str, name: str, word: str, severity: str = "error") -> Diagnostic:
    start = text.index(word)
    span = Span(Source(text, name), start, start + len(word))
    return Diagnostic("unknown-name", f"no {word!r} here", Label(span, "this"), severity=severity)  # type: ignore[arg-type]


class Driver(SimpleNamespace):
    """Stands in for the compiler, and remembers how it was called."""

    def __init__(self):
        super().__init__(calls=[], found=(), outcomes=())

    def check_file(self, path, text=None):
        self.calls.append((str(path), text))
        return tuple(problem(text, str(path), word, severity) for word, severity in self.found)

    def emit(self, spec=None, *, path=None, name=None):
        self.calls.append((spec, path, name))
        if spec == "nonsense":
            fail("unknown-name", "no loss 'nonsense'")
        return "import torch\n"

    def show(self, spec, *, path=None, expand=None, order=4, plan=False):
        self.calls.append((spec, path, expand, order, plan))
        return f"<{spec}>"

    def library(self):
        return list(LIBRARY)

    def run_examples(self, path, text=None):
        self.calls.append((str(path), text))
        if "broken" in text:
            raise DiagnosticError(problem(text, str(path), "broken"))
        return self.outcomes


@pytest.fixture
def driver(monkeypatch):
    stub = Driver()
    monkeypatch.setitem(sys.modules, "losslang.driver", stub)
    monkeypatch.setattr(losslang, "driver", stub, raising=False)
    return stub


@pytest.fixture
def loss_file(tmp_path):
    path = tmp_path / "my.loss"
    path.write_text(LOSS, encoding="utf-8")
    return path


def run(*arguments: object, stdin: str | None = None):
    words = [str(one) for one in arguments]
    result = CliRunner().invoke(main, words, input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# ---------------------------------------------------------------- in general


@pytest.mark.parametrize("name", COMMANDS)
def test_help_teaches_by_example(name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"  losslang {name}" in result.output


def test_help_lists_every_command():
    result = run("--help")
    assert all(f"\n  {name} " in result.output for name in COMMANDS)


def test_version():
    assert losslang.__version__ in run("--version").output


@pytest.mark.parametrize(
    "arguments",
    [
        ["polish"],
        ["check"],
        ["check", "missing.loss"],
        ["compile", "missing.loss"],
        ["compile", "ce", "--name", "two words"],
        ["show", "ce", "--name", "ce"],
        ["show", "ce", "--order", "-1"],
        ["list", "--family", "none"],
        ["fmt", "{empty}"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_exits_with_2(arguments, driver, tmp_path):
    result = run(*(one.format(empty=tmp_path) for one in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


# ---------------------------------------------------------------- check


def test_check_is_silent_about_good_files(driver, loss_file):
    result = run("check", loss_file)
    assert (result.exit_code, result.stdout) == (0, "1 file checked: no problems\n")
    assert driver.calls == [(str(loss_file), LOSS)]


def test_check_shows_the_place_of_a_mistake(driver, loss_file):
    driver.found = [("softmax", "error")]
    result = run("check", loss_file)
    assert (result.exit_code, result.stdout) == (1, "1 file checked: 1 error\n")
    assert f"{loss_file}:3:10" in result.stderr


def test_warnings_fail_only_a_strict_check(driver, loss_file):
    driver.found = [("softmax", "warning")]
    assert run("check", loss_file).exit_code == 0
    assert run("check", "--strict", loss_file).exit_code == 1


def test_check_for_programs(driver):
    driver.found = [("softmax", "error"), ("log", "warning")]
    result = run("check", "--json", "-", stdin=LOSS)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["ok"] is False
    first, second = told["diagnostics"]
    assert (first["code"], first["severity"], second["severity"]) == (
        "unknown-name",
        "error",
        "warning",
    )
    assert first["primary"] == {
        "file": "<stdin>",
        "line": 3,
        "column": 10,
        "end_line": 3,
        "end_column": 17,
        "text": "this",
    }


def test_a_folder_stands_for_its_files(driver, tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.loss", "a.loss", "deep/c.loss", "note.txt"):
        (tmp_path / name).write_text(LOSS, encoding="utf-8")
    assert "3 files checked" in run("check", tmp_path).stdout


def test_a_file_that_is_no_text_is_a_problem(driver, tmp_path):
    path = tmp_path / "bad.loss"
    path.write_bytes(b"loss \xff")
    result = run("check", path)
    assert result.exit_code == 1
    assert "not UTF-8 text (byte 5)" in result.stderr


# ---------------------------------------------------------------- compile


def test_compile_prints_the_module(driver):
    result = run("compile", "ce + dice")
    assert (result.exit_code, result.stdout) == (0, "import torch\n")
    assert driver.calls == [("ce + dice", None, None)]


def test_compile_takes_a_file_or_one_loss_of_it(driver, loss_file):
    run("compile", loss_file)
    run("compile", loss_file, "--name", "ce")
    run("compile", "2 * ce", "--from", loss_file, "--name", "twice")
    assert driver.calls == [
        (None, loss_file, None),
        (None, loss_file, "ce"),
        ("2 * ce", loss_file, "twice"),
    ]


def test_compile_writes_a_file_and_keeps_its_permissions(driver, tmp_path):
    out = tmp_path / "out.py"
    out.write_text("old")
    out.chmod(0o640)
    assert run("compile", "ce", "-o", out).exit_code == 0
    assert out.read_text() == "import torch\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [out]


def test_compile_follows_a_link(driver, tmp_path):
    (tmp_path / "real.py").write_text("old")
    (tmp_path / "link.py").symlink_to("real.py")
    run("compile", "ce", "-o", tmp_path / "link.py")
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "import torch\n"


def test_a_failed_compile_leaves_the_old_file(driver, tmp_path):
    out = tmp_path / "out.py"
    out.write_text("old")
    result = run("compile", "nonsense", "-o", out)
    assert result.exit_code == 1
    assert "no loss 'nonsense'" in result.stderr
    assert "Traceback" not in result.stderr
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_failed_write_leaves_the_old_file(driver, tmp_path, monkeypatch):
    out = tmp_path / "out.py"
    out.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    result = run("compile", "ce", "-o", out)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_is_missing_is_told(driver, tmp_path):
    result = run("compile", "ce", "-o", tmp_path / "none" / "out.py")
    assert result.exit_code == 1
    assert "cannot write" in result.stderr


# ---------------------------------------------------------------- show, list, test


def test_show_passes_its_options_on(driver, loss_file):
    assert run("show", "ce", "--expand", "1 - p", "--order", 3).stdout == "<ce>\n"
    run("show", loss_file, "--name", "total", "--plan")
    assert driver.calls == [
        ("ce", None, "1 - p", 3, False),
        ("total", loss_file, None, 4, True),
    ]


def test_show_of_a_file_shows_every_loss(driver, loss_file):
    loss_file.write_text(LOSS + "\nloss twice = 2 * ce\n", encoding="utf-8")
    assert run("show", loss_file).stdout == "<ce>\n\n<twice>\n"


def test_list_groups_by_family(driver):
    assert run("list").stdout == (
        "classification\n  ce     Cross-entropy.\n  focal  Focal loss.\n"
        "segmentation\n  dice   Dice loss.\n"
    )


def test_list_narrows(driver):
    assert run("list", "FOCAL").stdout == "classification\n  focal  Focal loss.\n"
    assert run("list", "--family", "segmentation").stdout == "segmentation\n  dice  Dice loss.\n"
    assert run("list", "nowhere").exit_code == 1


def test_list_for_programs(driver):
    told = json.loads(run("list", "--json", "dice").stdout)
    assert told == [
        {
            "name": "dice",
            "family": "segmentation",
            "summary": "Dice loss.",
            "path": "dice.loss",
            "claims": ["bounded <= 1"],
            "aliases": ["monai.losses.DiceLoss(smooth_nr=smooth)"],
        }
    ]


def test_list_by_what_is_claimed_and_by_what_others_call_it(driver):
    dice = "segmentation\n  dice  Dice loss.\n"
    assert run("list", "--property", "bounded").stdout == dice
    assert run("list", "DiceLoss").stdout == dice
    assert run("list", "--library", "monai").stdout == (
        dice + "        monai.losses.DiceLoss(smooth_nr=smooth)\n"
    )
    unknown = run("list", "--library", "torch")
    assert (unknown.exit_code, "there are monai" in unknown.stderr) == (2, True)


def test_examples_that_hold_and_fail(driver, loss_file):
    wrong = problem(LOSS, str(loss_file), "log")
    driver.outcomes = (
        SimpleNamespace(loss="ce", line=4, text="ce(...) == 1", problem=None),
        SimpleNamespace(loss="ce", line=5, text="ce(...) == 2", problem=wrong),
    )
    result = run("test", loss_file)
    assert (result.exit_code, result.stdout) == (1, "2 examples: 1 held, 1 failed\n")
    assert "no 'log' here" in result.stderr
    told = json.loads(run("test", "--json", loss_file).stdout)
    assert told["ok"] is False
    assert [one["ok"] for one in told["examples"]] == [True, False]
    assert len(told["diagnostics"]) == 1


def test_a_mistake_in_one_file_does_not_hide_the_others(driver, tmp_path):
    (tmp_path / "a.loss").write_text("broken")
    (tmp_path / "b.loss").write_text(LOSS)
    driver.outcomes = (SimpleNamespace(loss="ce", line=4, text="ce(...) == 1", problem=None),)
    result = run("test", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "1 example: 1 held, 0 failed\n")
    assert "no 'broken' here" in result.stderr


def test_a_file_to_test_must_be_there(tmp_path):
    assert run("test", tmp_path / "none.loss").exit_code == 2


def measured(*non_finite):
    number = SimpleNamespace(ulps=1.5, relative=1e-7, counted=4)
    row = SimpleNamespace(
        loss="ce",
        dtype="float32",
        pattern="random",
        value=number,
        gradient=number,
        non_finite=non_finite,
    )
    return [SimpleNamespace(loss="ce", rows=(row,))]


def test_accuracy_of_an_expression_and_of_a_file(driver, loss_file):
    asked = []

    def accuracy(*spec, backend, **file):
        asked.append((*spec, *file, backend))
        return measured()

    driver.accuracy = accuracy
    result = run("test", "ce", loss_file, "--accuracy")
    assert result.exit_code == 0
    assert "random" in result.stdout
    assert "2 measurements: 0 with numbers that should be finite and are not" in result.stdout
    assert asked == [("ce", "torch"), ("path", "text", "torch")]
    run("test", "ce", "--accuracy", "--backend", "native")
    assert asked[-1] == ("ce", "native")


def test_what_cannot_be_measured_is_said(driver):
    nothing = SimpleNamespace(loss="ce", rows=(), reason="there is no kernel for it")
    driver.accuracy = lambda spec, backend: [nothing]
    assert "there is no kernel for it" in run("test", "ce", "--accuracy").stdout


def test_what_should_be_finite_fails_the_command(driver):
    driver.accuracy = lambda spec, backend: measured("value[0] is nan, truly 1")
    result = run("test", "ce", "--accuracy")
    assert result.exit_code == 1
    assert "not finite: float32, random: value[0] is nan, truly 1" in result.stdout
    told = json.loads(run("test", "ce", "--accuracy", "--json").stdout)
    assert told["ok"] is False
    assert told["rows"][0]["non_finite"] == ["value[0] is nan, truly 1"]
    assert told["rows"][0]["gradient"]["ulps"] == 1.5


# ---------------------------------------------------------------- fmt


def test_fmt_rewrites_a_file(loss_file):
    loss_file.write_text(UNTIDY, encoding="utf-8")
    loss_file.chmod(0o600)
    result = run("fmt", loss_file)
    assert (result.exit_code, result.stdout) == (0, f"formatted {loss_file}\n")
    assert loss_file.read_text(encoding="utf-8") == TIDY
    assert stat.S_IMODE(loss_file.stat().st_mode) == 0o600


def test_fmt_leaves_a_tidy_file_untouched(loss_file):
    loss_file.write_text(TIDY, encoding="utf-8")
    before = loss_file.stat()
    assert run("fmt", loss_file).exit_code == 0
    after = loss_file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_fmt_check_and_diff_change_nothing(loss_file):
    loss_file.write_text(TIDY, encoding="utf-8")
    assert run("fmt", "--check", loss_file).exit_code == 0
    assert run("fmt", "--diff", loss_file).stdout == ""
    loss_file.write_text(UNTIDY, encoding="utf-8")
    result = run("fmt", "--check", loss_file)
    assert (result.exit_code, result.stdout) == (1, f"would format {loss_file}\n")
    result = run("fmt", "--diff", loss_file)
    assert result.exit_code == 1
    assert "\n+    -log(softmax(logits)[target])\n" in result.stdout
    assert loss_file.read_text(encoding="utf-8") == UNTIDY


def test_fmt_filters_standard_input():
    result = run("fmt", "-", stdin=UNTIDY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, TIDY, "")
    assert run("fmt", "--check", "-", stdin=UNTIDY).exit_code == 1


def test_fmt_leaves_a_file_with_mistakes_alone_and_goes_on(tmp_path):
    (tmp_path / "a.loss").write_text("loss = (", encoding="utf-8")
    (tmp_path / "b.loss").write_text(UNTIDY, encoding="utf-8")
    result = run("fmt", tmp_path)
    assert result.exit_code == 1
    assert "1 file with mistakes" in result.stderr
    assert "a.loss:1:" in result.stderr
    assert (tmp_path / "a.loss").read_text(encoding="utf-8") == "loss = ("
    assert (tmp_path / "b.loss").read_text(encoding="utf-8") == TIDY


# ---------------------------------------------------------------- as a process


def losslang_process(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "losslang", *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_process_formats_standard_input():
    done = losslang_process("fmt", "-", stdin=UNTIDY)
    assert (done.returncode, done.stdout, done.stderr) == (0, TIDY, "")


def test_process_checks_and_compiles_a_file(loss_file, tmp_path):
    assert losslang_process("check", loss_file).returncode == 0
    out = tmp_path / "out.py"
    done = losslang_process("compile", loss_file, "-o", out)
    assert done.returncode == 0, done.stderr
    code = (
        "import sys, torch; from out import ce\n"
        "print(float(ce(torch.zeros(2, 4), torch.tensor([0, 3]))))\n"
        "assert 'losslang' not in sys.modules"
    )
    used = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert used.returncode == 0, used.stderr
    assert float(used.stdout) == pytest.approx(1.3862943)


def test_process_reports_a_mistake(tmp_path):
    path = tmp_path / "bad.loss"
    path.write_text("loss bad(x: real) = y\n", encoding="utf-8")
    done = losslang_process("check", path)
    assert done.returncode == 1
    assert f"{path}:1:21" in done.stderr
    assert "Traceback" not in done.stderr
