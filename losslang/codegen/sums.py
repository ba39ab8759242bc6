"""Losses of sums over places: a row form for each place, and a formula of what was summed.

A segmentation loss such as Dice has one value for an image, but what it knows of the image are a
few sums for each class, over the places, of functions of the row of logits there. :func:`cut`
separates the sums, each a formula of one place, from the rest, a formula of small arrays. The
gradient of the whole by a row of logits is that of ``sum(G[m, c] * f[m](z, c))``, where ``G`` is
that of the rest by the sums: a loss of the row at one place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy
from sympy import Add, Basic, Expr, Mul, preorder_traversal

from losslang.codegen.lower import Lowered, storage
from losslang.codegen.plan import Plan, Storage
from losslang.codegen.planner import Planner
from losslang.codegen.slopes import NoSlopesError, body_of, gradients
from losslang.ir.binders import Binder, free_indices, substitute
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Index, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Term
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Not
from losslang.rewrite.branches import safe_branches
from losslang.rewrite.engine import Rewriter
from losslang.rewrite.stability import RULES, stabilise


@dataclass(frozen=True)
class Cut:
    """A loss of sums in two parts.

    ``places`` has an output over (place, class) for each of the ``names``, what is summed, and the
    gradient by the logits for the slopes that it reads, a row of classes for each sum. ``rest`` is
    the value, from the sums by their names. ``scores`` are the logits.
    """

    places: Plan
    rest: Plan
    names: tuple[str, ...]
    slopes: tuple[str, ...]
    scores: str


def cut(low: Lowered) -> Cut:
    """The two parts. Raises :class:`NoSlopesError` for a loss that has none."""
    loss = low.loss
    pack = next((known.pack for known in loss.inputs if known.pack), None)
    if len(loss.terms) != 1 or loss.terms[0].result != (EXAMPLE,) or loss.states or pack is None:
        raise NoSlopesError("the loss has no sums over places")
    (term,) = loss.terms
    if term.guard != ONE:
        raise NoSlopesError("some examples have no value")
    finder = _Finder(pack)
    body = finder(body_of(low, term.body))
    if not finder.found or finder.axis is None:
        raise NoSlopesError("the loss has no sums over places")
    names = tuple(name.name for name in finder.found.values())
    slopes = tuple(f"@slope{name}" for name in names)
    places, scores = _places(low, finder, slopes)
    return Cut(places, _rest(low, finder, body), names, slopes, scores)


class _Finder:
    """Replaces sums over places by reads of their results."""

    def __init__(self, pack: Axis) -> None:
        self.pack = pack
        self.axis: Axis | None = None
        self.found: dict[Expr, Tensor] = {}
        """What is summed at one place, for one class."""

    def __call__(self, e: Expr) -> Expr:
        if isinstance(e, Reduce) and e.op == "sum" and [i.axis for i in e.binders] == [self.pack]:
            return self._sum(e)
        if isinstance(e, Binder):
            rest = [self(a) for a in e.rest]
            indices, guard, body = e.open()
            return e.func(e.op, indices, self(guard), self(body), *rest)
        if isinstance(e, At) and any(self._runs_over(i) for i in e.indices):
            raise NoSlopesError("a place is read outside of sums")
        if not e.args or isinstance(e, Index | At):
            return e
        return e.func(*(self(a) if isinstance(a, Expr) else a for a in e.args))

    def _runs_over(self, index: Basic) -> bool:
        return isinstance(index, Index) and index.axis == self.pack

    @property
    def entry(self) -> Index:
        """The class that a sum is for."""
        assert self.axis is not None
        return Index("@c", self.axis)

    def _sum(self, e: Reduce) -> Expr:
        others = free_indices(e) - {EXAMPLE}
        if len(others) != 1:
            raise NoSlopesError("a sum over places is not one for each class")
        (index,) = others
        if self.axis not in (None, index.axis):
            raise NoSlopesError("sums over places have different axes")
        self.axis = index.axis
        (place,), guard, body = e.open()
        at_place = _AtPlace(place)
        chosen = Branch(at_place(guard), _at_label(at_place(body), index), ZERO)
        summed = substitute(chosen, {index: self.entry})
        name = self.found.setdefault(summed, Tensor(f"@sum{len(self.found)}", "real"))
        return At(name, EXAMPLE, index)


def _at_label(e: Expr, index: Index) -> Expr:
    """``[y = c] f(c)`` as ``[y = c] f(y)``, which is one number for all classes."""
    if isinstance(e, Add):
        return Add(*(_at_label(term, index) for term in e.args))
    for factor in Mul.make_args(e):
        if isinstance(factor, Delta) and index in factor.args:
            (label,) = (a for a in factor.args if a != index)
            return factor * substitute(e / factor, {index: label})
    return e


def _complement(e: Add) -> Expr | None:
    """``1 - p[y]`` as the sum of the other probabilities, for no digit to be lost."""
    one, power = e.args if len(e.args) == 2 else (ZERO, ZERO)
    if one != ONE or not isinstance(-power, sympy.exp):
        return None
    for less in Add.make_args((-power).args[0]):
        if isinstance(-less, Reduce) and (-less).op == "logsumexp" and (-less).guard == ONE:
            (index,), _, body = (-less).open()
            own = (-power).args[0] - less
            for label in (a for a in preorder_traversal(own) if isinstance(a, At)):
                if substitute(body, {index: label}) == own:
                    others = Not(Delta(index, label))
                    return Binder.__new__(Reduce, "sum", (index,), others, sympy.exp(body + less))
    return None


_BY_PROBABILITIES = Rewriter({Add: (_complement,)})
_BY_RULES = Rewriter(RULES)


def _stable(e: Expr) -> Expr:
    """What floats compute; probabilities are not written by their odds, for all classes of a place
    are wanted and share one sum.
    """
    return safe_branches(_BY_RULES(e))


class _AtPlace:
    """Rewrites a formula of an example and a place as one of a place alone."""

    def __init__(self, place: Index) -> None:
        self._place = place

    def __call__(self, e: Basic) -> Basic:
        if isinstance(e, At):
            others = [i for i in e.indices if i != self._place]
            whole = len(others) + 1 == len(e.indices) and others[0] == EXAMPLE
            if not whole or any(self._place in free_indices(i) for i in others):
                raise NoSlopesError(f"{e.tensor} is not read at the place at hand")
            return At(e.tensor, *(self(i) for i in others))
        if e == self._place:
            raise NoSlopesError("the number of a place is used")
        if isinstance(e, Binder):
            indices, guard, body = e.open()
            rest = [self(a) for a in e.rest]
            return e.func(e.op, indices, self(guard), self(body), *rest)
        if not e.args or isinstance(e, Index | Tensor):
            return e
        return e.func(*(self(a) for a in e.args))


def _places(low: Lowered, finder: _Finder, slopes: tuple[str, ...]) -> tuple[Plan, str]:
    """The plan of one place, and the name of the logits."""
    assert finder.axis is not None
    arrays = {
        tensor: replace(known, axes=tuple(a for a in known.axes if a != finder.pack))
        for tensor, known in storage(low.loss, low.label, soft=False).items()
        if finder.pack in known.axes
    }
    scores = [
        replace(known, axes=tuple(a for a in known.axes if a != finder.pack), pack=None)
        for known in low.loss.inputs
        if known.kind == "real" and known.tensor in arrays
    ]
    if len(scores) != 1 or scores[0].axes != (finder.axis,):
        raise NoSlopesError("the sums are not of one array of logits")
    planner = Planner(arrays | {Tensor(s, "real"): Storage(s, (finder.axis,)) for s in slopes})
    outputs = [
        planner.output(name.name, _stable(_BY_PROBABILITIES(e)), ONE, (EXAMPLE, finder.entry))
        for e, name in finder.found.items()
    ]
    weighted = Add(
        *(
            At(Tensor(slope, "real"), finder.entry) * summed
            for slope, summed in zip(slopes, finder.found, strict=True)
        )
    )
    body = Reduce("sum", (finder.entry,), ONE, weighted)
    loss = replace(low.loss, inputs=tuple(scores), hyperparameters=())
    (gradient,) = gradients(loss, Term("places", (EXAMPLE,), body), ONE).values()
    value = _stable(gradient.value)
    outputs.append(planner.output(f"d {scores[0].name}", value, ONE, gradient.places))
    return planner.finish(outputs), scores[0].name


def _rest(low: Lowered, finder: _Finder, body: Expr) -> Plan:
    """The plan of the value."""
    assert finder.axis is not None
    arrays = {name: Storage(name.name, (BATCH, finder.axis)) for name in finder.found.values()}
    arrays |= {
        hyper.tensor: Storage(hyper.name, hyper.axes)
        for hyper in low.loss.hyperparameters
        if hyper.axes
    }
    if any(isinstance(e, At) and e.tensor not in arrays for e in preorder_traversal(body)):
        raise NoSlopesError("an array is also read outside of sums")
    planner = Planner(arrays)
    return planner.finish([planner.output("value", stabilise(body), ONE, (EXAMPLE,))])
