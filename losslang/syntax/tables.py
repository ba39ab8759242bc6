"""The parser's tables, built once per grammar and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import io
import pickle
import sys
from functools import cache
from typing import Any, NoReturn

import lark

from losslang import resources


@cache
def parser() -> lark.Lark:
    """The LALR parser of the language, from the cache where it holds this grammar's tables."""
    grammar = resources.grammar_text()
    name = _cache_name(grammar)
    stored = resources.read_cached(name)
    if stored is not None:
        loaded = _load(stored)
        if loaded is not None:
            return loaded
    built = build(grammar)
    stream = io.BytesIO()
    built.save(stream)
    resources.write_cached(name, stream.getvalue())
    return built


def build(grammar: str, **options: Any) -> lark.Lark:
    """Compute the tables of a grammar, which takes some 0.1 s."""
    return lark.Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=["module", "expression"],
        propagate_positions=True,
        maybe_placeholders=False,
        **options,
    )


def _cache_name(grammar: str) -> str:
    key = "\0".join((grammar, lark.__version__, sys.version))
    return f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:32]}.tables"


def _load(stored: bytes) -> lark.Lark | None:
    try:
        return lark.Lark.load(_PlainUnpickler(io.BytesIO(stored)).load())
    except Exception:  # whatever a damaged file leads to, the tables can be built again
        return None


class _PlainUnpickler(pickle.Unpickler):
    """Reads dictionaries, lists, strings and numbers; a file that asks for more is refused."""

    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse to import anything on behalf of a file."""
        raise pickle.UnpicklingError(f"{module}.{name} has no place among parser tables")
