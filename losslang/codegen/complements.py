"""Probabilities that are taken from 1, computed so that every digit of the rest is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from losslang.codegen.plan import Node

SELECTS = frozenset(
    "amax amin where fill gather take take_along pick select_at along diagonal view expand column"
    " clamp_max clamp_min minimum maximum bounded".split()
)
"""What may stand between a logarithm and the function that takes its exponential from 1."""


def taken_from_one(nodes: Sequence[Node], needed: Iterable[int]) -> frozenset[int]:
    """Which ``log_softmax`` a ``log1mexp`` or ``expm1`` reads after some selection.

    They are computed as ``log_share``: the same number, with every digit where it is close to 0.
    """
    reached = {n for n in needed if nodes[n].op in ("log1mexp", "expm1")}
    todo = list(reached)
    while todo:
        for number in nodes[todo.pop()].args:
            if nodes[number].op in SELECTS | {"log_softmax"} and number not in reached:
                reached.add(number)
                todo.append(number)
    return frozenset(n for n in reached if nodes[n].op == "log_softmax")
