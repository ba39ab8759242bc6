"""Probabilities and scores at which a loss of score differences is seen to fail.

Each witness says which score is best, and puts the costs of others beside its cost. That none
costs less anywhere is for the theorem; the facts are the costs at some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Rational, S

from losslang.verify.evaluate import compile_tape
from losslang.verify.search.candidates import nearest
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case
from losslang.verify.theorems import halves as terms
from losslang.verify.theorems.multiclass import pairwise as of_pairs
from losslang.verify.theorems.pieces import Pieces
from losslang.verify.verdict import Witness

Weights: TypeAlias = dict[tuple[int, int], Expr]

OTHERS = tuple(Rational(n) for n in ("-4", "-1", "0", "1/2", "2", "8"))
NUDGES = tuple(Rational(1, n) for n in (20, 50, 100, 400, 2000))
EVEN = Rational(3, 4)


def costs_more(others: Sequence[Expr], best: Expr) -> tuple[Sign, ...]:
    """That others cost no less."""
    return tuple(Sign(cost - best, ">=") for cost in others)


def seem_true(facts: Sequence[Sign]) -> bool:
    """Whether floats find that all are."""
    return all(compile_tape(fact.expr, ()).float(()) >= 0 for fact in facts)


# ---------------------------------------------------------------- one score


def _costs(case: Case, eta: Expr, score: Expr) -> tuple[Sign, ...]:
    others = [terms.cost_at(case, eta, score + step) for step in OTHERS if step != 0]
    return costs_more(others, terms.cost_at(case, eta, score))


def one_score(case: Case) -> Witness | None:
    """Two probabilities with the same best score."""
    score = case.guess.get("score")
    if score is None:
        joint = int(case.guess["joint"])
        score = S.Zero if joint == 0 else terms.halves(case).joints[joint - 1]
    chances = tuple(
        case.guess.get(name, other) for name, other in (("one", EVEN), ("other", Rational(9, 10)))
    )
    facts = tuple(fact for eta in chances for fact in _costs(case, eta, score))
    if any(fact.expr.free_symbols for fact in facts):
        return None
    return Witness(
        {"eta": chances, "score": score},
        facts,
        f"the score {score} is best for eta = {chances[0]} and for eta = {chances[1]}, "
        "so it does not tell which it is",
    )


def no_best_score(case: Case) -> Witness | None:
    """A probability for which higher scores keep costing less."""
    eta = (1 + case.guess["most"]) / 2
    scores = tuple(map(Integer, (1, 2, 4, 8)))
    costs = tuple(terms.cost_at(case, eta, score) for score in scores)
    if any(cost.free_symbols for cost in costs):
        return None
    return Witness(
        {"eta": eta, "score": scores, "expected loss": costs},
        tuple(Sign(a - b, ">") for a, b in pairwise(costs)),
        f"for eta = {eta} the expected loss falls for ever as the score grows",
    )


def flat(case: Case) -> Witness | None:
    """Margins from which on the loss does not fall."""
    start = case.guess["start"]
    margins = tuple(start * n for n in (1, 2, 4))
    losses = tuple(terms.phi(case, m) for m in margins)
    if any(loss.free_symbols for loss in losses):
        return None
    return Witness(
        {"margin": margins, "loss": losses},
        tuple(Sign(b - a, ">=") for a, b in pairwise(losses)),
        f"from {start} on the loss does not fall, while an exponential tail falls at every margin",
    )


# ---------------------------------------------------------------- three scores


def risk(phi: Callable[[Expr], Expr], weights: Weights, scores: Sequence[Expr]) -> Expr:
    """The weighted sum of phi of the differences of scores."""
    return sympy.Add(*(w * phi(scores[i] - scores[j]) for (i, j), w in weights.items()))


def _tied(
    p: Pieces, joint: int, weights: Callable[[Expr, Expr], tuple[Weights, Witness] | None]
) -> Witness | None:
    """Scores (c, c, 0) of a convex loss with a kink at c that cost least, though one is due first.

    ``weights`` makes them from a ratio and a nudge between the two that are tied.
    """
    c = p.joints[joint]
    left, right = p.at(joint, c, 1), p.at(joint + 1, c, 1)
    below = next(
        n for n, span in enumerate(p.spans) if span.high == sympy.oo or bool(span.high > -c)
    )
    steep = p.at(below, -c, 1)
    if any(e.free_symbols for e in (c, left, right, steep)):
        return None
    ratio = nearest(float((left + sympy.Min(right, 0)) / 2 / steep))

    def phi(point: Expr) -> Expr:
        return p.value(point)

    best = (c, c, S.Zero)
    moves = [
        (c + step * one, c + step * two, S.Zero)
        for one, two in product((-1, 0, 1), repeat=2)
        for step in (Rational(1, 10), S.One, Integer(5))
        if one or two
    ]
    for nudge in NUDGES:
        made = weights(ratio, nudge)
        if made is None:
            continue
        known, witness = made
        least = risk(phi, known, best)
        facts = costs_more([risk(phi, known, scores) for scores in moves], least)
        if seem_true(facts):
            values = witness.values | {"scores": best, "risk": least}  # type: ignore[operator]
            return Witness(values, facts, witness.says)
    return None


def tied_examples(case: Case) -> Witness | None:
    """Three examples with the probabilities of a positive label, two of which are tied."""

    def weights(ratio: Expr, nudge: Expr) -> tuple[Weights, Witness] | None:
        odds = ratio * EVEN / (1 - EVEN)
        eta = (EVEN + nudge, EVEN - nudge, odds / (1 + odds))
        shares = (Rational(1, 2), Rational(1, 10), Rational(2, 5))
        found = {
            (i, j): shares[i] * shares[j] * eta[i] * (1 - eta[j])
            for i, j in product(range(3), repeat=2)
            if i != j
        }
        says = "the risk over pairs is least at these scores, which tie the first two examples"
        return found, Witness({"weight": shares, "eta": eta}, (), says)

    return _tied(terms.whole(case), int(case.guess["joint"]), weights)


def tied_classes(case: Case) -> Witness | None:
    """Three classes, two of which are tied."""

    def weights(ratio: Expr, nudge: Expr) -> tuple[Weights, Witness] | None:
        total = 2 + ratio
        p = ((1 + nudge) / total, (1 - nudge) / total, ratio / total)
        found = {(i, j): p[i] for i, j in product(range(3), repeat=2) if i != j}
        says = "the risk is least at these scores, which tie the likeliest class with the second"
        return found, Witness({"p": p}, (), says)

    return _tied(of_pairs(case.reading), int(case.guess["joint"]), weights)
