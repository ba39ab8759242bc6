"""Multi-class losses in general: instantiated at a number of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import sympy
from sympy import Basic, Expr, Integer

from losslang.ir.binders import free_indices, occurs, substitute, walk
from losslang.ir.heads import At, Axis, Index, Tensor
from losslang.ir.loss import Domain, Hyperparameter, Input
from losslang.ir.reduce import Reduce
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.example import Example, axes_of
from losslang.verify.readings.instance import Unknown, written_out
from losslang.verify.statement import Region
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Classes:
    """What the formula of a multi-class loss reads.

    ``values`` is the array over the classes, ``target`` the label's array; ``place`` are the
    indices of the example at hand. ``arrays`` are the hyperparameters with an entry for each class
    (or each pair of classes).
    """

    values: Tensor
    axes: tuple[Axis, ...]
    target: Input
    axis: Axis
    place: tuple[Index, ...]
    arrays: tuple[Hyperparameter, ...]

    @property
    def label(self) -> At:
        """The label of the example at hand."""
        return At(self.target.tensor, *self._own(axes_of(self.target)))

    def entry(self, index: Expr) -> At:
        """The value for one class."""
        own = {i.axis: i for i in self.place}
        return At(self.values, *(index if a == self.axis else own[a] for a in self.axes))

    def _own(self, axes: tuple[Axis, ...]) -> tuple[Index, ...]:
        return tuple(index for axis in axes for index in self.place if index.axis == axis)

    def remain(self, body: Expr) -> bool:
        """Whether ``body`` still depends on values of classes or on the label."""
        reads = any(isinstance(e, At) for e in walk(body))
        folds = any(isinstance(e, Reduce) and self.axis in _over(e) for e in walk(body))
        return reads or folds or bool(free_indices(body))

    def at(self, body: Expr, symbols: tuple[sympy.Symbol, ...]) -> tuple[Expr, ...]:
        """``body`` for each label, with ``symbols`` for the values."""
        values = {self.entry(Integer(n)): symbol for n, symbol in enumerate(symbols)}
        return tuple(self._labelled(body, values, k) for k in range(len(symbols)))

    def _labelled(self, body: Expr, values: Mapping[Basic, Basic], label: int) -> Expr:
        count = len(values)
        instance = substitute(body, {self.label: Integer(label)})
        instance = written_out(instance, {self.axis: count})
        return spelled(substitute(instance, {**values, **self._entries(count)}))

    def _entries(self, count: int) -> dict[Basic, Basic]:
        return {
            At(hyper.tensor, *map(Integer, place)): _entry_symbol(hyper, place)
            for hyper in self.arrays
            for place in product(range(count), repeat=len(hyper.axes))
        }

    def region_at(self, region: Region, classes: sympy.Symbol, count: int) -> Region:
        """The region at ``count`` classes, with the entries of arrays. Raises ``ValueError``."""
        bounds = region.bounds(classes)
        if bounds is not None and not bounds.low <= count <= bounds.high:
            raise ValueError(f"this loss has no {count} classes")
        region = region.setting({classes: Integer(count)})
        for hyper in self.arrays:
            for place in product(range(count), repeat=len(hyper.axes)):
                region = region.having(_entry_symbol(hyper, place), bounds_of(hyper.domain))
        return region


def _over(e: Reduce) -> tuple[Axis, ...]:
    return tuple(index.axis for index in e.binders)


def _entry_symbol(hyper: Hyperparameter, place: tuple[int, ...]) -> sympy.Symbol:
    name = f"{hyper.name}[{', '.join(map(str, place))}]"
    return Hyperparameter(name, hyper.kind, domain=hyper.domain).symbol


@dataclass(frozen=True)
class Multiclass(Reading):
    """Any loss of unbounded logits over the classes and one label among them.

    ``body`` is the formula of one example in index notation, ``reads`` what stands in it;
    ``classes`` is K, a variable of the region; ``input`` the logits.
    """

    kind: ClassVar[str] = "a multi-class loss"

    body: Expr
    reads: Classes
    classes: sympy.Symbol
    input: str

    def symbols(self, classes: int) -> tuple[sympy.Symbol, ...]:
        """The logits z1 ... zK."""
        return tuple(self.region.fresh(f"z{k + 1}") for k in range(classes))

    def at(self, classes: int) -> tuple[tuple[sympy.Symbol, ...], tuple[Expr, ...]]:
        """The logits z1 ... zK of K classes, and the loss for each label.

        The hyperparameters with an entry for each class are symbols ``weight[0]``, ... of
        :meth:`region_at`.
        """
        symbols = self.symbols(classes)
        body = substitute(self.body, {self.classes: Integer(classes)})
        return symbols, self.reads.at(body, symbols)

    def region_at(self, classes: int) -> Region:
        """The region at K classes, without K and the logits. Raises ``ValueError``."""
        return self.reads.region_at(self.region, self.classes, classes)


def multiclass(example: Example) -> Multiclass | None:
    """The reading of a loss of one array over an axis and one label along that axis."""
    if len(example.arrays) != 1 or len(example.labels) != 1:
        return None
    logits, target = example.arrays[0], example.labels[0]
    if logits.kind != "real" or logits.domain != Domain():
        return None
    reads = classes_of(example)
    if reads is None:
        return None
    assert example.classes is not None
    reading = Multiclass(example.only(), example.body, reads, example.classes, logits.name)
    bounds = example.region.bounds(example.classes)
    assert bounds is not None
    counts = (2, 3) if bounds.high.is_infinite else (int(bounds.high),)
    strangers = (logits.tensor, target.tensor)
    try:
        instances = [f for n in counts for f in reading.at(n)[1]]
    except (Unknown, ValueError):
        return None
    if any(occurs(tensor, f) for f in instances for tensor in strangers):
        return None
    return reading


def classes_of(example: Example) -> Classes | None:
    """What a loss of one array and one label along its axis reads."""
    values, target = example.arrays[0], example.labels[0]
    if target.kind != "index" or target.over != example.axis or example.axis is None:
        return None
    return Classes(
        values.tensor, axes_of(values), target, example.axis, example.place, example.entries
    )
