"""What a call makes of a state: a fold of what all examples write, a scatter, or a queue moved on.

The new array of a state is a node of the plan like any other, so what the loss reads of it and what
is kept for the next call are computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Expr

from losslang.codegen.plan import Array, DType, Plan
from losslang.ir.binders import free_indices
from losslang.ir.heads import At, Branch
from losslang.ir.loss import EXAMPLE, State
from losslang.ir.reduce import Reduce
from losslang.ir.values import slot

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner

READS = ("gather", "pick", "select", "size", "take", "take_along", "scatter", "push", "following")
"""Operations on an array whose gradients do not need the array."""


def rewritten(state: State, rewrite: Callable[[Expr], Expr]) -> State:
    """The state with each of its formulas rewritten."""
    return replace(
        state,
        indices=tuple(map(rewrite, state.indices)),
        value=rewrite(state.value),
        guard=rewrite(state.guard),
    )


def dtype_of(state: State) -> DType:
    """The type of numbers that a state holds."""
    whole: dict[str, DType] = {"int": "int", "index": "int", "label": "int", "bool": "bool"}
    return whole.get(state.kind, "float")


def plan_state(planner: Planner, state: State) -> Array:
    """The state as the last call left it; its axes are slots."""
    axes = tuple(map(slot, state.axes))
    return Array(planner.node("read", (), (state.name,), axes, dtype_of(state)), axes)


def plan_following(planner: Planner, state: State) -> Array:
    """The state as this call leaves it."""
    old = plan_state(planner, state)
    if state.length is not None:
        new = _written(planner, "push", state, old)
    elif state.indices:
        new = _written(planner, "scatter", state, old)
    else:
        new = _folded(planner, state)
    made = planner.node("following", (old.node, new), (), old.axes, planner.dtype(old))
    return replace(old, node=made)


def _written(planner: Planner, op: str, state: State, old: Array) -> int:
    """What the examples write, one row for each."""
    value = planner.plan(state.value)
    if planner.dtype(old) == "float":
        value = planner.as_float(value)
    keep = planner.truth_tensor(planner.plan(state.guard))
    args = [
        old.node,
        planner.over(planner.as_tensor(value), (EXAMPLE, *state.places)),
        planner.over(keep, (EXAMPLE,)),
        *(planner.over(planner.plan(index), (EXAMPLE,)) for index in state.indices),
    ]
    return planner.node(op, args, (), old.axes, planner.dtype(old))


def _folded(planner: Planner, state: State) -> int:
    """The mean of what all examples write, in the formula's own words."""
    value = state.value
    if EXAMPLE in free_indices(value):
        value = Reduce("mean", (EXAMPLE,), state.guard, value)
    some = Reduce("any", (EXAMPLE,), state.guard, state.guard)
    kept = planner.plan(Branch(some, value, At(state.tensor, *state.places)))
    planner.scalars |= kept.hypers
    return planner.over(planner.as_tensor(planner.as_float(kept)), state.places)


def saved(plans: Iterable[Plan], state: State) -> bool:
    """Whether a gradient may need the old array, so that it must not be overwritten."""
    return any(not set(uses) <= set(READS) for uses in _uses(plans, state.name))


def _uses(plans: Iterable[Plan], name: str) -> Iterator[Iterable[str]]:
    for plan in plans:
        reads = {
            n for n, node in enumerate(plan.nodes) if node.op == "read" and node.attrs[0] == name
        }
        views = {
            n for n, node in enumerate(plan.nodes) if node.op == "view" and reads & {*node.args}
        }
        yield {
            node.op
            for n, node in enumerate(plan.nodes)
            if n not in views and (reads | views) & {*node.args}
        }
