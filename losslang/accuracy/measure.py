"""Errors of the value and gradient of emitted code on hard inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy
import torch
from torch import Tensor

from losslang.accuracy.floats import FORMATS, Format, relative
from losslang.accuracy.inputs import Hard, hard_inputs
from losslang.accuracy.truth import Entry, Oracle, Truth
from losslang.codegen.variants import label_input
from losslang.ir import exact
from losslang.ir.loss import Domain, Loss

DTYPES = ("float32", "float64", "bfloat16")

LOCAL_ULPS = 8.0
"""What a number that depends on one example may be off by, beside the rounding of its scores."""

ROUNDINGS = 4.0
"""How many roundings of all inputs an error may be worth to count as explained by them."""


@dataclass(frozen=True)
class Errors:
    """The worst of some numbers; ``excess`` counts ulps beyond what the scores' rounding excuses.

    The difference of two scores that lie ``d`` apart is uncertain by half an ulp of ``d``, and a
    probability by that share of itself. ``unexplained`` counts what is left beyond that and a few
    times the distance by which the true number moves if inputs and hyperparameters are rounded.
    """

    relative: float = 0.0
    ulps: float = 0.0
    excess: float = 0.0
    unexplained: float = 0.0
    counted: int = 0

    def __or__(self, other: Errors) -> Errors:
        return Errors(
            max(self.relative, other.relative),
            max(self.ulps, other.ulps),
            max(self.excess, other.excess),
            max(self.unexplained, other.unexplained),
            self.counted + other.counted,
        )


@dataclass(frozen=True)
class Row:
    """One loss in one precision on one pattern.

    ``non_finite`` says what should be finite, or what the code raises.
    """

    loss: str
    dtype: str
    pattern: str
    value: Errors
    gradient: Errors
    non_finite: tuple[str, ...]


NUDGE = 8.0
"""How many roundings inputs are moved by, for numbers that float64 can hold."""


Module = Callable[..., Any]


def measure(
    loss: Loss, module: Module, dtypes: Iterable[str] = DTYPES, name: str | None = None
) -> Iterator[Row]:
    """A row for each pattern of hard inputs in each precision.

    ``module`` is the live loss, out of training; ``name`` is what the rows call it. Raises
    ``ValueError`` for a loss that draws random numbers, which has no one true value.
    """
    if loss.draws:
        raise ValueError(f"{loss.name} draws random numbers")
    oracle = Oracle(loss)
    for dtype in dtypes:
        for hard in hard_inputs(loss, FORMATS[dtype]):
            yield measure_one(oracle, module, name or loss.name, FORMATS[dtype], hard)


def with_kernels(module: Any) -> tuple[str, ...]:
    """The types of numbers for which a module has a kernel; waits until those are built."""
    return tuple(dtype for dtype in DTYPES if module.precompile(getattr(torch, dtype)))


def measure_one(oracle: Oracle, module: Module, name: str, format: Format, hard: Hard) -> Row:
    """The row of one batch, its inputs rounded to ``format``."""
    dtype = getattr(torch, format.name)
    tensors = {key: _tensor(array, dtype) for key, array in hard.inputs.items()}
    held = {
        key: x.detach().double().numpy() if x.is_floating_point() else x.numpy()
        for key, x in tensors.items()
    }
    settings = {
        hyper.name: hyper.default
        if hyper.default is None or isinstance(hyper.default, str)
        else float(hyper.default)  # type: ignore[arg-type]
        for hyper in oracle.loss.hyperparameters
        if hyper.learn
    } | dict(hard.settings)
    empty = hard.masked or any(
        len(held[known.name]) == 0 for known in oracle.loss.inputs if known.batched
    )
    truth = oracle.nothing(held) if empty else oracle.at(held, settings)
    options = dict(settings)
    if not truth.whole:
        options["reduction"] = "none"
    if hard.masked:
        options["mask"] = torch.zeros(_mask_shape(oracle.loss, held), dtype=torch.bool)
    arguments = [tensors[known.name] for known in oracle.loss.inputs]
    try:
        found = module(*arguments, **options)
    except (ArithmeticError, IndexError, RuntimeError) as error:
        says = f"raises {type(error).__name__}: {error}"
        return Row(name, format.name, hard.name, Errors(), Errors(), (says,))
    leaves = [tensors[known.name] for known in oracle.reals]
    slopes = (
        torch.autograd.grad(found.sum(), leaves, materialize_grads=True)
        if found.requires_grad
        else [torch.zeros_like(x) for x in leaves]
    )
    gradients = {k.name: s.double() for k, s in zip(oracle.reals, slopes, strict=True)}
    value_format = FORMATS[str(found.dtype).removeprefix("torch.")]
    spread = _spread(oracle, held) if truth.local else numpy.zeros(len(truth.values))
    beside = Beside(oracle, held, settings, format)
    return _compared(name, hard.name, format, value_format, truth, found, gradients, spread, beside)


def _tensor(array: Any, dtype: torch.dtype) -> Tensor:
    tensor = torch.from_numpy(numpy.ascontiguousarray(array))
    if not tensor.is_floating_point():
        return tensor
    return tensor.to(dtype).requires_grad_()


def _mask_shape(loss: Loss, held: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape of the labels, or of the examples where there are none."""
    label = label_input(loss)
    if label is not None:
        return tuple(held[label.name].shape)
    return tuple(held[next(k.name for k in loss.inputs if k.batched)].shape[:1])


def _spread(oracle: Oracle, held: Mapping[str, Any]) -> Any:
    """How far apart the scores of each example lie."""
    found: Any = 0.0
    for known in oracle.reals:
        if known.batched:
            rows = held[known.name].reshape(len(held[known.name]), -1)
            low, high = (rows.min(-1), rows.max(-1)) if known.axes else (rows[:, 0] * 0, rows[:, 0])
            with numpy.errstate(over="ignore"):
                found = numpy.maximum(found, abs(high - low))
    return found


def _compared(
    name: str,
    pattern: str,
    format: Format,
    value_format: Format,
    truth: Truth,
    found: Tensor,
    gradients: Mapping[str, Tensor],
    spread: Any,
    beside: Beside,
) -> Row:
    value = gradient = Errors()
    bad: list[str] = []
    numbers = found.detach().double().reshape(-1).tolist()
    finite = []
    for n, (entry, number) in enumerate(zip(truth.values, numbers, strict=True)):
        finite.append(entry.kind != "value" or value_format.holds(entry.number))
        place = "value" if truth.whole else f"value[{n}]"
        moved = partial(beside.values, n, value_format)
        value |= _checked(entry, number, value_format, place, spread[n], moved, bad)
    defined = [entry.kind != "none" for entry in truth.values]
    counts = [a and b for a, b in zip(finite, defined, strict=True)]
    for key, slopes in gradients.items():
        entries = truth.gradients[key]
        for at in numpy.ndindex(*entries.shape):
            if not (counts[at[0]] if truth.local else all(counts)):
                continue
            place = f"d {key}[{', '.join(map(str, at))}]"
            apart = spread[at[0]] if truth.local else 0.0
            number, moved = slopes[at].item(), partial(beside.slopes, key, at, format)
            gradient |= _checked(entries[at], number, format, place, apart, moved, bad)
    return Row(name, format.name, pattern, value, gradient, tuple(bad))


def _checked(
    entry: Entry,
    number: float,
    format: Format,
    place: str,
    spread: float,
    moved: Callable[[Entry], float],
    bad: list[str],
) -> Errors:
    """The errors of one number; what is not finite but should be goes to ``bad``."""
    if entry.kind == "none" or (entry.kind == "value" and not format.holds(entry.number)):
        return Errors()
    if not numpy.isfinite(number):
        true = "finite" if entry.kind == "kink" else f"{float(entry.number):.6g}"
        bad.append(f"{place} is {number}, truly {true}")
        return Errors()
    if entry.kind == "kink":
        return Errors(counted=1)
    ulps = format.ulps(number, entry.number)
    excess = max(0.0, ulps - LOCAL_ULPS - float(spread))
    unexplained = max(0.0, excess - ROUNDINGS * moved(entry)) if excess else 0.0
    return Errors(relative(number, entry.number), ulps, excess, unexplained, 1)


class Beside:
    """The true numbers at inputs and hyperparameters that are off by half an ulp, if asked for."""

    def __init__(
        self, oracle: Oracle, held: Mapping[str, Any], settings: Mapping[str, Any], format: Format
    ) -> None:
        self._oracle = oracle
        self._held = held
        self._settings = settings
        self._format = format

    def values(self, n: int, format: Format, entry: Entry) -> float:
        """By how many ulps a value moves."""
        return self._moved(entry, format, [truth.values[n] for truth in self._truths])

    def slopes(self, name: str, at: tuple[int, ...], format: Format, entry: Entry) -> float:
        """By how many ulps an entry of a gradient moves."""
        return self._moved(entry, format, [truth.gradients[name][at] for truth in self._truths])

    @staticmethod
    def _moved(entry: Entry, format: Format, others: list[Entry]) -> float:
        if any(other.kind != "value" for other in others):
            return float("inf")
        unit, here = format.unit(entry.number), exact.rough(entry.number)
        moved = max(float(abs(exact.rough(other.number) - here) / unit) for other in others)
        return moved / NUDGE

    @cached_property
    def _truths(self) -> list[Truth]:
        return [self._at(numpy.random.default_rng(seed)) for seed in range(2)]

    def _at(self, random: Any) -> Truth:
        step = self._format.eps / 4 * NUDGE  # a quarter of eps is half a step on average
        loss = self._oracle.loss
        inputs = dict(self._held)
        for known in self._oracle.reals:
            x = inputs[known.name]
            with numpy.errstate(over="ignore"):
                off = x * (1 + step * random.choice([-1.0, 1.0], x.shape))
            inputs[known.name] = _inside(known.domain, x, off)
        settings = dict(self._settings)
        for hyper in loss.hyperparameters:
            x = settings.get(hyper.name, hyper.default)
            if hyper.kind == "real" and x is not None and hyper.formula is None:
                x = numpy.asarray(x, dtype=float)
                off = x * (1 + step * random.choice([-1.0, 1.0], x.shape))
                settings[hyper.name] = _inside(hyper.domain, x, off).tolist()
        return self._oracle.at(inputs, settings)


def _inside(domain: Domain, x: Any, off: Any) -> Any:
    """Numbers beside ``x``, or ``x`` where those are not within the domain."""
    low = -numpy.inf if domain.low is None else float(domain.low)
    high = numpy.inf if domain.high is None else float(domain.high)
    return numpy.where((off > low) & (off < high), off, x)
