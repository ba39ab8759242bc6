"""The order of examples and of classes, and what labels are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sympy import Basic, Expr, Integer, Tuple

from losslang.ir.binders import Binder, walk
from losslang.ir.heads import At, Axis, Index, Labelled, Tensor
from losslang.ir.loss import BATCH, Input, Loss
from losslang.ir.recursion import Prior, Recursion, is_prior
from losslang.ir.reduce import Ordered
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import Delta, Equal
from losslang.verify import instances
from losslang.verify.instances import Inputs, permuted
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.invariance import BY_DEFINITION, Premises, before_and_after, changes


def class_axis(loss: Loss) -> Axis | None:
    """The axis of scores which the labels index."""
    for known in loss.inputs:
        if known.over is not None and any(known.over in i.axes for i in loss.inputs):
            return known.over
    return None


def orderless(loss: Loss, axis: Axis) -> bool:
    """Whether every place along an axis plays the same part in the formulas.

    It does where inputs are read at the axis's own indices or at labels, indices are compared for
    equality only, and whatever folds the axis treats its places alike.
    """
    arrays = [*(h.axes for h in loss.hyperparameters), *(s.axes for s in loss.states)]
    if loss.draws or any(axis in axes for axes in arrays):
        return False
    labels = {i.tensor for i in loss.inputs if i.over == axis}
    own = {i.tensor: i.dims for i in loss.inputs}

    def is_place(e: Basic) -> bool:
        """Whether ``e`` is a place along the axis."""
        if isinstance(e, Index):
            return bool(e.axis == axis)
        return isinstance(e, At) and e.tensor in labels

    def is_even(node: Basic) -> bool:
        if isinstance(node, At):
            along = [
                i for i, a in zip(node.indices, own.get(node.tensor, ()), strict=False) if a == axis
            ]
            return all(map(is_place, along))
        if not any(map(is_place, node.args)):
            return True
        if isinstance(node, Delta | Equal):
            return all(map(is_place, node.args))
        if isinstance(node, Recursion):
            return keeps_places(node)
        if isinstance(node, Prior):
            return True  # its recursion looks at it
        return isinstance(node, Tuple | Labelled) or (
            isinstance(node, Binder) and not any(map(is_place, (node.guard, node.body, *node.rest)))
        )

    def keeps_places(e: Recursion) -> bool:
        """Whether its own places along the axis, and no other, are read at such places."""
        own = [index.axis == axis for index in e.binders]
        priors = (part.args for part in walk(e.body) if is_prior(part, e.counter))
        reads = [e.rest, *((args[0], *args[2:]) for args in priors)]
        return not own[0] and all([is_place(i) for i in read] == own for read in reads)

    def is_fair(node: Basic) -> bool:
        """Whether a fold over the axis gives none of its places an advantage."""
        if not isinstance(node, Binder) or all(i.axis != axis for i in node.binders):
            return True
        if isinstance(node, Ordered):
            return node.op in ("sort", "quantile")
        if isinstance(node, Spectrum) and node.op != "singular_values":
            return all(i.axis == axis for i in node.binders)
        return node.op not in ("argmax", "argmin")

    bodies = [e for term in loss.terms for e in (term.body, term.guard)]
    return all(is_even(node) and is_fair(node) for body in bodies for node in walk(body)) and (
        not any(map(is_place, bodies))
    )


def _even(axis_of: Callable[[Loss], Axis | None]) -> Premises:
    def premises(case: Case) -> Sequence[Premise] | None:
        axis = axis_of(case.reading.loss)
        return [] if axis is not None and orderless(case.reading.loss, axis) else None

    return premises


def reordered(case: Case, axis: Axis | None) -> tuple[Expr, Expr] | None:
    """The loss at the guess's inputs, before and after the first two places of an axis swap."""
    loss, inputs = case.reading.loss, instances.from_data(case.guess)
    if axis is None or inputs.sizes.get(axis.name, 0) < 2:
        return None
    order = [1, 0, *range(2, inputs.sizes[axis.name])]
    entries = {}
    try:
        for known in loss.inputs:
            new = permuted(known, inputs, axis, order)
            if known.over == axis:
                new = {k: Integer(order.index(int(v))) for k, v in new.items()}
            entries.update(new)
    except (KeyError, ValueError):
        return None
    return before_and_after(loss, inputs, Inputs(inputs.sizes, entries))


def renumbered(case: Case) -> tuple[Expr, Expr] | None:
    """Before and after classes 0 and 1 swap their numbers."""
    return reordered(case, class_axis(case.reading.loss))


def reshuffled(case: Case) -> tuple[Expr, Expr] | None:
    """Before and after examples 0 and 1 swap places."""
    return reordered(case, BATCH)


PERMUTATION_EQUIVARIANT = Theorem(
    "all classes play the same part",
    "permutation_equivariant",
    Structure,
    "The formula reads scores at its own indices and at labels and folds all classes alike",
    BY_DEFINITION,
    _even(class_axis),
    recursive=True,
)

NOT_PERMUTATION_EQUIVARIANT = Theorem(
    "renumbering the classes changes the loss",
    "permutation_equivariant",
    Structure,
    "There are inputs whose loss changes when two classes swap their numbers",
    BY_DEFINITION,
    changes(renumbered),
    holds=False,
)

BATCH_PERMUTATION_INVARIANT = Theorem(
    "all examples play the same part",
    "batch_permutation_invariant",
    Structure,
    "The formula reads examples at its own indices and folds the batch alike",
    BY_DEFINITION,
    _even(lambda _: BATCH),
    recursive=True,
)

NOT_BATCH_PERMUTATION_INVARIANT = Theorem(
    "the order of the examples changes the loss",
    "batch_permutation_invariant",
    Structure,
    "There is a batch whose loss changes when two examples swap places",
    BY_DEFINITION,
    changes(reshuffled),
    holds=False,
)


def names(loss: Loss) -> tuple[Input, ...]:
    """The labels that only tell which examples belong together: they index no scores."""
    return tuple(
        i
        for i in loss.inputs
        if i.kind == "label"
        or (i.kind == "index" and not any(i.over in j.axes for j in loss.inputs))
    )


def only_compared(loss: Loss) -> bool:
    """Whether labels are compared with each other and used for nothing else."""
    tensors = {i.tensor for i in names(loss)}
    return bool(tensors) and all(
        _only_compared(body, tensors) for term in loss.terms for body in (term.body, term.guard)
    )


def _only_compared(body: Expr, tensors: set[Tensor]) -> bool:
    def is_name(node: Basic) -> bool:
        return isinstance(node, At) and node.tensor in tensors

    for node in walk(body):
        used = [arg for arg in node.args if is_name(arg)]
        if used and not (isinstance(node, Delta | Equal) and all(map(is_name, node.args))):
            return False
    return not is_name(body)


def _named_only(case: Case) -> Sequence[Premise] | None:
    return [] if only_compared(case.reading.loss) else None


def renamed(case: Case) -> tuple[Expr, Expr] | None:
    """The loss at the guess's inputs, before and after labels 0 and 1 swap their names."""
    loss, inputs = case.reading.loss, instances.from_data(case.guess)
    own = {i.name for i in names(loss)}
    swap = {Integer(0): Integer(1), Integer(1): Integer(0)}
    entries = {
        (name, at): swap.get(v, v) if name in own else v for (name, at), v in inputs.entries.items()
    }
    return before_and_after(loss, inputs, Inputs(inputs.sizes, entries)) if own else None


RELABEL_INVARIANT = Theorem(
    "labels are only compared",
    "relabel_invariant",
    Structure,
    "The formula asks of labels only whether they are equal",
    BY_DEFINITION,
    _named_only,
)

NOT_RELABEL_INVARIANT = Theorem(
    "renaming the labels changes the loss",
    "relabel_invariant",
    Structure,
    "There is a batch whose loss changes when two labels swap their names everywhere",
    BY_DEFINITION,
    changes(renamed),
    holds=False,
)

THEOREMS = (
    *(PERMUTATION_EQUIVARIANT, NOT_PERMUTATION_EQUIVARIANT),
    *(BATCH_PERMUTATION_INVARIANT, NOT_BATCH_PERMUTATION_INVARIANT),
    *(RELABEL_INVARIANT, NOT_RELABEL_INVARIANT),
)
