"""Robustness of regression losses: bounded influence, redescending influence, larger errors.

For a loss rho(r) of the residual, psi = rho' is the influence that one observation has on an
estimate (Hampel, Ronchetti, Rousseeuw and Stahel 1986, Robust Statistics, section 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, S

from losslang.ir.heads import Max
from losslang.verify.readings import Residual
from losslang.verify.statement import LINE, POSITIVE, Bounds
from losslang.verify.theorem import Case, Guess, Premise, Theorem
from losslang.verify.theorems.elicitation import only, smooth
from losslang.verify.theorems.pieces import Pieces, Silent, number
from losslang.verify.theorems.premises import (
    approached,
    continuous,
    everywhere,
    inside,
    sign,
    stated,
    tends,
)

HAMPEL = "Hampel, Ronchetti, Rousseeuw and Stahel 1986, Robust Statistics, section "

INFINITIES = (S.Infinity, S.NegativeInfinity)


def along(reading: Residual) -> Pieces:
    """``rho`` as smooth pieces along the residual."""
    return smooth(reading.rho, reading.r, LINE, reading.region)


# ---------------------------------------------------------------- influence
def _peaks(case: Case) -> list[Guess]:
    """The one or two places at which |psi| may be greatest."""
    names = ("value", "piece", "at")
    suffixes = [mark for mark in ("", "'") if f"value{mark}" in case.guess]
    return [{name: case.guess[name + mark] for name in names} for mark in suffixes]


def _bound(case: Case) -> Expr:
    return Max(*(peak["value"] for peak in _peaks(case)))


@stated
def _bounded_influence(case: Case) -> Iterator[Premise]:
    """Stated for squares, whose formulas are often simpler, or plainly."""
    p = along(case.reading)
    bound, label = only(_bound(case), p.region), "|psi| is within the bound"
    yield from continuous(p)
    if "plain" in case.guess:
        yield from everywhere(p, label, lambda n: bound - p.formula(n, 1), ">=")
        yield from everywhere(p, label, lambda n: bound + p.formula(n, 1), ">=")
    else:
        yield from everywhere(p, label, lambda n: bound**2 - p.formula(n, 1) ** 2, ">=")
    for peak in _peaks(case):
        value = peak["value"]
        yield sign("the bound is no less than 0", value, ">=", p.region)
        yield from approached(
            p, "|psi| comes so high", lambda n: p.formula(n, 1) ** 2, value**2, peak
        )


@stated
def _settles(case: Case) -> Iterator[Premise]:
    """Continuous on every closed piece and with limits at infinity, psi is bounded."""
    p, guess = along(case.reading), case.guess
    last = len(p) - 1
    yield from continuous(p)
    for n, joint in enumerate(p.joints):
        p.at(n, joint, 1), p.at(n + 1, joint, 1)  # has values there, or this is silent
    for low, n, name in ((True, 0, "low"), (False, last, "high")):
        limit = only(guess[name], p.region)
        if limit in INFINITIES:
            raise Silent
        yield tends(p, "psi settles", p.formula(n, 1), n, low, limit)


@stated
def _unbounded_influence(case: Case) -> Iterator[Premise]:
    p, guess = along(case.reading), case.guess
    if guess["limit"] not in INFINITIES:
        raise Silent
    n, low = number(guess, "piece", len(p)), bool(number(guess, "low", 2))
    yield tends(p, "psi grows without bound", p.formula(n, 1), n, low, guess["limit"])


BOUNDED_INFLUENCE = Theorem(
    "bounded-influence",
    "bounded_influence",
    Residual,
    "psi = rho' stays within a bound, which it reaches or approaches",
    f"{HAMPEL}2.3c",
    _bounded_influence,
    value=_bound,
)

INFLUENCE_SETTLES = Theorem(
    "influence-settles",
    "bounded_influence",
    Residual,
    "psi = rho' is continuous on closed pieces and has limits at infinity",
    f"{HAMPEL}2.3c",
    _settles,
)

UNBOUNDED_INFLUENCE = Theorem(
    "unbounded-influence",
    "bounded_influence",
    Residual,
    "psi = rho' tends to infinity",
    f"{HAMPEL}2.3c",
    _unbounded_influence,
    holds=False,
)


# ---------------------------------------------------------------- redescending
@stated
def _redescends(case: Case) -> Iterator[Premise]:
    p = along(case.reading)
    for low, n in ((True, 0), (False, len(p) - 1)):
        yield tends(p, "psi fades", p.formula(n, 1), n, low, S.Zero)


@stated
def _rejects(case: Case) -> Iterator[Premise]:
    p = along(case.reading)
    last = len(p) - 1
    if last < 2:
        raise Silent
    for n in (0, last):
        yield sign("psi is 0 beyond the rejection point", p.formula(n, 1), "==", p.where(n))
    yield sign("the rejection points mirror", p.joints[0] + p.joints[-1], "==", p.region)


@stated
def _stays(case: Case) -> Iterator[Premise]:
    p, guess = along(case.reading), case.guess
    limit, low = only(guess["limit"], p.region), bool(number(guess, "low", 2))
    n = 0 if low else len(p) - 1
    if limit not in INFINITIES:
        yield sign("the limit of psi is not 0", limit, "!=", p.region)
    yield tends(p, "psi does not fade", p.formula(n, 1), n, low, limit)


@stated
def _climbs(case: Case) -> Iterator[Premise]:
    """On the last piece psi does not decrease, and it is positive somewhere."""
    p, at = along(case.reading), only(case.guess["at"], case.reading.region)
    last = len(p) - 1
    yield from inside(p, last, at)
    yield sign("psi does not decrease far out", p.formula(last, 2), ">=", p.where(last))
    yield sign(f"psi is positive at {at}", p.at(last, at, 1), ">", p.region)


REJECTS = Theorem(
    "redescending-rejects",
    "redescending",
    Residual,
    "psi = rho' is 0 for residuals beyond a finite rejection point",
    f"{HAMPEL}2.6",
    _rejects,
    value=lambda case: along(case.reading).joints[-1],
    exact=False,
)

REDESCENDS = Theorem(
    "redescending",
    "redescending",
    Residual,
    "psi = rho' tends to 0 on both sides",
    f"{HAMPEL}2.6",
    _redescends,
    value=lambda _: S.Infinity,
    exact=False,
)

STAYS = Theorem(
    "not-redescending",
    "redescending",
    Residual,
    "psi = rho' has a limit other than 0 on one side",
    f"{HAMPEL}2.6",
    _stays,
    holds=False,
)

CLIMBS = Theorem(
    "influence-climbs",
    "redescending",
    Residual,
    "psi = rho' is positive somewhere and does not decrease from there on",
    f"{HAMPEL}2.6",
    _climbs,
    holds=False,
)


# ---------------------------------------------------------------- larger errors
@stated
def _error_counts(case: Case) -> Iterator[Premise]:
    reading: Residual = case.reading
    yield from continuous(along(reading))
    below = smooth(reading.rho, reading.r, Bounds(high=S.Zero), reading.region)
    above = smooth(reading.rho, reading.r, POSITIVE, reading.region)
    yield from everywhere(below, "rho grows with -r", lambda n: below.formula(n, 1), "<=")
    yield from everywhere(above, "rho grows with r", lambda n: above.formula(n, 1), ">=")


@stated
def _error_pays(case: Case) -> Iterator[Premise]:
    p, at = along(case.reading), only(case.guess["at"], case.reading.region)
    n = number(case.guess, "piece", len(p))
    yield from inside(p, n, at)
    yield sign("rho falls as |r| grows", at * p.at(n, at, 1), "<", p.region)


ERROR_COUNTS = Theorem(
    "error-counts",
    "error_monotone",
    Residual,
    "rho is continuous, does not increase below 0 and does not decrease above 0",
    "the definition",
    _error_counts,
)

ERROR_PAYS = Theorem(
    "error-pays",
    "error_monotone",
    Residual,
    "rho falls with |r| somewhere",
    "the definition",
    _error_pays,
    holds=False,
)

THEOREMS = (
    *(BOUNDED_INFLUENCE, INFLUENCE_SETTLES, UNBOUNDED_INFLUENCE),
    *(REJECTS, REDESCENDS, CLIMBS, STAYS, ERROR_COUNTS, ERROR_PAYS),
)
