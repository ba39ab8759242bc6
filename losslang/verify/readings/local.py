"""Multi-class losses of the probability of the label alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import free_indices, occurs, substitute
from losslang.ir.heads import ONE, ZERO, Index, Max, Min
from losslang.ir.primitives import log
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Equal
from losslang.verify.readings.algebra import complemented, rewritten
from losslang.verify.readings.multiclass import Classes
from losslang.verify.readings.score import Score
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Local(Reading):
    """A multi-class loss ``f(p)`` of p = softmax(scale * logits)[label], for every K >= 2 classes.

    ``p`` is a number in (0, 1], ``classes`` is K, a variable of the region even where the loss does
    not depend on it. ``input`` is the logits, or a simplex if ``composed`` is false: then p is an
    entry of the input itself. ``scale`` is positive: 1, or the inverse of a temperature.
    """

    kind: ClassVar[str] = "a loss of the label's probability"

    f: Expr
    p: sympy.Symbol
    classes: sympy.Symbol
    input: str
    scale: Expr = S.One
    composed: bool = True


def local(score: Score) -> Local | None:
    """The reading of a loss that depends on one entry of the simplex, the label's.

    The other entries may stand in reductions over all classes: split off the label's place, what
    is left must depend on them through their sum, 1 - p.
    """
    reads = score.reads
    if any(occurs(hyper.tensor, score.body) for hyper in reads.arrays):
        return None
    region = score.region
    p, rest = region.fresh("p", positive=True), sympy.Dummy("rest", positive=True)
    try:
        body = rewritten(score.body, lambda e: _split(e, score, p, rest))
    except _NotLocal:
        return None
    body = substitute(body, {reads.entry(reads.label): p})
    if reads.remain(body):
        return None
    f = substitute(complemented(body, p, rest), {rest: 1 - p})
    return Local(region, f, p, score.classes, score.input, score.scale, score.composed)


class _NotLocal(Exception):
    """The other entries matter by more than their sum."""


def _split(e: Basic, score: Score, p: sympy.Symbol, q: sympy.Symbol) -> Basic:
    """A reduction over the classes as a formula of p and of the other entries' sum q."""
    reads = score.reads
    if not isinstance(e, Reduce) or all(i.axis != reads.axis for i in e.binders):
        return e
    if len(e.binders) != 1:
        raise _NotLocal
    (k,), guard, body = e.open()
    here = {k: reads.label}
    guards = substitute(guard, here), elsewhere(guard, k, reads)
    if not all(g in (ZERO, ONE) for g in guards):
        raise _NotLocal
    own, other = substitute(body, here), elsewhere(body, k, reads)
    own = substitute(own, {reads.entry(reads.label): p})
    rest = score.classes - 1
    count = guards[0] + rest * guards[1]
    entry = reads.entry(k)
    if e.op in ("sum", "mean"):
        total = guards[0] * own + guards[1] * _summed(other, entry, k, q, rest)
        return total if e.op == "sum" else total / count
    if e.op in ("logsumexp", "logmeanexp"):
        weights = _summed(sympy.exp(sympy.expand(other)), entry, k, q, rest)
        total = log(guards[0] * sympy.exp(own) + guards[1] * weights)
        return total if e.op == "logsumexp" else total - log(count)
    if k in free_indices(other):
        raise _NotLocal
    if e.op == "prod":
        return own ** guards[0] * other ** (guards[1] * rest)
    if e.op in ("max", "min"):
        taking = [value for g, value in zip(guards, (own, other), strict=True) if g == ONE]
        return (Max if e.op == "max" else Min)(*taking)
    raise _NotLocal


def elsewhere(expr: Expr, k: Index, reads: Classes) -> Expr:
    """``expr`` at a class other than the label."""
    return substitute(expr, {Delta(k, reads.label): ZERO, Equal(k, reads.label): ZERO})


def _summed(value: Expr, entry: Expr, k: Index, q: sympy.Symbol, rest: Expr) -> Expr:
    """The sum over the classes but the label of a multiple of the entry and a constant."""
    x = sympy.Dummy("x", positive=True)
    inside = sympy.expand(substitute(value, {entry: x}))
    slope, constant = inside.coeff(x, 1), inside.coeff(x, 0)
    if sympy.expand(inside - slope * x - constant) != ZERO:
        raise _NotLocal
    if any(x in part.free_symbols or k in free_indices(part) for part in (slope, constant)):
        raise _NotLocal
    return slope * q + constant * rest
