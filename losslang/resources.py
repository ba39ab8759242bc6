"""The data folders that travel with the package, and the user's cache folder."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def folder(name: str) -> Path:
    """Directory ``grammar`` or ``stdlib``, of the installed package or of the checkout.

    Raises ``FileNotFoundError`` where neither has it (a broken installation).
    """
    package = Path(str(files("losslang")))
    for candidate in (package / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"losslang was installed without its folder {name!r}")


def grammar_text() -> str:
    """The Lark grammar of the language."""
    return (folder("grammar") / "losslang.lark").read_text(encoding="utf-8")


@cache
def library_files() -> dict[str, Path]:
    """Path of each ``.loss`` file of the standard library by its stem, which is the loss's name."""
    return {path.stem: path for path in sorted(folder("stdlib").rglob("*.loss"))}


def cache_folder() -> Path | None:
    """Where this user's derived files belong; ``None`` for a user without a home.

    ``$LOSSLANG_CACHE`` names it, otherwise it lies in ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    own = Path(os.environ.get("LOSSLANG_CACHE", ""))
    if own.is_absolute():
        return own
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "losslang"


def read_cached(name: str) -> bytes | None:
    """A cached file, if there is one and no stranger could have written it."""
    place = cache_folder()
    if place is None:
        return None
    try:
        with (place / name).open("rb") as file:
            if _is_ours(os.stat(place)) and _is_ours(os.fstat(file.fileno())):
                return file.read()
    except OSError:
        pass
    return None


def write_cached(name: str, data: bytes) -> None:
    """Keep ``data`` for the next process; a reader sees all of it or nothing.

    Failing to write costs time later, never correctness, so it is passed over in silence.
    """
    place = cache_folder()
    if place is None:
        return
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place, prefix=f".{name}.")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, place / name)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)


def is_ours(path: Path) -> bool:
    """Whether a file or a folder belongs to this user and no stranger can write to it.

    Raises ``OSError`` where it is missing.
    """
    return _is_ours(os.stat(path))


def _is_ours(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):  # Windows keeps users' folders apart by other means
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & stat.S_IWOTH
