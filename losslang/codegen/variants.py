"""What the call contract asks of a formula: masks, class weights and soft labels as IR rewrites.

Every pass maps a term's expression to another; the backends see only the results.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Basic, Expr

from losslang.codegen.native import call
from losslang.ir.binders import Binder, free_indices, fresh, substitute, walk
from losslang.ir.heads import ONE, At, Axis, Branch, Index, Labelled, Size, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Input, Loss
from losslang.ir.mask import Masking
from losslang.ir.recursion import Recursion
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Not, Truth

KEEP = Tensor(call.KEEP, "bool")
"""Which examples (and places on the pack) count. No name of a program begins with this sign."""

COUNTED = Tensor("@counted", "bool")
"""Which examples count, none of them perhaps: these write to states."""

SOFT = Tensor("@labels", "real")
"""Weight of each label of each example, class weights included."""

COMPARED = Tensor("@compared", "real")
"""The same without class weights, for a formula that compares labels itself."""

LABEL_WEIGHT = Tensor("@label_weight", "real")
"""Class weight of each example's label."""


def label_input(loss: Loss) -> Input | None:
    """The input with one class per example (or per place of the pack), if there is one.

    One that has no scores points into another array, and is an input like any other.
    """
    for known in loss.inputs:
        alone = known.kind == "index" and known.batched and known.axes in ((), (known.pack,))
        if alone and any(is_scores(other, known) for other in loss.inputs):
            return known
    return None


def is_scores(known: Input, label: Input) -> bool:
    """Whether an input has a number for each class wherever there is a label."""
    return known.batched and label.over in known.axes and {*known.axes} == {label.over, *label.axes}


# ---------------------------------------------------------------- generic rewriting


def _transform(expr: Expr, visit: Callable[[Expr], Expr | None]) -> Expr:
    """Rebuild ``expr``; ``visit`` sees opened binders and may replace a node outright."""
    known: dict[Expr, Expr] = {}

    def transform(e: Expr) -> Expr:
        if e not in known:
            found = visit(e)
            known[e] = rebuilt(e) if found is None else found
        return known[e]

    def rebuilt(e: Expr) -> Expr:
        if isinstance(e, Binder):
            rest = tuple(map(transform, e.rest))
            indices, guard, body = e.open()
            return e.func(e.op, indices, transform(guard), transform(body), *rest)
        if isinstance(e, Branch):
            return Branch(*map(transform, e.args))
        args = tuple(transform(a) if isinstance(a, Expr) else a for a in e.args)
        return e if args == e.args else e.func(*args)

    return transform(expr)


# ---------------------------------------------------------------- masks


def masked(expr: Expr, pack: Axis | None, result: tuple[Index, ...] = (EXAMPLE,)) -> Expr:
    """Leave masked places out of every reduction, order and size over the batch and the pack."""
    if not looks_at_batch(expr, pack):
        return expr
    axes = (BATCH,) if pack is None else (BATCH, pack)
    return Masking(KEEP, axes).rewrite(expr, {index.axis: index for index in result})


def looks_at_batch(expr: Expr, pack: Axis | None) -> bool:
    """Whether a mask changes more than which results are kept."""
    return any(
        (
            isinstance(e, Binder)
            and not isinstance(e, Recursion)
            and any(i.axis in (BATCH, pack) for i in e.binders)
        )
        or (isinstance(e, Size) and e.axis in (BATCH, pack))
        for e in walk(expr)
    )


# ---------------------------------------------------------------- labels


def plain(expr: Expr) -> Expr:
    """The formula itself, its marks removed."""
    return _transform(expr, lambda e: plain(e.args[1]) if isinstance(e, Labelled) else None)


def is_linear_in_labels(expr: Expr) -> bool:
    """Whether a weight on each label's loss is a weight on the whole: sums of marked losses."""
    for term in sympy.Add.make_args(expr):
        marked = [f for f in sympy.Mul.make_args(term) if isinstance(f, Labelled)]
        others = [f for f in sympy.Mul.make_args(term) if not isinstance(f, Labelled)]
        if len(marked) != 1 or any(f.has(Labelled) for f in others):
            return False
        if any(free_indices(f) for f in others):
            return False
    return True


def weighted(expr: Expr) -> Expr:
    """Multiply each marked loss by its label's class weight."""

    def visit(e: Expr) -> Expr | None:
        if not isinstance(e, Labelled):
            return None
        target, body = e.args
        return At(LABEL_WEIGHT, *target.indices) * plain(body)

    return _transform(expr, visit)


def softened(expr: Expr, label: Input) -> Expr | None:
    """The formula for label weights in place of labels; ``None`` where it has no meaning.

    A marked loss becomes ``sum_k q_k l(z, k)``; elsewhere ``target[x] == c`` becomes ``q[c, x]``.
    """
    assert label.over is not None
    over = label.over

    def spread(e: Expr) -> Expr | None:
        if not isinstance(e, Labelled):
            return None
        target, body = e.args
        k = fresh(over)
        each = substitute(plain(body), {target: k})
        return Reduce("sum", (k,), ONE, At(SOFT, *_soft_indices(target, k, label)) * each)

    def compared(e: Expr) -> Expr | None:
        # A condition on a label has no meaning for label weights, so it stays and is found below.
        if _reads(_condition(e), label.tensor):
            return e
        if isinstance(e, Not):
            same = compared(e.args[0])
            return None if same is None or same == e.args[0] else 1 - same
        if isinstance(e, Delta):
            for target, other in (e.args, e.args[::-1]):
                if isinstance(target, At) and target.tensor == label.tensor:
                    return At(COMPARED, *_soft_indices(target, other, label))
        return e if isinstance(e, Truth) else None

    found = _transform(_transform(expr, spread), compared)
    return None if _reads(found, label.tensor) else found


def compares_labels(expr: Expr, label: Input) -> bool:
    """Whether a formula uses labels outside of marked losses, as ``dice`` does."""
    unmarked = _transform(expr, lambda e: ONE if isinstance(e, Labelled) else None)
    return _reads(unmarked, label.tensor)


def _soft_indices(target: At, k: Expr, label: Input) -> tuple[Expr, ...]:
    return (target.indices[0], k, *target.indices[1:])


def _condition(e: Expr) -> Expr:
    """What decides where a part takes part."""
    return e.guard if isinstance(e, Binder) else e.args[0] if isinstance(e, Branch) else ONE


def _reads(expr: Basic, tensor: Tensor) -> bool:
    return any(e == tensor for e in walk(expr))
