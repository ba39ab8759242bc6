"""Divergences between two distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.ir.binders import free_indices, occurs, substitute
from losslang.ir.heads import ONE, At, Index
from losslang.ir.loss import EXAMPLE, Input
from losslang.ir.reduce import Reduce
from losslang.verify.readings.algebra import drawn_out, spelled
from losslang.verify.readings.example import Example
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Divergence(Reading):
    """An f-divergence: the sum over k of q[k] f(p[k] / q[k]) for two points of the simplex.

    ``t`` > 0 is the ratio p[k] / q[k]; ``inputs`` are p and q, in this order.
    """

    kind: ClassVar[str] = "an f-divergence"

    f: Expr
    t: sympy.Symbol
    inputs: tuple[str, str]


def divergence(example: Example) -> Divergence | None:
    """The reading of a sum along the axis of two points of the simplex."""
    if len(example.arrays) != 2 or example.labels or example.entries or example.scalars:
        return None
    p, q = example.arrays
    if p.kind != "simplex" or q.kind != "simplex":
        return None
    region = example.only()
    t = region.fresh("t", positive=True)
    shift = sympy.Dummy("shift", real=True)
    total: Expr = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.expand(example.body)):
        found = _summand(term, p, q)
        if found is None:
            return None
        total += _homogeneous(found[0], found[1], p, q, t, shift)
    per_mass = drawn_out(sympy.exp(-shift) * total, shift)
    if shift in per_mass.free_symbols or free_indices(per_mass):
        return None
    return Divergence(region, per_mass, t, (p.name, q.name))


def _summand(term: Expr, p: Input, q: Input) -> tuple[Index, Expr] | None:
    """The index and body of a sum over the entries; a term without one is spread over q."""
    sums = [f for f in sympy.Mul.make_args(term) if isinstance(f, Reduce)]
    rest = sympy.Mul(*(f for f in sympy.Mul.make_args(term) if f not in sums))
    if occurs(p.tensor, rest) or occurs(q.tensor, rest) or len(sums) > 1:
        return None
    if not sums:
        k = Index("k", p.axes[-1])
        return k, term * _read(q, k)
    (only,) = sums
    if only.op != "sum" or only.guard != ONE or len(only.binders) != 1:
        return None
    (k,), _, body = only.open()
    return k, rest * body


def _read(known: Input, k: Index) -> Expr:
    own = (EXAMPLE,) if known.batched else ()
    return At(known.tensor, *own, *(k if a == k.axis else Index(a.name, a) for a in known.axes))


def _homogeneous(
    k: Index, body: Expr, p: Input, q: Input, t: sympy.Symbol, shift: sympy.Symbol
) -> Expr:
    """``body`` at q[k] = exp(shift), p[k] = t exp(shift)."""
    mass = sympy.exp(shift)
    reads = {e: mass for e in body.atoms(At) if e.tensor == q.tensor and k in e.indices}
    reads |= {e: t * mass for e in body.atoms(At) if e.tensor == p.tensor and k in e.indices}
    return spelled(substitute(body, reads))
