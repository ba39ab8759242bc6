"""Divergences between two points of a simplex, D(p, q) = sum_k q_k f(p_k / q_k), K >= 2.

Adding c (t - 1) to f changes no D, so nothing here depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Interval, S

from losslang.ir.binders import substitute
from losslang.verify.readings import Divergence
from losslang.verify.statement import POSITIVE, UNIT
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.elicitation import only, smooth
from losslang.verify.theorems.pieces import Pieces, Silent, defined, jump, number
from losslang.verify.theorems.premises import continuous, everywhere, inside, sign, stated, tends

CSISZAR = (
    "Csiszar 1967, Information-Type Measures of Difference of Probability Distributions, section 1"
)
VAJDA = "Vajda 1972, On the f-Divergence and Singularity of Probability Measures, theorem 2"
BREGMAN_FORM = "proof in docs/design/theory.md: What a Bregman divergence looks like"


def along(reading: Divergence) -> Pieces:
    """``f`` as smooth pieces of the ratio."""
    return smooth(reading.f, reading.t, POSITIVE, reading.region)


def _convex(p: Pieces) -> Iterator[Premise]:
    yield from continuous(p)
    yield from everywhere(p, "f is convex", lambda n: p.formula(n, 2), ">=")
    for n, joint in enumerate(p.joints):
        yield sign(f"f' does not drop at {joint}", jump(p, n), ">=", p.region)


def _bends(p: Pieces, case: Case) -> Iterator[Premise]:
    """f is strictly convex at 1: curved inside a piece, or with a kink there."""
    n = number(case.guess, "piece", len(p))
    if n < len(p) - 1 and p.joints[n] == S.One:
        yield sign("f' jumps at 1", jump(p, n), ">", p.region)
        return
    yield from inside(p, n, S.One)
    yield sign("f''(1) > 0", p.at(n, S.One, 2), ">", p.region)


# ---------------------------------------------------------------- f-divergences


@stated
def _f_divergence(case: Case) -> Iterator[Premise]:
    p = along(case.reading)
    yield from _convex(p)
    yield from _bends(p, case)
    yield sign("f(1) = 0", p.value(S.One), "==", p.region)


@stated
def _starts_off(case: Case) -> Iterator[Premise]:
    p = along(case.reading)
    yield sign("f(1) is not 0", p.value(S.One), "!=", p.region)


@stated
def _concave_somewhere(case: Case) -> Iterator[Premise]:
    p = along(case.reading)
    n, at = number(case.guess, "piece", len(p)), only(case.guess["at"], p.region)
    yield from inside(p, n, at)
    yield sign("f'' < 0", p.at(n, at, 2), "<", p.region)


F_DIVERGENCE = Theorem(
    "f-divergence",
    "f_divergence",
    Divergence,
    "f is convex, strictly so at 1, and f(1) = 0: D >= 0, and D = 0 for equal distributions alone",
    CSISZAR,
    _f_divergence,
    value=lambda case: case.reading.f,
)
STARTS_OFF = Theorem(
    "no-divergence-at-1",
    "f_divergence",
    Divergence,
    "f(1) is not 0, and neither is D(p, p)",
    CSISZAR,
    _starts_off,
    holds=False,
)
CONCAVE_SOMEWHERE = Theorem(
    "no-divergence-concave",
    "f_divergence",
    Divergence,
    "f, which D determines up to c (t - 1), is not convex",
    f"{CSISZAR}; proof in docs/design/theory.md: The function of a divergence",
    _concave_somewhere,
    holds=False,
)


@stated
def _nonnegative(case: Case) -> Iterator[Premise]:
    p = along(case.reading)
    yield from _convex(p)
    yield sign("f(1) >= 0", p.value(S.One), ">=", p.region)


NONNEGATIVE = Theorem(
    "nonnegative-divergence",
    "nonnegative",
    Divergence,
    "f is convex, so D >= f(1) >= 0 by Jensen's inequality",
    CSISZAR,
    _nonnegative,
    value=lambda _: S.Zero,
)


# ---------------------------------------------------------------- range


def _per_ratio(p: Pieces) -> Expr:
    """f(t) / t where t is large, with its powers of t joined."""
    terms = sympy.Add.make_args(p.formula(len(p) - 1))
    return sympy.Add(*(sympy.powsimp(term / p.variable) for term in terms))


@stated
def _bounded(case: Case) -> Iterator[Premise]:
    p, guess = along(case.reading), case.guess
    last = len(p) - 1
    yield from _convex(p)
    zero, far = (only(guess[name], p.region) for name in ("zero", "far"))
    if S.Infinity in (zero, far):
        raise Silent
    yield tends(p, "f(0)", p.formula(0), 0, True, zero)
    yield tends(p, "f(t) / t at infinity", _per_ratio(p), last, False, far)


@stated
def _unbounded(case: Case) -> Iterator[Premise]:
    p, last = along(case.reading), len(along(case.reading)) - 1
    yield from continuous(p)
    if number(case.guess, "low", 2):
        yield tends(p, "f(0)", p.formula(0), 0, True, S.Infinity)
    else:
        grown = _per_ratio(p)
        yield tends(p, "f(t) / t at infinity", grown, last, False, S.Infinity)


BOUNDED = Theorem(
    "bounded-divergence",
    "bounded",
    Divergence,
    "f is convex, so D is at most f(0) + lim f(t)/t, its supremum",
    VAJDA,
    _bounded,
    value=lambda case: case.guess["zero"] + case.guess["far"],
)
RANGE = Theorem(
    "range-divergence",
    "range",
    Divergence,
    "f is convex, so D is at least f(1), for equal distributions, and at most f(0) + lim f(t)/t",
    VAJDA,
    _bounded,
    value=lambda case: Interval(
        along(case.reading).value(S.One), case.guess["zero"] + case.guess["far"]
    ),
)
UNBOUNDED = Theorem(
    "unbounded-divergence",
    "bounded",
    Divergence,
    "f(t) or f(t)/t is unbounded at 0 or infinity, and so is D as a class loses one of its masses",
    VAJDA,
    _unbounded,
    holds=False,
)


# ---------------------------------------------------------------- symmetry


@stated
def _symmetric(case: Case) -> Iterator[Premise]:
    reading: Divergence = case.reading
    t, c = reading.t, only(case.guess["slope"], reading.region)
    mirrored = t * substitute(reading.f, {t: 1 / t})
    gap = reading.f - mirrored - c * (t - 1)
    yield sign("f(t) - t f(1/t) is linear", gap, "==", reading.region.having(t, UNIT))


@stated
def _not_symmetric(case: Case) -> Iterator[Premise]:
    """Symmetry makes f(t) - t f(1/t) linear, so that its second derivative vanishes."""
    p, guess = along(case.reading), case.guess
    at = only(guess["at"], p.region)
    here, there = (number(guess, name, len(p)) for name in ("piece", "other"))
    yield from inside(p, here, at)
    yield from inside(p, there, 1 / at)
    gap = p.at(here, at, 2) - at**-3 * p.at(there, 1 / at, 2)
    yield sign("f''(t) is not f''(1/t) / t^3", guess["sign"] * gap, ">", p.region)


def two_classes(reading: Divergence, p: Expr, q: Expr) -> Expr:
    """D((p, 1 - p), (q, 1 - q))."""
    first, second = (defined(reading.f, {reading.t: t}) for t in (p / q, (1 - p) / (1 - q)))
    return q * first + (1 - q) * second


def _shares(case: Case, *shares: Expr) -> Iterator[Premise]:
    for share in shares:
        yield sign("a share is positive", share, ">", case.reading.region)
        yield sign("a share is below 1", 1 - share, ">", case.reading.region)


SYMMETRIC = Theorem(
    "symmetric-divergence",
    "symmetric",
    Divergence,
    "f(t) - t f(1/t) = c (t - 1), so D(p, q) = D(q, p)",
    "Osterreicher and Vajda 2003, A New Class of Metric Divergences on Probability Spaces, sec. 1",
    _symmetric,
)
NOT_SYMMETRIC = Theorem(
    "asymmetric-divergence",
    "symmetric",
    Divergence,
    "f(t) - t f(1/t), which symmetry would make c (t - 1), is not linear",
    "proof in docs/design/theory.md: The function of a divergence",
    _not_symmetric,
    holds=False,
)


# ---------------------------------------------------------------- convexity, Bregman


@stated
def _jointly_convex(case: Case) -> Iterator[Premise]:
    yield from _convex(along(case.reading))


JOINTLY_CONVEX = Theorem(
    "jointly-convex-divergence",
    "jointly_convex",
    Divergence,
    "f is convex, and q f(p/q) is its perspective",
    "Boyd and Vandenberghe 2004, Convex Optimization, section 3.2.6",
    _jointly_convex,
)
NOT_JOINTLY_CONVEX = Theorem(
    "not-jointly-convex-divergence",
    "jointly_convex",
    Divergence,
    "f, which D determines up to c (t - 1), is not convex",
    "proof in docs/design/theory.md: The function of a divergence",
    _concave_somewhere,
    holds=False,
)


@stated
def _bregman(case: Case) -> Iterator[Premise]:
    reading: Divergence = case.reading
    t, region = reading.t, reading.region
    c, d = (only(case.guess[name], region) for name in ("scale", "slope"))
    forward = number(case.guess, "forward", 2)
    entropy = c * t * sympy.log(t) if forward else -c * sympy.log(t)
    yield sign("the scale is positive", c, ">", region)
    within = region.having(t, POSITIVE)
    yield sign("f is that of Kullback and Leibler", reading.f - entropy - d * (t - 1), "==", within)


@stated
def _not_bregman(case: Case) -> Iterator[Premise]:
    """Two Bregman divergences to different points differ by an affine function."""
    reading: Divergence = case.reading
    names = ("first", "second", "at", "step")
    a, b, at, step = (only(case.guess[name], reading.region) for name in names)
    yield from _shares(case, a, b, at - step, at + step)
    for forward, side in ((True, "sign"), (False, "sign'")):
        found = case.guess[side] * bend(reading, a, b, at, step, forward)
        yield sign("the difference is not affine", found, ">", reading.region)


def bend(reading: Divergence, a: Expr, b: Expr, at: Expr, step: Expr, forward: bool) -> Expr:
    """Second difference of D(p, a) - D(p, b) in p, or of D(a, q) - D(b, q) in q."""
    total: Expr = S.Zero
    for n, weight in ((-1, 1), (0, -2), (1, 1)):
        for other, side in ((a, 1), (b, -1)):
            pair = (at + n * step, other) if forward else (other, at + n * step)
            total += weight * side * two_classes(reading, *pair)
    return total


BREGMAN = Theorem(
    "bregman-divergence",
    "bregman",
    Divergence,
    "D is a multiple of the Kullback-Leibler divergence, either way round",
    "Amari 2009, alpha-Divergence Is Unique, Belonging to Both f-Divergence and Bregman "
    "Divergence Classes, section IV",
    _bregman,
    value=lambda case: case.guess["scale"] * case.reading.t * sympy.log(case.reading.t),
)
NOT_BREGMAN = Theorem(
    "not-bregman-divergence",
    "bregman",
    Divergence,
    "D(p, a) - D(p, b) is not affine in p, nor D(a, q) - D(b, q) in q",
    BREGMAN_FORM,
    _not_bregman,
    holds=False,
)

THEOREMS = (
    *(F_DIVERGENCE, STARTS_OFF, CONCAVE_SOMEWHERE, NONNEGATIVE, BOUNDED, RANGE, UNBOUNDED),
    *(SYMMETRIC, NOT_SYMMETRIC, JOINTLY_CONVEX, NOT_JOINTLY_CONVEX, BREGMAN, NOT_BREGMAN),
)
