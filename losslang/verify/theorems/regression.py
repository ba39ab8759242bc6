"""Robustness, scale and convexity of regression losses.

For a loss rho(r) of the residual, psi = rho' is the influence that one observation has on an
estimate (Hampel, Ronchetti, Rousseeuw and Stahel 1986, Robust Statistics, section 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import substitute
from losslang.ir.derive import derivative
from losslang.ir.heads import Branch, Max, Min
from losslang.ir.primitives import Apply, operands, primitive_of
from losslang.ir.truth import Truth
from losslang.verify.readings import Curve, Regression, Residual
from losslang.verify.statement import LINE, POSITIVE, Bounds
from losslang.verify.theorem import Case, Guess, Premise, Theorem
from losslang.verify.theorems.elicitation import only, opened, smooth, stated
from losslang.verify.theorems.not_elicited import Along
from losslang.verify.theorems.pieces import (
    Pieces,
    Silent,
    approached,
    continuous,
    defined,
    everywhere,
    inside,
    lies_in,
    number,
    one_piece,
    sign,
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


# ---------------------------------------------------------------- homogeneity


def degree(expr: Basic, scaled: frozenset[sympy.Symbol]) -> Expr | None:
    """The h with expr(c x) = c^h expr(x) for c > 0, x being the ``scaled``.

    ``None`` for 0, which has every degree. Found by composition; Silent where that shows none.
    """
    if expr.is_zero:
        return None
    if expr.free_symbols.isdisjoint(scaled):
        return S.Zero
    if expr in scaled:
        return S.One
    if isinstance(expr, sympy.Mul):
        return sympy.Add(*(degree(factor, scaled) or S.Zero for factor in expr.args))
    if isinstance(expr, sympy.Pow) and expr.exp.free_symbols.isdisjoint(scaled):
        return sympy.expand(expr.exp * (degree(expr.base, scaled) or S.Zero))
    if isinstance(expr, Branch):
        _free_of_scale(expr.args[0], scaled)
        return _common(expr.args[1:], scaled)
    if isinstance(expr, sympy.Add | sympy.Abs | Max | Min):
        return _common(expr.args, scaled)
    if isinstance(expr, Apply) and expr.name == "sign":
        degree(expr.operands[0], scaled)
        return S.Zero
    if primitive_of(expr) is not None and not any(degree(a, scaled) for a in operands(expr)):
        return S.Zero
    raise Silent


def _common(parts: tuple[Basic, ...], scaled: frozenset[sympy.Symbol]) -> Expr | None:
    found = {d for d in (degree(part, scaled) for part in parts) if d is not None}
    if len(found) > 1:
        raise Silent
    return found.pop() if found else None


def _free_of_scale(test: Basic, scaled: frozenset[sympy.Symbol]) -> None:
    if not isinstance(test, Truth):
        raise Silent
    if any(isinstance(side, Truth) for side in test.args):
        for side in test.args:
            _free_of_scale(side, scaled)
    else:
        _common(test.args, scaled)


def _scaled(reading: Regression) -> frozenset[sympy.Symbol]:
    for bounds in (reading.prediction_bounds, reading.target_bounds):
        if any(end not in (S.Zero, *INFINITIES) for end in (bounds.low, bounds.high)):
            raise Silent
    return frozenset((reading.prediction, reading.target))


@stated
def _homogeneous_parts(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    found = degree(reading.loss, _scaled(reading))
    gap = case.guess["degree"] - (S.Zero if found is None else found)
    yield sign("the degrees of the parts agree", gap, "==", reading.region)


@stated
def _homogeneous(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    _scaled(reading)
    f, y, region = reading.prediction, reading.target, reading.region
    c, power = region.fresh("scale"), only(case.guess["degree"], region)
    region = region.having(f, reading.prediction_bounds).having(y, reading.target_bounds)
    grown = substitute(reading.loss, {f: c * f, y: c * y})
    gap = grown - c**power * reading.loss
    yield sign("the loss scales", gap, "==", region.having(c, POSITIVE))


@stated
def _not_homogeneous(case: Case) -> Iterator[Premise]:
    reading: Regression = case.reading
    guess, region = case.guess, reading.region
    values = []
    for scale in (1, 2, 4):
        f, y = (scale * only(guess[name], region) for name in ("prediction", "target"))
        yield from inside_of(f, reading.prediction_bounds, case)
        yield from inside_of(y, reading.target_bounds, case)
        value, reasons = Along.of(reading, y).value(f)
        yield from reasons
        values.append(value)
    gap = values[0] * values[2] - values[1] ** 2
    yield sign("doubling twice is not doubling squared", guess["sign"] * gap, ">", region)


def inside_of(point: Expr, bounds: Bounds, case: Case) -> Iterator[Premise]:
    """``point`` lies between the ends."""
    return lies_in("the numbers are allowed", point, opened(bounds), case.reading.region)


PATTON = "Patton 2011, Volatility Forecast Comparison Using Imperfect Volatility Proxies, section 2"
HOMOGENEOUS_PARTS = Theorem(
    "homogeneous-by-parts",
    "homogeneous",
    Regression,
    "every part of the formula is homogeneous, and the parts of sums and choices agree in degree",
    PATTON,
    _homogeneous_parts,
    value=lambda case: case.guess["degree"],
)
HOMOGENEOUS = Theorem(
    "homogeneous",
    "homogeneous",
    Regression,
    "L(c f, c y) = c^h L(f, y) for all c > 0",
    PATTON,
    _homogeneous,
    value=lambda case: case.guess["degree"],
)
NOT_HOMOGENEOUS = Theorem(
    "not-homogeneous",
    "homogeneous",
    Regression,
    "L(f, y) L(4f, 4y) is not L(2f, 2y)^2, as it would be for every degree",
    PATTON,
    _not_homogeneous,
    holds=False,
)


# ---------------------------------------------------------------- Bregman


@stated
def _bregman(case: Case) -> Iterator[Premise]:
    """D(y, a(f)) has the slope phi''(a(f)) a'(f) (a(f) - y) in f."""
    reading: Regression = case.reading
    f, y, region = reading.prediction, reading.target, reading.region
    generator, link = only(case.guess["generator"], region, y), only(case.guess["link"], region, f)
    curved = substitute(derivative(derivative(generator, y), y), {y: link})
    p = smooth(reading.loss, f, reading.prediction_bounds, region.having(y, reading.target_bounds))
    yield from continuous(p)
    slope = curved * derivative(link, f) * (link - y)
    label = "the slope is phi''(a) a' (a - y)"
    yield from everywhere(p, label, lambda n: p.formula(n, 1) - slope, "==")
    within = region.having(f, opened(reading.prediction_bounds))
    yield sign("phi is strictly convex", curved, ">", within)
    yield sign("the link increases", derivative(link, f), ">", within)


@stated
def _not_bregman(case: Case) -> Iterator[Premise]:
    """A Bregman divergence differs, for two predictions, by an affine function of the target."""
    reading: Regression = case.reading
    guess, region = case.guess, reading.region
    if reading.target.is_integer:
        raise Silent
    first, second, y, step = (
        only(guess[n], region) for n in ("prediction", "other", "target", "step")
    )
    for f in (first, second):
        yield from inside_of(f, reading.prediction_bounds, case)
    bend: Expr = S.Zero
    for n, weight in ((-1, 1), (0, -2), (1, 1)):
        yield from inside_of(y + n * step, reading.target_bounds, case)
        for f, side in ((first, 1), (second, -1)):
            value, reasons = Along.of(reading, y + n * step).value(f)
            yield from reasons
            bend += weight * side * value
    yield sign("the difference is not affine in the target", guess["sign"] * bend, ">", region)


BREGMAN = Theorem(
    "bregman",
    "bregman",
    Regression,
    "up to a term in y, L = phi(y) - phi(a) - phi'(a) (y - a), phi strictly convex, a(f) rising",
    "Savage 1971, Elicitation of Personal Probabilities and Expectations, section 5",
    _bregman,
    value=lambda case: case.guess["generator"],
)
NOT_BREGMAN = Theorem(
    "not-bregman",
    "bregman",
    Regression,
    "L(f, y) - L(g, y) is not affine in y, as it is for every D(y, a(f)) of Bregman",
    "proof in docs/design/theory.md: What a Bregman divergence looks like",
    _not_bregman,
    holds=False,
)


# ---------------------------------------------------------------- convexity in two inputs


def _two_inputs(case: Case) -> tuple[Pieces, sympy.Symbol, sympy.Symbol]:
    """The loss along the first of two named inputs, and the symbols of both."""
    reading: Curve = case.reading
    names = case.question.arguments
    others = [s for s in reading.region.symbols if s.name in names[1:2]]
    if len(names) != 2 or reading.input != names[0] or len(others) != 1:
        raise Silent
    p = smooth(reading.function, reading.variable, reading.bounds, reading.region)
    return one_piece(p), reading.variable, others[0]


def _hessian(p: Pieces, a: sympy.Symbol, b: sympy.Symbol) -> tuple[Expr, Expr, Expr]:
    in_a, in_b = (derivative(p.formula(0), s) for s in (a, b))
    return derivative(in_a, a), derivative(in_a, b), derivative(in_b, b)


@stated
def _jointly_convex(case: Case) -> Iterator[Premise]:
    p, a, b = _two_inputs(case)
    aa, ab, bb = _hessian(p, a, b)
    where = p.where(0)
    yield from continuous(p)
    yield sign(f"convex in {a}", aa, ">=", where)
    yield sign(f"convex in {b}", bb, ">=", where)
    yield sign("the determinant of the Hessian", aa * bb - ab**2, ">=", where)


@stated
def _not_jointly_convex(case: Case) -> Iterator[Premise]:
    p, a, b = _two_inputs(case)
    guess, region = case.guess, p.region
    aa, ab, bb = _hessian(p, a, b)
    rule = {s: guess[f"at {s.name}"] for s in (a, *region.symbols) if f"at {s.name}" in guess}
    u, v = guess["first"], guess["second"]
    bend = defined(u**2 * aa + 2 * u * v * ab + v**2 * bb, rule)
    left = region.having(a, p.bounds)
    for symbol, value in rule.items():
        bounds = left.bounds(symbol)
        if bounds is None or not value.is_Rational:
            raise Silent
        yield from lies_in("the point is inside", value, opened(bounds), region.setting(rule))
    if not set(rule) & {a} or not set(rule) & {b}:
        raise Silent
    yield sign("the second derivative in a direction", bend, "<", region.setting(rule))


JOINTLY_CONVEX = Theorem(
    "jointly-convex",
    "jointly_convex",
    Curve,
    "the Hessian in the two inputs is positive semidefinite everywhere",
    "Boyd and Vandenberghe 2004, Convex Optimization, section 3.1.4",
    _jointly_convex,
)
NOT_JOINTLY_CONVEX = Theorem(
    "not-jointly-convex",
    "jointly_convex",
    Curve,
    "the second derivative in some direction is negative somewhere",
    "Boyd and Vandenberghe 2004, Convex Optimization, section 3.1.4",
    _not_jointly_convex,
    holds=False,
)

THEOREMS = (
    *(
        BOUNDED_INFLUENCE,
        INFLUENCE_SETTLES,
        UNBOUNDED_INFLUENCE,
        REJECTS,
        REDESCENDS,
        CLIMBS,
        STAYS,
    ),
    *(ERROR_COUNTS, ERROR_PAYS, HOMOGENEOUS_PARTS, HOMOGENEOUS, NOT_HOMOGENEOUS),
    *(BREGMAN, NOT_BREGMAN, JOINTLY_CONVEX, NOT_JOINTLY_CONVEX),
)
