"""A fingerprint of what a loss means, by which a certificate says what it is about.

Two losses have the same digest if their IR is the same: formulas, inputs, hyperparameters with
their domains and defaults, requirements and options. Documentation, claims and layout do not count,
nor does the order in which SymPy keeps the terms of a sum.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

from sympy import Basic

from losslang.ir.loss import Loss
from losslang.verify.formula import Json, written

MEANING = ("inputs", "hyperparameters", "terms", "requires", "draws", "averages", "options")
SYMMETRIC = ("+", "*", "max", "min", "and", "or", "delta", "==")


def digest(loss: Loss) -> str:
    """``sha256:`` and 64 hexadecimal digits. Raises ``ValueError`` for an unknown head."""
    text = json.dumps({name: _plain(getattr(loss, name)) for name in MEANING}, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _plain(part: Any) -> Json:
    if isinstance(part, Basic):
        return _sorted(written(part))
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


def _sorted(data: Json) -> Json:
    """A formula whose order of terms, factors and alternatives is that of their texts."""
    if not isinstance(data, list):
        return data
    head, *args = map(_sorted, data)
    return [head, *(sorted(args, key=json.dumps) if head in SYMMETRIC else args)]
