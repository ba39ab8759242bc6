"""Multi-class losses on the simplex."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import sympy
from sympy import Basic, Expr, Integer, S

from losslang.ir.binders import free_indices, occurs, substitute, walk
from losslang.ir.heads import ONE, ZERO, At, Tensor
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta
from losslang.verify.readings.algebra import drawn_out, rewritten, shifted, spelled
from losslang.verify.readings.example import Example
from losslang.verify.readings.instance import Unknown
from losslang.verify.readings.multiclass import Classes, Multiclass, classes_of
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
    positive = replace(reads, values=_points(simplex.name))
    body = spelled(substitute(example.body, {simplex.tensor: positive.values}))
    return _checked(
        Score(
            example.only(),
            _normalised(body, positive),
            positive,
            example.classes,
            simplex.name,
            composed=False,
        )
    )


def softmax_score(reading: Multiclass) -> Score | None:
    """The loss on the simplex that a loss of logits is, if it sees them through a softmax."""
    found = (_through(reading, scale) for scale in _scales(reading))
    return next((each for each in found if each is not None), None)


def _points(name: str) -> Tensor:
    return Tensor(name, "positive")


def _scales(reading: Multiclass) -> Iterator[Expr]:
    """Factors of the logits inside a logsumexp over the classes, or 1."""
    seen: list[Expr] = []
    for e in walk(reading.body):
        if isinstance(e, Reduce) and e.op in ("logsumexp", "logmeanexp"):
            k = e.binders[0]
            body = sympy.expand(e.body)
            slope = body.coeff(reading.reads.entry(k), 1)
            slope = substitute(slope, {Delta(k, reading.reads.label): ZERO})
            usable = not free_indices(slope) and slope.is_positive
            if usable and slope not in seen:
                seen.append(slope)
                yield slope
    if ONE not in seen:
        yield ONE


def _through(reading: Multiclass, scale: Expr) -> Score | None:
    """The loss with (shift + log q[k]) / scale for the logits, if the shift drops out."""
    logits = reading.reads.values
    points = replace(reading.reads, values=_points(f"softmax({logits.name})"))
    shift = sympy.Dummy("shift", real=True)

    def rule(e: Basic) -> Basic:
        if isinstance(e, At) and e.tensor == logits:
            return (shift + sympy.log(At(points.values, *e.indices))) / scale
        return e

    body = _normalised(drawn_out(rewritten(reading.body, rule), shift), points)
    body = _normalised(drawn_out(body, shift), points)
    if shift in body.free_symbols or occurs(logits, body):
        return None
    return _checked(
        Score(reading.region, body, points, reading.classes, reading.input, True, scale)
    )


def _normalised(body: Expr, reads: Classes) -> Expr:
    """``body`` with 1 for the sum of the entries."""

    def rule(e: Basic) -> Basic:
        if not isinstance(e, Reduce) or e.guard != ONE or len(e.binders) != 1:
            return e
        moved = shifted(e)
        if not isinstance(moved, Reduce):
            return rewritten(moved, rule)
        (k,) = e.binders
        entry = {"sum": reads.entry(k), "logsumexp": sympy.log(reads.entry(k))}.get(e.op)
        if k.axis != reads.axis or e.body != entry:
            return e
        return ONE if e.op == "sum" else ZERO

    return spelled(rewritten(body, rule))


def _checked(reading: Score) -> Score | None:
    try:
        reading.at(2 if reading.reads.axis.size is None else int(reading.reads.axis.size))
    except (Unknown, ValueError):
        return None
    return reading
