"""A mask as part of the formula: what is masked is absent from every binder and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sympy import Expr

from losslang.ir.binders import Binder, fresh, walk
from losslang.ir.heads import ONE, At, Axis, Index, Size, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Input, Loss, State, Term
from losslang.ir.recursion import Recursion
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Less

Here = Mapping[Axis, Expr]
"""The place at hand on each axis."""


def mask_axes(loss: Loss) -> tuple[Axis, ...]:
    """The axes of a mask: those of the first target, else the batch alone."""
    for known in loss.inputs:
        if known.kind == "index" and known.batched:
            return known.dims
    return (BATCH,)


def masked(loss: Loss, axes: tuple[Axis, ...], name: str = "mask") -> Loss:
    """``loss`` with a further input ``name`` over ``axes``, 0 where a place does not count."""
    mask = Input(name, "bool", axes[1:])
    masking = Masking(mask.tensor, axes)
    terms = tuple(masking.term(term) for term in loss.terms)
    states = tuple(masking.state(state) for state in loss.states)
    return replace(loss, inputs=(*loss.inputs, mask), terms=terms, states=states)


class Masking:
    """The rewriting for one mask. ``here`` holds the place at hand on each axis of the result."""

    def __init__(self, mask: Tensor, axes: tuple[Axis, ...]) -> None:
        self.mask = mask
        self.axes = axes
        self._known: dict[tuple[Expr, tuple[tuple[Axis, Expr], ...]], Expr] = {}

    def term(self, term: Term) -> Term:
        """A term without what is masked."""
        here = {index.axis: index for index in term.result}
        guard = And(self._kept(here), self.rewrite(term.guard, here))
        return replace(term, body=self.rewrite(term.body, here), guard=guard)

    def state(self, state: State) -> State:
        """A state to which nothing masked is written."""
        here = {BATCH: EXAMPLE}
        return replace(
            state,
            indices=tuple(self.rewrite(index, here) for index in state.indices),
            value=self.rewrite(state.value, here),
            guard=And(self._kept(here), self.rewrite(state.guard, here)),
        )

    def _kept(self, at: Here) -> Expr:
        """Whether a place counts; on an axis left open, whether any place does."""
        if not any(axis in at for axis in self.axes):
            return ONE
        left_open = {axis: fresh(axis) for axis in self.axes if axis not in at}
        read = At(self.mask, *({**at, **left_open}[axis] for axis in self.axes))
        return Reduce("any", tuple(left_open.values()), ONE, read) if left_open else read

    def rewrite(self, expr: Expr, here: Here) -> Expr:
        """An expression whose binders, orders and sizes leave out what is masked."""
        key = expr, tuple(here.items())
        if key not in self._known:
            self._known[key] = self._rewritten(expr, here)
        return self._known[key]

    def _rewritten(self, expr: Expr, here: Here) -> Expr:
        if isinstance(expr, Size) and expr.axis in self.axes:
            index = fresh(expr.axis)
            at = {index.axis: index, **self._example(index, here)}
            return Reduce("sum", (index,), self._kept(at), ONE)
        if not isinstance(expr, Binder):
            if not expr.args or isinstance(expr, Index | Tensor | Axis):
                return expr
            args = tuple(self.rewrite(arg, here) for arg in expr.args)
            return expr if args == expr.args else expr.func(*args)
        rest = [self.rewrite(arg, here) for arg in expr.rest]
        indices, guard, body = expr.open()
        if isinstance(expr, Recursion):
            # The example at hand is one of its indices inside.
            pairs = zip(indices[1:], expr.place, strict=True)
            inside = {i.axis: i for i, place in pairs if here.get(i.axis) == place}
            return expr.func(expr.op, indices, guard, self.rewrite(body, {**here, **inside}), *rest)
        reads = [e for e in (*walk(guard), *walk(body)) if isinstance(e, At)]
        kept = [
            self._kept({index.axis: index, **beside})
            for index in indices
            if index.axis in self.axes
            for beside in self._beside(index, reads, here)
        ]
        # The places of a sorted array are as many as there are entries that count.
        sizes = [(index, index.axis.size) for index in indices if index.axis.size is not None]
        counts = [(index, size, self.rewrite(size, here)) for index, size in sizes]
        kept += [Less(index, count) for index, size, count in counts if count != size]
        guard = And(*kept, self.rewrite(guard, here))
        return expr.func(expr.op, indices, guard, self.rewrite(body, here), *rest)

    def _beside(self, index: Index, reads: list[At], here: Here) -> list[Here]:
        """The places on the other axes that belong to an index: those it is read with."""
        found: list[Here] = []
        for read in reads:
            if index in read.indices:
                others = [i for i in read.indices if isinstance(i, Index) and not i.level]
                beside = {i.axis: i for i in others if i.axis in self.axes and i != index}
                if beside not in found and (index.axis == BATCH or BATCH in beside):
                    found.append(beside)
        return found or [self._example(index, here)]

    @staticmethod
    def _example(index: Index, here: Here) -> Here:
        return {BATCH: here[BATCH]} if index.axis != BATCH and BATCH in here else {}
