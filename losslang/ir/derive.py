"""Partial derivatives in index notation.

``derivative(body, At(logits, b, k))`` is the gradient's entry at ``k``: a read differentiates to a
product of ``Delta``, which sums then eliminate. A softmax stays ``exp(z[k] - logsumexp)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import sympy
from sympy import Basic, Expr

from losslang.diagnostics import InternalError
from losslang.ir.binders import free_indices, fresh, occurs, parts, substitute
from losslang.ir.heads import ONE, ZERO, At, Branch, Detach, Index, Labelled, Max, Min, Size
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.recursion import Prior, Recursion, is_prior, recursion, rewritten
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum
from losslang.ir.truth import And, Delta, Less, LessEqual, Not, Truth

_FLAT = (Truth, Index, Size, Detach)

Earlier: TypeAlias = Callable[[Prior], Expr | None]
"""The slope of an earlier value of the recursion whose step is differentiated."""


def derivative(expr: Expr, wrt: Expr) -> Expr:
    """d ``expr`` / d ``wrt`` for a symbol or an indexed read with free indices.


    At kinks it is one element of the generalised gradient (that of a torch tie-break may differ).
    Raises :class:`InternalError` for heads without a rule (``quantile``,
    eigenvectors).
    """
    return _derivative(expr, wrt, lambda _: None)


def _derivative(expr: Expr, wrt: Expr, earlier: Earlier) -> Expr:
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
        if isinstance(e, Prior):
            return earlier(e) or ZERO
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
            return _reduce(e, wrt, earlier)
        if isinstance(e, Ordered):
            return _ordered(e, wrt, earlier)
        if isinstance(e, Spectrum):
            return _spectrum(e, wrt, earlier)
        if isinstance(e, Recursion):
            return _recursion(e, wrt)
        row = primitive_of(e)
        if row is None:
            raise InternalError(f"no derivative for {type(e).__name__}")
        args = operands(e)
        return sympy.Add(*(by(*args) * d(a) for by, a in zip(row.derivatives, args, strict=True)))

    return d(expr)


def _reaches(e: Expr, wrt: Expr) -> bool:
    read = occurs(wrt.tensor, e) if isinstance(wrt, At) else occurs(wrt, e)
    return read or any(isinstance(part, Prior) for part in parts(e))


def _read(e: At, wrt: Expr) -> Expr:
    if not isinstance(wrt, At) or wrt.tensor != e.tensor:
        return ZERO
    return sympy.Mul(*(Delta(i, j) for i, j in zip(e.indices, wrt.indices, strict=True)))


def _reduce(e: Reduce, wrt: Expr, earlier: Earlier) -> Expr:
    indices, guard, body = e.open()
    if e.op in ("max", "min", "prod") and len(indices) > 1:
        inner = Reduce(e.op, indices[1:], guard, body)
        return _derivative(Reduce(e.op, indices[:1], ONE, inner), wrt, earlier)
    slope = _derivative(body, wrt, earlier)
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


def _ordered(e: Ordered, wrt: Expr, earlier: Earlier) -> Expr:
    indices, guard, body = e.open()
    if e.op == "rank":
        return ZERO
    slope = _derivative(body, wrt, earlier)
    if e.op == "cumsum":
        return Reduce("sum", indices, And(guard, LessEqual(indices[0], e.at)), slope)
    if e.op == "sort":
        here = Ordered("rank", indices, guard, body, indices[0])
        if isinstance(e.at, Index) and Size(e.at.axis) != Size(indices[0].axis):
            # The first few alone are read: a sum over them may become a read at any rank.
            guard = And(guard, Less(here, Size(e.at.axis)))
        return Reduce("sum", indices, guard, Delta(here, e.at) * slope)
    raise InternalError(f"no derivative for {e.op}")


def _spectrum(e: Spectrum, wrt: Expr, earlier: Earlier) -> Expr:
    """Lewis 1996, Derivatives of Spectral Functions: the entries move ``n`` by ``u[n] v[n]``."""
    if e.op not in SPECTRA:
        raise InternalError(f"no derivative for {e.op}")
    indices, guard, body = e.open()
    return Reduce("sum", indices, guard, e.slope(*indices) * _derivative(body, wrt, earlier))


def _recursion(e: Recursion, wrt: Expr) -> Expr:
    """The slope of a function that calls itself is one, too, and linear in earlier slopes."""
    (counter, *indices), _, body = e.open()
    counted = fresh(counter.axis)
    loose = sorted(free_indices(wrt), key=sympy.default_sort_key)

    def earlier(part: Prior) -> Expr | None:
        return Prior(counted, *part.args[1:], *loose) if part.counter == counter else None

    def value(part: Expr) -> Expr | None:
        if not is_prior(part, counter):
            return None
        place = (rewritten(i, value) for i in part.args[2:])
        return Recursion(e.op, e.binders, e.guard, e.body, counter - part.args[1], *place)

    test, *cases = body.args
    step, base = (
        substitute(rewritten(_derivative(case, wrt, earlier), value), {counter: counted})
        for case in cases
    )
    place = dict(zip(indices, e.place, strict=True))
    return recursion(f"slope of {e.op}", counted, int(test.args[0]), step, base, e.at, place)
