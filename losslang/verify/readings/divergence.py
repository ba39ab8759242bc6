"""Divergences between two distributions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import free_indices, occurs, substitute, walk
from losslang.ir.heads import ONE, At, Axis, Index, Tensor
from losslang.ir.loss import Domain, Input
from losslang.ir.reduce import Reduce
from losslang.verify.readings.algebra import drawn_out, rewritten, spelled
from losslang.verify.readings.example import Example
from losslang.verify.readings.softmax import of_total_one, points, through_softmax
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Divergence(Reading):
    """An f-divergence: the sum over k of q[k] f(p[k] / q[k]) for two points of the simplex.

    ``t`` > 0 is the ratio p[k] / q[k]; ``inputs`` are p and q, in this order. ``logits`` pairs
    those that are no points themselves with a scale: softmax(scale * input) is the point. Of a
    point and logits, q is the softmax; of two alike p is the first point, but the second logits.
    """

    kind: ClassVar[str] = "an f-divergence"

    f: Expr
    t: sympy.Symbol
    inputs: tuple[str, str]
    logits: tuple[tuple[str, Expr], ...] = ()


def divergence(example: Example) -> Divergence | None:
    """The reading of a sum along the axis of two points of the simplex."""
    if len(example.arrays) != 2 or example.labels or example.entries or example.scalars:
        return None
    one, two = example.arrays
    assert example.axis is not None
    if one.kind == "real":
        one, two = two, one
    t = example.region.fresh("t", positive=True)
    for first, p, scale in _on_simplex(example.body, one, example.axis):
        for body, q, other in _on_simplex(first, two, example.axis):
            f = _ratio(body, p, q, t)
            if f is not None:
                ways = ((one, scale), (two, other))
                logits = tuple((known.name, s) for known, s in ways if known.kind == "real")
                return Divergence(example.only(), f, t, (one.name, two.name), logits)
    return None


def _on_simplex(body: Expr, known: Input, axis: Axis) -> Iterator[tuple[Expr, Tensor, Expr]]:
    """``body`` with positive numbers of sum 1 in place of an input; these; the logits' scale."""
    if known.kind == "simplex":
        entries = points(known.name)
        inside = spelled(substitute(body, {known.tensor: entries}))
        yield of_total_one(inside, entries, axis), entries, ONE
    elif known.kind == "real" and known.domain == Domain() and _has_exponentials(body):
        yield from through_softmax(body, known.tensor, axis)


def _has_exponentials(body: Expr) -> bool:
    sums = ("logsumexp", "logmeanexp")
    return any(
        isinstance(e, sympy.exp) or (isinstance(e, Reduce) and e.op in sums) for e in walk(body)
    )


def _ratio(body: Expr, p: Tensor, q: Tensor, t: sympy.Symbol) -> Expr | None:
    """The sum's term at q[k] = exp(shift), p[k] = t exp(shift), if it scales with exp(shift)."""
    shift = sympy.Dummy("shift", real=True)
    mass = sympy.exp(shift)
    total: Expr = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.expand(body)):
        found = _summand(term, (p, q))
        if found is None:
            return None
        k, summand = found
        total += mass * term if k is None else _at_place(summand, k, {q: mass, p: t * mass})
    f = drawn_out(total / mass, shift)
    return None if shift in f.free_symbols or free_indices(f) else f


def _summand(term: Expr, points: tuple[Tensor, Tensor]) -> tuple[Index | None, Expr] | None:
    """Index and body of a sum over all entries; no index for a constant, to be spread over q."""
    sums = [f for f in sympy.Mul.make_args(term) if isinstance(f, Reduce)]
    rest = sympy.Mul(*(f for f in sympy.Mul.make_args(term) if f not in sums))
    if any(occurs(array, rest) for array in points) or len(sums) > 1:
        return None
    if not sums:
        return None, term
    (only,) = sums
    if only.op != "sum" or only.guard != ONE or len(only.binders) != 1:
        return None
    (k,), _, body = only.open()
    return None if any(isinstance(e, Reduce) for e in walk(body)) else (k, rest * body)


def _at_place(summand: Expr, k: Index, values: dict[Tensor, Expr]) -> Expr:
    """``summand`` with values for the entries at ``k``, which it keeps if it is of other use."""

    def rule(e: Basic) -> Basic:
        return values.get(e.tensor, e) if isinstance(e, At) and k in e.indices else e

    return spelled(rewritten(summand, rule))
