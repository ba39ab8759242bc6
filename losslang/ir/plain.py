"""What a config holds, whatever it was read with: plain values, then expressions with places."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

from losslang.diagnostics import fail
from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.limits import MAX_ELEMENTS
from losslang.syntax.parse import parse_expression

MAX_KEYS = 1000
MAX_NESTING = 8


@dataclass(frozen=True)
class Value:
    """The value of a key as an expression; ``text`` says that it was written as a string."""

    node: nodes.Expr
    text: bool


def plain(value: Any) -> Any:
    """``value`` without the containers and numbers of other libraries."""
    if type(value).__module__.split(".")[0] == "omegaconf":
        return _resolved(value)
    if not isinstance(value, str | Mapping | Sequence) and hasattr(value, "tolist"):
        return value.tolist()
    return value


def _resolved(value: Any) -> Any:
    """An OmegaConf container as dicts and lists, its interpolations resolved."""
    library: Any = sys.modules["omegaconf"]
    try:
        return library.OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
    except library.errors.OmegaConfBaseException as error:
        reason = str(error).splitlines()[0]
        fail("unresolved-config", f"the config cannot be resolved: {reason}")


def expression(value: Any, key: str) -> Value:
    """The expression that a config's value stands for."""
    return Value(_node(plain(value), key, 0), isinstance(value, str))


def _node(value: Any, key: str, depth: int) -> nodes.Expr:
    if depth > MAX_NESTING:
        fail("bad-config", f"the lists of {key!r} nest more than {MAX_NESTING} deep")
    if isinstance(value, str):
        return _parsed(value, key)
    if isinstance(value, bool):
        return _truth(value, key)
    if isinstance(value, Integral):
        return _parsed(_digits(int(value), key), key)
    if isinstance(value, Real):
        number = float(value)
        if not math.isfinite(number):
            fail("bad-config", f"{key!r} is {number}, which is no real number")
        # The same number as text is exact: 0.1 is a tenth.
        return _parsed(repr(number), key)
    if value is None:
        fail("bad-config", f"{key!r} has no value", help="give it one, or leave the key out")
    if callable(value):
        fail(
            "bad-config",
            f"{key!r} is a function of Python, of which a loss cannot be made",
            help='write it as a string in the language: "x -> x**2"',
        )
    if not isinstance(value, list | tuple):
        fail(
            "bad-config",
            f"{key!r} is of type {type(value).__name__}",
            help="a value is a number, a list of numbers, or a string that holds an expression",
        )
    return _list(value, key, depth)


def _digits(value: int, key: str) -> str:
    # The length is looked at first: Python refuses to write out very long integers.
    if value.bit_length() > 1400:
        fail("bad-config", f"{key!r} is a number with more than 400 digits")
    return str(value)


def _parsed(text: str, key: str) -> nodes.Expr:
    if not text.strip():
        fail("empty-expression", f"{key!r} holds no expression")
    return parse_expression(Source(text, f"<config:{key}>"))


def _truth(value: bool, key: str) -> nodes.Expr:
    """A truth value, for which expressions have no literal."""
    span = Span(Source(str(value).lower(), f"<config:{key}>"), 0, len(str(value)))
    zero = nodes.Number(span, "0", Fraction(0))
    return nodes.Compare(span, ("==" if value else "!=",), (zero, zero))


def _list(value: Sequence[Any], key: str, depth: int) -> nodes.Expr:
    if len(value) > MAX_ELEMENTS:
        fail("list-too-long", f"a list has at most {MAX_ELEMENTS:,} elements, {key!r} has more")
    elements = tuple(_node(plain(e), f"{key}[{n}]", depth + 1) for n, e in enumerate(value))
    text = f"[{', '.join(e.span.text for e in elements)}]"
    return nodes.ListLiteral(Span(Source(text, f"<config:{key}>"), 0, len(text)), elements)


def keys(value: Mapping[Any, Any], where: str = "") -> dict[str, Any]:
    """The entries of a mapping; ``{"supcon": {"tau": 1}}`` is ``{"supcon.tau": 1}``."""
    found: dict[str, Any] = {}
    if len(value) > MAX_KEYS:
        fail("bad-config", f"a config has at most {MAX_KEYS} keys, this one {len(value):,}")
    for key, entry in value.items():
        if not isinstance(key, str):
            fail(
                "bad-config",
                f"a key of the config is {key!r}, which is no string",
                help="put the key in quotes; YAML reads words such as `on` and `no` as truth values"
                if isinstance(key, bool)
                else None,
            )
        entry = plain(entry)
        if isinstance(entry, Mapping) and not where:
            found.update(keys(entry, f"{key}."))
        elif isinstance(entry, Mapping):
            fail(
                "bad-config",
                f"{where + key!r} is a mapping inside a mapping",
                help="a value is a number, a list of numbers, or a string",
            )
        else:
            found[where + key] = entry
    return found
