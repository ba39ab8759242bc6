"""The smallest summand of a loss that breaks a property which the whole lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from sympy import Expr

from losslang.ir.heads import Labelled
from losslang.ir.loss import Loss, Term
from losslang.ir.text import Printer
from losslang.verify.decide import Decider, decider, strategies
from losslang.verify.properties import PROPERTIES
from losslang.verify.prover import Budget
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems.summands import addends
from losslang.verify.verdict import Argument, Part, Split

SUMMAND_SECONDS = 0.5
"""How long to look at each summand: a culprit is a help to the reader, and no part of a verdict."""

ADDITIVE = (
    "convex",
    "differentiable",
    "smooth",
    "lipschitz",
    "nonnegative",
    "bounded",
    "bounded_below",
)
"""Properties that a sum has if all its terms do: the only term that is not known to is to blame."""

OF_THE_WHOLE = ("equals",)
"""Properties that say nothing about a sum's terms."""


def culprit(whole: Decider, question: Question, refuted: Argument, budget: Budget) -> str | None:
    """The smallest summand that lacks the property by itself; ``None`` if no one stands out.

    One that falls to the witness of the whole comes before one that has a witness of its own.
    """
    parts = [(name, decider(part)) for name, part in summands(whole.loss)]
    if len(parts) < 2 or question.property in OF_THE_WHOLE:
        return None
    falling = [part for part in parts if _falls(whole, part[1], question, refuted, budget)]
    if 0 < len(falling) < len(parts):
        return _smallest(falling)
    guilty, open_ = [], []
    for name, part in parts:
        found = part.find(question, (), budget.part(SUMMAND_SECONDS), 0)
        if not isinstance(found, Part):
            open_.append((name, part))
        elif not found.holds:
            guilty.append((name, part))
    if not guilty and len(open_) == 1 and question.property in ADDITIVE:
        return _smallest(open_)
    return _smallest(guilty) if 0 < len(guilty) < len(parts) else None


def _falls(
    whole: Decider, part: Decider, question: Question, refuted: Argument, budget: Budget
) -> bool:
    """Whether the argument against the whole, with the same guess, tells against the summand."""
    while isinstance(refuted, Split):
        refuted = refuted.below
    strategy = strategies(PROPERTIES[question.property])[refuted.theorem]
    for use in refuted.uses:
        for reading in part.readings:
            if isinstance(reading, type(whole.readings[use.reading])):
                with suppress(Exception):  # a theorem may trip over what was guessed for another
                    case = Case(reading, question, use.guess)
                    found = part.proofs(strategy, case, budget.part(SUMMAND_SECONDS))
                    if isinstance(found, tuple):
                        return True
    return False


def _smallest(parts: Sequence[tuple[str, Decider]]) -> str:
    return min((part.loss.body.count_ops(), name) for name, part in parts)[1]


def summands(loss: Loss) -> Iterator[tuple[str, Loss]]:
    """Each summand as a loss of its own, with what to call it."""
    for term in loss.terms:
        named = len(loss.terms) > 1
        for body in [term.body] if named else addends(term.body):
            yield term.name if named else _words(body), _alone(loss, term, body)


def _words(body: Expr) -> str:
    return Printer().text(body.args[1] if isinstance(body, Labelled) else body)


def _alone(loss: Loss, term: Term, body: Expr) -> Loss:
    return replace(loss, terms=(replace(term, body=body),), requires=(), claims=())
