"""A loss with all it takes to read it elsewhere: a config, and the texts of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Rational
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from losslang.diagnostics import fail
from losslang.source import Span

Read: TypeAlias = Callable[[Path, Span | None], str]
"""Gives the text of a file that is imported at the span, or fails there."""


def nowhere(path: Path, span: Span | None) -> NoReturn:
    """For losses whose files are all known: there are no others."""
    fail("file-not-found", f"there is no file {path}", span)


class Texts:
    """Reads files and keeps what they held, by their paths as seen from ``folder``."""

    def __init__(self, read: Read, folder: Path = Path("."), known: object = None) -> None:
        self.folder = folder
        self.known: dict[str, str] = {}
        self._read = read
        if isinstance(known, Mapping):
            self.known = {str(path): str(text) for path, text in known.items()}

    def __call__(self, path: Path, span: Span | None) -> str:
        """The text of a file."""
        inside = path.is_relative_to(self.folder)
        key = (path.relative_to(self.folder) if inside else path).as_posix()
        if key not in self.known:
            self.known[key] = self._read(path, span)
        return self.known[key]


def config(given: Mapping[str, Any], path: Path | str | None, name: str | None) -> dict[str, Any]:
    """A config that JSON can hold: what is given, and the loss ``name`` of a file.

    The file is named as from the folder in which it stands.
    """
    told = {"path": None if path is None else Path(path).name, "name": name}
    known = {key: value for key, value in told.items() if value is not None}
    return {key: plain(value) for key, value in {**known, **given}.items()}


def plain(value: Any) -> Any:
    """A value of a config without classes of other libraries, and every number exact."""
    from losslang.ir.plain import plain as without_containers

    value = without_containers(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Rational) and not isinstance(value, int):
        return f"{value.numerator}/{value.denominator}"
    return value


def shown(value: object) -> str:
    """The value of a hyperparameter for a reader."""
    return f"[{', '.join(map(shown, value))}]" if isinstance(value, tuple) else str(value)
