"""The data folders that travel with the package: the grammar and the standard library."""

from __future__ import annotations

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
