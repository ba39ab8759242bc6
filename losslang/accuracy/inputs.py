"""Hard inputs of a loss, made from the kinds of its inputs and the format that holds them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy
from numpy.typing import NDArray

from losslang.accuracy.floats import Format
from losslang.ir.heads import Axis
from losslang.ir.loss import Domain, Hyperparameter, Input, Loss

Array = NDArray[Any]

CLASSES = 3
"""Places of an axis whose size the loss leaves open."""

SIGNS = ((1, -1, -1), (-1, 1, 1), (1, 1, 1), (0, 1, 1), (0, -1, -1), (1, 0, -1))
TARGETS = (0, 0, 1, 0, 0, 2)
"""Scores by their size, and the label: right, wrong, tied, behind two that tie, ahead, steps."""


@dataclass(frozen=True)
class Hard:
    """One batch: the arrays of all inputs, settings of hyperparameters, and whether all is masked.

    ``inputs`` are float64 or int64, the examples on the first axis; what uses them rounds them.
    """

    name: str
    inputs: Mapping[str, Array]
    settings: Mapping[str, Any] = field(default_factory=dict)
    masked: bool = False


def hard_inputs(loss: Loss, format: Format) -> Iterator[Hard]:
    """Every batch on which a loss is measured, the plain random one first."""
    needed = needed_settings(loss)
    scenes = list(_scenes(loss, format))
    for name, arrays in scenes:
        yield Hard(name, arrays, needed)
    plain = scenes[0][1]
    for hyper in loss.hyperparameters:
        for shown, value in _ends(hyper):
            settings = {**needed, hyper.name: value}
            yield Hard(f"{hyper.name} = {shown}", plain, settings)
            if len(scenes) > 1 and _is_classified(loss):
                yield Hard(f"{hyper.name} = {shown}, {scenes[1][0]}", scenes[1][1], settings)
    if any(known.batched for known in loss.inputs):
        yield Hard("one row", _rows(loss, plain, 1), needed)
        yield Hard("empty batch", _rows(loss, plain, 0), needed)
        yield Hard("all masked", plain, needed, masked=True)


def _rows(loss: Loss, arrays: Mapping[str, Array], count: int) -> dict[str, Array]:
    batched = {known.name for known in loss.inputs if known.batched}
    return {name: x[:count] if name in batched else x for name, x in arrays.items()}


# ---------------------------------------------------------------- hyperparameters


def needed_settings(loss: Loss) -> dict[str, Any]:
    """Settings for what has no default: falling positive numbers, as class counts are, from the
    middle down where the domain has two ends.
    """
    found: dict[str, Any] = {}
    for hyper in loss.hyperparameters:
        if hyper.default is None and hyper.formula is None:
            shape = [_size(axis) for axis in hyper.axes]
            count = math.prod(shape)
            falling = numpy.array([2.0 ** (count - n) for n in range(count)])
            low, high = hyper.domain.low, hyper.domain.high
            if low is not None and high is not None:
                falling = float(low) + float(high - low) / 2 * falling / falling[0]
            found[hyper.name] = falling.reshape(shape).tolist()
    return found


FAR = 100.0
"""Stands for an end of a domain that is infinite."""

FAR_COUNT = CLASSES - 1
"""Stands for an end of the domain of a whole number that is infinite; it may name a place."""

NEAR = 2.0**-10
"""How near to an open end of its domain a hyperparameter is taken."""


def _ends(hyper: Hyperparameter) -> Iterator[tuple[str, Any]]:
    """The ends of a hyperparameter's domain, and all its options, as shown and as set."""
    if hyper.kind == "choice":
        yield from ((option, option) for option in hyper.options)
    elif hyper.kind == "bool":
        yield from (("false", False), ("true", True))
    elif not hyper.axes:
        whole = hyper.kind == "int"
        far, near = (FAR_COUNT, 1) if whole else (FAR, NEAR)
        for value in _number_ends(hyper.domain, far, near):
            yield f"{value:.4g}", int(value) if whole else value


def _number_ends(domain: Domain, far: float, near: float) -> tuple[float, float]:
    low = -far if domain.low is None else float(domain.low)
    high = far if domain.high is None else float(domain.high)
    if domain.low is not None and not domain.low_closed:
        low += near
    if domain.high is not None and not domain.high_closed:
        high -= near
    return low, high


# ---------------------------------------------------------------- inputs


def _scenes(loss: Loss, format: Format) -> Iterator[tuple[str, dict[str, Array]]]:
    if _is_classified(loss):
        yield from _classified(loss, format)
    elif any(known.kind in ("bit", "sign") for known in loss.inputs):
        yield from _signed(loss, format)
    else:
        yield from _compared(loss, format)


def _is_classified(loss: Loss) -> bool:
    """Whether an input is an index into an axis of another."""
    classes = _numbered(loss)
    return any(_along_classes(known, classes) is not None for known in loss.inputs)


def gap(format: Format, share: float) -> float:
    """The score that leads two zeros by so much that the softmax misses 1 by ``share`` eps."""
    return math.log(2) - math.log(share * format.eps)


def _classified(loss: Loss, format: Format) -> Iterator[tuple[str, dict[str, Array]]]:
    """Scores over classes beside a label."""
    signs = numpy.array(SIGNS, dtype=float)
    plain = _random(0, (4, CLASSES))
    yield "random", _scored(loss, format, plain, (0, 1, 2, 1))
    if sum(_along_classes(known, _numbered(loss)) is not None for known in loss.inputs) > 1:
        yield "equal", _scored(loss, format, plain, (0, 1, 2, 1), apart=False)
    leads = [gap(format, share) for share in (2, 1, 0.5, 0.25, 1e-3)]
    near = numpy.array([(lead, 0, 0) for lead in leads])
    yield "p within an ulp of 1", _scored(loss, format, near, (0,) * len(leads))
    yield "p within an ulp of 0", _scored(loss, format, near, (1,) * len(leads))
    yield "ties", _scored(loss, format, signs[[2, 2, 3]] * [[0], [7], [7]], (0, 2, 1))
    for name, size in _sizes(format):
        yield name, _scored(loss, format, signs * size, TARGETS)
    edges = _random(1, (2, CLASSES))
    yield "labels at the edges", _scored(loss, format, edges, (0, CLASSES - 1))
    if not any(hyper.axes for hyper in loss.hyperparameters):
        yield "one class", _scored(loss, format, _random(2, (2, 1)), (0, 0))


def _numbered(loss: Loss) -> set[Axis | None]:
    """The axes whose places labels are."""
    return {known.over for known in loss.inputs if known.kind == "index"}


def _along_classes(known: Input, classes: set[Axis | None]) -> Axis | None:
    """The axis of an input of scores that labels point into."""
    return next((a for a in known.axes if a in classes), None) if known.kind == "real" else None


def _scored(
    loss: Loss, format: Format, scores: Array, labels: tuple[int, ...], *, apart: bool = True
) -> dict[str, Array]:
    """Arrays for all inputs: the scores where labels point, the labels, and plain others.

    A second input of scores has the rows of the first moved on by one, unless not ``apart``.
    """
    found: dict[str, Array] = {}
    for known in loss.inputs:
        axis = _along_classes(known, _numbered(loss))
        if known.kind == "index":
            found[known.name] = _repeated(numpy.array(labels), known, ())
        elif axis is not None:
            found[known.name] = _admitted(_repeated(scores, known, (axis,)), known.domain, format)
            scores = numpy.roll(scores, apart, axis=0)
        else:
            found[known.name] = _plain(known, len(labels), 3, format)
    return found


def _repeated(rows: Array, known: Input, own: tuple[Axis, ...]) -> Array:
    """Rows for one place, repeated over the input's further axes with the rows moved on by one."""
    places = list(enumerate(known.axes, 1))
    further = [place for place, axis in places if axis not in own]
    for _ in further:
        rows = numpy.stack([numpy.roll(rows, -n, axis=0) for n in range(CLASSES)], axis=-1)
    order = [place for place, axis in places if axis in own] + further
    return numpy.moveaxis(rows, range(1, rows.ndim), order).copy()


def _signed(loss: Loss, format: Format) -> Iterator[tuple[str, dict[str, Array]]]:
    """A score beside a label of two values."""
    yield "random", _labelled(loss, format, _random(0, (4,)).tolist())
    leads = [gap(format, share) - math.log(2) for share in (2, 1, 0.5, 0.25, 1e-3)]
    yield "p within an ulp of 0 and 1", _labelled(loss, format, leads)
    yield "ties", _labelled(loss, format, [0.0])
    yield "at a margin of one", _labelled(loss, format, [1.0, 1 - format.eps / 2, 1 + format.eps])
    yield "tiny", _labelled(loss, format, [format.tiny, 2.0 ** (format.least // 2)])
    for name, size in _sizes(format):
        yield name, _labelled(loss, format, [size])
    yield "at the end of exp", _labelled(loss, format, [_log_largest(format) * s for s in (1, 2)])


def _labelled(loss: Loss, format: Format, sizes: list[float]) -> dict[str, Array]:
    """Scores of both signs with both labels."""
    scores = numpy.array([sign * size for size in sizes for sign in (1, -1, 1, -1)])
    other = -1 if any(known.kind == "sign" for known in loss.inputs) else 0
    labels = numpy.array([label for _ in sizes for label in (1, other, other, 1)])
    beside = {axis for known in loss.inputs if known.kind in ("bit", "sign") for axis in known.axes}
    found: dict[str, Array] = {}
    for known in loss.inputs:
        alone = known.batched and known.pack is None
        if known.kind in ("bit", "sign") and alone:
            found[known.name] = _repeated(labels, known, ())
        elif known.kind == "real" and alone and (not known.axes or set(known.axes) <= beside):
            spread = _repeated(scores, known, ())
            found[known.name] = _admitted(spread, known.domain, format)
        else:
            found[known.name] = _plain(known, len(scores), 3, format)
    return found


def _compared(loss: Loss, format: Format) -> Iterator[tuple[str, dict[str, Array]]]:
    """Numbers, vectors, boxes or distributions that are compared with one another."""
    yield "random", {known.name: _plain(known, 4, n, format) for n, known in enumerate(loss.inputs)}
    small, large = 2.0 ** (format.least // 2), 2.0 ** (format.most // 2 + 2)
    for name, size in (*_sizes(format), ("square overflows", large), ("tiny", small)):
        yield name, _multiples(loss, format, (size, -size / 2))
        yield f"{name}, one is zero", _multiples(loss, format, (size, 0.0))
    yield "equal", _multiples(loss, format, (1.5, 1.5))
    yield "equal, 1e4", _multiples(loss, format, (1e4, 1e4))
    yield "opposite", _multiples(loss, format, (1.5, -1.5))
    yield "nearly equal", _multiples(loss, format, (1.0, 1.0 + format.eps))
    yield "zero", _multiples(loss, format, (0.0, 0.0))
    yield "at the end of exp", _multiples(loss, format, (_log_largest(format), 0.0))
    if any(known.kind == "simplex" for known in loss.inputs):
        yield "vertices", _distributed(loss, format, ((1, 0, 0), (0, 0, 1)))
        yield "edges", _distributed(loss, format, ((0.5, 0.5, 0), (0, 0.25, 0.75)))


def _multiples(loss: Loss, format: Format, by: tuple[float, float]) -> dict[str, Array]:
    """The real inputs in turn are the one and the other multiple of the same array."""
    found: dict[str, Array] = {}
    turn = 0
    for known in loss.inputs:
        if known.kind != "real":
            found[known.name] = _plain(known, 3, 4, format)
            continue
        base = numpy.array([1.0, -1.0, 0.5]).reshape(3, *(1 for _ in known.axes))
        for place, axis in enumerate(known.axes, 1):
            shape = [1] * base.ndim
            shape[place] = _size(axis)
            base = base * numpy.array([1.0, -0.75, 0.5, 1.0][: _size(axis)]).reshape(shape)
        with numpy.errstate(over="ignore"):
            array = (base if known.batched else base[0]) * by[turn % 2]
        turn += 1
        if _is_box(known):
            array = numpy.sort(array, axis=-1)[..., [0, 1, 2, 3]]
        found[known.name] = _admitted(array, known.domain, format)
    return found


def _distributed(
    loss: Loss, format: Format, rows: tuple[tuple[float, ...], ...]
) -> dict[str, Array]:
    arrays = {known.name: _plain(known, len(rows), 5, format) for known in loss.inputs}
    for known in loss.inputs:
        if known.kind == "simplex":
            arrays[known.name] = numpy.array(rows, dtype=float)
    return arrays


# ---------------------------------------------------------------- arrays


def _sizes(format: Format) -> tuple[tuple[str, float], ...]:
    return ("1e4", 1e4), ("largest", format.largest)


def _log_largest(format: Format) -> float:
    return math.log(2.0) * (format.most + 1)


def _size(axis: Axis) -> int:
    size = axis.size
    return int(size) if size is not None and size.is_Integer else CLASSES


def _is_box(known: Input) -> bool:
    """Four numbers in a fixed order: the corners of a box."""
    return [_size(axis) for axis in known.axes if axis.size is not None] == [4]


def _random(seed: int, shape: tuple[int, ...]) -> Array:
    return numpy.random.default_rng(seed).normal(0.0, 2.0, shape)


def _plain(known: Input, count: int, seed: int, format: Format) -> Array:
    """A harmless random array of the kind of an input, rounded as ``format`` will hold it."""
    shape = (*((count,) if known.batched else ()), *(_size(axis) for axis in known.axes))
    if known.kind == "index":
        over = CLASSES if known.over is None else _size(known.over)
        return numpy.arange(math.prod(shape)).reshape(shape) % over
    if known.kind == "label":
        return numpy.arange(math.prod(shape)).reshape(shape) % 2
    if known.kind in ("bit", "bool", "sign", "int"):
        bits = numpy.arange(math.prod(shape)).reshape(shape) % 2
        return 2 * bits - 1 if known.kind == "sign" else bits
    values = _random(seed, shape)
    if known.kind == "simplex":
        powers = numpy.exp(values)
        shares: Array = powers / powers.sum(-1, keepdims=True)
        return shares
    if _is_box(known):
        return numpy.concatenate([values[..., :2], values[..., :2] + 1 + abs(values[..., 2:])], -1)
    return _admitted(values, known.domain, format)


def _admitted(values: Array, domain: Domain, format: Format) -> Array:
    """Real numbers moved into a domain: cut to an interval, or their sizes above (below) an end."""
    low, high = _number(domain.low), _number(domain.high)
    if low is not None and high is not None:
        step = 0.0 if domain.low_closed and domain.high_closed else format.eps * (high - low)
        return numpy.clip(values, low + step, high - step)
    if low is not None:
        least = format.tiny if low == 0 else format.eps * abs(low)
        above: Array = low + numpy.maximum(abs(values), 0.0 if domain.low_closed else least)
        return above
    if high is not None:
        least = format.tiny if high == 0 else format.eps * abs(high)
        below: Array = high - numpy.maximum(abs(values), 0.0 if domain.high_closed else least)
        return below
    return values


def _number(end: Fraction | None) -> float | None:
    return None if end is None else float(end)
