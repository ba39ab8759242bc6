"""Whether every operation of a loss is defined at all inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from sympy import Expr, Integer

from losslang.ir.binders import free_indices, is_undefined, substitute
from losslang.ir.heads import ONE, Index
from losslang.ir.loss import Loss, Requirement
from losslang.ir.truth import Equal, Less, LessEqual, Not, conjuncts
from losslang.verify import instances
from losslang.verify.instances import Inputs
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import Region, Relation, Sign
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.structure import BY_DEFINITION, domain


def signs(condition: Expr, where: Region) -> Iterator[Sign]:
    """A truth value as statements about numbers."""
    for part in conjuncts(condition):
        inner = part.args[0] if isinstance(part, Not) else None
        if isinstance(part, Less | LessEqual):
            relation: Relation = ">" if isinstance(part, Less) else ">="
            yield Sign(part.args[1] - part.args[0], relation, where)
        elif isinstance(inner, Equal):
            yield Sign(inner.args[1] - inner.args[0], "!=", where)
        else:
            yield Sign(part, ">", where)


def _well_defined(case: Case) -> Sequence[Premise] | None:
    loss: Loss = case.reading.loss
    everywhere = domain(loss, case.reading.region)
    return [
        Premise(f"{shown(needed)} always holds", sign)
        for needed in loss.requires
        for sign in signs(needed.condition, everywhere.where(*conjuncts(needed.guard)))
    ]


def shown(needed: Requirement) -> str:
    """A requirement as the program has it."""
    return needed.span.text if needed.span is not None else str(needed.condition)


def broken(case: Case) -> tuple[Requirement, Sign] | None:
    """The guess's ``requirement``, and that its ``part`` fails at the guess's ``place``."""
    loss: Loss = case.reading.loss
    number, part, place = (case.guess.get(n) for n in ("requirement", "part", "place"))
    if number is None or part is None or place is None or not part.is_Integer:
        return None
    if number not in range(len(loss.requires)):
        return None
    needed, inputs = loss.requires[int(number)], instances.from_data(case.guess)
    if not instances.admits(loss, inputs):
        return None
    spots = places(needed, inputs)
    if place not in range(len(spots)):
        return None
    guard = at(loss, needed.guard, inputs, spots[int(place)])
    condition = at(loss, needed.condition, inputs, spots[int(place)], apart=int(part))
    if guard != ONE or condition is None or condition == ONE or is_undefined(condition):
        return None
    opposite: dict[Relation, Relation] = {">": "<=", ">=": "<", "!=": "=="}
    (sign,) = signs(condition, case.reading.region)
    return needed, Sign(sign.expr, opposite[sign.relation], sign.region)


def places(needed: Requirement, inputs: Inputs) -> list[dict[Index, int]]:
    """The values of the free indices of a requirement, for axes of known size."""
    free = free_indices(needed.condition) | free_indices(needed.guard)
    ordered = sorted(free, key=lambda i: (i.axis.name, i.name))
    sizes = [
        int(i.axis.size)
        if i.axis.size is not None and i.axis.size.is_Integer
        else inputs.sizes.get(i.axis.name, 0)
        for i in ordered
    ]
    return [dict(zip(ordered, at, strict=True)) for at in product(*map(range, sizes))]


def at(
    loss: Loss, truth: Expr, inputs: Inputs, place: dict[Index, int], apart: int | None = None
) -> Expr | None:
    """A truth value of the loss at some inputs and a place, or only one of its conjuncts.

    ``None`` where it cannot be written out.
    """
    if apart is not None:
        parts = conjuncts(truth)
        if not 0 <= apart < len(parts):
            return None
        truth = parts[apart]
    truth = substitute(truth, {index: Integer(n) for index, n in place.items()})
    return instances.part_of(loss, truth, inputs)


def _ill_defined(case: Case) -> Sequence[Premise] | None:
    found = broken(case)
    if found is None:
        return None
    return [Premise(f"{shown(found[0])} fails there", found[1])]


HOLD = Theorem(
    "every-requirement-holds",
    "well_defined",
    Structure,
    "Every operation of the loss is defined at all inputs in their domains.",
    BY_DEFINITION,
    _well_defined,
)
FAIL = Theorem(
    "a-requirement-fails",
    "well_defined",
    Structure,
    "There are inputs at which an operation of the loss is not defined.",
    BY_DEFINITION,
    _ill_defined,
    holds=False,
)

WELL_DEFINED = (HOLD, FAIL)
