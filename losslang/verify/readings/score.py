"""Multi-class losses on the simplex."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import sympy
from sympy import Expr, Integer, S

from losslang.ir.binders import substitute
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.example import Example
from losslang.verify.readings.instance import Unknown
from losslang.verify.readings.multiclass import Classes, Multiclass, classes_of
from losslang.verify.readings.softmax import of_total_one, points, through_softmax
from losslang.verify.statement import Region
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Score(Reading):
    """A multi-class loss of a point of the simplex with positive entries, and one label.

    The point is the input itself, or softmax(``scale`` * input) if ``composed``. ``body`` is the
    formula of one example in index notation, ``reads`` what stands in it; ``classes`` is K.
    """

    kind: ClassVar[str] = "a loss on the simplex"

    body: Expr
    reads: Classes
    classes: sympy.Symbol
    input: str
    composed: bool
    scale: Expr = S.One

    def symbols(self, classes: int) -> tuple[sympy.Symbol, ...]:
        """The entries q1 ... qK, positive numbers whose sum is 1."""
        names = (f"q{k + 1}" for k in range(classes))
        return tuple(self.region.fresh(name, positive=True) for name in names)

    def at(self, classes: int) -> tuple[Expr, ...]:
        """The loss for each label at K classes, in the symbols q1 ... qK."""
        body = substitute(self.body, {self.classes: Integer(classes)})
        return self.reads.at(body, self.symbols(classes))

    def region_at(self, classes: int) -> Region:
        """The region at K classes, without K and the point. Raises ``ValueError``."""
        return self.reads.region_at(self.region, self.classes, classes)


def score(example: Example) -> Score | None:
    """The reading of a loss of one point of the simplex and one label."""
    if len(example.arrays) != 1 or len(example.labels) != 1 or example.classes is None:
        return None
    simplex = example.arrays[0]
    reads = classes_of(example)
    if simplex.kind != "simplex" or reads is None:
        return None
    entries = points(simplex.name)
    body = spelled(substitute(example.body, {simplex.tensor: entries}))
    return _checked(
        Score(
            example.only(),
            of_total_one(body, entries, reads.axis),
            replace(reads, values=entries),
            example.classes,
            simplex.name,
            composed=False,
        )
    )


def softmax_score(reading: Multiclass) -> Score | None:
    """The loss on the simplex that a loss of logits is, if it sees them through a softmax."""
    reads = reading.reads
    for body, entries, scale in through_softmax(reading.body, reads.values, reads.axis):
        return _checked(
            Score(
                reading.region,
                body,
                replace(reads, values=entries),
                reading.classes,
                reading.input,
                True,
                scale,
            )
        )
    return None


def _checked(reading: Score) -> Score | None:
    try:
        reading.at(2 if reading.reads.axis.size is None else int(reading.reads.axis.size))
    except (Unknown, ValueError):
        return None
    return reading
