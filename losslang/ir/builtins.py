"""The built-in functions: one entry each in :data:`TABLE`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir import effects, gradients, indexing, limits, matrices, orders, states, vectors
from losslang.ir.binders import free_indices
from losslang.ir.calls import guard_along, only_axis, over, take_only
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, Index, Max, Min
from losslang.ir.primitives import BY_NAME
from losslang.ir.reduce import Reduce
from losslang.ir.values import LossValue, Value, elementwise, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator

Builtin: TypeAlias = "Callable[[Elaborator, nodes.Call, Frame], Value]"


# ---------------------------------------------------------------- scalar primitives


def primitive(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A row of the table of primitives, applied elementwise."""
    row = BY_NAME[node.function.id]
    if node.keywords or len(node.args) != row.arity:
        fail(
            "argument-count",
            f"{row.name} takes {row.arity} argument{'s' if row.arity > 1 else ''}",
            node.span,
        )
    values = [elab.number(arg, frame) for arg in node.args]
    for value, arg in zip(values, node.args, strict=True):
        limits.check_argument(value.body, arg.span)
    elab.require(row.requires(*(v.body for v in values)), frame, node.span)
    if row.name == "xlogy":
        return elementwise(vectors.xlogy, *values)
    return elementwise(row.build, *values, kind="int" if row.name == "floor" else "real")


# ---------------------------------------------------------------- reductions


def _source(
    elab: Elaborator, node: nodes.Call, frame: Frame
) -> tuple[tuple[Index, ...], Expr, Value]:
    """Indices, guard and element of a reduction, written as a comprehension or over an axis."""
    argument = node.args[0]
    if isinstance(argument, nodes.Comprehension):
        if len(node.args) > 1 or node.keywords:
            fail(
                "misplaced-comprehension", "a comprehension is its call's only argument", node.span
            )
        return indexing.comprehension(elab, argument, frame)
    if [k for k in node.keywords if k.name != "axis"]:
        fail("unknown-keyword", f"{node.function.id} has no such parameter", node.keywords[0].span)
    operand = elab.evaluate(argument, frame)
    if isinstance(operand, LossValue):
        operand = replace(operand, whole=True)
    value = elab.as_value(operand, argument)
    index = over(elab, value, only_axis(elab, value, node, frame), argument)
    return (index,), guard_along(value, index), value


def reduction(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``sum`` and its kin over a comprehension, or over an axis of an array."""
    name = node.function.id
    if len(node.args) != 1:
        if name in ("max", "min") and len(node.args) > 1 and not node.keywords:
            values = [elab.number(arg, frame) for arg in node.args]
            return elementwise(Max if name == "max" else Min, *values)
        fail("argument-count", f"{name} takes one array or one comprehension", node.span)
    indices, guard, value = _source(elab, node, frame)
    if value.kind == "label":
        fail("label-arithmetic", "a label has no value as a number", node.args[0].span)
    if name in ("any", "all", "count") and value.kind != "bool" and name != "count":
        fail("not-a-condition", f"{name} takes conditions", node.args[0].span)
    axes = tuple(a for a in value.axes if slot(a) not in indices)
    outer = ONE if not free_indices(value.guard).isdisjoint(indices) else value.guard
    body = value.body
    if name == "count":
        body = Reduce("sum", indices, guard, body if value.kind == "bool" else ONE)
        return Value(body, axes, "int", guard=outer)
    if name in ("argmax", "argmin"):
        if len(indices) != 1:
            fail("argument-count", f"{name} runs over one axis", node.span)
        found = Reduce(name, indices, guard, body)
        return Value(found, axes, "index", indices[0].axis, outer)
    if name in ("var", "std"):
        mean = Reduce("mean", indices, guard, body)
        spread = Reduce("mean", indices, guard, (body - mean) ** 2)
        return Value(spread if name == "var" else sympy.sqrt(spread), axes, guard=outer)
    kind = "bool" if name in ("any", "all") else "real"
    return Value(Reduce(name, indices, guard, body), axes, kind, guard=outer)  # type: ignore[arg-type]


def once(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A loss of inputs without examples, such as a model's weights; see :func:`merge.collect`."""
    take_only(node, 1)
    if not frame.open:
        fail(
            "misplaced-option",
            "'once' is said of a whole loss, not inside a formula",
            node.span,
            help="write it in the config, for example ce + 1e-4 * once(l2_penalty)",
        )
    return elab.number(node.args[0], frame)


REDUCTIONS = (
    "sum mean max min prod std var logsumexp logmeanexp any all count argmax argmin".split()
)

TABLE: dict[str, Builtin] = {
    **{name: primitive for name in BY_NAME if name != "trigamma"},
    **dict.fromkeys(REDUCTIONS, reduction),
    "softmax": vectors.softmax,
    "log_softmax": vectors.softmax,
    "norm": vectors.norm,
    "normalize": vectors.normalize,
    "dot": vectors.dot,
    "cosine": vectors.cosine,
    "distance": vectors.distance,
    "entropy": vectors.entropy,
    "onehot": vectors.onehot,
    "size": vectors.size,
    "rank": orders.rank,
    "cumsum": orders.cumsum,
    "sort": orders.sort,
    "topk": orders.topk,
    "quantile": orders.quantile,
    "eigenvalues": matrices.eigenvalues,
    "singular_values": matrices.singular_values,
    "logdet": matrices.logdet,
    "detach": effects.detach,
    "ema": states.ema,
    "queue": states.queue,
    "next": states.following,
    "normal": effects.normal,
    "uniform": effects.uniform,
    "bernoulli": effects.bernoulli,
    "taylor": effects.taylor,
    "grad": gradients.grad,
    "learn": effects.learn,
    "once": once,
}
