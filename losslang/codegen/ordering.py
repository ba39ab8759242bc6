"""Operations along one axis that look at its order: rank, sort, running sums, quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy
from sympy import Expr, Mul

from losslang.codegen import reading, reductions
from losslang.codegen.plan import Array, DType
from losslang.ir.binders import free_indices, substitute
from losslang.ir.heads import ONE, ZERO, Branch, Index, Size
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta, Not

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner


def plan_ordered(planner: Planner, e: Ordered) -> Array:
    """The array of an operation along one axis, read at its place."""
    index = e.binders[0]
    if e.op == "log_odds":
        return _log_odds(planner, e, index)
    body = planner.as_float(planner.plan(e.body))
    if index not in body.axes:
        spread = planner.plan(index)
        zero = planner.map("mul", [planner.as_float(spread), planner.constant(sympy.Integer(0))])
        body = planner.map("add", [body, zero], ("+", "+"))
    if e.op == "entry":
        return reading.read_at(planner, body, index, e.at)
    if e.guard != ONE:
        fill = {"cumsum": 0.0, "unit": 0.0, "quantile": float("nan")}.get(e.op, float("-inf"))
        body = reductions.filled(planner, planner.truth_tensor(planner.plan(e.guard)), body, fill)
    dim = body.axes.index(index) - len(body.axes)
    if e.op == "quantile":
        level = planner.plan(e.at)
        planner.scalars |= level.hypers
        rest = tuple(a for a in body.axes if a != index)
        name = "quantile" if e.guard == ONE else "nanquantile"
        made = planner.node(name, (body.node, level.node), (dim,), rest)
        return Array(made, rest, hypers=body.hypers)
    if e.op == "sort":
        return _sorted(planner, e, body, index, dim)
    dtype: DType = "int" if e.op in ("rank", "order") else "float"
    made = planner.node(e.op, (body.node,), (dim,), body.axes, dtype)
    return reading.read_at(planner, Array(made, body.axes, hypers=body.hypers), index, e.at)


def _log_odds(planner: Planner, e: Ordered, index: Index) -> Array:
    body, label = planner.as_float(planner.plan(e.body)), planner.plan(e.at)
    rest = tuple(a for a in body.axes if a != index)
    if set(label.axes) != set(rest):
        others = Not(Delta(index, e.at))
        ahead = e.body - substitute(e.body, {index: e.at})
        return planner.plan(Reduce("logsumexp", (index,), others, ahead))
    dim = body.axes.index(index) - len(body.axes)
    spot = planner.spread(label, body.axes)
    made = planner.node("log_odds", (body.node, spot), (dim,), rest)
    return Array(made, rest, hypers=body.hypers)


def plan_by_rank(planner: Planner, e: Reduce) -> Array | None:
    """A sum over the only place that has a rank, as a read of what stands there."""
    if e.op != "sum" or len(e.binders) != 1:
        return None
    (index,) = e.binders
    for factor in Mul.make_args(e.body):
        place = _place_by_rank(factor, index)
        if place is not None:
            body = Branch(e.guard, e.body / factor, ZERO)
            return planner.plan(Ordered("entry", (index,), ONE, body, place))
    return None


def _place_by_rank(factor: Expr, index: Index) -> Expr | None:
    """The place that has a rank, if a factor asks whether the place at ``index`` has it."""
    for rank, at in (factor.args, factor.args[::-1]) if isinstance(factor, Delta) else ():
        if not (isinstance(rank, Ordered) and rank.op == "rank" and rank.at == index):
            continue
        inside = isinstance(at, Index) and at.axis.size == Size(index.axis)
        along = rank.binders[0].axis == index.axis
        if inside and along and index not in free_indices(rank.guard + rank.body):
            return Ordered("order", rank.binders, rank.guard, rank.body, at)
    return None


def _sorted(planner: Planner, e: Ordered, body: Array, index: Index, dim: int) -> Array:
    whole = not isinstance(e.at, Index) or e.at.axis.size == Size(index.axis)
    if whole:
        made = planner.node("sort", (body.node,), (dim,), body.axes)
    else:
        assert isinstance(e.at, Index)
        assert e.at.axis.size is not None
        count = planner.plan(e.at.axis.size)
        made = planner.node("topk", (body.node, count.node), (dim,), body.axes)
        ranks = Index(index.name, e.at.axis)
        axes = tuple(ranks if a == index else a for a in body.axes)
        return reading.read_at(planner, Array(made, axes, hypers=body.hypers), ranks, e.at)
    return reading.read_at(planner, Array(made, body.axes, hypers=body.hypers), index, e.at)
