"""How a margin loss falls towards infinity."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import S

from losslang.verify.readings import Margin
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.halves import OWN, whole
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import premises, sign, tends

# ---------------------------------------------------------------- tails


@premises()
def _raising_tail(case: Case) -> Iterator[Premise]:
    p, power, start = whole(case), case.guess["power"], case.guess["start"]
    n, last = p.variable, len(p) - 1
    yield sign("the power is above 1", power - 1, ">", p.region)
    yield sign("the tail starts above 0", start, ">", p.region)
    if p.spans[last].low != S.NegativeInfinity:
        yield sign("and in the last piece", start - p.spans[last].low, ">=", p.region)
    grows = power * p.formula(last, 1) + n * p.formula(last, 2)
    yield sign("z^q phi'(z) does not fall", grows, ">=", p.region.having(n, Bounds(start)))


@premises()
def _sinks(case: Case) -> Iterator[Premise]:
    p = whole(case)
    last = len(p) - 1
    yield tends(p, "phi is unbounded below", p.formula(last), last, False, S.NegativeInfinity)


DAI = "Dai 2025, EnsLoss, superlinear raising-tail condition"
RAISING_TAIL = (
    Theorem(
        "raising-tail",
        "raising_tail",
        Margin,
        "The tail is superlinearly raising if z^q phi'(z) does not fall from some z on, for a q "
        "> 1.",
        DAI,
        _raising_tail,
        value=lambda case: case.guess.get("power"),
        exact=False,
    ),
    Theorem(
        "no-raising-tail",
        "raising_tail",
        Margin,
        "A loss that sinks without bound has no superlinearly raising tail, which would bound it.",
        DAI + "; " + OWN + "Raising tail",
        _sinks,
        holds=False,
    ),
)


@premises()
def _exponential_tail(case: Case) -> Iterator[Premise]:
    g, p = case.guess, whole(case)
    u, last = p.variable, len(p) - 1
    for name in ("rate", "scale", "decay"):
        yield sign(f"the {name} is positive", g[name], ">", p.region)
    if p.spans[last].low != S.NegativeInfinity:
        yield sign(
            "the tail lies in the last piece", g["start"] - p.spans[last].low, ">=", p.region
        )
    tail = p.region.having(u, Bounds(g["start"]))
    lifted = -p.formula(last, 1) * sympy.exp(g["rate"] * u)
    shrink = sympy.exp(-g["decay"] * u)
    yield sign("-phi' is below its tail", g["scale"] * (1 + shrink) - lifted, ">=", tail)
    yield sign("-phi' is above its tail", lifted - g["scale"] * (1 - shrink), ">=", tail)
    yield tends(p, "phi tends to 0", p.formula(last), last, False, S.Zero)


@premises()
def _flat_tail(case: Case) -> Iterator[Premise]:
    p, start = whole(case), case.guess["start"]
    last, low = len(p) - 1, p.spans[-1].low
    if low != S.NegativeInfinity:
        yield sign("the tail lies in the last piece", start - low, ">=", p.region)
    tail = p.region.having(p.variable, Bounds(start))
    yield sign("phi does not fall in the end", p.formula(last, 1), ">=", tail)


@premises()
def _other_tail(case: Case) -> Iterator[Premise]:
    p, value = whole(case), case.guess["value"]
    last = len(p) - 1
    if value not in (S.Zero, S.NegativeInfinity):
        raise Silent
    yield sign("phi falls", p.formula(last, 1), "<", p.where(last))
    ratio = p.formula(last, 2) / p.formula(last, 1)
    yield tends(p, "phi''/phi' tends to it", ratio, last, False, value)


SOUDRY = "Soudry, Hoffer, Nacson, Gunasekar & Srebro 2018, def. 2"
EXPONENTIAL_TAIL = (
    Theorem(
        "exponential-tail",
        "exponential_tail",
        Margin,
        "-phi'(u) e^(a u) stays within c (1 +- e^(-mu u)) from some u on, and phi tends to 0: "
        "the tail is tight exponential with rate a.",
        SOUDRY,
        _exponential_tail,
        value=lambda case: case.guess.get("rate"),
    ),
    Theorem(
        "flat-tail",
        "exponential_tail",
        Margin,
        "A loss that does not fall from some score on has no exponential tail.",
        SOUDRY,
        _flat_tail,
        holds=False,
    ),
    Theorem(
        "tail-of-another-kind",
        "exponential_tail",
        Margin,
        "A loss with phi''/phi' tending to 0, or to minus infinity, falls slower, or faster, than "
        "every exponential.",
        SOUDRY,
        _other_tail,
        holds=False,
    ),
)


TAILS: tuple[Theorem, ...] = (*RAISING_TAIL, *EXPONENTIAL_TAIL)
