"""What a call makes of a state, written out: a formula of the inputs and of the old state.

A property of a loss is then one for every old state, in training and in evaluation. Only the old
state is left as an array of its own, and it depends on no input.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Basic, Expr

from losslang.ir.binders import fresh, substitute
from losslang.ir.heads import ONE, At, Branch, Detach, Size, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Loss, State
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Delta, Less
from losslang.verify.readings.algebra import rewritten

TRAINING = At(Tensor("training", "bool"))
"""Whether the call is one in training."""


def written_out(loss: Loss) -> Loss:
    """The loss without reads of what this call makes of its states."""
    states = {state.following: state for state in loss.states}

    def rule(e: Basic) -> Basic:
        state = states.get(e.tensor) if isinstance(e, At) else None
        if state is None:
            return e
        old = At(state.tensor, *e.indices)
        return rewritten(Detach(Branch(TRAINING, _new(state, e.indices, old), old)), rule)

    if not states:
        return loss
    terms = tuple(
        replace(term, body=rewritten(term.body, rule), guard=rewritten(term.guard, rule))
        for term in loss.terms
    )
    requires = tuple(
        replace(r, condition=rewritten(r.condition, rule), guard=rewritten(r.guard, rule))
        for r in loss.requires
    )
    return replace(loss, terms=terms, requires=requires)


def _new(state: State, indices: tuple[Expr, ...], old: Expr) -> Expr:
    """The new entry of a state at some indices, where no example is masked."""
    given = len(indices) - len(state.places)
    inner = dict(zip(state.places, indices[given:], strict=True))
    if state.length is not None:
        place, count = indices[0], Size(BATCH)
        entry = substitute(state.value, {**inner, EXAMPLE: count - 1 - place})
        before = At(state.tensor, place - count, *indices[1:])
        return Branch(Less(place, count), entry, before)
    example = fresh(BATCH)
    here = {**inner, EXAMPLE: example}
    value, guard = substitute(state.value, here), substitute(state.guard, here)
    for index, place in zip(state.indices, indices, strict=False):
        guard = And(guard, Delta(substitute(index, here), place))
    if guard == ONE and substitute(state.value, {EXAMPLE: example}) == state.value:
        return value
    some = Reduce("any", (example,), ONE, guard)
    return Branch(some, Reduce("mean", (example,), guard, value), old)
