"""The plan of a formula: arrays with dimensions instead of expressions with indices.

A :class:`Plan` is a list of nodes in order of use, each an operation on earlier ones; equal nodes
are one node, whatever their indices were called. It is the only thing a backend sees.

Dimensions are counted from the right (``-1`` is the last), so a node does not care how many
examples stand before it. A *static* node is a number that the call may also pass as a tensor with
one entry per example (a hyperparameter, or arithmetic on such).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from losslang.ir.heads import Axis, Index
from losslang.ir.loss import EXAMPLE

DType: TypeAlias = Literal["float", "int", "bool", "static"]


@dataclass(frozen=True)
class Node:
    """``op`` of the nodes ``args`` with constants ``attrs``; ``dims`` names its dimensions."""

    op: str
    args: tuple[int, ...] = ()
    attrs: tuple[object, ...] = ()
    dims: tuple[str, ...] = ()
    dtype: DType = "float"


@dataclass(frozen=True)
class Output:
    """A term's result: ``value`` and, where some places are left out, ``guard``."""

    name: str
    value: int
    guard: int | None
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """``names`` are for readers; ``scalars`` are hyperparameters that must be single numbers.

    ``writes`` are the new arrays of states, by the names of the states.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]
    names: Mapping[int, str]
    scalars: frozenset[str]
    writes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Storage:
    """How an array that is read lies in memory: an axis per dimension."""

    name: str
    axes: tuple[Axis, ...]
    dtype: DType = "float"


@dataclass(frozen=True)
class Array:
    """A node seen from an expression: which index runs along each of its dimensions.

    ``hypers`` are hyperparameters that may put one more dimension, the examples, before all others.
    """

    node: int
    axes: tuple[Index, ...] = ()
    static: bool = False
    hypers: frozenset[str] = frozenset()


@dataclass
class _Order:
    """Order of indices that no single array has all of."""

    seen: list[Index] = field(default_factory=list)

    def __call__(self, index: Index) -> tuple[int, int, int]:
        return (index != EXAMPLE, -index.level, self.seen.index(index))


def loops_around(plan: Plan) -> list[frozenset[str]]:
    """For each node the loops in whose rounds alone it has a meaning."""
    found: list[frozenset[str]] = []
    for node in plan.nodes:
        inside = frozenset[str]().union(*(found[a] for a in node.args))
        if node.op in ("prior", "round"):
            inside |= {str(node.attrs[0])}
        found.append(inside - {str(node.attrs[0])} if node.op == "loop" else inside)
    return found


def common_axes(axes: Sequence[tuple[Index, ...]]) -> tuple[Index, ...]:
    """The union: in the order of the array that has them all, else outer binders first."""
    union = list(dict.fromkeys(a for some in axes for a in some))
    for some in sorted(axes, key=len, reverse=True):
        if len(some) == len(union):
            return some
        break
    return tuple(sorted(union, key=_Order(union)))
