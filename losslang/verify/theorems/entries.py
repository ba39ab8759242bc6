"""Losses of arrays by their entries: sums over entries, and functions of two entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy
from sympy import Expr

from losslang.ir.binders import Binder, walk
from losslang.ir.heads import ONE, At
from losslang.ir.loss import EXAMPLE, Input, Loss
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Less
from losslang.verify.instances import unlabelled, with_reads
from losslang.verify.readings import Regression, Structure
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.regression import TARGETS
from losslang.verify.statement import POSITIVE, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems import bregman, joint
from losslang.verify.theorems.elicitation import smooth
from losslang.verify.theorems.pieces import Silent, one_piece
from losslang.verify.theorems.premises import stated


def _body(loss: Loss) -> Expr:
    """The formula of one example. Silent for a loss that is more."""
    if len(loss.terms) != 1 or loss.draws or loss.states or loss.terms[0].result != (EXAMPLE,):
        raise Silent
    return unlabelled(loss.terms[0].body)


def _symbol(region: Region, known: Input, suffix: str = "") -> sympy.Symbol:
    positive = known.tensor.kind == "positive"
    return region.fresh(known.name + suffix, **({"positive": True} if positive else {}))


# ---------------------------------------------------------------- a sum over entries


def entrywise(reading: Structure) -> Regression:
    """The summand of a loss that sums over the entries of a prediction and a target.

    Raises :class:`Silent`.
    """
    loss, region = reading.loss, reading.region
    if len(loss.inputs) != 2 or any(i.kind != "real" or len(i.axes) != 1 for i in loss.inputs):
        raise Silent
    named = [i for i in loss.inputs if i.name in TARGETS]
    target = named[0] if named else loss.inputs[1]
    prediction = next(i for i in loss.inputs if i != target)
    factors = sympy.Mul.make_args(_body(loss))
    sums = [f for f in factors if isinstance(f, Reduce)]
    if len(sums) != 1 or sums[0].op not in ("sum", "mean") or sums[0].guard != ONE:
        raise Silent
    indices, _, inside = sums[0].open()
    f, y = _symbol(region, prediction), _symbol(region, target)
    names = {prediction.tensor: f, target.tensor: y}

    def change(read: At) -> Expr:
        if read.tensor not in names or read.indices[1:] != indices:
            raise Silent
        return names[read.tensor]

    summand = with_reads(inside, change)
    weight = sympy.Mul(*(factor for factor in factors if factor not in sums))
    if any(isinstance(part, At | Binder) for part in walk(weight * summand)):
        raise Silent
    return Regression(
        region,
        weight * summand,
        f,
        bounds_of(prediction.domain),
        y,
        bounds_of(target.domain),
        (prediction.name, target.name),
    )


def _of_an_entry(theorem: Theorem, case: Case) -> Sequence[Premise] | None:
    try:
        return theorem.premises(Case(entrywise(case.reading), case.question, case.guess))
    except Silent:
        return None


BREGMAN = Theorem(
    "bregman-entrywise",
    "bregman",
    Structure,
    "the loss is a sum over entries of one Bregman divergence, that of the sum of its generators",
    bregman.BREGMAN.source,
    lambda case: _of_an_entry(bregman.BREGMAN, case),
    value=bregman.BREGMAN.value,
)
NOT_BREGMAN = Theorem(
    "not-bregman-entrywise",
    "bregman",
    Structure,
    "the loss is a sum over entries, and for one entry it is no Bregman divergence",
    bregman.NOT_BREGMAN.source,
    lambda case: _of_an_entry(bregman.NOT_BREGMAN, case),
    holds=False,
)


# ---------------------------------------------------------------- two entries


@stated
def _convex_in_two(case: Case) -> Iterator[Premise]:
    """The Hessian in the two entries of an input is positive semidefinite.

    Where the loss is defined only for a positive entry, it is asked for there.
    """
    loss, region = case.reading.loss, case.reading.region
    names: dict[At, sympy.Symbol] = {}
    known = {i.tensor: i for i in loss.inputs}

    def change(read: At) -> Expr:
        given = known.get(read.tensor)
        if given is None or given.kind != "real" or not all(i.is_Integer for i in read.indices[1:]):
            raise Silent
        suffix = "".join(f"[{i}]" for i in read.indices[1:])
        return names.setdefault(read, _symbol(region, given, suffix))

    body = with_reads(_body(loss), change)
    own = sorted((r for r in names if r.tensor.name == case.question.input), key=str)
    if len(own) != 2 or any(isinstance(part, At | Binder) for part in walk(body)):
        raise Silent
    a, b = (names[read] for read in own)
    bounds = {symbol: bounds_of(known[read.tensor].domain) for read, symbol in names.items()}
    for needed in loss.requires:
        condition = with_reads(needed.condition, change)
        if isinstance(condition, Less) and condition.args[0] == 0 and condition.args[1] in bounds:
            bounds[condition.args[1]] = POSITIVE
    for symbol, within in bounds.items():
        if symbol != a:
            region = region.having(symbol, within)
    p = one_piece(smooth(body, a, bounds[a], region))
    yield from joint.convex_in_both(p, a, b)


CONVEX_IN_TWO = Theorem(
    "convex-in-two-entries",
    "convex",
    Structure,
    "the Hessian in the two entries of the input is positive semidefinite",
    joint.JOINTLY_CONVEX.source,
    _convex_in_two,
)

THEOREMS = (BREGMAN, NOT_BREGMAN, CONVEX_IN_TWO)
