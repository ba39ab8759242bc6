"""One example's formula, with symbols for the scalars that it reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import free_indices, parts, substitute, walk
from losslang.ir.heads import ONE, At, Axis, Detach, Index, Size, Tensor
from losslang.ir.loss import EXAMPLE, PROGRESS, Domain, Hyperparameter, Input, Loss, Term
from losslang.ir.reduce import Reduce
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.domains import bounds_of, region_of, sizes
from losslang.verify.readings.fix import settled
from losslang.verify.readings.instance import Unknown, written_out
from losslang.verify.statement import Bounds, Region

LABELS = {"sign": (S.One, S.NegativeOne), "bit": (S.One, S.Zero), "bool": (S.One, S.Zero)}
"""The labels of a binary input, the positive one first."""


@dataclass(frozen=True)
class Scalar:
    """A scalar input and the symbol that stands for it."""

    symbol: sympy.Symbol
    input: Input

    @property
    def bounds(self) -> Bounds:
        """Where it lies."""
        return bounds_of(self.input.domain)

    @property
    def is_free(self) -> bool:
        """Whether it is any real number."""
        return self.input.kind == "real" and self.input.domain == Domain()


@dataclass(frozen=True)
class Example:
    """The loss of one example.

    ``body`` has a symbol for each of ``scalars``. It reads ``arrays``, which have the one axis
    ``axis``, and ``labels`` as the loss does, at the indices ``place`` of the example at hand.
    ``region`` holds the hyperparameters and, if there is an axis, its size ``classes``;
    ``entries`` are the hyperparameters that are arrays over that axis.
    """

    body: Expr
    region: Region
    scalars: tuple[Scalar, ...]
    arrays: tuple[Input, ...]
    labels: tuple[Input, ...]
    entries: tuple[Hyperparameter, ...]
    place: tuple[Index, ...]
    axis: Axis | None
    classes: sympy.Symbol | None

    def only(self, *symbols: sympy.Symbol) -> Region:
        """The region with the scalars except ``symbols``."""
        region = self.region
        for scalar in self.scalars:
            if scalar.symbol not in symbols:
                region = region.having(scalar.symbol, scalar.bounds)
        return region

    def others(self, region: Region) -> tuple[sympy.Symbol, ...]:
        """The variables of a region that are inputs."""
        return tuple(s.symbol for s in self.scalars if s.symbol in region)


def example_of(loss: Loss) -> Example | None:
    """The formula of one example, or ``None`` for a loss that is not a mean over its examples."""
    if loss.draws or loss.states or not loss.terms:
        return None
    loss = settled(loss)
    if any(h.kind in ("choice", "bool") for h in loss.hyperparameters):
        return None
    tensors = {known.tensor for known in loss.inputs}
    terms = [_for_one(term, tensors) for term in loss.terms]
    places = {term.result for term in terms if term.result or _reads_any(term.body, tensors)}
    if len(places) != 1 or any(term.guard != ONE for term in terms):
        return None
    (place,) = places
    if EXAMPLE not in place:
        return None
    body = plain(sympy.Add(*(term.body for term in terms)), loss)
    if body is None:
        return None
    try:
        shared = {axis for known in loss.inputs for axis in known.axes}
        body = written_out(body, {}, keep=shared)
    except Unknown:
        return None
    return _with_symbols(loss, body, place)


def _for_one(term: Term, tensors: Collection[Tensor]) -> Term:
    """A mean over the batch as the mean over examples of what is averaged; else the term."""
    if term.result or term.guard != ONE:
        return term
    made: list[Expr] = []
    for summand in sympy.Add.make_args(term.body):
        means = [f for f in sympy.Mul.make_args(summand) if isinstance(f, Reduce)]
        if not _reads_any(summand, tensors):
            made.append(summand)
            continue
        if len(means) != 1 or means[0].op != "mean" or means[0].guard != ONE:
            return term
        indices, _, inner = means[0].open()
        if [index.axis for index in indices] != [EXAMPLE.axis]:
            return term
        made.append(summand / means[0] * substitute(inner, {indices[0]: EXAMPLE}))
    body = sympy.Add(*made)
    return replace(term, body=body, result=(EXAMPLE,)) if EXAMPLE in free_indices(body) else term


def _reads_any(body: Expr, tensors: Collection[Tensor]) -> bool:
    return not parts(body).isdisjoint(tensors)


def plain(body: Expr, loss: Loss) -> Expr | None:
    """The value of ``body``; ``None`` if gradients stop within it, which a value does not show."""
    tensors = {known.tensor for known in loss.inputs}
    for part in walk(body):
        if isinstance(part, Detach) and any(t in parts(part) for t in tensors):
            return None

    def rule(e: Basic) -> Basic:
        return e.args[0] if isinstance(e, Detach) else e

    return spelled(rewritten(body, rule))


def _with_symbols(loss: Loss, body: Expr, place: tuple[Index, ...]) -> Example | None:
    """The example with symbols for scalars and sizes, if its inputs are read at ``place``."""
    scalars: list[Scalar] = []
    arrays: list[Input] = []
    labels: list[Input] = []
    taken = {hyper.name for hyper in loss.hyperparameters} | {"K", PROGRESS.name}
    for known in loss.inputs:
        own = tuple(index for index in place if index.axis in axes_of(known))
        reads = [e for e in walk(body) if isinstance(e, At) and e.tensor == known.tensor]
        inner = len(axes_of(known)) - len(own)
        if known.kind in ("index", "label"):
            labels.append(known)
            if inner or any(at.indices != own for at in reads):
                return None
        elif inner:
            if not reads:
                continue
            arrays.append(known)
            if inner > 1 or not all(_keeps(at, own) for at in reads):
                return None
        elif known.name in taken or any(at.indices != own for at in reads):
            return None
        else:
            scalars.append(Scalar(_symbol(known), known))
            body = substitute(body, {At(known.tensor, *own): scalars[-1].symbol})
    axes = {axis for known in arrays for axis in axes_of(known)} - {i.axis for i in place}
    entries = tuple(hyper for hyper in loss.hyperparameters if hyper.axes)
    if len(axes) > 1 or not axes.issuperset(a for hyper in entries for a in hyper.axes):
        return None
    whole = region_of(loss)
    region = Region(whole.variables, whole.conditions)
    axis, classes = next(iter(axes), None), None
    if axis is not None:
        classes = region.fresh("K", integer=True, positive=True)
        region = region.having(classes, sizes(axis.size))
        if axis.size is None:
            body = substitute(body, {Size(axis): classes})
    if any(isinstance(part, Size) for part in walk(body)):
        return None
    return Example(
        body, region, tuple(scalars), tuple(arrays), tuple(labels), entries, place, axis, classes
    )


def axes_of(known: Input) -> tuple[Axis, ...]:
    """The axes of an input, with the batch."""
    return ((EXAMPLE.axis,) if known.batched else ()) + known.axes


def _symbol(known: Input) -> sympy.Symbol:
    """The symbol of a scalar input; what is assumed of it follows from its domain."""
    integer = known.kind == "int"
    return Hyperparameter(known.name, "int" if integer else "real", domain=known.domain).symbol


def _keeps(at: At, own: tuple[Index, ...]) -> bool:
    """Whether an array is read at the example at hand, and somewhere along its own axis."""
    others = [index for index in at.indices if index not in own]
    return tuple(i for i in at.indices if i in own) == own and len(others) == 1
