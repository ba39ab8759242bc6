"""Lines along which a classifier becomes certain of what is true."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Integer, S

from losslang.ir.loss import EVERYTHING, Loss
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.rules.limits import evaluate
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import approached
from losslang.verify.theorems.sections import line


def certain(loss: Loss) -> Guess | None:
    """Scores that grow for the label and fall for all other classes; each class is some label."""
    scores = [i for i in loss.inputs if i.kind == "real" and i.domain == EVERYTHING and i.axes]
    labels = [i for i in loss.inputs if i.kind == "index"]
    if len(loss.inputs) != 2 or len(scores) != 1 or len(labels) != 1:
        return None
    (known,), (target,) = scores, labels
    axes = [*known.axes]
    if target.over is None or target.over not in axes or known.batched != target.batched:
        return None
    sizes = {axis.name: 2 for axis in instances.axes_of(loss)} | {"batch": 1}
    own = axes.index(target.over) + known.batched
    entries: dict[Entry, Expr] = {}
    slopes: dict[str, Expr] = {}
    for at in instances.places(target, sizes):
        entries[target.name, at] = Integer(sum(at) % 2)
    for at in instances.places(known, sizes):
        entries[known.name, at] = S.Zero
        place = at[:own] + at[own + 1 :]
        sign = 1 if entries.get((target.name, place)) == at[own] else -1
        slopes[" ".join(map(str, ("along", known.name, *at)))] = Integer(sign)
    return Inputs(sizes, entries).data() | slopes


def infima(reading: Structure, question: Question) -> Iterator[Guess]:
    """The limit along such a line."""
    guess = certain(reading.loss)
    curve = None if guess is None else line(Case(reading, question, guess))
    if guess is None or curve is None:
        return
    low = evaluate(curve.function, curve.variable, S.Infinity, "-")
    if low is not None and not low.is_infinite:
        yield {**guess, "infimum": low}


INFIMUM = (Strategy(approached.INFIMUM, infima),)
