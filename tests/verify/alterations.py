"""Every way to alter one field of a document, and what a certificate claims."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from sympy import Rational, Symbol

from losslang.verify.partition import leaves
from losslang.verify.rules import RULES
from losslang.verify.theorems import THEOREMS
from losslang.verify.verdict import Certificate, Cut

Json = Any

WORDS = (
    *(">", ">=", "<", "<=", "low", "high", "slope", "value", "()", "[)", "(]", "[]"),
    *("convex", "calibrated", "logits", "score", "prediction", "target", "positive", "real"),
)


def altered(document: Json) -> Iterator[tuple[str, Json]]:
    """Documents that differ from one in one field, and where."""
    for path in _paths(document):
        for change in _changes(_at(document, path)):
            other = copy.deepcopy(document)
            if path:
                _at(other, path[:-1])[path[-1]] = change
            else:
                other = change
            yield "/".join(map(str, path)) + f" := {str(change)[:60]}", other
        if path and isinstance(_at(document, path[:-1]), dict):
            other = copy.deepcopy(document)
            del _at(other, path[:-1])[path[-1]]
            yield "/".join(map(str, path)) + " dropped", other


def _paths(part: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part)
        if isinstance(part, list)
        else ()
    )
    for key, value in inside:
        yield from _paths(value, (*path, key))


def _at(part: Json, path: tuple[Any, ...]) -> Json:
    for key in path:
        part = part[key]
    return part


def _changes(part: Json) -> Iterator[Json]:
    """Other values for a field, of its own kind and of others."""
    if isinstance(part, bool):
        yield not part
    elif isinstance(part, int):
        yield from (part + 1, -part, part - 1, ["/", 1, 7], ["symbol", "x", "real"], "oo")
    elif isinstance(part, str):
        yield from _words(part)
    elif isinstance(part, list):
        for n in range(len(part)):
            yield part[:n] + part[n + 1 :]
        if part:
            yield [*part, part[-1]]
            yield [part[0], *part]
        if len(part) > 1:
            yield part[::-1]
            yield [part[0], *part[:0:-1]]
        yield from (0, ["/", 1, 3])


def _words(part: str) -> Iterator[Json]:
    yield from (word for word in WORDS if word != part)
    yield from (part + "n", part[1:], "", 0)
    if part in RULES:
        yield from (name for name in RULES if name != part)
    if part in THEOREMS:
        known = THEOREMS[part]
        yield from (
            name
            for name, other in THEOREMS.items()
            if name != part and other.property == known.property
        )


# ---------------------------------------------------------------- what a certificate claims


def agree(one: Certificate, other: Certificate) -> bool:
    """Whether two certificates answer one question, and alike for settings that both speak of."""
    if one.question != other.question:
        return False
    return all(
        len({answer for c in (one, other) for answer in _answers(c, setting)}) <= 1
        for setting in _settings(one, other)
    )


def _answers(certificate: Certificate, setting: Mapping[str, Rational]) -> set[bool]:
    return {
        part.holds
        for way, part in leaves(certificate.argument, certificate.way)
        if all(_meets(cut, setting) for cut in way)
    }


def _meets(cut: Cut, setting: Mapping[str, Rational]) -> bool:
    at = cut.at.xreplace({s: setting[s.name] for s in cut.at.free_symbols if s.name in setting})
    value = setting[cut.symbol.name]
    beyond = value > at if cut.above else value < at
    return bool(beyond == True or (cut.closed and value == at))  # noqa: E712


def _settings(*certificates: Certificate) -> Iterator[dict[str, Rational]]:
    """Settings on every side of every cut, and on it."""
    cuts = [cut for c in certificates for way, _ in leaves(c.argument, c.way) for cut in way]
    names = sorted({s.name for cut in cuts for s in (cut.symbol, *_symbols(cut))})
    points: dict[str, list[Rational]] = {name: [Rational(1, 3)] for name in names}
    for cut in cuts:
        near = (
            Rational(str(cut.at.evalf(12))) if cut.at.is_number and cut.at.is_real else Rational(1)
        )
        exact = [cut.at] if cut.at.is_Rational else []
        points[cut.symbol.name] += [*exact, near - Rational(1, 50), near + Rational(1, 50)]
    for values in product(*(dict.fromkeys(points[name]) for name in names)):
        yield dict(zip(names, values, strict=True))


def _symbols(cut: Cut) -> set[Symbol]:
    return {s for s in cut.at.free_symbols if isinstance(s, Symbol)}
