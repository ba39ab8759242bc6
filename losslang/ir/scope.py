"""Which declaration a name stands for: the file's own, an imported one, the library's."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from losslang.syntax import nodes


@dataclass(frozen=True, eq=False)
class Entry:
    """A declaration with the scope in which its own names are looked up."""

    declaration: nodes.Loss | nodes.Function
    scope: Scope


class Library(Protocol):
    """The losses that are in scope everywhere."""

    def find(self, name: str) -> Entry | None:
        """The declaration of that name, or ``None``."""
        ...

    def names(self) -> Iterable[str]:
        """Every name :meth:`find` knows."""
        ...


class Scope:
    """One file's view: its own declarations before those of its imports before the library's."""

    def __init__(
        self, module: nodes.Module, imports: tuple[Scope, ...] = (), library: Library | None = None
    ) -> None:
        self._own = {
            d.name: Entry(d, self)
            for d in module.declarations
            if isinstance(d, nodes.Loss | nodes.Function)
        }
        self._imports = imports
        self._library = library

    def find(self, name: str) -> Entry | None:
        """The declaration that ``name`` stands for in this file, or ``None``."""
        if name in self._own:
            return self._own[name]
        for imported in self._imports:
            if name in imported._own:
                return imported._own[name]
        return self._library.find(name) if self._library else None

    def find_own(self, name: str) -> Entry | None:
        """The file's own declaration of that name, or ``None``."""
        return self._own.get(name)

    def having(self, entry: Entry) -> Scope:
        """This scope with another meaning of the name of a declaration."""
        scope = copy(self)
        scope._own = {**self._own, entry.declaration.name: entry}
        return scope

    def names(self) -> set[str]:
        """Every name in scope."""
        own = {name for scope in (self, *self._imports) for name in scope._own}
        return own | set(self._library.names() if self._library else ())


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """``did you mean 'x'?`` for the known name closest to ``name``, if one is close."""
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else None
