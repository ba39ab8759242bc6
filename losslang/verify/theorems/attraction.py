"""Which way a loss moves scores: up for the label or a positive pair, down for all others.

The scores are an input over the classes, or the dot products of rows, scaled or not, of losses that
compare the examples of a batch. What gradients do not pass through is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy
from sympy import Basic, Expr, Integer

from losslang.ir.binders import Binder, occurs, substitute
from losslang.ir.heads import ONE, At, Axis, Detach, Index, Tensor
from losslang.ir.loss import BATCH, Loss
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Equal, Not, conjuncts
from losslang.verify.arrays import Arrays
from losslang.verify.instances import with_reads
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import LINE, Region, Sign
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.growth import Growth
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import stated
from losslang.verify.theorems.renumbering import class_axis, names
from losslang.verify.theorems.structure import summands

SIMILARITY, HELD = Tensor("<similarity>"), Tensor("<held>")
"""The dot product of two rows, read at its number and the rows, and a score that is held."""


# ---------------------------------------------------------------- scores


@dataclass(frozen=True)
class Scores:
    """An array of scores, read at the example and the class, or at two rows."""

    tensor: Tensor
    loss: Loss

    def is_positive(self, read: At) -> Expr:
        """Whether a read is the label's score, or that of a pair that belongs together."""
        if self.tensor == SIMILARITY:
            one, other = read.indices[1:]
            labels = names(self.loss)
            if labels:
                return Equal(*(At(labels[0].tensor, row) for row in (one, other)))
            return Delta(one, other)
        axis = class_axis(self.loss)
        known = next(i for i in self.loss.inputs if i.tensor == self.tensor)
        label = next(i for i in self.loss.inputs if i.over == axis)
        own = dict(zip(known.dims, read.indices, strict=True))
        if axis is None or not {*label.dims} <= {*own}:
            raise Silent
        return Delta(own[axis], At(label.tensor, *(own[place] for place in label.dims)))


def scores(loss: Loss) -> Scores:
    """The scores that a loss compares. Raises :class:`Silent`."""
    axis = class_axis(loss)
    if axis is not None:
        found = [i for i in loss.inputs if i.kind == "real" and axis in i.axes]
        if len(found) != 1:
            raise Silent
        return Scores(found[0].tensor, loss)
    if len(names(loss)) > 1 or not any(_features(loss)):
        raise Silent
    return Scores(SIMILARITY, loss)


def _features(loss: Loss) -> Iterator[Axis]:
    """The axes along which rows of the batch have their entries."""
    for known in loss.inputs:
        if known.kind == "real" and known.batched and len(known.axes) == 1:
            yield known.axes[0]


def in_scores(body: Expr, found: Scores) -> Expr:
    """``body`` with reads of scores for similarities, and of held ones below stopped gradients.

    Raises :class:`Silent` where rows are read in another way.
    """
    if found.tensor == SIMILARITY:
        body = in_similarities(body, found.loss)
    return rewritten(body, lambda e: _held(e, found) if isinstance(e, Detach) else e)


def _held(e: Detach, found: Scores) -> Expr:
    def change(read: At) -> Expr:
        return At(HELD, *read.indices) if read.tensor == found.tensor else read

    return Detach(with_reads(e.args[0], change))


def in_similarities(body: Expr, loss: Loss) -> Expr:
    """``body`` in the similarities of rows. Raises :class:`Silent` if it reads rows otherwise."""
    tensors = {known.tensor for known in loss.inputs if known.kind == "real"}
    features, kinds = {*_features(loss)}, dict[tuple[Basic, ...], int]()

    def visit(e: Basic) -> Basic:
        if isinstance(e, Reduce):
            indices, guard, inner = e.open()
            if {index.axis for index in indices} <= features:
                return _similarity(e, tensors, kinds)
            return Reduce(e.op, indices, visit(guard), visit(inner))
        if isinstance(e, Binder):
            raise Silent
        if not e.args or isinstance(e, At | Index):
            return e
        return e.func(*map(visit, e.args))

    made = visit(body)
    if any(occurs(tensor, made) for tensor in tensors):
        raise Silent
    return made


def _similarity(e: Reduce, tensors: set[Tensor], kinds: dict[tuple[Basic, ...], int]) -> Expr:
    """A dot product of two rows, scaled by what does not depend on the place in them.

    Products with the same number are the same function of their two rows.
    """
    indices, guard, body = e.open()
    factors = sympy.Mul.make_args(body)
    rows = [f for f in factors if isinstance(f, At) and f.tensor in tensors]
    scale = [f for f in factors if not any(occurs(tensor, f) for tensor in tensors)]
    rest = [f for f in factors if f not in rows and f not in scale]
    if e.op != "sum" or guard != ONE or len(rows) != 2 or len(indices) != 1:
        raise Silent
    if any(row.indices[1:] != indices for row in rows) or occurs(indices[0], *rest, *scale):
        raise Silent
    rows.sort(key=lambda row: (row.tensor.name, str(row.indices[0])))
    one, other = (row.indices[0] for row in rows)
    alike = rows[0].tensor == rows[1].tensor
    if alike and one == other:
        raise Silent

    def named(read: At) -> Expr:
        """A read of one of the rows, whichever it is."""
        which = str(read.indices[0] == one) if alike else read.tensor.name
        return At(read.tensor, Index(f"<{which}>", BATCH), *read.indices[1:])

    kind = (rows[0].tensor, rows[1].tensor, with_reads(sympy.Mul(*rest), named))
    number = Integer(kinds.setdefault(kind, len(kinds)))
    return sympy.Mul(*scale) * At(SIMILARITY, number, one, other)


# ---------------------------------------------------------------- the way each is used


@dataclass(frozen=True)
class Attraction(Growth):
    """Shows that a formula falls with positive scores alone, and rises with others alone."""

    scores: Scores | None = None

    def premises(self, e: Expr, way: int, where: Region) -> Iterator[Premise]:
        """For ``way`` = 1; the other way round for -1."""
        assert self.scores is not None
        if not occurs(self.of, e):
            return
        if isinstance(e, At):
            positive = self.scores.is_positive(e)
            needed = Not(positive) if way > 0 else positive
            label = "a score that raises the loss is no positive one, and the other way round"
            yield Premise(label, Sign(needed, ">", where))
            return
        parts = self._split(e, way, where)
        if parts is None:
            raise Silent
        for part, side, region in parts:
            yield from self.premises(part, side, region)

    def _split(self, e: Expr, way: int, where: Region) -> Sequence[tuple[Expr, int, Region]] | None:
        if isinstance(e, sympy.Add):
            rewritten_sum = _excess(e, self.of, where)
            if rewritten_sum is not None:
                scale, parts = rewritten_sum
                known = Arrays(where).range(scale)
                if known is None or not known.nonnegative:
                    return None
                return [(part, way * side, region) for part, side, region in parts]
            return [(part, way, where) for part in e.args]
        return self._parts(e, way, where)


def _excess(
    e: sympy.Add, of: Basic, where: Region
) -> tuple[Expr, list[tuple[Expr, int, Region]]] | None:
    """``c (logsumexp x[k] - x[p])`` grows with x[k], for all other k, and falls with x[p]."""
    for term in e.args:
        scale, soft = term.as_independent(Reduce, as_Add=False)
        if not (isinstance(soft, Reduce) and soft.op == "logsumexp" and len(soft.binders) == 1):
            continue
        (k,), guard, body = soft.open()
        rest = e - term
        for place in _places(body, rest, k):
            gone = sympy.expand(rest + scale * substitute(body, {k: place}))
            if not occurs(of, gone) and Arrays(where).holds(substitute(guard, {k: place})):
                others = where.where(*conjuncts(guard), Not(Delta(k, place)))
                return scale, [(body, 1, others), (substitute(body, {k: place}), -1, where)]
    return None


def _places(body: Expr, rest: Expr, k: Index) -> list[Expr]:
    """Where ``rest`` reads what ``body`` reads at ``k``."""
    found: dict[Expr, None] = {}
    for read in body.atoms(At):
        for n, index in enumerate(read.indices):
            if index == k:
                same = (o for o in rest.atoms(At) if o.tensor == read.tensor)
                found.update((o.indices[n], None) for o in same)
    return list(found)


@stated
def _attracts(case: Case) -> Iterator[Premise]:
    found = scores(case.reading.loss)
    for term, where in summands(case):
        body = in_scores(spelled(term.body), found)
        held = HELD, dict(where.reads).get(found.tensor, LINE)
        region = Region(where.variables, where.conditions, (*where.reads, held))
        growth = Attraction(found.tensor, At(found.tensor), scores=found)
        yield from growth.premises(body, 1, region)


ATTRACTS = Theorem(
    "attracts",
    "attracts",
    Structure,
    "every score is used so that it lowers the loss if it is a positive one, and else raises it",
    "proof in docs/design/theory.md: What a loss does as a number grows",
    _attracts,
)

THEOREMS = (ATTRACTS,)
