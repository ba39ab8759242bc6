"""Inputs at which an invariance fails, drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TypeAlias

from sympy import Expr, Integer, Pow, Rational

from losslang.ir.binders import occurs, walk
from losslang.ir.heads import Index
from losslang.ir.loss import BATCH, EXAMPLE, Input, Loss
from losslang.ir.reduce import Reduce
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Guess, Question, Theorem
from losslang.verify.theorems import invariance, renumbering, replication
from losslang.verify.verdict import Witness

Pair: TypeAlias = Callable[[Case], tuple[Expr, Expr] | None]
"""The loss before and after a change, if it has both values."""

DRAWS = 6
CLASSES = 3
EXAMPLES = 4


def drawn(loss: Loss, seed: int) -> Inputs | None:
    """Small rational inputs; ``None`` for kinds of inputs that are not drawn.

    Those of even seeds lie close together, so that no exponential of them is lost in float64.
    """
    draw = random.Random(seed)
    unit = (4, 8, 16) if seed % 2 == 0 else (1, 2, 4)
    sizes = {axis.name: 2 for axis in instances.axes_of(loss)}
    sizes[BATCH.name] = EXAMPLES if looks_across(loss) else 1
    labelled = renumbering.class_axis(loss)
    if labelled is not None:
        sizes[labelled.name] = CLASSES
    entries: dict[Entry, Expr] = {}
    for known in loss.inputs:
        for at in instances.places(known, sizes):
            number = _number(known, sizes, draw, unit)
            if number is None:
                return None
            entries[known.name, at] = number
    return Inputs(sizes, entries)


def plain(loss: Loss) -> Inputs | None:
    """Rows of zeros with a one, in two examples if the loss looks at several."""
    like = drawn(loss, 0)
    if like is None:
        return None
    sizes = {**like.sizes, **({BATCH.name: 2} if looks_across(loss) else {})}
    entries: dict[Entry, Expr] = {}
    for known in loss.inputs:
        for at in instances.places(known, sizes):
            free = (
                known.kind == "real" and Integer(0) in known.domain and Integer(1) in known.domain
            )
            one = Integer(int(sum(at) % 2 == 0))
            entries[known.name, at] = one if free else like.entries[known.name, at]
    return Inputs(sizes, entries)


def looks_across(loss: Loss) -> bool:
    """Whether the loss of an example depends on others."""
    bodies = (part for term in loss.terms for part in walk(term.body))
    return any(isinstance(e, Index) and e.axis == BATCH and e != EXAMPLE for e in bodies)


def _number(
    known: Input, sizes: dict[str, int], draw: random.Random, unit: tuple[int, ...]
) -> Expr | None:
    match known.kind:
        case "index":
            assert known.over is not None
            top = known.over.size or sizes[known.over.name]
            return Integer(draw.randrange(int(top)))
        case "label" | "int":
            return Integer(draw.randrange(2))
        case "bit" | "bool":
            return Integer(draw.randrange(2))
        case "sign":
            return Integer(draw.choice((-1, 1)))
        case "simplex":
            return None
    for _ in range(50):
        number = Rational(draw.randint(-8, 8), draw.choice(unit))
        if number != 0 and number in known.domain:
            return number
    return Rational(1, 2) if Rational(1, 2) in known.domain else None


def inputs(with_number: bool) -> Callable[..., Iterator[Guess]]:
    """Guesses of inputs, with the number to move them by where one is asked for."""

    def guesses(reading: object, question: Question) -> Iterator[Guess]:
        loss: Loss = reading.loss  # type: ignore[attr-defined]
        for seed in range(-1, DRAWS):
            found = plain(loss) if seed < 0 else drawn(loss, seed)
            if found is None:
                return
            yield found.data() | ({"by": Integer(3 + seed)} if with_number else {})

    return guesses


def witness(pair: Pair, change: str) -> Callable[[Case], Witness | None]:
    """The inputs, and the loss before and after the change."""

    def made(case: Case) -> Witness | None:
        values = pair(case)
        premises = None if values is None else invariance.difference(case, values)
        if values is None or premises is None:
            return None
        shown = _arrays(case) | {"before": values[0], "after": values[1]}
        return Witness(shown, tuple(premises), f"the loss changes {change}")

    return made


def _arrays(case: Case) -> dict[str, Expr | tuple[Expr, ...]]:
    """The entries of each input in the order of its places, and the number it is moved by."""
    arrays = instances.arrays(case.reading.loss, instances.from_data(case.guess))
    return {**arrays, **({"by": case.guess["by"]} if "by" in case.guess else {})}


def has_arrays(reading: Structure, question: Question) -> bool:
    """Whether the question is about an array of real numbers, or about several of one shape."""
    return bool(invariance.moving(reading.loss, question))


def has_scores(reading: Structure, question: Question) -> bool:
    """Whether the array holds scores: labels index it, or something like a softmax runs over it."""
    known = invariance.moving_input(reading.loss, question.input)
    if known is None:
        return False
    if any(i.over in known.axes for i in reading.loss.inputs):
        return True
    folds = (e for term in reading.loss.terms for e in walk(term.body) if isinstance(e, Reduce))
    return any(
        fold.op in ("logsumexp", "max") and index.axis in known.axes
        for fold in folds
        for index in fold.binders
    )


def has_norms(reading: Structure, question: Question) -> bool:
    """Whether the formula takes roots of sums over the array, as norms do."""
    known = invariance.moving_input(reading.loss, question.input)
    roots = (e for t in reading.loss.terms for e in walk(t.body) if isinstance(e, Pow))
    return known is not None and any(
        root.exp.is_Rational and not root.exp.is_integer and occurs(known.tensor, root.base)
        for root in roots
    )


def has_classes(reading: Structure, question: Question) -> bool:
    """Whether labels index an axis of scores."""
    return renumbering.class_axis(reading.loss) is not None


def has_examples(reading: Structure, question: Question) -> bool:
    """Whether the loss looks at more than one example at a time."""
    return any(known.batched for known in reading.loss.inputs)


def has_batches(reading: Structure, question: Question) -> bool:
    """Whether the loss of an example depends on others, and on no hyperparameter.

    That some formula differs from another for all hyperparameters often takes long to show.
    """
    return looks_across(reading.loss) and not reading.region.variables


def has_points(reading: Structure, question: Question) -> bool:
    """Whether there are two or more real inputs of one shape."""
    return bool(invariance.points(reading.loss))


def has_names(reading: Structure, question: Question) -> bool:
    """Whether there are labels that only tell what belongs together."""
    return bool(renumbering.names(reading.loss))


def _either(
    holds: Theorem, fails: Theorem, moves: bool, pair: Pair, when: str
) -> tuple[Strategy, Strategy]:
    """Proved from the formula, or refuted at inputs, which a number ``by`` may move."""
    return Strategy(holds), Strategy(fails, inputs(moves), witness(pair, when))


SHIFT_INVARIANT = _either(
    invariance.SHIFT_INVARIANT,
    invariance.NOT_SHIFT_INVARIANT,
    True,
    invariance.shifted,
    "when `by` is added to the first example",
)
SCALE_INVARIANT = _either(
    invariance.SCALE_INVARIANT,
    invariance.NOT_SCALE_INVARIANT,
    True,
    invariance.scaled,
    "when the first example is multiplied by `by`",
)
TRANSLATION_INVARIANT = _either(
    invariance.TRANSLATION_INVARIANT,
    invariance.NOT_TRANSLATION_INVARIANT,
    True,
    invariance.translated,
    "when `by` is added to every real input",
)
PERMUTATION_EQUIVARIANT = _either(
    renumbering.PERMUTATION_EQUIVARIANT,
    renumbering.NOT_PERMUTATION_EQUIVARIANT,
    False,
    renumbering.renumbered,
    "when classes 0 and 1 swap their numbers",
)
BATCH_PERMUTATION_INVARIANT = _either(
    renumbering.BATCH_PERMUTATION_INVARIANT,
    renumbering.NOT_BATCH_PERMUTATION_INVARIANT,
    False,
    renumbering.reshuffled,
    "when examples 0 and 1 swap places",
)
REPLICATION_INVARIANT = _either(
    replication.REPLICATION_INVARIANT,
    replication.NOT_REPLICATION_INVARIANT,
    False,
    replication.replicated,
    "when every example is repeated",
)
RELABEL_INVARIANT = _either(
    renumbering.RELABEL_INVARIANT,
    renumbering.NOT_RELABEL_INVARIANT,
    False,
    renumbering.renamed,
    "when labels 0 and 1 swap their names",
)
