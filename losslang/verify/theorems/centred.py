"""Losses of logits that sum to zero, such as constrained margin losses."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, Max
from losslang.ir.reduce import Reduce
from losslang.verify.readings.pooled import Pooled
from losslang.verify.statement import LINE
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY
from losslang.verify.theorems.local_risk import T
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces
from losslang.verify.theorems.pooled import entry_of, own_read
from losslang.verify.theorems.premises import (
    bends_up,
    continuous,
    everywhere,
    floored,
    premises,
    sign,
)
from losslang.verify.theorems.sums import Sums, sums_of


def _centred(case: Case) -> Pieces:
    """psi where l_y is the sum over k != y of psi(z_k - mean)."""
    reading = case.reading
    found = [(s, e) for s, e in reading.pools if e.op == "mean" and entry_of(e) is not None]
    if len(found) != 1:
        raise Silent
    mean, _ = found[0]
    sums: Sums = sums_of(reading)
    zero = {symbol: S.Zero for symbol, body in sums.sums if body == sums.z}
    centre = Sums(
        sums.region,
        substitute(sums.h, zero),
        sums.z,
        tuple((s, substitute(b, {mean: S.Zero})) for s, b in sums.sums if s not in zero),
        (),
        sums.classes,
    )
    own, everywhere_ = centre.separate()
    both = sympy.expand(own + everywhere_), everywhere_
    return known_pieces(reading.region, sums.z, LINE, *both)


def _moves_with_mean(case: Case) -> Premise:
    """Adding a number to all logits changes nothing, so that the mean may be taken to be 0."""
    reading = case.reading
    by = reading.region.fresh("c")
    moved = {reading.z: reading.z + by}
    wide = reading.region.having(reading.z, LINE).having(by, LINE)
    for symbol, pool in reading.pools:
        inner = _inner(pool, reading)
        if inner is None:
            moved[symbol] = symbol
        else:
            moved[symbol] = symbol + by
        wide = wide.having(symbol, LINE)
    change = sympy.expand(substitute(reading.h, moved) - reading.h)
    return sign("a common offset does not matter", change, "==", wide)


def _inner(pool: Reduce, reading: Pooled) -> Expr | None:
    """The entry that is reduced where an offset moves the pool along, ``None`` where it does not.

    Raises :class:`Silent` for any other pool.
    """
    if pool.op in ("mean", "logsumexp", "max", "min") and entry_of(pool) is not None:
        return entry_of(pool)
    (k,), _, body = pool.open() if len(pool.binders) == 1 else ((None,), ONE, pool)
    means = [e for _, e in reading.pools if e.op == "mean" and entry_of(e) is not None]
    by = sympy.Dummy("c", real=True)
    if pool.op == "sum" and means and k is not None:
        own = own_read(body, k)
        moved = substitute(body, {own: own + by, means[0]: means[0] + by})
        if sympy.expand(moved - body) == 0 or _same(moved, body, by):
            return None
    raise Silent


def _same(moved: Expr, body: Expr, by: sympy.Symbol) -> bool:
    """Whether an offset cancels in every part of a formula."""
    if by not in moved.free_symbols:
        return True
    args = [sympy.expand(a) if isinstance(a, Expr) else a for a in moved.args]
    return bool(args) and by not in moved.func(*args).free_symbols


def _constrained(case: Case) -> Iterator[Premise]:
    """psi convex, smooth from 0 on and rising there, bounded below; own losses are constant."""
    f = _centred(case)
    yield _moves_with_mean(case)
    yield from everywhere(f, "the own part is constant", lambda n: f.formula(n, 1), "==")
    yield from continuous(f)
    yield from everywhere(f, "psi'' >= 0", lambda n: f.formula(n, 2, 1), ">=")
    yield from bends_up(f, 1)
    for joint in f.joints:
        yield sign("psi is smooth from 0 on", joint, "<", f.region)
    last = len(f) - 1
    yield sign("psi'(0) > 0", f.at(last, S.Zero, 1, 1), ">", f.region)
    yield from floored(f, case.guess["base"], 1)


@premises()
def _is_constrained(case: Case) -> Iterator[Premise]:
    yield from _constrained(case)


CONSTRAINED = Theorem(
    "centred-sum-calibrated",
    "calibrated",
    Pooled,
    "a sum over the other classes of a convex function of the centred logit that rises at 0",
    f"Lee, Lin, Wahba 2004 and Zhang 2004 (the losses); {THEORY}: Constrained losses",
    _is_constrained,
)


def _constrained_like(case: Case, psi: Expr) -> Iterator[Premise]:
    yield from _constrained(case)
    f = _centred(case)
    gap = f.functions[1] - case.guess["factor"] * psi
    yield sign("psi is of this form", gap, "==", f.region.having(f.variable, LINE))
    yield sign("the factor is positive", case.guess["factor"], ">", f.region)


@premises()
def _is_constrained_exponential(case: Case) -> Iterator[Premise]:
    yield from _constrained_like(case, sympy.exp(case.reading.z))


@premises()
def _is_constrained_hinge(case: Case) -> Iterator[Premise]:
    yield from _constrained_like(case, Max(case.reading.z + 1, S.Zero))


_AWASTHI = "Awasthi, Mao, Mohri, Zhong 2022, Multi-Class H-Consistency Bounds, constrained losses"

CONSTRAINED_EXPONENTIAL = Theorem(
    "centred-exponential-bound",
    "h_consistent",
    Pooled,
    "T(excess of the 0-1 risk) is at most the excess of the risk, for scores that take all values",
    _AWASTHI,
    _is_constrained_exponential,
    value=lambda case: case.guess["factor"] * (2 - sympy.sqrt(4 - T**2)),
)

CONSTRAINED_HINGE = Theorem(
    "centred-hinge-bound",
    "h_consistent",
    Pooled,
    "T(excess of the 0-1 risk) is at most the excess of the risk, for scores that take all values",
    _AWASTHI,
    _is_constrained_hinge,
    value=lambda case: case.guess["factor"] * T,
)

THEOREMS = (CONSTRAINED, CONSTRAINED_EXPONENTIAL, CONSTRAINED_HINGE)
