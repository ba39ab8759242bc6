"""The built-in functions: one entry each in :data:`TABLE`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir import limits
from losslang.ir.binders import free_indices
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, At, Axis, Detach, Ema, Index, Max, Min, Size
from losslang.ir.loss import BATCH, EXAMPLE, Average, Draw
from losslang.ir.primitives import BY_NAME, Apply, log
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.settings import _fraction
from losslang.ir.truth import Delta, Less
from losslang.ir.values import LossValue, Value, elementwise, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator

Builtin: TypeAlias = "Callable[[Elaborator, nodes.Call, Frame], Value]"


def parameters(
    node: nodes.Call, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, nodes.Expr]:
    """The arguments of a call by parameter name; positional ones in order."""
    names = required + optional
    signature = f"{node.function.id}({', '.join(names)})"
    if len(node.args) > len(names):
        fail("argument-count", f"{signature} is called with {len(node.args)} arguments", node.span)
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.name not in names:
            fail("unknown-keyword", f"{signature} has no parameter {keyword.name!r}", keyword.span)
        if keyword.name in given:
            fail("repeated-argument", f"{keyword.name!r} is given twice", keyword.span)
        given[keyword.name] = keyword.value
    for name in required:
        if name not in given:
            fail("missing-argument", f"{signature} is called without {name!r}", node.span)
    return given


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
        return elementwise(xlogy, *values)
    return elementwise(row.build, *values)


def xlogy(x: Expr, y: Expr) -> Expr:
    """``x log y``, 0 where ``x`` is 0."""
    return x * log(y) if x.is_extended_positive else Apply("xlogy", x, y)


# ---------------------------------------------------------------- reductions


def over(elab: Elaborator, value: Value, axis: Axis, node: nodes.Node) -> Index:
    """The index of ``value`` along an axis; along ``batch`` also of a per-example value."""
    if axis in value.axes:
        return slot(axis)
    if axis == BATCH and EXAMPLE in free_indices(value.body):
        return EXAMPLE
    fail("no-such-axis", f"this has no axis {axis}", node.span)


def only_axis(elab: Elaborator, value: Value, node: nodes.Call, frame: Frame) -> Axis:
    """The axis that ``axis=`` names, or the only one there is."""
    for keyword in node.keywords:
        if keyword.name == "axis":
            if not isinstance(keyword.value, nodes.Name):
                fail("not-an-axis", "axis= takes the name of an axis", keyword.value.span)
            return elab.axis(keyword.value.id, keyword.value.span, frame)
    if len(value.axes) == 1:
        return value.axes[0]
    if not value.axes:
        fail(
            "nothing-to-reduce",
            f"{node.function.id} of a single number",
            node.span,
            help="reduce over examples with axis=batch, or write a comprehension",
        )
    names = ", ".join(a.name for a in value.axes)
    fail(
        "ambiguous-axis",
        f"{node.function.id} of an array with axes ({names})",
        node.span,
        help=f"say which, for example axis={value.axes[-1]}",
    )


def dropped(value: Value, index: Index, body: Expr, **changes: object) -> Value:
    """``value`` with a reduced body, without the axis and guard of ``index``."""
    guard = ONE if index in free_indices(value.guard) else value.guard
    axes = tuple(a for a in value.axes if slot(a) != index)
    return replace(value, body=body, axes=axes, guard=guard, kind="real", **changes)  # type: ignore[arg-type]


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
        return elab.comprehension(argument, frame)
    if [k for k in node.keywords if k.name != "axis"]:
        fail("unknown-keyword", f"{node.function.id} has no such parameter", node.keywords[0].span)
    operand = elab.evaluate(argument, frame)
    if isinstance(operand, LossValue):
        operand = replace(operand, whole=True)
    value = elab.as_value(operand, argument)
    index = over(elab, value, only_axis(elab, value, node, frame), argument)
    guard = value.guard if index in free_indices(value.guard) else ONE
    return (index,), guard, value


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


# ---------------------------------------------------------------- vectors


def _array(elab: Elaborator, node: nodes.Call, frame: Frame) -> tuple[Value, Index]:
    """The array argument of a call and its index along the axis meant."""
    if not node.args:
        fail("missing-argument", f"{node.function.id} is called without an array", node.span)
    operand = elab.evaluate(node.args[0], frame)
    if isinstance(operand, LossValue):
        operand = replace(operand, whole=True)
    value = elab.as_value(operand, node.args[0])
    if value.kind == "label":
        fail("label-arithmetic", "a label has no value as a number", node.args[0].span)
    return value, over(elab, value, only_axis(elab, value, node, frame), node.args[0])


def _only(node: nodes.Call, count: int, *keywords: str) -> None:
    if len(node.args) != count:
        fail(
            "argument-count",
            f"{node.function.id} takes {count} argument{'s' if count > 1 else ''}",
            node.span,
        )
    for keyword in node.keywords:
        if keyword.name not in keywords:
            fail(
                "unknown-keyword",
                f"{node.function.id} has no parameter {keyword.name!r}",
                keyword.span,
            )


def softmax(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``softmax`` and ``log_softmax`` along an axis."""
    _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    guard = value.guard if index in free_indices(value.guard) else ONE
    log = value.body - Reduce("logsumexp", (index,), guard, value.body)
    body = log if node.function.id == "log_softmax" else sympy.exp(log)
    return replace(value, body=body, kind="real")


def _squares(value: Value, index: Index) -> Expr:
    return Reduce("sum", (index,), _guard(value, index), value.body**2)


def norm(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``norm(v)``: Euclidean, or ``norm(v, p)``."""
    if not 1 <= len(node.args) <= 2:
        _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    if len(node.args) == 1:
        return dropped(value, index, sympy.sqrt(_squares(value, index)))
    order, guard = elab.scalar(node.args[1], frame).body, _guard(value, index)
    if order == sympy.oo:
        return dropped(value, index, Reduce("max", (index,), guard, sympy.Abs(value.body)))
    limits.check_power(ONE, order, node.args[1].span)
    total = Reduce("sum", (index,), guard, sympy.Abs(value.body) ** order)
    return dropped(value, index, total ** (1 / order))


def normalize(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``v / norm(v)``; a zero vector stays zero."""
    _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    return replace(value, body=_unit(value, index), kind="real")


def _unit(value: Value, index: Index) -> Expr:
    return value.body / sympy.sqrt(_squares(value, index))


def _pair(elab: Elaborator, node: nodes.Call, frame: Frame) -> tuple[Value, Value, Index]:
    _only(node, 2, "axis")
    left, right = elab.number(node.args[0], frame), elab.number(node.args[1], frame)
    shared = tuple(a for a in left.axes if a in right.axes)
    if not shared:
        fail(
            "axis-mismatch",
            f"{node.function.id} of arrays that share no axis",
            node.span,
            help="both arrays need the axis that is summed over",
        )
    axis = only_axis(elab, replace(left, axes=shared), node, frame)
    return left, right, over(elab, left, axis, node)


def dot(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Sum of products along the axis that two arrays share."""
    left, right, index = _pair(elab, node, frame)
    product = elementwise(lambda a, b: a * b, left, right)
    return dropped(product, index, Reduce("sum", (index,), _guard(product, index), product.body))


def cosine(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Dot product of the normalised vectors; 0 if one of them is zero."""
    left, right, index = _pair(elab, node, frame)
    units = [replace(v, body=_unit(v, index)) for v in (left, right)]
    product = elementwise(lambda a, b: a * b, *units)
    return dropped(product, index, Reduce("sum", (index,), _guard(product, index), product.body))


def distance(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Euclidean distance along the axis that two arrays share."""
    left, right, index = _pair(elab, node, frame)
    difference = elementwise(lambda a, b: a - b, left, right)
    return dropped(difference, index, sympy.sqrt(_squares(difference, index)))


def entropy(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``-sum(p log p)`` with 0 log 0 = 0."""
    _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    total = Reduce("sum", (index,), _guard(value, index), xlogy(value.body, value.body))
    return dropped(value, index, -total)


def onehot(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """1 at the index, 0 elsewhere on its axis."""
    _only(node, 1)
    value = elab.value(node.args[0], frame)
    if value.kind != "index" or value.over is None:
        fail("not-an-index", "onehot takes an index", node.args[0].span)
    if value.over in value.axes:
        fail("repeated-axis", "the array would have an axis twice", node.span)
    body = Delta(slot(value.over), value.body)
    return Value(body, (*value.axes, value.over), "bool", guard=value.guard)


def size(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Number of places of an axis."""
    _only(node, 1)
    if not isinstance(node.args[0], nodes.Name):
        fail("not-an-axis", "size takes the name of an axis", node.args[0].span)
    return Value(Size(elab.axis(node.args[0].id, node.args[0].span, frame)), kind="int")


# ---------------------------------------------------------------- order


def _guard(value: Value, index: Index) -> Expr:
    return value.guard if index in free_indices(value.guard) else ONE


def rank(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Rank along an axis: 0 for the largest, ties to the earlier place."""
    _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    return replace(
        value, body=Ordered("rank", (index,), _guard(value, index), value.body, index), kind="int"
    )


def cumsum(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """Running sum along an axis."""
    _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    return replace(value, body=Ordered("cumsum", (index,), _guard(value, index), value.body, index))


def sort(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The entries in descending order, over a rank axis of its own."""
    _only(node, 1, "axis")
    value, index = _array(elab, node, frame)
    return _sorted(elab, value, index, Size(index.axis))


def topk(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The ``n`` largest entries in descending order, over a rank axis of its own."""
    _only(node, 2, "axis")
    value, index = _array(elab, node, frame)
    count = elab.scalar(node.args[1], frame)
    if count.kind != "int" or free_indices(count.body):
        fail("range-size", "topk takes how many as an int", node.args[1].span)
    return _sorted(elab, value, index, count.body)


def _sorted(elab: Elaborator, value: Value, index: Index, count: Expr) -> Value:
    axis = elab.new_axis("rank", count)
    body = Ordered("sort", (index,), _guard(value, index), value.body, slot(axis))
    return replace(value, body=body, axes=(*(a for a in value.axes if slot(a) != index), axis))


def quantile(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The ``q``-quantile along an axis, linear between order statistics."""
    _only(node, 2, "axis")
    value, index = _array(elab, node, frame)
    level = elab.scalar(node.args[1], frame)
    return dropped(
        value, index, Ordered("quantile", (index,), _guard(value, index), value.body, level.body)
    )


# ---------------------------------------------------------------- gradient, state, chance


def detach(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The value, through which no gradient flows."""
    _only(node, 1)
    value = elab.number(node.args[0], frame)
    return replace(value, body=Detach(value.body))


def ema(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A running average; a per-example value is averaged over the kept examples first."""
    given = parameters(node, ("x",), ("decay", "init"))
    value = elab.scalar(given["x"], frame)
    x = value.body
    if EXAMPLE in free_indices(x):
        x = Reduce("mean", (EXAMPLE,), value.guard, x)
    if free_indices(x):
        fail("axes-left", "ema takes a number, or one number per example", given["x"].span)
    decay = elab.scalar(given["decay"], frame).body if "decay" in given else sympy.Rational(99, 100)
    init = elab.scalar(given["init"], frame).body if "init" in given else ZERO
    if not init.is_number:
        fail("default-not-constant", "ema starts at a number", given["init"].span)
    key = (id(node), id(frame.root))
    if key not in elab.averages:
        elab.averages[key] = Average(_average_name(elab), _fraction(init))
    return Value(Ema(elab.averages[key].name, Detach(x), decay, init))


def _average_name(elab: Elaborator) -> str:
    """``running_`` and the name under which the average is defined."""
    taken = {average.name for average in elab.averages.values()}
    name = wanted = f"running_{elab.defining or 'mean'}"
    while name in taken:
        name = f"{wanted}_{len(taken) + 1}"
    return name


def _draw(elab: Elaborator, node: nodes.Call, frame: Frame, kind: str) -> Expr:
    key = (id(node), id(frame.root))
    if key not in elab.draws:
        axes = tuple(axis for _, axis in frame.places)
        elab.draws[key] = Draw(f"{kind}_{len(elab.draws) + 1}", kind, axes)  # type: ignore[arg-type]
    return At(elab.draws[key].tensor, *(index for index, _ in frame.places))


def normal(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A normal draw, ``normal(mean=0, deviation=1)``."""
    given = parameters(node, (), ("mean", "deviation"))
    draw = Value(_draw(elab, node, frame, "normal"))
    mean = elab.number(given["mean"], frame) if "mean" in given else Value(ZERO)
    deviation = elab.number(given["deviation"], frame) if "deviation" in given else Value(ONE)
    return elementwise(lambda m, d, z: m + d * z, mean, deviation, draw)


def uniform(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A uniform draw, ``uniform(low=0, high=1)``."""
    given = parameters(node, (), ("low", "high"))
    draw = Value(_draw(elab, node, frame, "uniform"))
    low = elab.number(given["low"], frame) if "low" in given else Value(ZERO)
    high = elab.number(given["high"], frame) if "high" in given else Value(ONE)
    return elementwise(lambda a, b, u: a + (b - a) * u, low, high, draw)


def bernoulli(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """True with probability ``p``."""
    given = parameters(node, ("p",))
    probability = elab.number(given["p"], frame)
    draw = Value(_draw(elab, node, frame, "uniform"))
    return elementwise(Less, draw, probability, kind="bool")


def taylor(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``taylor(f, p, at=, order=)``: the expansion of a formula in the name ``p``."""
    from losslang.ir.expand import MAX_ORDER, series

    given = parameters(node, ("formula", "name", "at", "order"))
    name, order = given["name"], elab.scalar(given["order"], frame).body
    if not isinstance(name, nodes.Name):
        fail("not-a-name", "taylor expands in a name", name.span)
    if not order.is_Integer or not 0 <= order <= MAX_ORDER:
        fail("taylor-order", f"the order is a whole number up to {MAX_ORDER}", given["order"].span)
    point = elab.scalar(given["at"], frame)
    inner = elab.scalar(name, frame)
    variable = sympy.Symbol("taylor.x", real=True)
    formula = elab.scalar(given["formula"], frame.inner({name.id: Value(variable)}))
    terms = series(formula.body, variable, point.body, int(order), node.span)
    if any(c.has(sympy.nan, sympy.zoo, sympy.oo) for c in terms):
        fail("undefined-constant", "the formula has no expansion at this point", given["at"].span)
    body = sympy.Add(*(c * (inner.body - point.body) ** n for n, c in enumerate(terms)))
    return replace(inner, body=body)


def learn(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``learn(start)`` has its place in a config only."""
    fail(
        "misplaced-learn",
        "learn(start) is the value of a hyperparameter in a config",
        node.span,
        help="in a signature write `learn tau: real > 0 = 0.07`",
    )


REDUCTIONS = (
    "sum mean max min prod std var logsumexp logmeanexp any all count argmax argmin".split()
)

TABLE: dict[str, Builtin] = {
    **{name: primitive for name in BY_NAME if name != "trigamma"},
    **dict.fromkeys(REDUCTIONS, reduction),
    "softmax": softmax,
    "log_softmax": softmax,
    "norm": norm,
    "normalize": normalize,
    "dot": dot,
    "cosine": cosine,
    "distance": distance,
    "entropy": entropy,
    "onehot": onehot,
    "size": size,
    "rank": rank,
    "cumsum": cumsum,
    "sort": sort,
    "topk": topk,
    "quantile": quantile,
    "detach": detach,
    "ema": ema,
    "normal": normal,
    "uniform": uniform,
    "bernoulli": bernoulli,
    "taylor": taylor,
    "learn": learn,
}
