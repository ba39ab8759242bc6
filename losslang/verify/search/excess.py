"""How to find minimisers of the expected margin loss, and bounds on its excess."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.property import Strategy
from losslang.verify.search.candidates import usable
from losslang.verify.search.critical import attempt, roots, split_logs
from losslang.verify.search.margin import by_halves, lows, scores, total
from losslang.verify.search.numbers import sign_of, values
from losslang.verify.theorem import Case, Guess
from losslang.verify.theorems import bounded_scores
from losslang.verify.theorems import excess as theorems
from losslang.verify.theorems.halves import LOWER, UPPER
from losslang.verify.theorems.pieces import Pieces
from losslang.verify.watchdog import within


def minimisers(case: Case, p: Pieces) -> Iterator[dict[str, Expr]]:
    """Stationary scores for eta = (1 + t)/2 that seem to lie in their pieces."""
    t, region = theorems.probability_gap(case)
    for n, span in enumerate(p.spans):
        slope = (1 + t) * p.formula(n, 1, UPPER) + (1 - t) * p.formula(n, 1, LOWER)
        if p.variable in slope.free_symbols:
            for root in roots(slope, p.variable):
                gaps = (root - span.low, span.high - root)
                known = root.free_symbols <= set(region.symbols)
                if known and all(g == S.Infinity or _not_negative(g, region) for g in gaps):
                    yield {"minimiser": root, "piece": sympy.Integer(n)}
        if span.high.is_finite:
            yield {"minimiser": span.high, "piece": sympy.Integer(n)}


def _not_negative(expr: Expr, region: object) -> bool:
    found = values(expr, region)  # type: ignore[arg-type]
    return bool(found) and all(x >= -1e-9 for x in found)


def _with_psi(case: Case, p: Pieces) -> Iterator[Guess]:
    """Minimisers with a short formula for psi, and then without."""
    _, region = theorems.probability_gap(case)
    for guess in minimisers(case, p):
        psi = attempt(theorems.psi_formula, replace(case, guess=guess))
        if psi is None:
            continue
        for form in _forms(psi):
            if form.free_symbols <= set(region.symbols):
                yield guess | {"psi": form}
        yield guess


def _forms(psi: Expr) -> list[Expr]:
    """A few ways to write a formula, the shortest first."""
    ways: tuple[Callable[[Expr], Expr], ...] = (
        sympy.simplify,
        split_logs,
        lambda e: sympy.factor(sympy.powsimp(sympy.together(e), force=True)),
    )
    found = [_soon(way, psi) for way in ways]
    forms = dict.fromkeys(f for f in found if f is not None and usable(f))
    return sorted(forms, key=sympy.count_ops)[:3]


def _soon(way: Callable[[Expr], Expr], expr: Expr) -> Expr | None:
    return within(2.0, lambda: way(expr))


def _one_score(case: Case, p: Pieces) -> Iterator[Guess]:
    wrong = [S.Zero, *(-joint for joint in p.joints)]
    for score in list(scores(p))[:5]:
        if sign_of(score, p.region) > 0:
            yield from ({"minimiser": score, "piece": S.Zero, "wrong": w} for w in wrong[:4])


def _one_minimiser(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from ({"minimiser": score, "piece": S.Zero} for score in list(scores(p))[:7])


def _symmetric(case: Case, p: Pieces) -> Iterator[Guess]:
    for low in lows(p, UPPER)[:2]:
        for wrong in lows(p, LOWER)[:2]:
            yield {
                "sum": total(case),
                "low": -low.value,
                "low piece": sympy.Integer(low.piece),
                "low at": low.at,
                "wrong low": -wrong.value,
                "wrong low piece": sympy.Integer(wrong.piece),
                "wrong low at": wrong.at,
            }


def _sum(case: Case, p: Pieces) -> Iterator[Guess]:
    yield {"sum": total(case)}


_T = {theorem.name: theorem for theorem in (*theorems.THEOREMS, *bounded_scores.H_CONSISTENT)}

EXCESS_RISK = (
    Strategy(_T["one-score-excess-risk"], by_halves(_one_score)),
    Strategy(_T["symmetric-excess-risk"], by_halves(_symmetric)),
    Strategy(_T["convex-excess-risk"], by_halves(_with_psi)),
    Strategy(_T["slope-condition-excess-risk"], by_halves(_with_psi)),
)
MINIMISER = (
    Strategy(_T["stationary-score-of-a-convex-loss"], by_halves(minimisers)),
    Strategy(_T["stationary-score-with-a-rising-link"], by_halves(minimisers)),
    Strategy(_T["one-score-for-all"], by_halves(_one_minimiser)),
)
H_CONSISTENT = (
    Strategy(_T["symmetric-h-consistent"], by_halves(_sum)),
    Strategy(_T["convex-h-consistent"], by_halves(_with_psi)),
    Strategy(_T["slope-condition-h-consistent"], by_halves(_with_psi)),
)
_ = substitute
