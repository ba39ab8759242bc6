"""A loss at concrete sizes and inputs: a number, or a formula in its hyperparameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import sympy
from sympy import Basic, Expr, Integer

from losslang.ir.binders import Binder, walk
from losslang.ir.heads import At, Axis, Labelled, Tensor
from losslang.ir.loss import BATCH, Input, Loss
from losslang.ir.reduce import Reduce
from losslang.verify.readings.algebra import rewritten
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.instance import Unknown, written_out

Change = Callable[[At], Expr]
Entry = tuple[str, tuple[int, ...]]

MAX_ENTRIES = 200


def with_reads(body: Expr, change: Change) -> Expr:
    """``body`` with each read of an array rewritten, inner reads first, under binders too."""
    memo: dict[Basic, Basic] = {}

    def visit(e: Basic) -> Basic:
        if not e.args or not isinstance(e, Expr):
            return e
        if e not in memo:
            if isinstance(e, Binder):
                indices, guard, inner = e.open()
                made = e.func(e.op, indices, visit(guard), visit(inner), *map(visit, e.rest))
            else:
                made = e.func(*(visit(a) for a in e.args))
            # A formula may become a read by itself, which is then no new one.
            memo[e] = change(made) if isinstance(e, At) else made
        return memo[e]

    return visit(body)


@dataclass(frozen=True)
class Inputs:
    """Sizes of the axes, and numbers for the entries of the inputs."""

    sizes: Mapping[str, int]
    entries: Mapping[Entry, Expr]

    def data(self) -> dict[str, Expr]:
        """As a guess: ``size class``, ``logits 0 1``."""
        sizes = {f"size {axis}": Integer(n) for axis, n in self.sizes.items()}
        return sizes | {
            " ".join(map(str, (name, *at))): v for (name, at), v in self.entries.items()
        }


def from_data(data: Mapping[str, Expr]) -> Inputs:
    """The inputs in a guess; what is none of them is left out."""
    sizes: dict[str, int] = {}
    entries: dict[Entry, Expr] = {}
    for key, value in data.items():
        name, *at = key.split()
        if name == "size" and len(at) == 1 and value.is_Integer and 1 <= value <= 8:
            sizes[at[0]] = int(value)
        elif all(n.isdecimal() for n in at) and value.is_Rational:
            entries[name, tuple(map(int, at))] = value
    return Inputs(sizes, entries)


def axes_of(loss: Loss) -> tuple[Axis, ...]:
    """The axes whose sizes the inputs decide."""
    found: dict[Axis, None] = {BATCH: None}
    for known in loss.inputs:
        for axis in (*known.axes, *((known.over,) if known.over else ())):
            if axis.size is None:
                found[axis] = None
    for term in loss.terms:
        for part in walk(term.body):
            if isinstance(part, Axis) and part.size is None:
                found[part] = None
    return tuple(found)


def shape(known: Input, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The sizes of an input's dimensions. Raises KeyError for an axis without one."""
    return tuple(int(a.size) if a.size is not None else sizes[a.name] for a in known.dims)


def places(known: Input, sizes: Mapping[str, int]) -> Iterator[tuple[int, ...]]:
    """All places of an input."""
    return product(*map(range, shape(known, sizes)))


def arrays(loss: Loss, inputs: Inputs) -> dict[str, tuple[Expr, ...]]:
    """The entries of each input in the order of its places, by the input's name."""
    return {
        known.name: tuple(inputs.entries[known.name, at] for at in places(known, inputs.sizes))
        for known in loss.inputs
    }


def admits(loss: Loss, inputs: Inputs) -> bool:
    """Whether every entry of every input has a number of its kind and in its domain."""
    try:
        return all(_admitted(known, inputs) for known in loss.inputs)
    except KeyError:
        return False


def _admitted(known: Input, inputs: Inputs) -> bool:
    values = [inputs.entries[known.name, at] for at in places(known, inputs.sizes)]
    if len(values) > MAX_ENTRIES:
        return False
    match known.kind:
        case "index":
            assert known.over is not None
            top = known.over.size if known.over.size is not None else inputs.sizes[known.over.name]
            return all(v.is_Integer and 0 <= v < top for v in values)
        case "label" | "int":
            return all(v.is_Integer for v in values)
        case "bit" | "bool":
            return all(v in (0, 1) for v in values)
        case "sign":
            return all(v in (-1, 1) for v in values)
        case "simplex":
            return all(v.is_Rational and v >= 0 for v in values) and _sums(known, inputs) == {1}
    return all(bounds_of(known.domain).holds(v) for v in values)


def _sums(known: Input, inputs: Inputs) -> set[Expr]:
    """The sums of the entries along the input's last axis."""
    totals: dict[tuple[int, ...], Expr] = {}
    for at in places(known, inputs.sizes):
        totals[at[:-1]] = totals.get(at[:-1], sympy.S.Zero) + inputs.entries[known.name, at]
    return set(totals.values())


def value(loss: Loss, inputs: Inputs) -> Expr | None:
    """The loss averaged over its results; ``None`` where it cannot be written out.

    Hyperparameters stay symbols. Raises ValueError unless the inputs are admitted.
    """
    if not admits(loss, inputs):
        raise ValueError("the inputs are incomplete or outside of their domains")
    return formula(loss, inputs)


def formula(loss: Loss, inputs: Inputs) -> Expr | None:
    """Like :func:`value`, for entries that may be any formulas."""
    if loss.draws or loss.states:
        return None
    total = []
    for term in loss.terms:
        body = (
            Reduce("mean", term.result, term.guard, unlabelled(term.body))
            if term.result
            else term.body
        )
        made = part_of(loss, body, inputs)
        if made is None:
            return None
        total.append(made)
    return sympy.Add(*total)


def part_of(loss: Loss, body: Expr, inputs: Inputs) -> Expr | None:
    """A formula of the loss without free indices, at the inputs; ``None`` where that fails."""
    sizes = {axis: inputs.sizes[axis.name] for axis in axes_of(loss) if axis.name in inputs.sizes}
    try:
        made = written_out(body, sizes, entry=lambda read: _entry(read, inputs))
    except (Unknown, KeyError):
        return None
    return None if any(isinstance(part, At | Binder | Tensor) for part in walk(made)) else made


@lru_cache(maxsize=256)
def unlabelled(body: Expr) -> Expr:
    """``body`` without the marks that say which label a part is for."""
    return rewritten(body, lambda e: e.args[1] if isinstance(e, Labelled) else e)


def _entry(read: At, inputs: Inputs) -> Expr:
    at = read.indices
    if not all(i.is_Integer for i in at):
        raise Unknown("an entry at an unknown place")
    return inputs.entries[read.tensor.name, tuple(map(int, at))]


def permuted(known: Input, inputs: Inputs, axis: Axis, order: Sequence[int]) -> dict[Entry, Expr]:
    """The entries of an input with the places along an axis reordered: place n holds order[n]."""
    found: dict[Entry, Expr] = {}
    for at in places(known, inputs.sizes):
        moved = tuple(order[n] if a == axis else n for n, a in zip(at, known.dims, strict=True))
        found[known.name, at] = inputs.entries[known.name, moved]
    return found
