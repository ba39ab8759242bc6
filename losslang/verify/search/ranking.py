"""How to show consistency for the AUC."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.property import Strategy
from losslang.verify.search.critical import attempt, ends, tidy
from losslang.verify.search.distributions import tied_examples
from losslang.verify.search.margin import (
    CALIBRATED_FAILS,
    by_halves,
    by_whole,
    scores,
    still_falling,
    total,
)
from losslang.verify.search.numbers import sign_of
from losslang.verify.theorem import Case, Guess
from losslang.verify.theorems import halves as terms
from losslang.verify.theorems.pieces import Pieces, jump
from losslang.verify.theorems.ranking import RANKING


def _limits(case: Case) -> list[Expr]:
    """Finite limits of ``phi`` at infinity."""
    p = terms.whole(case)
    found = [e.value for e in ends(p, len(p) - 1, p.formula(len(p) - 1)) if e.at == S.Infinity]
    return [value for value in found if value.is_finite]


def _low(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from ({"low": low} for low in _limits(case))


def _falling(case: Case, p: Pieces) -> Iterator[Guess]:
    for low in _limits(case):
        yield from ({**guess, "low": low} for guess in still_falling(case, p))


def _symmetric(case: Case, p: Pieces) -> Iterator[Guess]:
    for low in _limits(case):
        yield from ({"sum": total(case), "better": b, "low": low} for b in scores(p))


def _square(case: Case, p: Pieces) -> Iterator[Guess]:
    second = tidy(p.formula(0, 2))
    if p.variable in second.free_symbols or second == 0:
        return
    slope = attempt(lambda: p.at(0, S.Zero, 1))
    if slope is None:
        return
    centre = tidy(-slope / second)
    yield {"scale": second / 2, "centre": centre, "rest": tidy(terms.phi(case, centre))}


def _kinks(case: Case, p: Pieces) -> Iterator[Guess]:
    for n, joint in enumerate(p.joints):
        step = attempt(jump, p, n)
        if sign_of(joint, p.region) > 0 and step is not None and sign_of(step, p.region) > 0:
            yield {"joint": sympy.Integer(n)}


_T = {theorem.name: theorem for theorem in RANKING}

AUC_CONSISTENT = (
    Strategy(_T["convex-still-falling-auc-consistent"], by_whole(_falling)),
    Strategy(_T["convex-auc-consistent"], by_whole(_low)),
    Strategy(_T["kink-ties-pairs"], by_whole(_kinks), tied_examples),
    Strategy(_T["square-auc-consistent"], by_whole(_square)),
    Strategy(_T["symmetric-auc-consistent"], by_halves(_symmetric)),
    *(
        Strategy(_T[f"{name}-for-pairs"], guesses, witness)
        for name, guesses, witness in CALIBRATED_FAILS
    ),
)
