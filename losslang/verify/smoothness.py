"""Which part of a formula has a kink: none, if it is composed of smooth functions."""

from __future__ import annotations

import sympy
from sympy import Expr, S

from losslang.ir.binders import occurs
from losslang.ir.facts import FACTS
from losslang.ir.heads import ONE, ZERO, At, Branch, Labelled, Max, Tensor
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Not
from losslang.verify.arrays import Arrays
from losslang.verify.enclosure import within
from losslang.verify.statement import Region

SMOOTH_FOLDS = ("sum", "mean", "prod", "logsumexp", "logmeanexp")


def kink(expr: Expr, wrt: Tensor, region: Region) -> Expr | None:
    """A part that may fail to be differentiable in the entries of ``wrt``, or ``None``."""
    return _kink(expr, wrt, Arrays(region))


def _kink(e: Expr, wrt: Tensor, signs: Arrays) -> Expr | None:
    if not occurs(wrt, e):
        return None
    if isinstance(e, At):
        return e if occurs(wrt, *e.indices) else None
    if isinstance(e, Reduce):
        _, guard, body = e.open()
        if e.op not in SMOOTH_FOLDS or occurs(wrt, guard):
            return e
        return _kink(body, wrt, signs.under(guard))
    if isinstance(e, Branch):
        test, yes, no = e.args
        if occurs(wrt, test):
            return e
        return _kink(yes, wrt, signs.under(test)) or _kink(no, wrt, signs.under(Not(test)))
    if isinstance(e, sympy.Pow):
        return _power(e, wrt, signs)
    if not isinstance(e, sympy.Add | sympy.Mul | Labelled) and not _is_smooth(e, signs):
        return e
    return next((k for a in e.args if isinstance(a, Expr) and (k := _kink(a, wrt, signs))), None)


def _is_smooth(e: Expr, signs: Arrays) -> bool:
    """Whether a primitive is smooth at all values of its argument."""
    row = primitive_of(e)
    if row is None or row.arity != 1 or not FACTS[row.name].smooth:
        return False
    inside = FACTS[row.name].domain.interior
    where = signs.range(operands(e)[0])
    return bool(inside == S.Reals) if where is None else within(where, inside)


def _power(e: sympy.Pow, wrt: Tensor, signs: Arrays) -> Expr | None:
    base, p = e.base, e.exp
    if p.is_Integer and p > 0:
        above = _zero_below(base) if p >= 2 else None
        return _kink(base if above is None else above, wrt, signs)
    where = signs.range(base)
    if where is not None and (where.positive or (p.is_Integer and where.nonzero)):
        return _kink(base, wrt, signs) or _kink(p, wrt, signs)
    more = signs.range(p - ONE)
    if where is not None and where.nonnegative and more is not None and more.positive:
        above = _zero_below(base)
        return e if occurs(wrt, p) else _kink(base if above is None else above, wrt, signs)
    return e


def _zero_below(e: Expr) -> Expr | None:
    """``f`` of ``max(f, 0)``: a power of it above 1 has the slope 0 where ``f`` does."""
    if not isinstance(e, Max) or len(e.args) != 2 or ZERO not in e.args:
        return None
    return next(a for a in e.args if a != ZERO)
