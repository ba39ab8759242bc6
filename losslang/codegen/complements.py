"""Probabilities that are taken from 1: their logarithm is computed with every digit near 0."""

from __future__ import annotations

from dataclasses import replace

from losslang.codegen.plan import Plan

FROM_ONE = frozenset({"expm1", "log1mexp"})
SELECTS = frozenset(
    "amax amin where fill gather take take_along pick select_at along diagonal view expand column"
    " clamp_max clamp_min minimum maximum bounded".split()
)
"""What may stand between a logarithm and the function that takes its exponential from 1."""


def with_exact_shares(plan: Plan) -> Plan:
    """The plan with ``log_share`` for each ``log_softmax`` whose exponential is taken from 1.

    Both are the same number; the logarithm of a probability close to 1 is one of few digits in the
    usual one, and ``1 - p`` has no more.
    """
    wanted: set[int] = set()
    todo = [node.args[0] for node in plan.nodes if node.op in FROM_ONE]
    while todo:
        number = todo.pop()
        node = plan.nodes[number]
        if node.op in SELECTS and number not in wanted:
            todo.extend(node.args)
        if node.op in SELECTS or node.op == "log_softmax":
            wanted.add(number)
    nodes = (
        replace(node, op="log_share") if number in wanted and node.op == "log_softmax" else node
        for number, node in enumerate(plan.nodes)
    )
    return replace(plan, nodes=tuple(nodes))
