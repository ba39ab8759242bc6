"""Counterexamples as curves with points on them: numbers, for whoever draws them.

Which curve shows a counterexample follows from what its numbers are called: for odds ``eta`` the
expected loss over scores, for points of an input the loss along it, for label probabilities ``p``
the risk on a line through the simplex, and so on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TypeAlias

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.primitives import Apply, log
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Undefined
from losslang.verify.readings import Binary, Curve, Local, Margin, Regression, Residual
from losslang.verify.theorem import Reading, concerns
from losslang.verify.verdict import Verdict
from losslang.verify.wording import named, sentences, short

STEPS = 240
FAR = 10.0
X = sympy.Symbol("x", real=True)

Values: TypeAlias = Mapping[str, Expr | tuple[Expr, ...]]
Point: TypeAlias = tuple[float, float]
Function: TypeAlias = Callable[[float], "float | None"]
"""A formula's value at a number, ``None`` where it has none."""

OF_LOGITS = ("convex", "strongly_convex", "smooth", "lipschitz", "self_concordant")
"""Properties that a loss of a probability has or lacks as a function of the logits."""


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
    logarithmic: bool = False


@dataclass(frozen=True)
class View:
    """A formula in :data:`X`, where it is drawn, and which places on it are marked.

    ``lowest`` marks the lowest place, too, and ``bends`` looks for a chord below a marked place.
    """

    formula: Expr
    x_label: str
    y_label: str
    wrong: tuple[Expr, ...]
    right: tuple[Expr, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    chord: tuple[float, ...] = ()
    lowest: bool = False
    bends: bool = False


def pictures(loss: str, verdicts: Sequence[Verdict], readings: Sequence[Reading]) -> list[Picture]:
    """What refutes properties; a curve that shows several of them stands there once."""
    found: dict[tuple[object, ...], tuple[Picture, list[str]]] = {}
    for verdict in verdicts:
        drawn = picture(verdict, readings)
        if drawn is not None:
            seen = found.setdefault((drawn.line, drawn.says), (drawn, []))
            seen[1].append(str(verdict.question))
    return [
        replace(drawn, title=f"{loss} is not {' and not '.join(names)}{drawn.title}")
        for drawn, names in found.values()
    ]


def picture(verdict: Verdict, readings: Sequence[Reading]) -> Picture | None:
    """What refutes a property, as a curve; ``None`` where no curve shows it.

    The title is the setting.
    """
    if verdict.witness is None:
        return None
    values = verdict.witness.values
    for reading in readings:
        if concerns(reading, verdict.question):
            for view in _views(_set(reading, values), verdict.question.property, values):
                at = _function(view)
                if at is not None:
                    settings = {
                        s.name: values[s.name] for s in reading.region.symbols if s.name in values
                    }
                    title = f" at {named(settings)}" if settings else ""
                    return _drawn(view, at, title, sentences(verdict.witness))
    return None


def _drawn(view: View, at: Function, title: str, says: str) -> Picture:
    wrong, right = [float(e) for e in view.wrong], [float(e) for e in view.right]
    chord = list(view.chord) or (_bending(at, wrong) if view.bends else [])
    logarithmic = view.low >= 0 and 0 < 1000 * min(wrong) < max(wrong)
    grid = _grid(view, [*wrong, *right, *chord], at, logarithmic)
    line = tuple(_points(at, grid))
    if view.lowest:
        least = min(line, key=lambda point: point[1])[0]
        right += [] if any(abs(least - x) < 2 / STEPS for x in wrong) else [least]
    return Picture(
        title,
        says,
        view.x_label,
        view.y_label,
        line,
        tuple(_points(at, wrong)),
        tuple(_points(at, right)),
        tuple(_points(at, chord)),
        logarithmic,
    )


def _set(reading: Reading, values: Values) -> Reading:
    """The reading at the witness's setting."""
    known = {s: values[s.name] for s in reading.region.symbols if s.name in values}
    return reading.setting({s: v for s, v in known.items() if isinstance(v, Expr)})


# ---------------------------------------------------------------- which curve


def _views(reading: Reading, property: str, values: Values) -> Iterator[View]:
    """The curves that may show a witness, the most telling first."""
    if isinstance(reading, Margin):
        yield from _margin(reading, values)
        yield from _along(reading.curve, values)
    if isinstance(reading, Binary):
        yield from _expected(reading, values)
    if isinstance(reading, Local):
        yield from _simplex(reading, property, values)
    if isinstance(reading, Regression):
        yield from _targets(reading, values)
    if isinstance(reading, Residual) and "target" not in values:
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
            chord=(float(places[0]), float(places[2])) if three else (),
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


def _simplex(local: Local, property: str, values: Values) -> Iterator[View]:
    weights, scores = _tuple(values.get("p", ())), _tuple(values.get("q", ()))
    if len(weights) > 1 and sympy.Add(*weights) == 1:
        yield _between(local, weights, scores) if scores else _around(local, weights)
    elif weights and property in OF_LOGITS:
        logit = log(X / (1 - X))
        formula = substitute(local.f, {local.p: Apply("sigmoid", X)})
        places = tuple(substitute(logit, {X: p}) for p in weights)
        yield View(formula, "logit of two classes", "loss", places, bends=True)
    elif weights:
        formula = substitute(local.f, {local.p: X})
        yield View(formula, "p", "loss", weights, low=0, high=1)


def _between(local: Local, weights: Sequence[Expr], scores: Sequence[Expr]) -> View:
    """The risk on the line through ``scores`` and ``weights``, inside the simplex.

    Classes that one of them leaves out have no probability there.
    """
    if len(weights) == len(scores) == 2:
        return View(
            _risk(local, weights, (X, 1 - X)),
            "predicted probability of the first class",
            f"risk where its true probability is {short(weights[0])}",
            (scores[0],),
            low=0,
            high=1,
            lowest=True,
        )
    pairs = list(zip_longest(weights, scores, fillvalue=S.Zero))
    weights = [p for p, _ in pairs]
    mixed = [(1 - X) * q + X * p for p, q in pairs]
    ends = [float(q / (q - p)) for p, q in pairs if p != q]
    return View(
        _risk(local, weights, mixed),
        "from q at 0 to p at 1",
        "risk",
        (S.Zero,),
        low=max(end for end in ends if end <= 0),
        high=min(end for end in ends if end > 0),
        lowest=True,
    )


def _around(local: Local, weights: Sequence[Expr]) -> View:
    """The risk around q = p, along the line on which two classes exchange probability."""
    moved = (weights[0] + X, weights[1] - X, *weights[2:])
    return View(
        _risk(local, weights, moved),
        "probability moved from the second class to the first",
        "risk",
        (S.Zero,),
        low=-float(weights[0]),
        high=float(weights[1]),
        lowest=True,
    )


def _risk(local: Local, weights: Sequence[Expr], scores: Sequence[Expr]) -> Expr:
    pairs = [(p, q) for p, q in zip(weights, scores, strict=True) if p != 0]
    return sympy.Add(*(p * substitute(local.f, {local.p: q}) for p, q in pairs))


def _targets(reading: Regression, values: Values) -> Iterator[View]:
    """The expected loss over predictions, for a target with one value or a few."""
    targets = _tuple(values.get("target", ()))
    shares = _tuple(values.get("probability", S.One))
    if len(targets) == len(shares):
        costs = [
            share * substitute(reading.loss, {reading.prediction: X, reading.target: target})
            for target, share in zip(targets, shares, strict=True)
        ]
        yield View(
            sympy.Add(*costs),
            reading.inputs[0],
            "loss" if len(targets) == 1 else "expected loss",
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


def _function(view: View) -> Function | None:
    """The formula's value at a number; or no function at all, if it has more variables."""
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


def _grid(view: View, marked: Sequence[float], at: Function, logarithmic: bool) -> list[float]:
    """Places around the marks, within the bounds; around 0, too, if they are far from it."""
    if max(map(abs, marked)) > FAR and view.low <= 0 <= view.high and not logarithmic:
        marked = [*marked, 0.0]
    low, high = min(marked), max(marked)
    if logarithmic:
        ratio = (high / low) ** 0.2
        low, high = low / ratio, min(high * ratio, view.high)
        steps = [low * (high / low) ** (n / STEPS) for n in range(STEPS + 1)]
        return sorted({*marked, *steps})
    if math.isfinite(view.low) and math.isfinite(view.high):
        low, high = view.low, view.high
        if view.lowest:
            low, high = _zoomed(low, high, at)
    else:
        margin = max(0.75 * (high - low), 1.5 + 0.1 * max(abs(low), abs(high)))
        low, high = max(low - margin, view.low), min(high + margin, view.high)
    return sorted({*marked, *(low + (high - low) * n / STEPS for n in range(STEPS + 1))})


def _zoomed(low: float, high: float, at: Function) -> tuple[float, float]:
    """Where 0 and the lowest place can be told apart, if they are not the same."""
    points = _points(at, (low + (high - low) * n / 1000 for n in range(1, 1000)))
    lowest = min(points, key=lambda point: point[1], default=(high, 0.0))[0]
    reach = max(4 * abs(lowest), 0.05)
    if abs(lowest) < 0.01 * (high - low):
        return low, high
    return max(low, -reach), min(high, reach)


def _bending(at: Function, places: Sequence[float]) -> list[float]:
    """The ends of the longest chord that lies below the curve at the middle of it."""
    for place in places:
        for step in (4.0, 2.0, 1.0, 0.5, 0.25, 0.125):
            low, middle, high = (at(x) for x in (place - step, place, place + step))
            if None not in (low, middle, high) and 2 * middle > low + high:  # type: ignore[operator]
                return [place - step, place + step]
    return []


def _points(at: Function, places: Iterable[float]) -> Iterator[Point]:
    for x in places:
        y = at(x)
        if y is not None:
            yield x, y
