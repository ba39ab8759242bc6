"""Contrastive losses as functions of similarities: a softmax of one positive among others.

The similarities are recognised, whatever they are made of: as what stands in the logsumexp, up to a
factor of hyperparameters, which is the inverse temperature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy
from sympy import Expr

from losslang.ir.binders import free_indices, fresh, substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, At, Index, Labelled, Tensor
from losslang.ir.loss import BATCH, Loss
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Delta, Not
from losslang.verify.readings import Structure
from losslang.verify.statement import LINE, Region, Shape
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import sign, stated

SIMILARITY = Tensor("similarity")
"""What stands for the similarities, read at (anchor, candidate)."""


@dataclass(frozen=True)
class Contrast:
    """``weight`` (logsumexp over j of c s[j] - c s[positive]) with c = ``sharpness``.

    ``place`` runs over the candidates in ``body`` = s; ``positive`` is None where the loss is the
    logsumexp alone, as a soft maximum.
    """

    weight: Expr
    sharpness: Expr
    body: Expr
    place: Index
    guard: Expr
    positive: Expr | None
    mean: bool

    @property
    def compares(self) -> bool:
        """Whether candidates are compared at a temperature, or are examples of the batch."""
        return self.place.axis == BATCH or bool(self.sharpness.free_symbols)

    def score(self, place: Expr) -> Expr:
        """The abstract similarity to a candidate."""
        return At(SIMILARITY, place)

    def loss(self) -> Expr:
        """The loss in the abstract similarities."""
        op = "logmeanexp" if self.mean else "logsumexp"
        soft = Reduce(op, (self.place,), self.guard, self.sharpness * self.score(self.place))
        if self.positive is None:
            return self.weight * soft
        return self.weight * (soft - self.sharpness * self.score(self.positive))


def contrast(loss: Loss) -> Contrast:
    """A loss of one term as a contrast. Raises :class:`Silent`."""
    if len(loss.terms) != 1:
        raise Silent
    body = loss.terms[0].body
    body = body.args[1] if isinstance(body, Labelled) else body
    for term in sympy.Add.make_args(sympy.expand(body)):
        soft = [f for f in sympy.Mul.make_args(term) if _is_soft(f)]
        if len(soft) == 1:
            found = _split(body, term / soft[0], soft[0], _parameters(loss))
            if found is not None and found.compares:
                return found
    raise Silent


def _is_soft(factor: Expr) -> bool:
    return isinstance(factor, Reduce) and factor.op in ("logsumexp", "logmeanexp")


def _parameters(loss: Loss) -> frozenset[sympy.Symbol]:
    return frozenset(h.symbol for h in loss.hyperparameters if not h.axes)


def _split(
    body: Expr, weight: Expr, soft: Reduce, known: frozenset[sympy.Symbol]
) -> Contrast | None:
    if not weight.free_symbols <= known or any(isinstance(p, At) for p in walk(weight)):
        return None
    indices, guard, inside = soft.open()
    if len(indices) != 1:
        return None
    inside = sympy.factor_terms(inside)
    factors = [f for f in sympy.Mul.make_args(inside) if _is_constant(f, known)]
    sharpness = sympy.Mul(*factors)
    rest = sympy.expand(body - weight * soft)
    positive = None if rest == 0 else _positive(rest, weight * inside, indices[0])
    if rest != 0 and positive is None:
        return None
    return Contrast(
        weight, sharpness, inside / sharpness, indices[0], guard, positive, soft.op == "logmeanexp"
    )


def _is_constant(factor: Expr, known: frozenset[sympy.Symbol]) -> bool:
    return not free_indices(factor) and factor.free_symbols <= known and not factor.has(At)


def _positive(rest: Expr, inside: Expr, place: Index) -> Expr | None:
    """The place whose entry the rest of the loss takes off."""
    reads = [p for p in walk(rest) if isinstance(p, At) and p.tensor.kind == "index"]
    for option in (*free_indices(rest), *reads):
        if sympy.expand(rest + substitute(inside, {place: option})) == 0:
            return option
    return None


def _region(case: Case) -> Region:
    region: Region = case.reading.region
    return Region(region.variables, region.conditions, ((SIMILARITY, LINE),))


def _sharp(found: Contrast, region: Region) -> Iterator[Premise]:
    yield sign("the weight is positive", found.weight, ">", region)
    yield sign("the temperature is positive", found.sharpness, ">", region)


# ---------------------------------------------------------------- hardness


@stated
def _hardness(case: Case) -> Iterator[Premise]:
    """The gradient in s[k] is w c (softmax(c s)[k] - [k is the positive])."""
    found, region = contrast(case.reading.loss), _region(case)
    if found.positive is None or found.mean or found.guard != ONE:
        raise Silent
    k = fresh(found.place.axis, "k")
    gradient = derivative(found.loss(), found.score(k))
    soft = Reduce("logsumexp", (found.place,), ONE, found.sharpness * found.score(found.place))
    share = sympy.exp(found.sharpness * found.score(k) - soft)
    expected = found.weight * found.sharpness * (share - Delta(k, found.positive))
    yield from _sharp(found, region)
    if sympy.expand(gradient - expected) != 0:
        raise Silent


def _softmax_of_negatives(case: Case) -> Expr:
    found = contrast(case.reading.loss)
    assert found.positive is not None
    k = Index("k", found.place.axis)
    others = And(found.guard, Not(Delta(found.place, found.positive)))
    soft = Reduce("logsumexp", (found.place,), others, found.sharpness * found.score(found.place))
    return sympy.exp(found.sharpness * found.score(k) - soft)


HARDNESS = Theorem(
    "hardness",
    "hardness",
    Structure,
    "the gradients in the similarities of negatives, over that of the positive, are a softmax",
    "Wang and Liu 2021, Understanding the Behaviour of Contrastive Loss, eq. 6",
    _hardness,
    value=_softmax_of_negatives,
)


# ---------------------------------------------------------------- temperature


@stated
def _temperature(case: Case) -> Iterator[Premise]:
    found = contrast(case.reading.loss)
    yield from _sharp(found, _region(case))


TEMPERATURE = Theorem(
    "temperature",
    "temperature",
    Structure,
    "log mean exp(s/tau) = max over Q of E_Q s/tau - KL(Q, uniform), so tau is a multiplier",
    "Donsker and Varadhan 1975; Wu et al. 2023, Understanding Contrastive Learning via "
    "Distributionally Robust Optimization, theorem 1",
    _temperature,
    value=lambda case: 1 / contrast(case.reading.loss).sharpness,
)


# ---------------------------------------------------------------- convexity


@stated
def _convex(case: Case) -> Iterator[Premise]:
    found = contrast(case.reading.loss)
    shape = Shape(found.loss(), SIMILARITY, "convex", _region(case))
    yield Premise("the loss is convex in the similarities", shape)


CONVEX_IN_SIMILARITIES = Theorem(
    "convex-in-similarities",
    "convex_in_similarities",
    Structure,
    "a logsumexp less one of its entries is convex",
    "Boyd and Vandenberghe 2004, Convex Optimization, section 3.1.5",
    _convex,
)

THEOREMS = (HARDNESS, TEMPERATURE, CONVEX_IN_SIMILARITIES)
