"""A line through a loss's worked example, along which the loss can be drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

import losslang
from losslang.ir.loss import EVERYTHING, Input
from tests.library.worked import Worked

POINTS = 241
WARM = 5
"""Steps on inputs about the example's before a loss with a memory is drawn."""


@dataclass(frozen=True)
class Line:
    """What a picture's axis says, its ends, and the inputs at a place of it."""

    label: str
    low: float
    high: float
    inputs: Callable[[Tensor], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Curve:
    """A loss along a line: its name in the legend, and value and slope at each place."""

    label: str
    places: list[float]
    values: list[float]
    slopes: list[float]


# ---------------------------------------------------------------- lines


def lines(example: Worked) -> Iterator[Line]:
    """The lines to draw a loss along, of which the first may be one where it is constant."""
    yield line(example)
    for known in example.loss.inputs:
        if known.kind == "real" and known.domain == EVERYTHING:
            yield _moved(example, known, f"first entry of {known.name}", 3)


def line(example: Worked) -> Line:
    """The line that suits the first of a loss's inputs."""
    reals = [known for known in example.loss.inputs if known.kind in ("real", "simplex", "bit")]
    for known in reals:
        if known.kind == "simplex":
            return _mixed(example, known)
        if known.axes and known.axes[0].name == "class" and known.pack is None:
            return _of_the_target(example, known)
        if known.name == "score":
            return _moved(example, known, "score", 3)
        if known.axes and known.axes[-1].name == "dim" and _wide(example, known):
            return _turned(example, known)
        if known.pack is not None:
            return _scaled(example, known)
        if not known.axes:
            return _moved(example, known, known.name, 4)
    return _scaled(example, reals[0])


def _wide(example: Worked, known: Input) -> bool:
    """Whether an input's vectors have a plane to be turned in."""
    return example.inputs[known.name].shape[-1] > 1


def _replaced(example: Worked, known: Input, value: Tensor) -> dict[str, Tensor]:
    return {**example.inputs, known.name: value}


def _moved(example: Worked, known: Input, label: str, reach: float) -> Line:
    """The first entry of an input, about 0 or about the entry of the target beside it."""
    start = example.inputs[known.name]
    beside = example.inputs.get("target")
    residual = beside is not None and known.name == "prediction" and beside.shape == start.shape
    middle = float(beside.reshape(-1)[0]) if beside is not None and residual else 0.0
    first = torch.zeros_like(start)
    first.reshape(-1)[0] = 1

    def inputs(t: Tensor) -> dict[str, Tensor]:
        return _replaced(example, known, start * (1 - first) + first * t)

    return Line(label, middle - reach, middle + reach, inputs)


def _of_the_target(example: Worked, known: Input) -> Line:
    """The score of the first example's target class; the others are as in the example."""
    start = example.inputs[known.name]
    flat = start.reshape(-1, start.shape[-1])
    target = example.inputs.get("target")
    place = 0
    if target is not None and not target.is_floating_point():
        place = int(target.reshape(-1)[0])
    chosen = torch.zeros_like(flat)
    chosen[0, place] = 1
    chosen = chosen.reshape(start.shape)
    narrow = "cosine" in known.name

    def inputs(t: Tensor) -> dict[str, Tensor]:
        return _replaced(example, known, start * (1 - chosen) + chosen * t)

    reach = 0.99 if narrow else 6.0
    return Line(f"{known.name.removesuffix('s')} of the target class", -reach, reach, inputs)


def _turned(example: Worked, known: Input) -> Line:
    """The first vector of an input, turned in the plane of its first two entries."""
    start = example.inputs[known.name]
    flat = start.reshape(-1, start.shape[-1])
    length = flat[0].norm() or 1.0

    def inputs(t: Tensor) -> dict[str, Tensor]:
        rest = torch.zeros(flat.shape[-1] - 2, dtype=start.dtype)
        first = length * torch.cat([torch.cos(t)[None], torch.sin(t)[None], rest])
        return _replaced(example, known, torch.cat([first[None], flat[1:]]).reshape(start.shape))

    return Line(f"angle of the first {known.name}", -math.pi, math.pi, inputs)


def _scaled(example: Worked, known: Input) -> Line:
    """All of an input times a factor."""
    start = example.inputs[known.name]

    def inputs(t: Tensor) -> dict[str, Tensor]:
        return _replaced(example, known, start * t)

    return Line(f"factor of {known.name}", -3, 3, inputs)


def _mixed(example: Worked, known: Input) -> Line:
    """A distribution, from the uniform one to one that is sure of its likeliest class."""
    start = example.inputs[known.name]
    uniform = torch.full_like(start, 1 / start.shape[-1])
    sure = torch.nn.functional.one_hot(start.argmax(-1), start.shape[-1]).to(start)

    def inputs(t: Tensor) -> dict[str, Tensor]:
        return _replaced(example, known, (1 - t) * uniform + t * sure)

    return Line(f"sureness of {known.name}", 0.01, 0.99, inputs)


# ---------------------------------------------------------------- curves


def curves(example: Worked) -> tuple[Line, list[Curve]]:
    """A loss along a line, for its example's settings and for others of one hyperparameter."""
    loss = losslang.compile(example.spec, backend="torch", **example.sizes).double()
    torch.manual_seed(0)
    for _ in range(WARM):
        if example.loss.states:
            loss(**_about(example))
    found: list[tuple[Line, list[Curve]]] = []
    for drawn in lines(example):
        found.append((drawn, [_curve(loss, drawn, *setting) for setting in _settings(example)]))
        if not all(map(_is_flat, found[-1][1])):
            return found[-1]
    return found[0]


def _is_flat(curve: Curve) -> bool:
    low, high = min(curve.values), max(curve.values)
    return high - low <= 1e-9 * max(1.0, abs(high))


def _about(example: Worked) -> dict[str, Tensor]:
    """The example's inputs; real ones without a domain elsewhere, at a distance of order one."""
    free = {k.name for k in example.loss.inputs if k.kind == "real" and k.domain == EVERYTHING}
    return {
        name: value + torch.randn_like(value) if name in free else value
        for name, value in example.inputs.items()
    }


def _settings(example: Worked) -> Iterator[tuple[str, dict[str, float]]]:
    for hyper in example.loss.hyperparameters:
        default = hyper.default
        if isinstance(default, Fraction) and default and hyper.kind == "real" and not hyper.axes:
            for factor in (0.5, 1, 2):
                value = float(default) * factor
                if Fraction(value) in hyper.domain:
                    yield f"{hyper.name} = {value:g}", {hyper.name: value}
            return
    yield "", {}


def _curve(loss: torch.nn.Module, drawn: Line, label: str, changed: Mapping[str, float]) -> Curve:
    places = torch.linspace(drawn.low, drawn.high, POINTS, dtype=torch.float64)
    values, slopes = [], []
    memory = {name: kept.clone() for name, kept in loss.state_dict().items()}
    for place in places:
        # Every place has the same memory and the same draws.
        loss.load_state_dict(memory)
        torch.manual_seed(0)
        t = place.clone().requires_grad_()
        value = loss(**drawn.inputs(t), **changed)
        (slope,) = torch.autograd.grad(value, t, materialize_grads=True)
        values.append(float(value.detach()))
        slopes.append(float(slope))
    return Curve(label, places.tolist(), values, slopes)
