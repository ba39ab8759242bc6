"""Losses of sets of places, such as overlaps in segmentation: what they do to probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy
from sympy import Expr, Integer, S

from losslang.ir.loss import Input, Loss
from losslang.verify.instances import Inputs, places, value
from losslang.verify.readings import Structure
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import stated
from losslang.verify.theorems.pieces import Silent, sign

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


def expected(loss: Loss, true: Expr, given: Expr, count: int) -> Expr:
    """The expected loss of one example of ``count`` places and two classes.

    Each place has the second class with the probability sigmoid(``true``), by itself. The logits
    are 0 and ``given``, both rational.
    """
    scores, labels = roles(loss)
    assert labels.over is not None
    sizes = {"batch": 1, labels.over.name: 2}
    sizes |= {axis.name: count if n == 0 else 1 for n, axis in enumerate(labels.axes)}
    index = list(scores.axes).index(labels.over) + scores.batched
    read = {(scores.name, at): given if at[index] else S.Zero for at in places(scores, sizes)}
    share = 1 / (1 + sympy.exp(-true))
    total: Expr = S.Zero
    for drawn in product((0, 1), repeat=count):
        truth = {
            (labels.name, at): Integer(y)
            for at, y in zip(places(labels, sizes), drawn, strict=True)
        }
        found = value(loss, Inputs(sizes, read | truth))
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
    if len(loss.terms) != 1 or loss.draws or loss.averages:
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

THEOREMS = (IMPROPER,)
