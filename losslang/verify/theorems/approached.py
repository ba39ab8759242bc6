"""The greatest lower bound of a loss, which composition bounds and a line of inputs approaches."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import S

from losslang.ir.loss import Loss
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import LINE, Limit, Sign
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import stated
from losslang.verify.theorems.sections import line
from losslang.verify.theorems.structure import BY_DEFINITION, summands


@stated
def _infimum(case: Case) -> Iterator[Premise]:
    loss: Loss = case.reading.loss
    low, curve = only(case.guess["infimum"], case.reading.region), line(case)
    terms = list(summands(case))
    if curve is None or curve.bounds != LINE or len(terms) != 1 or loss.draws or loss.states:
        raise Silent
    if low.is_infinite:
        raise Silent
    ((whole, everywhere),) = terms
    yield Premise("the loss is no less", Sign(whole.body - low, ">=", everywhere))
    limit = Limit(curve.function, curve.variable, S.Infinity, "-", low, curve.region)
    yield Premise("along a line it comes as close", limit)


INFIMUM = Theorem(
    "infimum-on-a-line",
    "bounded_below",
    Structure,
    "Composition keeps the loss above a number, to which it tends along a line of inputs",
    BY_DEFINITION,
    _infimum,
    value=lambda case: case.guess["infimum"],
)

APPROACHED = (INFIMUM,)
