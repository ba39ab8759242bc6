"""Probabilities that are taken from 1, computed so that every digit of the rest is kept."""

from __future__ import annotations

from dataclasses import replace

from losslang.codegen.plan import Node, Plan

SELECTS = frozenset(
    "amax amin where fill gather take take_along pick select_at along diagonal view expand column"
    " clamp_max clamp_min minimum maximum bounded".split()
)
"""What may stand between a logarithm and the function that takes its exponential from 1."""


def with_exact_shares(plan: Plan) -> Plan:
    """The plan with every digit of what softmax leaves of 1.

    ``log_share`` stands for each ``log_softmax`` that is followed by such a function after some
    selection: it is the same number, with every digit where it is close to 0. ``less_one`` of
    a softmax takes 1 from it, at all places at once, which is cheaper.
    """
    wanted: set[int] = set()
    todo = [
        node.args[0]
        for node in plan.nodes
        if node.op == "log1mexp" or (node.op == "expm1" and plan.nodes[node.args[0]].op in SELECTS)
    ]
    while todo:
        number = todo.pop()
        node = plan.nodes[number]
        if node.op in SELECTS and number not in wanted:
            todo.extend(node.args)
        if node.op in SELECTS or node.op == "log_softmax":
            wanted.add(number)
    nodes: list[Node] = []
    new: dict[int, int] = {}
    places: dict[Node, int] = {}

    def placed(node: Node) -> int:
        if node not in places:
            places[node] = len(nodes)
            nodes.append(node)
        return places[node]

    for number, node in enumerate(plan.nodes):
        node = replace(node, args=tuple(new[a] for a in node.args))
        if node.op == "log_softmax" and number in wanted:
            node = replace(node, op="log_share")
        elif node.op == "expm1" and nodes[node.args[0]].op == "log_softmax":
            power = placed(replace(node, op="exp"))
            node = Node("less_one", (power,), nodes[node.args[0]].attrs, node.dims)
        new[number] = placed(node)
    outputs = (
        replace(o, value=new[o.value], guard=None if o.guard is None else new[o.guard])
        for o in plan.outputs
    )
    return replace(
        plan,
        nodes=tuple(nodes),
        outputs=tuple(outputs),
        names={new[n]: name for n, name in plan.names.items()},
        writes=tuple((name, new[n]) for name, n in plan.writes),
    )
