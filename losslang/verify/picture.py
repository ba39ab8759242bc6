"""Counterexamples as curves with points on them: numbers, for whoever draws them.

Which curve shows a counterexample follows from what its numbers are called: for odds ``eta`` the
expected loss over scores, for points of an input the loss along it, for label probabilities ``p``
the risk on a line through the simplex, and so on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Undefined
from losslang.verify.readings import Binary, Curve, Local, Margin, Regression, Residual
from losslang.verify.theorem import Reading, concerns
from losslang.verify.verdict import Verdict
from losslang.verify.wording import named

STEPS = 240
X = sympy.Symbol("x", real=True)

Values: TypeAlias = Mapping[str, Expr | tuple[Expr, ...]]
Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Picture:
    """A curve through ``line``: ``points`` on it are wrong, ``beside`` what they are held against.

    ``chord`` joins two points of the curve, where the one between them lies above it.
    """

    title: str
    says: str
    x_label: str
    y_label: str
    line: tuple[Point, ...]
    points: tuple[Point, ...]
    beside: tuple[Point, ...] = ()
    chord: tuple[Point, ...] = ()


@dataclass(frozen=True)
class View:
    """A formula in :data:`X`, where it is drawn, and which places on it are marked."""

    formula: Expr
    x_label: str
    y_label: str
    wrong: tuple[Expr, ...]
    right: tuple[Expr, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    chord: tuple[Expr, ...] = ()


def picture(loss: str, verdict: Verdict, readings: Sequence[Reading]) -> Picture | None:
    """What refutes a property, as a curve; ``None`` where no curve shows it."""
    if verdict.witness is None:
        return None
    values = verdict.witness.values
    for reading in readings:
        if concerns(reading, verdict.question):
            for view in _views(_set(reading, values), values):
                drawn = _drawn(view)
                if drawn is not None:
                    title = f"{loss} is not {verdict.question}"
                    return _titled(title, verdict, reading, values, view, drawn)
    return None


def _titled(
    title: str,
    verdict: Verdict,
    reading: Reading,
    values: Values,
    view: View,
    drawn: Callable[[float], float | None],
) -> Picture:
    settings = {s.name: values[s.name] for s in reading.region.symbols if s.name in values}
    says = verdict.witness.says if verdict.witness is not None else ""
    return Picture(
        f"{title} at {named(settings)}" if settings else title,
        says,
        view.x_label,
        view.y_label,
        tuple(_points(drawn, _grid(view))),
        tuple(_points(drawn, map(float, view.wrong))),
        tuple(_points(drawn, map(float, view.right))),
        tuple(_points(drawn, map(float, view.chord))),
    )


def _set(reading: Reading, values: Values) -> Reading:
    """The reading at the witness's setting."""
    known = {s: values[s.name] for s in reading.region.symbols if s.name in values}
    return reading.setting({s: v for s, v in known.items() if isinstance(v, Expr)})


# ---------------------------------------------------------------- which curve


def _views(reading: Reading, values: Values) -> Iterator[View]:
    """The curves that may show a witness, the most telling first."""
    if isinstance(reading, Margin):
        yield from _margin(reading, values)
        yield from _along(reading.curve, values)
    if isinstance(reading, Binary):
        yield from _expected(reading, values)
    if isinstance(reading, Local):
        yield from _simplex(reading, values)
    if isinstance(reading, Regression):
        yield from _targets(reading, values)
    if isinstance(reading, Residual):
        yield from _along(reading.curve, values)
    if isinstance(reading, Curve):
        yield from _along(reading, values)


def _along(curve: Curve, values: Values) -> Iterator[View]:
    """The loss along its input."""
    places = _tuple(values.get(curve.input, values.get(curve.variable.name, ())))
    if places:
        formula = substitute(curve.function, {curve.variable: X})
        three = len(places) == 3
        yield View(
            formula,
            curve.input,
            "loss",
            places[1:2] if three else places,
            low=_end(curve.bounds.low),
            high=_end(curve.bounds.high),
            chord=(places[0], places[2]) if three else (),
        )


def _margin(margin: Margin, values: Values) -> Iterator[View]:
    here = substitute(margin.phi, {margin.m: X})
    there = substitute(margin.phi, {margin.m: -X})
    if "eta" in values:
        yield from _odds(here, there, values)
    if "margins" in values:
        yield View(here + there, "m", "phi(m) + phi(-m)", _tuple(values["margins"]))


def _expected(binary: Binary, values: Values) -> Iterator[View]:
    if "eta" in values:
        here, there = (substitute(e, {binary.v: X}) for e in (binary.positive, binary.negative))
        yield from _odds(here, there, values)


def _odds(positive: Expr, negative: Expr, values: Values) -> Iterator[View]:
    (eta,) = _tuple(values["eta"])
    yield View(
        eta * positive + (1 - eta) * negative,
        "score",
        f"expected loss for odds {named({'eta': eta}).removeprefix('eta = ')}",
        _tuple(values.get("score", ())),
        _tuple(values.get("right scores", ())),
    )


def _simplex(local: Local, values: Values) -> Iterator[View]:
    weights, scores = _tuple(values.get("p", ())), _tuple(values.get("q", ()))
    whole = len(weights) > 1 and sympy.Add(*weights) == 1
    if whole and len(scores) == len(weights):
        mixed = [(1 - X) * q + X * p for p, q in zip(weights, scores, strict=True)]
        yield View(
            _risk(local, weights, mixed), "share of p in q", "risk", (S.Zero,), low=0, high=1
        )
    elif whole:
        moved = (weights[0] + X, weights[1] - X, *weights[2:])
        yield View(
            _risk(local, weights, moved),
            "probability moved from the second class to the first",
            "risk",
            (S.Zero,),
            low=-float(weights[0]),
            high=float(weights[1]),
        )
    elif weights:
        formula = substitute(local.f, {local.p: X})
        yield View(formula, "p", "loss", weights, low=0, high=1)


def _risk(local: Local, weights: Sequence[Expr], scores: Sequence[Expr]) -> Expr:
    pairs = [(p, q) for p, q in zip(weights, scores, strict=True) if p != 0]
    return sympy.Add(*(p * substitute(local.f, {local.p: q}) for p, q in pairs))


def _targets(reading: Regression, values: Values) -> Iterator[View]:
    """The expected loss over predictions, for a target with a few values."""
    targets, shares = _tuple(values.get("target", ())), _tuple(values.get("probability", ()))
    if len(targets) == len(shares) > 0:
        costs = [
            share * substitute(reading.loss, {reading.prediction: X, reading.target: target})
            for target, share in zip(targets, shares, strict=True)
        ]
        yield View(
            sympy.Add(*costs),
            reading.inputs[0],
            "expected loss",
            _tuple(values.get(reading.inputs[0], ())),
            _tuple(values.get("better", ())),
            _end(reading.prediction_bounds.low),
            _end(reading.prediction_bounds.high),
        )


def _tuple(value: Expr | tuple[Expr, ...]) -> tuple[Expr, ...]:
    return value if isinstance(value, tuple) else (value,)


def _end(value: Expr) -> float:
    return float(value) if value.is_number else math.inf * (1 if value == S.Infinity else -1)


# ---------------------------------------------------------------- numbers


def _drawn(view: View) -> Callable[[float], float | None] | None:
    """The formula's value at a number, ``None`` where it has none; or no function at all."""
    marked = (*view.wrong, *view.right)
    if view.formula.free_symbols - {X} or not marked or any(e.free_symbols for e in marked):
        return None
    try:
        tape = compile_tape(view.formula, (X,))
    except TypeError:
        return None

    def at(x: float) -> float | None:
        try:
            value = tape.float((x,))
        except (Undefined, ArithmeticError, ValueError):
            return None
        return value if math.isfinite(value) else None

    return at


def _grid(view: View) -> Iterator[float]:
    """Places around the marks, within the bounds."""
    marked = [float(e) for e in (*view.wrong, *view.right, *view.chord)]
    low, high = min(marked), max(marked)
    margin = max(0.75 * (high - low), 1.5 + 0.1 * max(abs(low), abs(high)))
    if math.isfinite(view.low) and math.isfinite(view.high):
        low, high = view.low, view.high
    else:
        low, high = max(low - margin, view.low), min(high + margin, view.high)
    yield from sorted({*marked, *(low + (high - low) * n / STEPS for n in range(STEPS + 1))})


def _points(at: Callable[[float], float | None], places: Iterable[float]) -> Iterator[Point]:
    for x in places:
        y = at(x)
        if y is not None:
            yield x, y
