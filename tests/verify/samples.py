"""Random calls of a loss, and what its readings say of their values."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
from sympy import Expr

from losslang.ir import exact
from losslang.ir.evaluate import Evaluator, World, array
from losslang.ir.interpret import UndefinedError, interpret
from losslang.ir.loss import EXAMPLE, Domain, Hyperparameter, Input, Loss
from losslang.verify.readings import (
    Binary,
    Curve,
    Divergence,
    Local,
    Margin,
    Multiclass,
    Pairs,
    Pooled,
    Probability,
    Regression,
    Residual,
    Score,
)
from losslang.verify.theorem import Reading

DIGITS = 30
NUMBERS = tuple(map(Fraction, "1/3 1/2 2/5 3/4 3/2 2 7/3 5 0 1 -1/2 -2 -1 9/10 -7/5".split()))


@dataclass(frozen=True)
class Sample:
    """One example: its inputs without the batch axis, and the hyperparameters."""

    inputs: Mapping[str, Any]
    hyperparameters: Mapping[str, Any]
    classes: int


def sample(loss: Loss, seed: int) -> Sample:
    """Numbers in the domains of ``loss``, whose axes all have one size."""
    chance = random.Random(f"{loss.name} {seed}")
    sizes = {a.size for known in loss.inputs for a in known.axes if a.size is not None}
    classes = int(sizes.pop()) if sizes else chance.choice((2, 3, 4))
    inputs = {known.name: _input(known, classes, chance) for known in loss.inputs}
    hypers = {
        h.name: _hyperparameter(h, classes, chance)
        for h in loss.hyperparameters
        if h.kind not in ("choice", "bool") and not (h.axes and h.default is not None)
    }
    return Sample(inputs, hypers, classes)


def _input(known: Input, classes: int, chance: random.Random) -> Any:
    if known.kind == "index":
        return chance.randrange(classes)
    if known.kind in ("sign", "bit", "bool"):
        return chance.choice((-1, 1) if known.kind == "sign" else (0, 1))
    if known.kind == "simplex":
        weights = [Fraction(chance.randint(1, 9)) for _ in range(classes)]
        return [w / sum(weights) for w in weights]
    if known.axes:
        return [_number(known.domain, known.kind, chance) for _ in range(classes)]
    return _number(known.domain, known.kind, chance)


def _number(domain: Domain, kind: str, chance: random.Random) -> Fraction:
    fitting = [n for n in NUMBERS if n in domain and (kind != "int" or n.denominator == 1)]
    return chance.choice(fitting)


def _hyperparameter(hyper: Hyperparameter, classes: int, chance: random.Random) -> Any:
    if len(hyper.axes) == 2:
        return [[_number(hyper.domain, hyper.kind, chance)] * classes for _ in range(classes)]
    if hyper.axes:
        return [_number(hyper.domain, hyper.kind, chance) for _ in range(classes)]
    return _number(hyper.domain, hyper.kind, chance)


def meant(loss: Loss, of: Sample) -> Any:
    """The value by the interpreter; ``None`` where there is none."""
    batched = {k.name: [of.inputs[k.name]] if k.batched else of.inputs[k.name] for k in loss.inputs}
    try:
        value = interpret(loss, batched, of.hyperparameters, digits=DIGITS).mean
    except UndefinedError:
        return None
    with mpmath.workdps(DIGITS):
        return exact.rough(value) if mpmath.isfinite(exact.rough(value)) else None


# ---------------------------------------------------------------- what readings say


def said(reading: Reading, loss: Loss, of: Sample) -> Any:
    """The value by a reading; ``None`` if it does not speak of such an example."""
    with mpmath.workdps(DIGITS + exact.GUARD):
        if isinstance(reading, Local | Score | Multiclass | Pooled):
            return _of_labels(reading, loss, of)
        return exact.rough(value) if (value := _said(reading, loss, of)) is not None else None


def _of_labels(reading: Reading, loss: Loss, of: Sample) -> Any:
    """The value for the label, or the mean of the values for labels drawn from a distribution."""
    given = of.inputs
    for known in loss.inputs:
        if known.kind == "index":
            return exact.rough(_for_label(reading, loss, of, int(given[known.name])))
    (soft,) = (known.name for known in loss.inputs if known.kind == "simplex")
    values = [_for_label(reading, loss, of, label) for label in range(of.classes)]
    return mpmath.fsum(
        exact.rough(q) * exact.rough(v) for q, v in zip(given[soft], values, strict=True)
    )


def _said(reading: Reading, loss: Loss, of: Sample) -> Any:
    given = of.inputs
    match reading:
        case Curve():
            if not all(_fits(part, given) for part in reading.case.split(", ") if part):
                return None
            return _at(reading.function, loss, of)
        case Margin():
            sign = 1 if _positive(loss, given) else -1
            return _at(reading.phi, loss, of, {reading.m: sign * given[reading.input]})
        case Binary():
            side = reading.positive if _positive(loss, given) else reading.negative
            return _at(side, loss, of, {reading.v: given[reading.input]})
        case Probability():
            side = reading.positive if _positive(loss, given) else reading.negative
            q = given[reading.input]
            if reading.link is not None:
                q = _at(reading.link, loss, of, {reading.v: q})
            return None if q in (0, 1) else _at(side, loss, of, {reading.q: q})
        case Residual():
            r = given[reading.inputs[0]] - given[reading.inputs[1]]
            return _at(reading.rho, loss, of, {reading.r: r})
        case Regression():
            return _at(reading.loss, loss, of)
        case Pairs():
            m = given[reading.inputs[0]] - given[reading.inputs[1]]
            m = m if not _labels(loss) or _positive(loss, given) else -m
            return _at(reading.phi, loss, of, {reading.m: m})
        case Divergence():
            scales = dict(reading.logits)
            p, q = (_point(name, scales.get(name), loss, of) for name in reading.inputs)
            return sum(
                b * _at(reading.f, loss, of, {reading.t: a / b}) for a, b in zip(p, q, strict=True)
            )
    return None


def _for_label(reading: Reading, loss: Loss, of: Sample, label: int) -> Any:
    given = of.inputs
    match reading:
        case Local():
            scale = reading.scale if reading.composed else None
            p = _point(reading.input, scale, loss, of)[label]
            return _at(reading.f, loss, of, {reading.p: p})
        case Score():
            scale = reading.scale if reading.composed else None
            point = _point(reading.input, scale, loss, of)
            values = dict(zip(reading.symbols(of.classes), point, strict=True))
            return _at(reading.at(of.classes)[label], loss, of, values)
        case Multiclass():
            symbols, sides = reading.at(of.classes)
            values = dict(zip(symbols, given[reading.input], strict=True))
            return _at(sides[label], loss, of, values)
        case Pooled():
            pools = {symbol: _at(reduction, loss, of) for symbol, reduction in reading.pools}
            z = given[reading.input][label]
            return _at(reading.h, loss, of, {reading.z: z, **pools})
    return None


def _fits(case: str, given: Mapping[str, Any]) -> bool:
    """Whether an example is of a case such as ``target = 1``."""
    name, relation, number = case.split()
    value, bound = given[name], Fraction(number)
    return bool({"=": value == bound, "<": value < bound, ">": value > bound}[relation])


def _labels(loss: Loss) -> list[str]:
    return [known.name for known in loss.inputs if known.kind in ("sign", "bit", "bool")]


def _positive(loss: Loss, given: Mapping[str, Any]) -> bool:
    return bool(given[_labels(loss)[0]] == 1)


def _point(name: str, scale: Expr | None, loss: Loss, of: Sample) -> list[Any]:
    """An input as a point of the simplex: the softmax of scaled logits, or itself."""
    if scale is None:
        return [exact.rough(entry) for entry in of.inputs[name]]
    factor = exact.rough(_at(scale, loss, of))
    powers = [mpmath.exp(factor * exact.rough(z)) for z in of.inputs[name]]
    return [power / mpmath.fsum(powers) for power in powers]


def _at(expr: Expr, loss: Loss, of: Sample, more: Mapping[Any, Any] | None = None) -> Any:
    """The value of a formula in the symbols of hyperparameters and inputs, K, and ``more``."""
    scalars: dict[str, Any] = {"K": of.classes}
    arrays: dict[str, Any] = {}
    sizes = {axis: of.classes for known in loss.inputs for axis in known.axes}
    for hyper in loss.hyperparameters:
        value = of.hyperparameters.get(hyper.name, hyper.default)
        if hyper.axes:
            for place, entry in enumerate(value):
                scalars[f"{hyper.name}[{place}]"] = entry
        elif hyper.kind != "choice":
            scalars[hyper.name] = value
    for known in loss.inputs:
        if known.axes:
            arrays[known.name] = array([of.inputs[known.name]], 2)
        else:
            scalars[known.name] = of.inputs[known.name]
    scalars |= {symbol.name: value for symbol, value in (more or {}).items()}
    exactly = {name: exact.number(value) for name, value in scalars.items()}
    world = World(arrays, exactly, {}, sizes)
    return Evaluator(world).value(expr, {EXAMPLE: 0})
