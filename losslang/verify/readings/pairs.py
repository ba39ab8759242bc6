"""Losses on pairs of scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr, S

from losslang.ir.binders import free_indices, is_undefined, substitute, walk
from losslang.ir.heads import ONE, At, Index
from losslang.ir.loss import EXAMPLE, Domain, Loss
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Equal, Less, Not, Truth, conjuncts
from losslang.verify.readings.algebra import same, spelled
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.domains import region_of
from losslang.verify.readings.example import LABELS, Example, plain
from losslang.verify.readings.fix import settled
from losslang.verify.readings.regression import PREDICTIONS, TARGETS
from losslang.verify.statement import LINE, Region
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Pairs(Reading):
    """A sum or mean over pairs of places of ``phi(m)``, m = the better score - the other one.

    Which of two is better, relevances or labels say; of two inputs without any it is the first.
    ``inputs`` are the scores: one input that both come from, or the better one and the other.
    ``others`` are the variables of the region that are inputs.
    """

    kind: ClassVar[str] = "a pairwise loss"

    phi: Expr
    m: sympy.Symbol
    inputs: tuple[str, ...]
    others: tuple[sympy.Symbol, ...] = ()

    @property
    def curve(self) -> Curve:
        """``phi`` along the difference of the scores."""
        return Curve(self.region, self.phi, self.m, LINE, self.inputs[0], others=self.others)


# ---------------------------------------------------------------- two scores


def pair(example: Example) -> Pairs | None:
    """The reading of a loss of two scores, perhaps with a label that says which is better."""
    if example.arrays or example.labels:
        return None
    labels = [s for s in example.scalars if s.input.kind in LABELS]
    scores = [s for s in example.scalars if s.is_free]
    if len(scores) != 2 or len(labels) > 1:
        return None
    if not labels and any(s.input.name in TARGETS + PREDICTIONS for s in scores):
        return None
    one, two = (scalar.symbol for scalar in scores)
    region = example.only(one, two, *(label.symbol for label in labels))
    if not labels:
        phi = _of_difference(example.body, one, two, region)
    else:
        symbol, (first, second) = labels[0].symbol, LABELS[labels[0].input.kind]
        ways = [spelled(substitute(example.body, {symbol: value})) for value in (first, second)]
        phi = _of_difference(ways[0], one, two, region)
        mirrored = _of_difference(ways[1], two, one, region)
        if phi is None or mirrored is None or not same(phi, mirrored, M, region):
            return None
    if phi is None:
        return None
    m = region.fresh("m")
    inputs = tuple(scalar.input.name for scalar in scores)
    return Pairs(region, substitute(phi, {M: m}), m, inputs, example.others(region))


M = sympy.Dummy("m", real=True)
"""The difference of two scores, while its name is not chosen."""


def _of_difference(body: Expr, better: Expr, other: Expr, region: Region) -> Expr | None:
    """``body`` as a formula of M = ``better`` - ``other``, if it is one."""
    b = sympy.Dummy("b", real=True)
    phi = substitute(body, {better: M, other: S.Zero})
    shifted = substitute(body, {better: M + b, other: b})
    if is_undefined(phi) or not same(phi, shifted, M, region.having(b, LINE)):
        return None
    return phi if M in phi.free_symbols else None


# ---------------------------------------------------------------- sums over pairs


def all_pairs(loss: Loss) -> Pairs | None:
    """The reading of a sum or mean over the pairs of an axis in which one place is better."""
    if loss.draws or loss.states or len(loss.terms) != 1:
        return None
    loss = settled(loss)
    (term,) = loss.terms
    body = plain(term.body, loss)
    if body is None or term.result not in ((), (EXAMPLE,)):
        return None
    scores = {k.tensor: k.name for k in loss.inputs if k.kind == "real" and k.domain == Domain()}
    region = region_of(loss)
    m = region.fresh("m")
    for indices, guard, summand in _sums(body, term.result):
        reads = sorted((e for e in walk(summand) if isinstance(e, At)), key=str)
        if len(reads) != 2 or any(read.tensor not in scores for read in reads):
            continue
        for better, other in (reads, reads[::-1]):
            i, j = _place(better, indices), _place(other, indices)
            if i is None or j is None or i == j or not _prefers(guard, i, j):
                continue
            phi = _of_difference(summand, better, other, region)
            if phi is None or free_indices(phi):
                continue
            names = tuple(dict.fromkeys(scores[read.tensor] for read in (better, other)))
            return Pairs(region, substitute(phi, {M: m}), m, names)
    return None


def _sums(body: Expr, result: tuple[Index, ...]) -> Iterator[tuple[tuple[Index, ...], Expr, Expr]]:
    """The indices, guard and body of sums within sums that make up all of ``body``."""
    indices, guards = result, [ONE]
    while True:
        factors = sympy.Mul.make_args(body)
        sums = [f for f in factors if isinstance(f, Reduce) and f.op in ("sum", "mean")]
        if len(sums) != 1:
            break
        bound, guard, inner = sums[0].open()
        indices, guards = (*indices, *bound), [*guards, guard]
        body = inner * sympy.Mul(*(f for f in factors if f is not sums[0]))
    truths = [f for f in sympy.Mul.make_args(body) if isinstance(f, Truth)]
    rest = sympy.Mul(*(f for f in sympy.Mul.make_args(body) if f not in truths))
    if len(indices) >= 2:
        yield indices, And(*guards, *truths), rest


def _place(read: At, indices: tuple[Index, ...]) -> Index | None:
    """The summed index at which an array is read."""
    found = [index for index in read.indices if index in indices]
    return found[-1] if found and len(found) == len(read.indices) else None


def _prefers(guard: Expr, better: Index, other: Index) -> bool:
    """Whether ``guard`` holds only where some label of ``better`` is above that of ``other``."""
    parts = conjuncts(guard)
    pairs = [part.args for part in parts if isinstance(part, Less)]
    for low, high in pairs:
        if isinstance(high, At) and low == _moved(high, better, other):
            return True
    known = {**_values(parts, better), **_values(parts, other)}
    for read, value in known.items():
        mirror = _moved(read, better, other)
        if better in read.indices and mirror in known and known[mirror] < value:
            return True
    return False


def _moved(read: At, old: Index, new: Index) -> Expr:
    return substitute(read, {old: new})


def _values(parts: tuple[Expr, ...], index: Index) -> dict[At, Expr]:
    """Labels of a place whose value a guard tells: ``t[i] == 1``, ``t[i]``, ``not t[i]``."""
    known: dict[At, Expr] = {}
    for part in parts:
        if isinstance(part, Equal):
            numbers = [arg for arg in part.args if arg.is_Rational]
            reads = [arg for arg in part.args if isinstance(arg, At)]
            if numbers and reads:
                known[reads[0]] = numbers[0]
        elif isinstance(part, At) and part.tensor.kind == "bool":
            known[part] = ONE
        elif isinstance(part, Not) and isinstance(part.args[0], At):
            known[part.args[0]] = S.Zero
    return {read: value for read, value in known.items() if index in read.indices}
