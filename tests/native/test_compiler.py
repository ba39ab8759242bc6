"""C++ text becomes a loaded library, once per text, whatever happens to the cache."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from losslang import resources
from losslang.codegen.native import compiler

SOURCE = 'extern "C" int answer() { return 42; }'
FLAGS = ("-shared", "-fPIC")
FOUND = compiler.find()
COMMAND = FOUND.command if isinstance(FOUND, compiler.Compiler) else ()

pytestmark = pytest.mark.skipif(
    isinstance(FOUND, compiler.Failure), reason=str(getattr(FOUND, "message", ""))
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and a compiler that nothing is known about."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LOSSLANG_CACHE", str(folder))
    for function in (compiler._find, compiler._notice, compiler._private_folder):
        function.cache_clear()
    yield folder
    compiler._find.cache_clear()


@pytest.fixture
def runs(monkeypatch):
    """The compiler's runs from here on, those that ask for its version left out."""
    seen = []
    real = compiler._run

    def counting(command, text):
        if command[-1] != "--version":
            seen.append(command)
        return real(command, text)

    monkeypatch.setattr(compiler, "_run", counting)
    return seen


def answer(loaded) -> int:
    assert isinstance(loaded, ctypes.CDLL), loaded
    return int(loaded.answer())


def libraries(cache: Path) -> list[Path]:
    return list(cache.glob("native-*.so"))


def test_a_text_becomes_a_library(cache):
    assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert len(libraries(cache)) == 1
    assert not list(cache.glob(".*"))  # nothing unfinished stays behind


def test_the_second_time_no_compiler_runs(runs):
    for _ in range(2):
        assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert len(runs) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda monkeypatch: compiler.load(SOURCE + "\n", FLAGS),
        lambda monkeypatch: compiler.load(SOURCE, (*FLAGS, "-O1")),
        lambda monkeypatch: (
            monkeypatch.setattr(compiler, "_processor", lambda: "another"),
            compiler.load(SOURCE, FLAGS),
        ),
        lambda monkeypatch: (
            monkeypatch.setattr(
                compiler, "find", lambda: compiler.Compiler(COMMAND, "next version")
            ),
            compiler.load(SOURCE, FLAGS),
        ),
    ],
    ids=["text", "flags", "processor", "version"],
)
def test_whatever_decides_the_result_is_part_of_the_key(change, runs, monkeypatch):
    compiler.load(SOURCE, FLAGS)
    change(monkeypatch)
    assert len(runs) == 2


def test_the_text_reaches_the_compiler_by_its_input_alone(runs):
    compiler.load(SOURCE, FLAGS)
    assert not any("answer" in word for word in runs[0])


@pytest.mark.parametrize("count", [2, 4])
def test_processes_at_once(cache, count):
    code = (
        "from losslang.codegen.native import compiler;"
        f"print(compiler.load({SOURCE!r}, {FLAGS!r}).answer())"
    )
    root = Path(__file__).resolve().parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in started:
        printed, complaints = process.communicate(timeout=100)
        assert (printed.strip(), complaints) == ("42", "")
    assert libraries(cache)
    assert answer(compiler.load(SOURCE, FLAGS)) == 42


@pytest.mark.parametrize("keep", [0, 100, 0.5])
def test_a_library_cut_short_is_built_again(cache, runs, keep):
    compiler.load(SOURCE, FLAGS)
    (file,) = libraries(cache)
    whole = file.read_bytes()
    file.unlink()  # a new file, because the old one is loaded
    file.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else keep])
    assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert len(runs) == 2
    assert file.read_bytes() == whole


def test_a_library_that_is_none_is_built_again(cache, runs):
    """Whole as far as its name can tell, but not what a loader takes."""
    compiler.load(SOURCE, FLAGS)
    (file,) = libraries(cache)
    key = file.name.split("-")[1]
    file.unlink()
    (cache / compiler._name(key, b"text")).write_bytes(b"text")
    assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert len(runs) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users' folders are kept apart otherwise")
def test_a_library_that_others_can_write_is_built_again(cache, runs):
    compiler.load(SOURCE, FLAGS)
    (file,) = libraries(cache)
    file.chmod(0o666)
    assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert len(runs) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users' folders are kept apart otherwise")
def test_a_cache_that_others_can_write_is_not_used(cache):
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.warns(compiler.CacheWarning, match="others can write"):
        assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert not libraries(cache)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_library_in_a_read_only_cache_is_used(cache, runs):
    compiler.load(SOURCE, FLAGS)
    cache.chmod(0o500)
    assert answer(compiler.load(SOURCE, FLAGS)) == 42
    assert len(runs) == 1


def read_only(cache, monkeypatch):
    """A folder that nothing can be written to, for root too."""
    real = tempfile.mkstemp

    def refusing(*arguments, **options):
        if options.get("dir") == cache:
            raise PermissionError(13, "Permission denied", str(cache))
        return real(*arguments, **options)

    monkeypatch.setattr(tempfile, "mkstemp", refusing)


def test_a_read_only_cache_costs_a_notice_and_no_more(cache, runs, monkeypatch):
    read_only(cache, monkeypatch)
    with pytest.warns(compiler.CacheWarning, match="LOSSLANG_CACHE"):
        assert answer(compiler.load(SOURCE, FLAGS)) == 42
    for text in (SOURCE, SOURCE + "\n"):
        assert answer(compiler.load(text, FLAGS)) == 42  # a second notice would be an error
    assert len(runs) == 2  # within the process, the private folder is a cache
    assert not libraries(cache)


def test_a_cache_that_is_a_file_costs_a_notice(cache):
    cache.write_text("a file where the folder should be")
    with pytest.warns(compiler.CacheWarning):
        assert answer(compiler.load(SOURCE, FLAGS)) == 42


def test_nobody_without_a_home_is_left_out(monkeypatch):
    monkeypatch.setattr(resources, "cache_folder", lambda: None)
    assert answer(compiler.load(SOURCE, FLAGS)) == 42


def test_the_chosen_compiler_is_missing(monkeypatch):
    monkeypatch.setenv("CXX", "/nonexistent")
    failure = compiler.load(SOURCE, FLAGS)
    assert isinstance(failure, compiler.Failure)
    assert failure.kind == "missing"
    assert "/nonexistent" in failure.message


def test_no_compiler_on_the_path(tmp_path, monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    failure = compiler.find()
    assert isinstance(failure, compiler.Failure)
    assert failure.kind == "missing"


@pytest.mark.parametrize("chosen", ["g++ '", "/dev/null"])
def test_a_compiler_that_cannot_be_started(chosen, monkeypatch):
    monkeypatch.setenv("CXX", chosen)
    assert isinstance(compiler.find(), compiler.Failure)


def test_the_chosen_compiler_may_come_with_options(monkeypatch):
    monkeypatch.setenv("CXX", f"{COMMAND[0]} -DNUMBER=7")
    assert answer(compiler.load('extern "C" int answer() { return NUMBER; }', FLAGS)) == 7


def test_a_broken_text_is_answered_with_the_compilers_words(cache):
    failure = compiler.load("int answer( {", FLAGS)
    assert isinstance(failure, compiler.Failure)
    assert failure.kind == "rejected"
    assert "<stdin>:1:" in failure.message
    assert "error:" in failure.message
    assert not list(cache.iterdir())


def test_a_compiler_that_does_not_finish_is_stopped(tmp_path, monkeypatch):
    """With the processes that it started, which would keep its output open otherwise."""
    slow = tmp_path / "slow"
    slow.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\nsleep 50 & wait\n')
    slow.chmod(0o700)
    monkeypatch.setenv("CXX", str(slow))
    monkeypatch.setattr(compiler, "SECONDS", 0.5)
    failure = compiler.load(SOURCE, FLAGS)
    assert isinstance(failure, compiler.Failure)
    assert failure.kind == "timeout"


def test_the_usual_case_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert answer(compiler.load(SOURCE)) == 42
