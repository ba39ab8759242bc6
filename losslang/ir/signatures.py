"""What a signature says: its losses and inputs, and which argument of a call is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from losslang.diagnostics import Label, fail
from losslang.ir import options
from losslang.ir.loss import BATCH
from losslang.ir.scope import suggestion
from losslang.syntax import nodes
from losslang.syntax.limits import children

if TYPE_CHECKING:
    pass


def looks_at_batch(loss: nodes.Loss) -> bool:
    """Whether the signature is that of a whole batch: it names ``batch`` in an input."""
    assert loss.signature is not None
    return any(
        dim.name == BATCH.name
        for p in loss.signature.inputs
        if isinstance(p.type, nodes.TypeExpr) and p.type.name != "loss"
        for dim in p.type.dims
    )


def is_whole(loss: nodes.Loss) -> bool:
    """Whether a loss is written for a whole batch: an input or its ``for`` names ``batch``."""
    return looks_at_batch(loss) or any(b.axis == BATCH.name for b in loss.binders)


def check_alias(loss: nodes.Loss, alias: nodes.Alias) -> None:
    """Report a name in an alias that is no parameter of the loss."""
    if loss.signature is None:
        return
    known = {p.name for p in loss.signature.inputs + loss.signature.hyperparameters}
    todo: list[nodes.Node] = [keyword.value for keyword in alias.keywords]
    while todo:
        node = todo.pop()
        if isinstance(node, nodes.Name) and node.id not in known | options.CALL_WORDS:
            fail(
                "unknown-keyword",
                f"{loss.name!r} has no parameter {node.id!r}",
                node.span,
                help=suggestion(node.id, known)
                or "an alias gives the other library's parameters in terms of the loss's own",
            )
        todo += [*node.args] if isinstance(node, nodes.Call) else children(node)


def split_inputs(
    loss: nodes.Loss,
) -> tuple[tuple[nodes.Parameter, ...], tuple[nodes.Parameter, ...]]:
    """The parameters of a signature that are losses, and its inputs proper."""
    assert loss.signature is not None
    is_loss = [
        isinstance(p.type, nodes.TypeExpr) and p.type.name == "loss" for p in loss.signature.inputs
    ]
    pairs = list(zip(loss.signature.inputs, is_loss, strict=True))
    return tuple(p for p, flag in pairs if flag), tuple(p for p, flag in pairs if not flag)


def taken_once(node: nodes.Expr) -> nodes.Expr | None:
    """What is inside ``once(...)``; ``None`` for any other expression."""
    if isinstance(node, nodes.Call) and node.function.id == "once" and node.args:
        return node.args[0]
    return None


def losses_taken(loss: nodes.Loss) -> frozenset[str]:
    """The names of the losses that a loss has to be given; a composition has none."""
    taken = () if loss.signature is None else split_inputs(loss)[0]
    return frozenset(parameter.name for parameter in taken)


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call of a loss, by parameter."""

    losses: Mapping[str, nodes.Expr]
    inputs: Mapping[str, nodes.Expr]
    settings: Mapping[str, nodes.Expr]


def arguments(loss: nodes.Loss, node: nodes.Call) -> Arguments:
    """Match a call with a loss's signature; positional arguments are losses and inputs."""
    if loss.signature is None:
        if node.args or node.keywords:
            fail(
                "argument-count",
                f"{loss.name!r} is a composition and takes no arguments",
                node.span,
            )
        return Arguments({}, {}, {})
    losses, inputs = split_inputs(loss)
    names = [p.name for p in loss.signature.inputs]
    if len(node.args) <= len(losses):
        names = [p.name for p in losses]
    if len(node.args) > len(loss.signature.inputs):
        fail(
            "argument-count",
            f"{loss.name!r} takes {len(names)} inputs, but is called with {len(node.args)}",
            node.span,
            also=(Label(loss.name_span, "defined here"),),
            help="hyperparameters are passed by name" if loss.signature.hyperparameters else None,
        )
    given: dict[str, nodes.Expr] = dict(zip(names, node.args, strict=False))
    hyper = {p.name for p in loss.signature.hyperparameters}
    for keyword in node.keywords:
        if keyword.name in options.CALL_WORDS:
            continue
        known = {p.name for p in loss.signature.inputs} | hyper
        if keyword.name in given:
            fail("repeated-argument", f"{keyword.name!r} is given twice", keyword.span)
        if keyword.name not in known:
            fail(
                "unknown-keyword",
                f"{loss.name!r} has no parameter {keyword.name!r}",
                keyword.span,
                also=(Label(loss.name_span, "defined here"),),
                help=suggestion(keyword.name, known)
                or f"its parameters are {', '.join(sorted(known)) or 'none'}",
            )
        given[keyword.name] = keyword.value
    chosen = {p.name: given[p.name] for p in inputs if p.name in given}
    if chosen and len(chosen) < len(inputs):
        missing = [p.name for p in inputs if p.name not in given]
        settings = f"; settings go by name: {loss.name}({min(hyper)}=...)" if hyper else ""
        fail(
            "missing-argument",
            f"{loss.name!r} is called without its input {', '.join(map(repr, missing))}",
            node.span,
            also=(Label(loss.name_span, "defined here"),),
            help=f"a call gives all inputs of a loss or none of them{settings}",
        )
    return Arguments(
        {p.name: given[p.name] for p in losses if p.name in given},
        chosen,
        {name: value for name, value in given.items() if name in hyper},
    )
