"""Every reading of a loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from losslang.ir.loss import Loss
from losslang.ir.recursion import calls_itself
from losslang.verify.readings.binary import binary, linked, probability
from losslang.verify.readings.curve import curves
from losslang.verify.readings.divergence import divergence
from losslang.verify.readings.domains import region_of
from losslang.verify.readings.example import Example, example_of
from losslang.verify.readings.fix import settled
from losslang.verify.readings.local import local
from losslang.verify.readings.margin import margin
from losslang.verify.readings.multiclass import multiclass
from losslang.verify.readings.pairs import all_pairs, pair
from losslang.verify.readings.pooled import pooled
from losslang.verify.readings.regression import regression, residual
from losslang.verify.readings.score import score, softmax_score
from losslang.verify.readings.soft import with_hard_label
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Reading


def readings(loss: Loss) -> tuple[Reading, ...]:
    """Every kind that fits a loss, the most specific first; the last is its structure.

    Words and truth values among the hyperparameters that were not fixed have their defaults.
    """
    opaque = calls_itself(loss)
    example = None if opaque else example_of(loss)
    whole = None if opaque else all_pairs(loss)
    found = () if example is None else tuple(_of_example(example))
    found = found if whole is None else (whole, *found)
    settled_loss = settled(loss)
    return (*found, Structure(region_of(settled_loss), settled_loss))


def parts(loss: Loss) -> tuple[Loss, ...]:
    """The terms of a loss, each as a loss; none for a loss of one term."""
    if len(loss.terms) < 2:
        return ()
    return tuple(replace(loss, name=term.name, terms=(term,)) for term in loss.terms)


def _of_example(example: Example) -> Iterator[Reading]:
    yield from _multiclass(with_hard_label(example))
    yield from _binary(example)
    of_two = pair(example)
    if of_two is not None:
        yield of_two
    yield from _regression(example)
    divergent = divergence(example)
    if divergent is not None:
        yield divergent
    yield from curves(example)


def _multiclass(example: Example) -> Iterator[Reading]:
    general = multiclass(example)
    point = score(example) if general is None else softmax_score(general)
    if point is not None:
        of_label = local(point)
        if of_label is not None:
            yield of_label
        yield point
    if general is not None:
        pools = pooled(general)
        if pools is not None:
            yield pools
        yield general


def _binary(example: Example) -> Iterator[Reading]:
    two_sided = binary(example)
    if two_sided is not None:
        of_margin = margin(two_sided)
        if of_margin is not None:
            yield of_margin
        yield two_sided
        yield linked(two_sided)
    on_probability = probability(example)
    if on_probability is not None:
        yield on_probability


def _regression(example: Example) -> Iterator[Reading]:
    general = regression(example)
    if general is not None:
        of_residual = residual(general)
        if of_residual is not None:
            yield of_residual
        yield general
