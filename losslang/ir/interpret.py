"""The reference interpreter: what a loss means, in as many digits as one asks for.

Slow and plain on purpose: loops over indices, one value at a time. Tests hold the compiler's code
against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product as places
from typing import Any

import mpmath
import numpy

from losslang.ir import exact
from losslang.ir.binders import free_indices
from losslang.ir.evaluate import Environment, Evaluator, World, array
from losslang.ir.exact import Number
from losslang.ir.folds import UndefinedError, mean
from losslang.ir.heads import ONE, Axis, Index
from losslang.ir.loss import BATCH, PROGRESS, Draw, Input, Loss, Requirement, State, Term
from losslang.ir.mask import mask_axes, masked


@dataclass(frozen=True)
class TermResult:
    """One term: its values nested by result index (0 where left out), and which were kept."""

    values: Any
    kept: Any
    sum: Number
    mean: Number


@dataclass(frozen=True)
class Result:
    """A loss: each term reduced over what was kept, then added up.

    ``terms`` has them by name, ``state`` what the call leaves of each state.
    """

    mean: Number
    sum: Number
    terms: Mapping[str, TermResult]
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> Any:
        """The values of a loss that has one term."""
        (term,) = self.terms.values()
        return term.values


def interpret(
    loss: Loss,
    inputs: Mapping[str, Any],
    hyperparameters: Mapping[str, Any] | None = None,
    *,
    digits: int = 50,
    draws: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    training: bool = True,
    progress: Any = 0,
    mask: Any = None,
    seed: int = 0,
) -> Result:
    """The value of a loss, rational numbers exact, others as ``mpmath.mpf`` of ``digits`` digits.

    ``digits`` is the precision of every step; a formula that cancels delivers fewer.

    An input is nested lists, an array or a number: the examples on one leading axis if it is
    ``batched``, then its axes in order. Hyperparameters not given take their defaults; a mask has
    the shape of the target, or one truth value for each example. ``state`` is that of an earlier
    result. Where there is none, an axis that only states have is as long as ``sizes`` says, else as
    the inputs that point into it need. Draws that are not passed are made, as ``seed`` says. Raises
    :class:`~losslang.ir.folds.UndefinedError` where the loss has no value.
    """
    given = Given(
        inputs,
        hyperparameters or {},
        draws or {},
        state or {},
        training,
        progress,
        sizes or {},
        seed,
    )
    with mpmath.workdps(digits + exact.GUARD):
        if mask is not None:
            loss, given = _with_mask(loss, given, mask)
        return _evaluated(loss, Evaluator(world(loss, given)))


def gradient(
    loss: Loss,
    inputs: Mapping[str, Any],
    wrt: str,
    hyperparameters: Mapping[str, Any] | None = None,
    *,
    digits: int = 50,
    of: Callable[[Result], Number] = lambda result: result.mean,
    **options: Any,
) -> Any:
    """The gradient of ``of(result)`` in an input or hyperparameter, as an object array.

    Central differences at twice the digits, so about ``digits`` are right wherever the loss is
    smooth. What is detached is held at its value. ``options`` are those of :func:`interpret`.
    """
    mask = options.pop("mask", None)
    given = Given(inputs, hyperparameters or {}, **options)
    with mpmath.workdps(2 * digits + exact.GUARD):
        if mask is not None:
            loss, given = _with_mask(loss, given, mask)
        base = world(loss, given)
        frozen = Evaluator(base)
        step = mpmath.mpf(10) ** -(digits // 2 + digits // 6)

        def at(changed: World) -> Number:
            return exact.rough(of(_evaluated(loss, Evaluator(replace(changed, frozen=frozen)))))

        if wrt in base.scalars:
            ends = [{**base.scalars, wrt: base.scalars[wrt] + s} for s in (step, -step)]
            up, down = (at(replace(base, scalars=scalars)) for scalars in ends)
            return (up - down) / (2 * step)
        slopes = numpy.empty(base.arrays[wrt].shape, dtype=object)
        for place in numpy.ndindex(slopes.shape):
            up, down = (at(_nudged(base, wrt, place, s)) for s in (step, -step))
            slopes[place] = (up - down) / (2 * step)
        return slopes


def violated(loss: Loss, given: Given, *, digits: int = 30) -> tuple[Requirement, ...]:
    """The requirements of a loss that do not hold for some values of their free indices."""
    with mpmath.workdps(digits + exact.GUARD):
        evaluator = Evaluator(world(loss, given))
        return tuple(r for r in loss.requires if not _met(r, evaluator))


@dataclass(frozen=True)
class Given:
    """What a call passes."""

    inputs: Mapping[str, Any]
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    draws: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    training: bool = True
    progress: Any = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0


def world(loss: Loss, given: Given) -> World:
    """The arrays, numbers and sizes that the names of a loss stand for. Checks shapes and names."""
    arrays: dict[str, Any] = {}
    sizes: dict[Axis, int] = {}
    _refuse_unknown("input", given.inputs, [known.name for known in loss.inputs])
    for known in loss.inputs:
        arrays[known.name] = _input(known, given.inputs[known.name])
        _measure(known.name, (BATCH,) * known.batched + known.axes, arrays[known.name], sizes)
    names = [hyper.name for hyper in loss.hyperparameters]
    _refuse_unknown("hyperparameter", given.hyperparameters, names)
    now = exact.number(given.progress)
    scalars: dict[str, Number] = {PROGRESS.name: now}
    choices: dict[str, str] = {}
    for hyper in loss.hyperparameters:
        value = given.hyperparameters.get(hyper.name, hyper.default)
        if hyper.formula is not None and hyper.name not in given.hyperparameters:
            value = Evaluator(World({}, {PROGRESS.name: now}, {}, {})).value(hyper.formula)
        if value is None:
            raise ValueError(f"hyperparameter {hyper.name!r} has no default")
        if hyper.kind == "choice":
            choices[hyper.name] = str(value)
        elif hyper.axes:
            arrays[hyper.name] = array(value, len(hyper.axes))
            _measure(hyper.name, hyper.axes, arrays[hyper.name], sizes)
        else:
            scalars[hyper.name] = exact.number(value)
    for number, draw in enumerate(loss.draws):
        made = given.draws.get(draw.name)
        if made is None:
            made = _drawn(draw, (given.seed, number), World({}, scalars, {}, sizes))
        arrays[draw.name] = array(made, len(draw.axes))
    for state in loss.states:
        arrays[state.name] = _held(loss, state, given, arrays, World({}, scalars, {}, sizes))
        _measure(state.name, state.axes, arrays[state.name], sizes)
    following = {state.following.name: state for state in loss.states}
    return World(arrays, scalars, choices, sizes, following, given.training)


def _drawn(draw: Draw, seed: tuple[int, int], world: World) -> Any:
    """Random numbers of a draw's law and shape."""
    shape = [Evaluator(world).size(axis) for axis in draw.axes]
    chance = numpy.random.default_rng(seed)
    return (chance.random(shape) if draw.kind == "uniform" else chance.normal(size=shape)).tolist()


def _held(loss: Loss, state: State, given: Given, arrays: Mapping[str, Any], world: World) -> Any:
    """What a state holds before the call."""
    if state.name in given.state:
        return array(given.state[state.name], len(state.axes), numbers=state.kind != "label")
    shape: list[int] = []
    for place, axis in enumerate(state.axes):
        if state.length is not None and place == 0:
            shape.append(int(Evaluator(world).value(state.length)))
        elif axis.size is not None or axis.base in world.sizes:
            shape.append(Evaluator(world).size(axis.base))
        else:
            pointing = [arrays[known.name] for known in loss.inputs if known.over == axis]
            needed = [1 + int(n) for indices in pointing for n in indices.ravel()]
            shape.append(given.sizes.get(axis.base.name, max(needed, default=1)))
    held = numpy.empty(shape, dtype=object)
    held.fill(exact.number(state.start))
    return held


def _refuse_unknown(what: str, given: Mapping[str, Any], known: list[str]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"no {what} {name!r}; there are {', '.join(known) or 'none'}")


def _input(known: Input, value: Any) -> Any:
    pack = None if known.pack is None else known.batched + known.axes.index(known.pack)
    dims = known.batched + len(known.axes)
    try:
        return array(value, dims, pack, numbers=known.kind != "label")
    except ValueError as error:
        raise ValueError(f"input {known.name!r}: {error}") from None


def _measure(name: str, axes: tuple[Axis, ...], value: Any, sizes: dict[Axis, int]) -> None:
    for axis, size in zip(axes, value.shape, strict=True):
        if sizes.setdefault(axis, size) != size or axis.size not in (None, size):
            wanted = sizes[axis] if axis.size is None else axis.size
            raise ValueError(f"{name!r} has {size} places on axis {axis.name!r}, not {wanted}")


def _with_mask(loss: Loss, given: Given, mask: Any) -> tuple[Loss, Given]:
    axes = mask_axes(loss)
    if numpy.ndim(numpy.array(mask, dtype=object)) == 1:
        axes = axes[:1]
    name = "mask"
    while any(known.name == name for known in loss.inputs):
        name += "_"
    changed = masked(loss, axes, name)
    packs = [known.pack for known in loss.inputs if known.pack in axes]
    if packs:
        last = replace(changed.inputs[-1], pack=packs[0])
        changed = replace(changed, inputs=(*changed.inputs[:-1], last))
    return changed, replace(given, inputs={**given.inputs, name: mask})


def _evaluated(loss: Loss, evaluator: Evaluator) -> Result:
    terms = {term.name: _term(term, evaluator) for term in loss.terms}
    new = {state.name: evaluator.following(state.following.name) for state in loss.states}
    state = {name: made if made.ndim else made[()] for name, made in new.items()}
    mean_ = exact.total(term.mean for term in terms.values())
    sum_ = exact.total(term.sum for term in terms.values())
    return Result(mean_, sum_, terms, state)


def _term(term: Term, evaluator: Evaluator) -> TermResult:
    kept: list[bool] = []
    values: list[Number] = []
    for environment in everywhere(term.result, evaluator):
        kept.append(evaluator.holds(term.guard, environment))
        values.append(evaluator.value(term.body, environment) if kept[-1] else 0)
    counted = [value for value, keep in zip(values, kept, strict=True) if keep]
    shape = tuple(evaluator.size(index.axis) for index in term.result)
    return TermResult(
        _nested(values, shape), _nested(kept, shape), exact.total(counted), mean(counted)
    )


def everywhere(indices: Iterable[Index], evaluator: Evaluator) -> Iterator[Environment]:
    """The indices at all their places."""
    indices = tuple(indices)
    for place in places(*(range(evaluator.size(index.axis)) for index in indices)):
        yield dict(zip(indices, place, strict=True))


def _nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    step = len(flat) // shape[0] if shape[0] else 0
    return [_nested(flat[n * step : (n + 1) * step], shape[1:]) for n in range(shape[0])]


def _nudged(base: World, name: str, place: tuple[int, ...], step: Number) -> World:
    changed = base.arrays[name].copy()
    changed[place] = exact.rough(changed[place]) + step
    return replace(base, arrays={**base.arrays, name: changed})


def _met(requirement: Requirement, evaluator: Evaluator) -> bool:
    free = tuple(free_indices(requirement.condition) | free_indices(requirement.guard))
    return all(
        evaluator.holds(requirement.condition, environment)
        for environment in everywhere(free, evaluator)
        if requirement.guard == ONE or evaluator.holds(requirement.guard, environment)
    )


__all__ = ["Given", "Result", "TermResult", "UndefinedError", "gradient", "interpret", "violated"]
