"""The standard library: its losses by name, and what a listing says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from losslang import resources
from losslang.source import Source
from losslang.syntax.parse import parse_module

if TYPE_CHECKING:
    from losslang.ir.scope import Entry, Scope

_DECLARED = re.compile(r"^(?:loss|fn)\s+([A-Za-z_]\w*)", re.MULTILINE)

# Listing the library parses nothing: its files are in the standard layout, which a test holds.
_STATED = re.compile(r"^(claim|alias)\s+(.+(?:\n(?: +|\)).*)*)$", re.MULTILINE)
_DOCUMENTED = re.compile(
    r'(?:^"""(?P<doc>(?:(?!""").)*)"""\s+)?(?:^cite\s+"[^"\n]*"\s+)*^loss\s+(?P<name>[A-Za-z_]\w*)',
    re.MULTILINE | re.DOTALL,
)


def _on_one_line(text: str) -> str:
    return " ".join(text.split()).replace("( ", "(").replace(" )", ")")


class StandardLibrary:
    """The losses in ``stdlib/``: found by file name, read when used."""

    def __init__(self) -> None:
        self._scopes: dict[Path, Scope] = {}
        self._index: dict[str, Path] | None = None

    def find(self, name: str) -> Entry | None:
        """The declaration of that name, or ``None``."""
        path = resources.library_files().get(name) or self._declared().get(name)
        return None if path is None else self._scope(path).find_own(name)

    def names(self) -> Iterable[str]:
        """Every loss and function the library publishes."""
        return self._declared()

    def _declared(self) -> dict[str, Path]:
        if self._index is None:
            self._index = {
                name: path
                for path in resources.library_files().values()
                for name in _DECLARED.findall(path.read_text(encoding="utf-8"))
            }
        return self._index

    def _scope(self, path: Path) -> Scope:
        from losslang.ir.scope import Scope

        if path not in self._scopes:
            module = parse_module(Source(path.read_text(encoding="utf-8"), str(path)))
            self._scopes[path] = Scope(module, (), self)
        return self._scopes[path]


@cache
def standard_library() -> StandardLibrary:
    """The one instance a process needs."""
    return StandardLibrary()


@dataclass(frozen=True)
class LibraryEntry:
    """One loss of the standard library, for a listing."""

    name: str
    family: str
    summary: str
    path: Path
    claims: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """What other libraries call it, as in ``torch.nn.CrossEntropyLoss(weight=class_weight)``."""

    def mentions(self, word: str) -> bool:
        """Whether a name or the summary holds a word."""
        return word.lower() in " ".join((self.name, self.summary, *self.aliases)).lower()

    def known_to(self, package: str) -> tuple[str, ...]:
        """Its names in one package."""
        return tuple(alias for alias in self.aliases if alias.partition(".")[0] == package)


def library() -> tuple[LibraryEntry, ...]:
    """Every loss of the standard library, by family and name."""
    root = resources.folder("stdlib")
    found: list[LibraryEntry] = []
    for path in resources.library_files().values():
        family = path.relative_to(root).parts[0]
        text = path.read_text(encoding="utf-8")
        declared = list(_DOCUMENTED.finditer(text))
        for match, after in zip_longest(declared, declared[1:]):
            summary = (match["doc"] or "").strip().split("\n")[0]
            below = text[match.end() : after.start() if after else len(text)]
            stated: dict[str, list[str]] = {"claim": [], "alias": []}
            for keyword, says in _STATED.findall(below):
                stated[keyword].append(_on_one_line(says))
            claims, aliases = map(tuple, stated.values())
            found.append(LibraryEntry(match["name"], family, summary, path, claims, aliases))
    return tuple(sorted(found, key=lambda entry: (entry.family, entry.name)))
