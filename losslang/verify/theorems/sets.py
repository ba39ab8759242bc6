"""Losses of sets of places, such as overlaps in segmentation: what they do to probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import sympy
from sympy import Expr, Integer, Interval, S

from losslang.ir.binders import free_indices
from losslang.ir.heads import ONE
from losslang.ir.loss import Input, Loss
from losslang.verify.instances import Entry, Inputs, admits, from_data, places, unlabelled, value
from losslang.verify.readings import Structure
from losslang.verify.statement import Region, Sign
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import sign, stated
from losslang.verify.theorems.structure import domain

MAX_PLACES = 3


def roles(loss: Loss) -> tuple[Input, Input]:
    """The logits over two classes and places, and the label of each place. Silent without."""
    logits = [i for i in loss.inputs if i.kind == "real" and len(i.axes) > 1]
    targets = [i for i in loss.inputs if i.kind == "index"]
    if len(loss.inputs) != 2 or len(logits) != 1 or len(targets) != 1:
        raise Silent
    scores, labels = logits[0], targets[0]
    if labels.over not in scores.axes or set(scores.axes) != {labels.over, *labels.axes}:
        raise Silent
    return scores, labels


def shares(loss: Loss) -> tuple[Input, Input]:
    """The probabilities of places, and their labels 0 and 1. Silent without."""
    given = [
        i for i in loss.inputs if i.kind == "real" and i.domain.low == 0 and i.domain.high == 1
    ]
    targets = [i for i in loss.inputs if i.kind in ("bit", "bool")]
    if len(loss.inputs) != 2 or len(given) != 1 or len(targets) != 1:
        raise Silent
    if given[0].axes != targets[0].axes or not given[0].axes:
        raise Silent
    return given[0], targets[0]


def expected(loss: Loss, true: Expr, given: Expr, count: int) -> Expr:
    """The expected loss of one example of ``count`` places with independent labels.

    Either inputs are probabilities of the label 1: that is ``true``, the answer is ``given``. Or
    they are logits of two classes: those of the second are ``true`` and ``given``, of the first 0.
    All are rational.
    """
    try:
        known, labels = shares(loss)
    except Silent:
        return _expected_of_logits(loss, true, given, count)
    sizes = {axis.name: count if n == 0 else 1 for n, axis in enumerate(labels.axes)}
    sizes |= {"batch": 1}
    read = dict.fromkeys(((known.name, at) for at in places(known, sizes)), given)
    return _averaged(loss, labels, sizes, read, true, count)


def _expected_of_logits(loss: Loss, true: Expr, given: Expr, count: int) -> Expr:
    scores, labels = roles(loss)
    assert labels.over is not None
    sizes = {"batch": 1, labels.over.name: 2}
    sizes |= {axis.name: count if n == 0 else 1 for n, axis in enumerate(labels.axes)}
    index = list(scores.axes).index(labels.over) + scores.batched
    read = {(scores.name, at): given if at[index] else S.Zero for at in places(scores, sizes)}
    return _averaged(loss, labels, sizes, read, 1 / (1 + sympy.exp(-true)), count)


def _averaged(
    loss: Loss,
    labels: Input,
    sizes: Mapping[str, int],
    read: Mapping[Entry, Expr],
    share: Expr,
    count: int,
) -> Expr:
    """The loss averaged over labels that are 1 with the probability ``share`` each."""
    total: Expr = S.Zero
    for drawn in product((0, 1), repeat=count):
        truth = {
            (labels.name, at): Integer(y)
            for at, y in zip(places(labels, sizes), drawn, strict=True)
        }
        found = value(loss, Inputs(sizes, {**read, **truth}))
        if found is None:
            raise Silent
        total += share ** sum(drawn) * (1 - share) ** (count - sum(drawn)) * found
    return total


@stated
def _improper(case: Case) -> Iterator[Premise]:
    loss, guess = case.reading.loss, case.guess
    true, better, count = (guess[name] for name in ("true", "better", "places"))
    if not (
        true.is_Rational and better.is_Rational and count.is_Integer and 1 <= count <= MAX_PLACES
    ):
        raise Silent
    if len(loss.terms) != 1 or loss.draws or loss.states:
        raise Silent
    honest, bold = (expected(loss, true, given, int(count)) for given in (true, better))
    yield sign("the true probabilities cost more", honest - bold, ">", case.reading.region)


IMPROPER = Theorem(
    "improper-on-sets",
    "proper",
    Structure,
    "for independent labels, the expected loss of their own probabilities is not least",
    "Bertels, Robben, Vandermeulen and Suetens 2021, Theoretical Analysis and Experimental "
    "Validation of Volume Bias of Soft Dice Optimized Segmentation Maps, section 3",
    _improper,
    holds=False,
)

# ---------------------------------------------------------------- range


@stated
def _range(case: Case) -> Iterator[Premise]:
    """The least and the greatest value, each with inputs that reach it."""
    loss, region = case.reading.loss, case.reading.region
    low, high = (only(case.guess[name], region) for name in ("low", "high"))
    if len(loss.terms) != 1 or loss.draws or loss.states:
        raise Silent
    body, everywhere = unlabelled(loss.terms[0].body), _admitted(loss, region)
    if low == high:
        # What cancels is a factor of denominators, which are not 0 where the loss has a value.
        above, _ = sympy.fraction(sympy.cancel(sympy.together(body - low)))
        yield Premise("the loss is constant", Sign(above, "==", everywhere))
    else:
        for label, gap in (("the loss is no less", body - low), ("no greater", high - body)):
            above, below = sympy.fraction(sympy.together(gap))
            yield Premise(label, Sign(above, ">=", everywhere))
            yield Premise(f"{label}: the denominator", Sign(below, ">", everywhere))
    for name, end in (("low", low), ("high", high)):
        reached = value(loss, _inputs(case, name))
        if reached is None:
            raise Silent
        yield sign(f"some input reaches {end}", reached - end, "==", region)


def _admitted(loss: Loss, region: Region) -> Region:
    """The inputs at which the loss has a value: what it requires of the example holds there."""
    own = set(loss.terms[0].result)
    needed = (r.condition for r in loss.requires if r.guard == ONE)
    return domain(loss, region).where(*(c for c in needed if free_indices(c) <= own))


def _inputs(case: Case, name: str) -> Inputs:
    prefix = f"{name}: "
    found = from_data(
        {k.removeprefix(prefix): v for k, v in case.guess.items() if k.startswith(prefix)}
    )
    if not admits(case.reading.loss, found):
        raise Silent
    return found


RANGE = Theorem(
    "range-reached",
    "range",
    Structure,
    "the loss stays between two numbers by composition, and inputs reach both",
    "the definition",
    _range,
    value=lambda case: Interval(case.guess["low"], case.guess["high"]),
)

THEOREMS = (IMPROPER, RANGE)
