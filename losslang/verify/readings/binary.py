"""Binary losses on a real score, and on a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.readings.algebra import complemented, spelled, through_sigmoid
from losslang.verify.readings.example import LABELS, Example, Scalar
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Binary(Reading):
    """A binary loss of a real score ``v``: ``positive`` for label 1, ``negative`` for the other.

    ``input`` is the score, ``others`` the variables of the region that are inputs.
    """

    kind: ClassVar[str] = "a binary loss"

    positive: Expr
    negative: Expr
    v: sympy.Symbol
    input: str
    others: tuple[sympy.Symbol, ...] = ()


@dataclass(frozen=True)
class Probability(Reading):
    """A binary loss of a probability ``q`` in (0, 1) of the label 1.

    ``link`` is q as a function of the score ``v`` where the input is a score (sigmoid), and
    ``None`` where it is the probability itself.
    """

    kind: ClassVar[str] = "a binary loss on a probability"

    positive: Expr
    negative: Expr
    q: sympy.Symbol
    input: str
    link: Expr | None = None
    v: sympy.Symbol | None = None


def binary(example: Example) -> Binary | None:
    """The reading of a loss with one two-valued label and one unbounded score."""
    label = _label(example)
    scores = [scalar for scalar in example.scalars if scalar.is_free]
    if label is None or len(scores) != 1 or example.arrays or example.labels:
        return None
    score = scores[0]
    positive, negative = (
        spelled(substitute(example.body, {label.symbol: value}))
        for value in LABELS[label.input.kind]
    )
    if score.symbol not in positive.free_symbols | negative.free_symbols:
        return None
    region = example.only(label.symbol, score.symbol)
    v = region.fresh("v")
    rule = {score.symbol: v}
    return Binary(
        region,
        substitute(positive, rule),
        substitute(negative, rule),
        v,
        score.input.name,
        example.others(region),
    )


def probability(example: Example) -> Probability | None:
    """The reading of a loss with one two-valued label and one input within [0, 1]."""
    label = _label(example)
    if label is None or example.arrays or example.labels:
        return None
    unit = [s for s in example.scalars if s != label and _is_probability(s)]
    others = [s for s in example.scalars if s.is_free]
    if len(unit) != 1 or others:
        return None
    region = example.only(label.symbol, unit[0].symbol)
    q = region.fresh("q", positive=True)
    other = sympy.Dummy("other", positive=True)
    sides = (
        spelled(substitute(example.body, {label.symbol: value, unit[0].symbol: q}))
        for value in LABELS[label.input.kind]
    )
    positive, negative = (
        substitute(complemented(side, q, other), {other: 1 - q}) for side in sides
    )
    return Probability(region, positive, negative, q, unit[0].input.name)


def linked(reading: Binary) -> Probability:
    """A loss of a score through sigmoid(score), as a loss of that probability."""
    region, v = reading.region, reading.v
    q = region.fresh("q", positive=True)
    positive, negative = (
        through_sigmoid(part, v, q) for part in (reading.positive, reading.negative)
    )
    link = 1 / (1 + sympy.exp(-v))
    return Probability(region, positive, negative, q, reading.input, link, v)


def _label(example: Example) -> Scalar | None:
    found = [scalar for scalar in example.scalars if scalar.input.kind in LABELS]
    return found[0] if len(found) == 1 else None


def _is_probability(scalar: Scalar) -> bool:
    domain = scalar.input.domain
    return scalar.input.kind == "real" and domain.low == 0 and domain.high == 1
