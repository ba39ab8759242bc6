"""Formulas of logits as formulas of their softmax."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import free_indices, occurs, walk
from losslang.ir.heads import ONE, ZERO, At, Axis, Index, Tensor
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta
from losslang.verify.readings.algebra import drawn_out, rewritten, shifted, spelled


def points(name: str) -> Tensor:
    """An array of positive numbers whose sum over the classes is 1."""
    return Tensor(name, "positive")


def through_softmax(body: Expr, logits: Tensor, axis: Axis) -> Iterator[tuple[Expr, Tensor, Expr]]:
    """Ways to write ``body`` with softmax(scale * logits) in place of unbounded logits.

    Each is (formula, the array of the softmax's entries, scale > 0). There are none for a formula
    that changes when a number is added to all logits.
    """
    probabilities = points(f"softmax({logits.name})")
    for scale in _scales(body, logits):
        found = _through(body, logits, probabilities, axis, scale)
        if found is not None:
            yield found, probabilities, scale


def _scales(body: Expr, logits: Tensor) -> Iterator[Expr]:
    """Factors of the logits inside a logsumexp, and 1."""
    found: dict[Expr, None] = {}
    for e in walk(body):
        if isinstance(e, Reduce) and e.op in ("logsumexp", "logmeanexp"):
            apart = rewritten(e.body, lambda part: ZERO if isinstance(part, Delta) else part)
            inside = sympy.expand(apart)
            for read in walk(inside):
                if isinstance(read, At) and read.tensor == logits and e.binders[0] in read.indices:
                    slope = inside.coeff(read, 1)
                    if slope.is_positive and not free_indices(slope):
                        found[slope] = None
    yield from {**found, ONE: None}


def _through(
    body: Expr, logits: Tensor, probabilities: Tensor, axis: Axis, scale: Expr
) -> Expr | None:
    """The formula with (shift + log q[k]) / scale for the logits, if the shift drops out."""
    shift = sympy.Dummy("shift", real=True)

    def rule(e: Basic) -> Basic:
        if isinstance(e, At) and e.tensor == logits:
            return (shift + sympy.log(At(probabilities, *e.indices))) / scale
        return e

    found = rewritten(body, rule)
    for _ in range(2):
        found = of_total_one(drawn_out(found, shift), probabilities, axis)
    return None if shift in found.free_symbols or occurs(logits, found) else found


def of_total_one(body: Expr, probabilities: Tensor, axis: Axis) -> Expr:
    """``body`` with 1 for the sum of the entries of ``probabilities`` along ``axis``."""

    def is_entry(e: Expr, k: Index) -> bool:
        return isinstance(e, At) and e.tensor == probabilities and e.indices.count(k) == 1

    def rule(e: Basic) -> Basic:
        if not isinstance(e, Reduce) or e.guard != ONE or len(e.binders) != 1:
            return e
        outside = shifted(e)
        if not isinstance(outside, Reduce):
            return rewritten(outside, rule)
        (k,) = e.binders
        if k.axis != axis:
            return e
        if e.op == "sum" and is_entry(e.body, k):
            return ONE
        is_log = isinstance(e.body, sympy.log) and is_entry(e.body.args[0], k)
        return ZERO if e.op == "logsumexp" and is_log else e

    return spelled(rewritten(body, rule))
