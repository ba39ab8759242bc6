"""Python names for the names of a program: no collision, nothing that a name could break."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

_RESERVED = frozenset(
    {"torch", "Tensor", "nn", "annotations", "self", "examples", "space", "keep", "soft", "value"}
    | {"label_weight", "averages", "training", "progress", "generator", "options", "terms"}
    | set(dir(builtins))
    | set(keyword.kwlist)
    | set(keyword.softkwlist)
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)


class Names:
    """Maps a name of the program to the one emitted; ``names["max"]`` is ``max_``."""

    def __init__(self, names: Iterable[str]) -> None:
        self._emitted: dict[str, str] = {}
        taken: set[str] = set()
        for name in dict.fromkeys(names):
            emitted = name if _IDENTIFIER.match(name) else "name"
            while emitted in _RESERVED or emitted in taken:
                emitted += "_"
            taken.add(emitted)
            self._emitted[name] = emitted

    def __getitem__(self, name: str) -> str:
        return self._emitted.get(name, name)

    @property
    def taken(self) -> frozenset[str]:
        """Every name that a local variable must not have."""
        return frozenset(self._emitted.values()) | _RESERVED

    @staticmethod
    def private(name: str) -> str:
        """The name of a function that only its module calls."""
        return f"_{name}"


def class_name(name: str) -> str:
    """``info_nce`` as the name of a class, ``InfoNce``."""
    joined = "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)
    return joined if joined.isidentifier() and joined not in _RESERVED else f"{joined or 'Loss'}Loss"
