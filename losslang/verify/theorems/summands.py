"""One summand breaks what the rest of a loss keeps.

Where a property P is such that a difference of two functions that have it has it too, a sum of one
that lacks P and of others that have it lacks P. So it is for differentiable and Lipschitz
functions and for invariances. A sum of a function that is unbounded above, and of others that are
bounded below, is unbounded.

The guess names the ``summand``; the rest of it is for the theorem that refutes, but for entries
that begin with ``rest``, which are for the one that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.ir.heads import Labelled
from losslang.ir.loss import Loss, Term
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems import invariance, renumbering, structure

REST = "rest "


def summands(loss: Loss) -> tuple[Term, ...]:
    """The terms of a loss, or the summands of its only one."""
    if len(loss.terms) > 1:
        return loss.terms
    (term,) = loss.terms
    return tuple(replace(term, body=body) for body in addends(term.body))


def addends(body: Expr) -> list[Expr]:
    """What a body is the sum of, each for the label that the body is for."""
    if isinstance(body, Labelled):
        target, inner = body.args
        return [Labelled(target, part) for part in sympy.Add.make_args(inner)]
    return list(sympy.Add.make_args(body))


def apart(loss: Loss, number: int) -> tuple[Loss, Loss]:
    """A summand as a loss, and the loss without it."""
    terms = summands(loss)
    rest = terms[:number] + terms[number + 1 :]
    if len(loss.terms) == 1:
        bodies = (term.body for term in rest)
        rest = (replace(loss.terms[0], body=sympy.Add(*bodies)),)
    return replace(loss, terms=(terms[number],)), replace(loss, terms=rest)


def cases(case: Case) -> tuple[Case, Case] | None:
    """The case of the summand, and that of the rest."""
    loss: Loss = case.reading.loss
    number = case.guess.get("summand")
    count = len(summands(loss))
    if count < 2 or number is None or number not in range(count):
        return None
    one, rest = apart(loss, int(number))
    own = {k: v for k, v in case.guess.items() if k != "summand" and not k.startswith(REST)}
    others = {k.removeprefix(REST): v for k, v in case.guess.items() if k.startswith(REST)}
    return (
        Case(replace(case.reading, loss=one), case.question, own),
        Case(replace(case.reading, loss=rest), case.question, others),
    )


def blamed(keeping: Theorem, refuting: Theorem) -> Theorem:
    """What refutes a summand refutes the loss, if the other theorem holds of the rest."""

    def premises(case: Case) -> Sequence[Premise] | None:
        both = cases(case)
        if both is None or not _is_upward(both[0]):
            return None
        found, kept = refuting.premises(both[0]), keeping.premises(both[1])
        if found is None or kept is None:
            return None
        return [
            *(Premise(f"of a summand: {p.label}", p.statement) for p in found),
            *(Premise(f"of the rest: {p.label}", p.statement) for p in kept),
        ]

    return Theorem(
        f"{refuting.name}-for-a-summand",
        refuting.property,
        Structure,
        f"One summand breaks what the rest keeps. {refuting.says}",
        f"{refuting.source}; {keeping.source}",
        premises,
        holds=False,
    )


def _is_upward(case: Case) -> bool:
    """Whether the summand of an unbounded loss grows, and does not fall, without bound."""
    if case.question.property != "bounded":
        return True
    rate, value = case.guess.get("rate"), case.guess.get("value")
    return (rate is not None and rate > 0) or value == S.Infinity


_T = {theorem.name: theorem for theorem in structure.THEOREMS}

PAIRS: tuple[tuple[Theorem, Theorem], ...] = (
    (_T["bounded-below-by-composition"], _T["outgrows-a-line"]),
    (_T["bounded-below-by-composition"], _T["tends-to-infinity-on-a-line"]),
    (_T["lipschitz-at-most"], _T["slope-unbounded-on-a-line"]),
    (_T["lipschitz-at-most"], _T["jump-so-not-lipschitz-on-a-line"]),
    (_T["differentiable-by-composition"], _T["kink-so-not-differentiable-on-a-line"]),
    (_T["differentiable-by-composition"], _T["jump-so-not-differentiable-on-a-line"]),
    (invariance.SHIFT_INVARIANT, invariance.NOT_SHIFT_INVARIANT),
    (invariance.SCALE_INVARIANT, invariance.NOT_SCALE_INVARIANT),
    (invariance.TRANSLATION_INVARIANT, invariance.NOT_TRANSLATION_INVARIANT),
    (renumbering.PERMUTATION_EQUIVARIANT, renumbering.NOT_PERMUTATION_EQUIVARIANT),
)
"""Theorems that hold of the rest, and that refute a summand."""

THEOREMS: tuple[Theorem, ...] = tuple(blamed(*pair) for pair in PAIRS)
