"""The short names that ``kind:`` brings into scope in a config, written in the language itself."""

from __future__ import annotations

from functools import cache

from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_module

KINDS = {
    "multiclass": """
        loss multiclass(logits: real[class], target: class) = 0
        where
            z = logits
            y = target
            p = softmax(logits)
    """,
    "binary": """
        loss binary(score: real, target: sign) = 0
        where
            f = score
            y = target
            m = target * score
    """,
    "regression": """
        loss regression(prediction: real, target: real) = 0
        where
            x = prediction
            y = target
            r = target - prediction
    """,
}
"""Signature and names of each kind; the body means nothing."""


@cache
def declared(kind: str) -> nodes.Loss:
    """The declaration whose inputs and ``where`` names a kind stands for."""
    (declaration,) = parse_module(Source(KINDS[kind], f"<kind {kind}>")).declarations
    assert isinstance(declaration, nodes.Loss)
    return declaration


def meanings(name: str) -> str | None:
    """What a name stands for under each kind that brings it into scope, as a hint."""
    lets = ((kind, part) for kind in KINDS for part in declared(kind).where)
    found: dict[str, list[str]] = {}
    for kind, part in lets:
        if isinstance(part, nodes.Let) and part.name == name:
            found.setdefault(part.value.span.text, []).append(kind)
    told = (f"{text} with `kind: {'` or `kind: '.join(some)}`" for text, some in found.items())
    return f"in a config, {name!r} is {', '.join(told)}" if found else None
