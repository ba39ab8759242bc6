"""A fingerprint of what a loss means, by which a certificate says what it is about.

Two losses have the same digest if their IR is the same: formulas, inputs, hyperparameters with
their domains and defaults, requirements and options. Documentation, claims and layout do not count,
nor does the order in which SymPy keeps the terms of a sum.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

from sympy import Basic

from losslang.ir.loss import Loss
from losslang.verify.formula import Json, written

MEANING = ("inputs", "hyperparameters", "terms", "requires", "draws", "states", "options")
SYMMETRIC = ("+", "*", "max", "min", "and", "or", "delta", "==")


def digest(loss: Loss) -> str:
    """``sha256:`` and 64 hexadecimal digits. Raises ``ValueError`` for an unknown head."""
    meaning = {name: _plain(getattr(loss, name)) for name in MEANING}
    names = _numbered(meaning)
    plain = {name: _sorted(part, names) for name, part in meaning.items()}
    text = json.dumps(plain, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _numbered(meaning: Json) -> dict[str, str]:
    """Names for the indices that were made on the way, by the order in which they were made."""
    made = set(re.findall(r'"([^"%]*)%(\d+)"', json.dumps(meaning)))
    ranked = sorted(made, key=lambda name: int(name[1]))
    return {f"{stem}%{n}": f"{stem}%{rank}" for rank, (stem, n) in enumerate(ranked)}


def _plain(part: Any) -> Json:
    if isinstance(part, Basic):
        return written(part)
    if isinstance(part, Fraction):
        return ["/", str(part.numerator), str(part.denominator)]
    if is_dataclass(part):
        counted = [f.name for f in fields(part) if f.compare]
        return {name: _plain(getattr(part, name)) for name in counted}
    if isinstance(part, dict):
        return {name: _plain(value) for name, value in part.items()}
    if isinstance(part, tuple):
        return [_plain(each) for each in part]
    if part is None or isinstance(part, str | int):
        return part
    raise ValueError(f"a {type(part).__name__} has no digest")


def _sorted(data: Json, names: Mapping[str, str]) -> Json:
    """Formulas whose order of terms, factors and alternatives is that of their texts."""
    if isinstance(data, dict):
        return {key: _sorted(value, names) for key, value in data.items()}
    if not isinstance(data, list):
        return names.get(data, data) if isinstance(data, str) else data
    parts = [_sorted(part, names) for part in data]
    if parts and isinstance(parts[0], str) and parts[0] in SYMMETRIC:
        return [parts[0], *sorted(parts[1:], key=json.dumps)]
    return parts
