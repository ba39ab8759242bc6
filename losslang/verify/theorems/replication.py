"""Whether a loss looks at a batch as at a sample of a law: repeating every example is no matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from sympy import Basic, Expr, Tuple

from losslang.ir.binders import Binder, walk
from losslang.ir.heads import At, Axis, Index, Labelled, Size, Tensor
from losslang.ir.loss import BATCH, Loss
from losslang.ir.reduce import Reduce
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.invariance import BY_DEFINITION, before_and_after, changes

AVERAGES = ("mean", "logmeanexp", "max", "min")
"""Folds of numbers that stay as they are when each number is repeated equally often."""


def averages_only(loss: Loss) -> bool:
    """Whether examples are read at batch indices only, which only :data:`AVERAGES` bind.

    At each place of a repeated batch such a formula has the value that it had at the example which
    is repeated there, and a fold over the batch takes each of its numbers equally often.
    """
    if loss.draws or loss.states or any(BATCH in h.axes for h in loss.hyperparameters):
        return False
    if any(known.over == BATCH for known in loss.inputs):
        return False
    is_fair = _fairness({known.tensor: known.dims for known in loss.inputs})
    bodies = [e for term in loss.terms for e in (term.body, term.guard)]
    return all(is_fair(node) for body in bodies for node in walk(body)) and not any(
        map(_is_example, bodies)
    )


def _is_example(e: Basic) -> bool:
    return isinstance(e, Index) and e.axis == BATCH


def _fairness(axes: dict[Tensor, tuple[Axis, ...]]) -> Callable[[Basic], bool]:
    """Whether a part, apart from its parts, is one that :func:`averages_only` allows."""

    def is_fair(node: Basic) -> bool:
        if isinstance(node, Size):
            return bool(node.axis != BATCH)
        if isinstance(node, At):
            own = axes.get(node.tensor, (None,) * len(node.indices))
            pairs = zip(node.indices, own, strict=True)
            return all(axis == BATCH for e, axis in pairs if _is_example(e))
        if isinstance(node, Binder):
            over = any(index.axis == BATCH for index in node.binders)
            averages = isinstance(node, Reduce) and node.op in AVERAGES
            parts = (node.guard, node.body, *node.rest)
            return (averages or not over) and not any(map(_is_example, parts))
        return isinstance(node, Tuple | Labelled) or not any(map(_is_example, node.args))

    return is_fair


def _replicable(case: Case) -> Sequence[Premise] | None:
    return [] if averages_only(case.reading.loss) else None


def twice(loss: Loss, given: Inputs) -> Inputs:
    """The batch with every example in it twice."""
    count = given.sizes[BATCH.name]
    entries: dict[Entry, Expr] = {}
    for known in loss.inputs:
        along = [axis == BATCH for axis in known.dims]
        for at in instances.places(known, given.sizes):
            copies = (
                (n, n + count) if doubled else (n,) for n, doubled in zip(at, along, strict=True)
            )
            for there in product(*copies):
                entries[known.name, there] = given.entries[known.name, at]
    return Inputs({**given.sizes, BATCH.name: 2 * count}, entries)


def replicated(case: Case) -> tuple[Expr, Expr] | None:
    """The loss at the guess's inputs, before and after every example is repeated."""
    loss, given = case.reading.loss, instances.from_data(case.guess)
    try:
        return before_and_after(loss, given, twice(loss, given))
    except KeyError:
        return None


REPLICATION_INVARIANT = Theorem(
    "the batch is averaged only",
    "replication_invariant",
    Structure,
    "The formula folds the batch by means, softened means and extrema alone",
    "proof in docs/design/theory.md: Repeated batches",
    _replicable,
)
NOT_REPLICATION_INVARIANT = Theorem(
    "repeating the batch changes the loss",
    "replication_invariant",
    Structure,
    "There is a batch whose loss changes when every example is repeated",
    BY_DEFINITION,
    changes(replicated),
    holds=False,
)

REPLICATION = (REPLICATION_INVARIANT, NOT_REPLICATION_INVARIANT)
