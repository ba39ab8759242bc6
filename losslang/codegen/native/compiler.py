"""C++ text to a loaded library, by the machine's compiler and through a cache of its results.

A library in the cache is called ``native-<key>-<digest>.so``. The key is a digest of everything
that decides what the compiler writes: the text, the flags, the compiler's version and the
processor. The digest is one of the library itself, so that a file cut short is never loaded. The
name appears in one step when the file is whole, so processes need not wait for each other; at worst
two of them do the same work.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import platform
import shlex
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from losslang import resources

FLAGS = (
    *("-std=c++17", "-O3", "-march=native", "-fopenmp-simd", "-fno-tree-pre"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-shared", "-fPIC"),
)
"""What kernels are compiled with. Without ``-ffast-math``, which would undo the corrections of
rounding errors in ``mathematics.h``. GCC's elimination of partial redundancies takes a division by
1 out of ``x / (y < 1 ? 1 : y)`` and leaves a branch, for which a loop is not vectorised."""

SECONDS = 60.0
"""The longest that one run of the compiler may take."""

CANDIDATES = ("c++", "g++", "clang++")


class CacheWarning(UserWarning):
    """The cache cannot be used, so that every process compiles for itself."""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler: the words that start it, and what it says of its version."""

    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Failure:
    """Why there is no library: ``message`` is for people, the compiler's own words among it.

    ``missing``: no compiler; ``rejected``: it refuses the text or the flags; ``timeout``: it took
    longer than ``SECONDS``; ``unloadable``: what it wrote cannot be loaded.
    """

    kind: Literal["missing", "rejected", "timeout", "unloadable"]
    message: str


def mathematics() -> str:
    """The text of ``mathematics.h``; a part of a kernel's text, not included by name, so that the
    cache notices when it changes.
    """
    return header("mathematics.h")


def prelude() -> str:
    """What every kernel begins with: the mathematics, and how kernels are called."""
    return mathematics() + header("kernel.h")


def header(name: str) -> str:
    """The text of a header of this folder."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def find() -> Compiler | Failure:
    """The machine's compiler: ``$CXX`` where that is set, otherwise the first on the path."""
    chosen = os.environ.get("CXX", "").strip()
    return _find(chosen, os.environ.get("PATH", ""))


def load(source: str, flags: Sequence[str] = FLAGS) -> ctypes.CDLL | Failure:
    """The library that the compiler makes of ``source``, from the cache where it is there."""
    compiler = find()
    if isinstance(compiler, Failure):
        return compiler
    key = _key(source, flags, compiler)
    for folder in _folders():
        for path in _cached(folder, key):
            with suppress(OSError):
                return ctypes.CDLL(str(path))
    reason = ""
    for folder in _folders():
        try:
            built = _build(source, flags, compiler, folder, key)
            return built if isinstance(built, Failure) else ctypes.CDLL(str(built))
        except OSError as error:  # read-only, full, or a place that no code is executed from
            reason = str(error)
            _notice(folder, reason)
    return Failure("unloadable", reason)


@cache
def _find(chosen: str, path: str) -> Compiler | Failure:
    """``path`` is named so that a changed search path is looked at again."""
    try:
        commands = [shlex.split(chosen)] if chosen else [[name] for name in CANDIDATES]
    except ValueError as error:
        return Failure("missing", f"$CXX cannot be read: {error}")
    for command in commands:
        place = shutil.which(command[0], path=path)
        if place is None:
            continue
        status, text = _run([place, *command[1:], "--version"], "")
        if status == 0:
            return Compiler((place, *command[1:]), text)
    tried = chosen or ", ".join(CANDIDATES)
    return Failure("missing", f"no working C++ compiler (tried {tried}; $CXX names another)")


def _run(command: Sequence[str], text: str) -> tuple[int | None, str]:
    """Exit status (``None`` when it took too long) and everything printed."""
    own_group = hasattr(os, "killpg")
    try:
        started = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=own_group,
            env=os.environ | {"LC_ALL": "C"},
        )
    except OSError as error:
        return 127, str(error)
    with started as process:
        try:
            printed, _ = process.communicate(text.encode(), timeout=SECONDS)
        except subprocess.TimeoutExpired:
            # The compiler is a driver that started the real one; both have to go.
            if own_group:
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.communicate()
            return None, ""
    return process.returncode, printed.decode(errors="replace").strip()


@cache
def _processor() -> str:
    """What ``-march=native`` looks at: the model and the features of the processor."""
    wanted = ("model name", "flags", "Features", "CPU part")
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = {line.split(":")[0].strip(): line for line in reversed(lines)}
    facts = [found[name] for name in wanted if name in found] or [platform.processor()]
    return "\n".join([platform.system(), platform.machine(), *facts])


def _key(source: str, flags: Sequence[str], compiler: Compiler) -> str:
    parts = (source, *flags, *compiler.command, compiler.version, _processor())
    return sha256(repr(parts).encode()).hexdigest()[:32]


def _folders() -> Iterator[Path]:
    """The user's cache where it can be written to, then one of this process alone."""
    place = resources.cache_folder()
    if place is not None:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            _notice(place, str(error))
        else:
            if not resources.is_ours(place):
                _notice(place, "others can write to it")
            else:
                yield place
    yield _private_folder()


@cache
def _private_folder() -> Path:
    place, owner = tempfile.mkdtemp(prefix="losslang-"), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # and not a fork of it
            shutil.rmtree(place, ignore_errors=True)

    atexit.register(remove)
    return Path(place)


@cache
def _notice(folder: Path, reason: str) -> None:
    warnings.warn(
        f"native code is compiled anew in each process, because {folder} cannot keep it: {reason}"
        " ($LOSSLANG_CACHE names another folder)",
        CacheWarning,
        stacklevel=3,
    )


def _cached(folder: Path, key: str) -> Iterator[Path]:
    """Whole libraries of this key that nobody else can have written."""
    for path in sorted(folder.glob(f"native-{key}-*.so")):
        with suppress(OSError):
            if resources.is_ours(path) and path.name == _name(key, path.read_bytes()):
                yield path


def _name(key: str, library: bytes) -> str:
    return f"native-{key}-{sha256(library).hexdigest()[:32]}.so"


def _build(
    source: str, flags: Sequence[str], compiler: Compiler, folder: Path, key: str
) -> Path | Failure:
    """Compile into ``folder``. Raises ``OSError`` where that cannot be written to."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".native-{key}-", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        status, printed = _run([*compiler.command, *flags, "-x", "c++", "-", "-o", name], source)
        if status is None:
            return Failure("timeout", f"{compiler.command[0]} took more than {SECONDS:g} seconds")
        if status != 0:
            return Failure("rejected", f"{shlex.join([*compiler.command, *flags])}\n{printed}")
        target = temporary.with_name(_name(key, temporary.read_bytes()))
        os.replace(temporary, target)
        return target
    finally:
        temporary.unlink(missing_ok=True)
