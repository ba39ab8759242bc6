"""The smallest summand of a loss that breaks a property which the whole lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr

from losslang.ir.loss import Loss, Term
from losslang.ir.text import Printer
from losslang.verify.prover import Budget
from losslang.verify.theorem import Question
from losslang.verify.theorems.summands import addends
from losslang.verify.verdict import Part

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


def culprit(loss: Loss, question: Question, budget: Budget) -> str | None:
    """The smallest summand that lacks the property by itself; ``None`` if no one stands out."""
    from losslang.verify.decide import decider

    parts = list(summands(loss))
    if len(parts) < 2 or question.property in OF_THE_WHOLE:
        return None
    guilty, open_ = [], []
    for name, part in parts:
        found = decider(part).find(question, (), budget.part(SUMMAND_SECONDS), 0)
        if not isinstance(found, Part):
            open_.append(name)
        elif not found.holds:
            guilty.append((part.body.count_ops(), name))
    if not guilty and len(open_) == 1 and question.property in ADDITIVE:
        return open_[0]
    return min(guilty)[1] if 0 < len(guilty) < len(parts) else None


def summands(loss: Loss) -> Iterator[tuple[str, Loss]]:
    """Each summand as a loss of its own, with what to call it."""
    for term in loss.terms:
        named = len(loss.terms) > 1
        for body in [term.body] if named else addends(term.body):
            yield term.name if named else Printer().text(body), _alone(loss, term, body)


def _alone(loss: Loss, term: Term, body: Expr) -> Loss:
    return replace(loss, terms=(replace(term, body=body),), requires=(), claims=())
