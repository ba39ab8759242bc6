"""Minimisers of the expected margin loss, and what its excess says of the excess error.

Terms as in :mod:`.halves`; t = 2 eta - 1 is also the excess error of a wrong decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, S

from losslang.ir.heads import Max, Min
from losslang.verify.readings import Margin
from losslang.verify.statement import UNIT, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.curve import convexity
from losslang.verify.theorems.halves import (
    LOWER,
    OWN,
    UPPER,
    above,
    both,
    halves,
    joined,
    phi,
    rising_link,
    serves_both,
    slopes,
    symmetry,
    turn,
    whole,
)
from losslang.verify.theorems.pieces import Pieces, defined, gaps, number
from losslang.verify.theorems.premises import approached, everywhere, premises, sign


# ---------------------------------------------------------------- minimisers and excess risk
def probability_gap(case: Case) -> tuple[sympy.Symbol, Region]:
    """The variable t = 2 eta - 1 in (0, 1), and the region with it."""
    t = case.reading.region.fresh("t")
    return t, case.reading.region.having(t, UNIT)


def best(case: Case, t: sympy.Symbol) -> Expr:
    """The least cost for eta = (1 + t)/2: that of the guessed ``minimiser``."""
    p, score = halves(case), case.guess["minimiser"]
    n = number(case.guess, "piece", len(p))
    upper = defined(p.formula(n, 0, UPPER), {p.variable: score})
    lower = defined(p.formula(n, 0, LOWER), {p.variable: score})
    return ((1 + t) * upper + (1 - t) * lower) / 2


def stationary(case: Case, p: Pieces) -> Iterator[Premise]:
    """The cost's slope vanishes at the guessed ``minimiser``, or turns there if it is a joint."""
    t, region = probability_gap(case)
    score, n = case.guess["minimiser"], number(case.guess, "piece", len(p))

    def slope(piece: int) -> Expr:
        return defined(
            (1 + t) * p.formula(piece, 1, UPPER) + (1 - t) * p.formula(piece, 1, LOWER),
            {p.variable: score},
        )

    if n + 1 < len(p) and score == p.joints[n]:
        yield sign("the cost falls up to the minimiser", slope(n), "<=", region)
        yield sign("and does not fall after it", slope(n + 1), ">=", region)
        return
    for distance in gaps(score, p.spans[n]):
        yield sign("the minimiser lies in its piece", distance, ">=", region)
    yield sign("the cost's slope vanishes at the minimiser", slope(n), "==", region)


def _minimiser_convex(case: Case) -> Iterator[Premise]:
    yield from _convex_route(case)
    yield from stationary(case, halves(case))


def _convex_route(case: Case) -> Iterator[Premise]:
    """Convex and calibrated; the halves have no kink at 0, so it is read off them."""
    p = halves(case)
    yield from convexity(whole(case))
    yield sign("the slopes on both sides of 0 agree", turn(p), "==", p.region)
    yield sign("the slope at 0 is negative", p.at(0, S.Zero, 1, UPPER), "<", p.region)


def _minimiser_link(case: Case) -> Iterator[Premise]:
    p = halves(case)
    yield from slopes(p)
    yield from rising_link(p)
    yield from stationary(case, p)


def _minimiser_one_score(case: Case) -> Iterator[Premise]:
    score = case.guess["minimiser"]
    yield from serves_both(case, score)
    yield from _lowest(case, score)


def _lowest(case: Case, score: Expr) -> Iterator[Premise]:
    """``score`` minimises ``phi``."""
    p, least = halves(case), phi(case, score)
    yield from above(p, least, UPPER, LOWER, label=f"phi is least at {score}")


def _stated(case: Case, psi: Expr) -> Iterator[Premise]:
    """The guessed ``psi``, if there is one, is the formula that the theorem gives."""
    _, region = probability_gap(case)
    if "psi" in case.guess:
        yield sign("psi is this formula", case.guess["psi"] - psi, "==", region)


def psi_convex(case: Case) -> Iterator[Premise]:
    """``phi`` is convex and calibrated, and the guessed minimiser is one."""
    yield from _minimiser_convex(case)
    yield from _stated(case, psi_formula(case))


def psi_link(case: Case) -> Iterator[Premise]:
    """The slope condition, a rising inverse link, and the guessed minimiser is one."""
    yield from _minimiser_link(case)
    yield from _stated(case, psi_formula(case))


def psi_formula(case: Case) -> Expr:
    """phi(0) less the least cost, with the guessed minimiser."""
    t, _ = probability_gap(case)
    return phi(case, S.Zero) - best(case, t)


def psi_of(case: Case) -> Expr:
    """The guessed ``psi``, or else the formula."""
    return case.guess.get("psi", psi_formula(case))


@premises()
def _psi_one_score(case: Case) -> Iterator[Premise]:
    wrong, p = case.guess["wrong"], halves(case)
    yield from _minimiser_one_score(case)
    yield sign("the best score lies above 0", case.guess["minimiser"], ">", p.region)
    yield sign("the best wrong score does not", -wrong, ">=", p.region)
    least = phi(case, wrong)
    yield from everywhere(
        p, f"phi is least at {wrong} left of 0", lambda n: p.formula(n, 0, LOWER) - least, ">="
    )
    total = phi(case, wrong) + phi(case, -wrong)
    yield from everywhere(p, "and so is phi(u) + phi(-u)", lambda n: both(p, n) - total, ">=")
    yield sign(
        "the right side is better", least - phi(case, case.guess["minimiser"]), ">", p.region
    )


def _psi_one_score_value(case: Case) -> Expr:
    t, _ = probability_gap(case)
    gap = phi(case, case.guess["wrong"]) - phi(case, case.guess["minimiser"])
    return t * sympy.nsimplify(gap) if gap.is_number else t * gap


@premises()
def _psi_symmetric(case: Case) -> Iterator[Premise]:
    p, g = halves(case), case.guess
    yield from symmetry(case)
    yield from joined(p)
    for name, k in (("low", UPPER), ("wrong low", LOWER)):
        yield from above(p, g[name], k, label="phi is bounded")
        place = {"piece": g[f"{name} piece"], "at": g[f"{name} at"]}
        yield from approached(p, "the bound is the best", _half(p, k), g[name], place)
    yield sign("the right side is better", g["wrong low"] - g["low"], ">", p.region)


def _half(p: Pieces, k: int) -> Callable[[int], Expr]:
    return lambda n: p.formula(n, 0, k)


def _psi_symmetric_value(case: Case) -> Expr:
    t, _ = probability_gap(case)
    return t * (case.guess["wrong low"] - case.guess["low"])


BJM1 = "Bartlett, Jordan & McAuliffe 2006, thm 1"

EXCESS_RISK = (
    Theorem(
        "one-score-excess-risk",
        "excess_risk",
        Margin,
        "If one score v > 0 minimises phi and phi(m) + phi(-m), and one w <= 0 minimises the sum "
        "and phi over m <= 0, the excess risk is at least t (phi(w) - phi(v)) for an excess "
        "error t.",
        BJM1 + "; " + OWN + "One good score",
        _psi_one_score,
        value=_psi_one_score_value,
    ),
    Theorem(
        "symmetric-excess-risk",
        "excess_risk",
        Margin,
        "For a symmetric margin loss the excess risk is at least t times the difference of the "
        "infima of phi over m <= 0 and over m >= 0, for an excess error t.",
        BJM1 + "; Charoenphakdee, Lee & Sugiyama 2019, thm 4",
        _psi_symmetric,
        value=_psi_symmetric_value,
    ),
    Theorem(
        "convex-excess-risk",
        "excess_risk",
        Margin,
        "For a convex calibrated margin loss the excess risk is at least psi(t) = phi(0) - "
        "H((1+t)/2) for an excess error t, H being the least cost.",
        BJM1 + " and lemma 5",
        premises("t")(psi_convex),
        value=psi_of,
    ),
    Theorem(
        "slope-condition-excess-risk",
        "excess_risk",
        Margin,
        "Under the slope condition and with a rising inverse link the excess risk is at least "
        "psi(t) = phi(0) - H((1+t)/2) for an excess error t, H being the least cost.",
        BJM1 + "; " + OWN + "Slope condition",
        premises("t")(psi_link),
        value=psi_of,
    ),
)


@premises("t")
def _minimiser_by_convexity(case: Case) -> Iterator[Premise]:
    yield from _minimiser_convex(case)


@premises("t")
def _minimiser_by_link(case: Case) -> Iterator[Premise]:
    yield from _minimiser_link(case)


@premises("t")
def _minimiser_by_one_score(case: Case) -> Iterator[Premise]:
    yield from _minimiser_one_score(case)


def _minimiser(case: Case) -> Expr:
    t, _ = probability_gap(case)
    eta = sympy.Symbol("eta", positive=True)
    return sympy.simplify(case.guess["minimiser"].subs(t, 2 * eta - 1))


MINIMISER = (
    Theorem(
        "stationary-score-of-a-convex-loss",
        "minimiser",
        Margin,
        "The expected loss of a convex margin loss is least where its slope vanishes; the value is "
        "that score for eta = P(Y = 1 | x) above 1/2, its negative is the one for 1 - eta.",
        "Bartlett, Jordan & McAuliffe 2006, sec. 2.3",
        _minimiser_by_convexity,
        value=_minimiser,
    ),
    Theorem(
        "stationary-score-with-a-rising-link",
        "minimiser",
        Margin,
        "If phi' (u) + phi'(-u) < 0 and phi'(-u)/(phi'(u) + phi'(-u)) does not fall, the "
        "expected loss is least where its slope vanishes.",
        OWN + "Slope condition",
        _minimiser_by_link,
        value=_minimiser,
    ),
    Theorem(
        "one-score-for-all",
        "minimiser",
        Margin,
        "A score that minimises phi and phi(m) + phi(-m) minimises the expected loss for every "
        "eta >= 1/2.",
        OWN + "One good score",
        _minimiser_by_one_score,
        value=_minimiser,
    ),
)


def readable(value: Expr) -> Expr:
    """Our Max and Min as SymPy's, for people to read."""
    return value.replace(Max, sympy.Max).replace(Min, sympy.Min)


THEOREMS: tuple[Theorem, ...] = (*EXCESS_RISK, *MINIMISER)
