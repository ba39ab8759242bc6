"""Partial derivatives in index notation.

``derivative(body, At(logits, b, k))`` is the gradient's entry at ``k``: a read differentiates to a
product of ``Delta``, which sums then eliminate. A softmax stays ``exp(z[k] - logsumexp)``.
"""

from __future__ import annotations

import sympy
from sympy import Basic, Expr

from losslang.diagnostics import InternalError
from losslang.ir.binders import fresh, occurs, substitute
from losslang.ir.heads import ONE, ZERO, At, Branch, Detach, Ema, Index, Labelled, Max, Min, Size
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import And, Delta, Less, LessEqual, Not, Truth

_FLAT = (Truth, Index, Size, Detach, Ema)


def derivative(expr: Expr, wrt: Expr) -> Expr:
    """d ``expr`` / d ``wrt`` for a symbol or an indexed read with free indices.

    At kinks it is one element of the generalised gradient (that of a torch tie-break may differ).
    Raises :class:`InternalError` for heads without a rule (``quantile``).
    """
    memo: dict[Basic, Expr] = {}

    def d(e: Expr) -> Expr:
        if e not in memo:
            memo[e] = rule(e)
        return memo[e]

    def rule(e: Expr) -> Expr:
        if e == wrt:
            return ONE
        if isinstance(e, At):
            return _read(e, wrt)
        if isinstance(e, _FLAT) or not e.args or not _reaches(e, wrt):
            return ZERO
        if isinstance(e, sympy.Add):
            return sympy.Add(*(d(a) for a in e.args))
        if isinstance(e, sympy.Mul):
            return sympy.Add(
                *(sympy.Mul(*e.args[:n], d(a), *e.args[n + 1 :]) for n, a in enumerate(e.args))
            )
        if isinstance(e, sympy.exp):
            return e * d(e.args[0])
        if isinstance(e, sympy.Pow):
            return e.exp * e.base ** (e.exp - 1) * d(e.base) + e * sympy.log(e.base) * d(e.exp)
        if isinstance(e, Branch):
            return Branch(e.args[0], d(e.args[1]), d(e.args[2]))
        if isinstance(e, Labelled):
            return Labelled(e.args[0], d(e.args[1]))
        if isinstance(e, Max | Min):
            first, others = e.args[0], e.func(*e.args[1:])
            test = Less(others, first) if isinstance(e, Max) else Less(first, others)
            return Branch(test, d(first), d(others))
        if isinstance(e, Reduce):
            return _reduce(e, wrt)
        if isinstance(e, Ordered):
            return _ordered(e, wrt)
        row = primitive_of(e)
        if row is None:
            raise InternalError(f"no derivative for {type(e).__name__}")
        args = operands(e)
        return sympy.Add(*(by(*args) * d(a) for by, a in zip(row.derivatives, args, strict=True)))

    return d(expr)


def _reaches(e: Expr, wrt: Expr) -> bool:
    return occurs(wrt.tensor, e) if isinstance(wrt, At) else occurs(wrt, e)


def _read(e: At, wrt: Expr) -> Expr:
    if not isinstance(wrt, At) or wrt.tensor != e.tensor:
        return ZERO
    return sympy.Mul(*(Delta(i, j) for i, j in zip(e.indices, wrt.indices, strict=True)))


def _reduce(e: Reduce, wrt: Expr) -> Expr:
    indices, guard, body = e.open()
    if e.op in ("max", "min", "prod") and len(indices) > 1:
        inner = Reduce(e.op, indices[1:], guard, body)
        return derivative(Reduce(e.op, indices[:1], ONE, inner), wrt)
    slope = derivative(body, wrt)
    if e.op in ("sum", "mean"):
        return Reduce(e.op, indices, guard, slope)
    if e.op in ("logsumexp", "logmeanexp"):
        average = "sum" if e.op == "logsumexp" else "mean"
        return Reduce(average, indices, guard, sympy.exp(body - e) * slope)
    if e.op in ("max", "min"):
        return substitute(slope, {indices[0]: Reduce(f"arg{e.op}", indices, guard, body)})
    if e.op == "prod":
        other = fresh(indices[0].axis)
        rename = {indices[0]: other}
        others = And(substitute(guard, rename), Not(Delta(other, indices[0])))
        rest = Reduce("prod", (other,), others, substitute(body, rename))
        return Reduce("sum", indices, guard, slope * rest)
    raise InternalError(f"no derivative for {e.op}")


def _ordered(e: Ordered, wrt: Expr) -> Expr:
    indices, guard, body = e.open()
    if e.op == "rank":
        return ZERO
    slope = derivative(body, wrt)
    if e.op == "cumsum":
        return Reduce("sum", indices, And(guard, LessEqual(indices[0], e.at)), slope)
    if e.op == "sort":
        here = Ordered("rank", indices, guard, body, indices[0])
        return Reduce("sum", indices, guard, Delta(here, e.at) * slope)
    raise InternalError(f"no derivative for {e.op}")
