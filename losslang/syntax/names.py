"""The names that parts of a program introduce."""

from __future__ import annotations

from losslang.syntax import nodes


def names_of(node: nodes.Loss | nodes.Definition) -> frozenset[str]:
    """Every name that a loss, or one definition under its ``where``, gives something."""
    if isinstance(node, nodes.Unpack):
        return frozenset(node.names)
    if isinstance(node, nodes.Let | nodes.State):
        return frozenset((node.name,))
    if isinstance(node, nodes.Update):
        return frozenset()
    if isinstance(node, nodes.LocalFunction):
        return frozenset((node.name, *node.parameters))
    found = {binder.name for binder in node.binders}
    if node.signature is not None:
        found |= {p.name for p in node.signature.inputs + node.signature.hyperparameters}
    return frozenset(found).union(*map(names_of, node.where))
