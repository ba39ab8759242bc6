"""Losses on the simplex, of q itself or of q = softmax(scale z), for every number of classes.

L_p(q) = sum_k p_k l_k(q). The loss is strictly proper if q = p alone minimises it for every p, and
then the logits are in the order of p as well, for p lies away from all q that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute, walk
from losslang.ir.heads import ONE, At, Index
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import LessEqual
from losslang.verify.readings.score import Score
from losslang.verify.statement import UNIT, Bounds, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces, one_piece
from losslang.verify.theorems.premises import Premises, premises, sign
from losslang.verify.theorems.sums import Sums, sums_of


def entry(found: Sums, *formulas: Expr) -> tuple[sympy.Symbol, tuple[Expr, ...]]:
    """Formulas of the label's entry, as formulas of a number p in (0, 1)."""
    p = found.region.fresh("p", positive=True)
    return p, tuple(substitute(f, {found.z: p}) for f in formulas)


def inside_unit(region: Region, p: sympy.Symbol) -> Region:
    """The region with a number in (0, 1)."""
    return region.having(p, UNIT)


def smooth_in(region: Region, p: sympy.Symbol, *formulas: Expr) -> Pieces:
    """Formulas of a number in (0, 1), if they are smooth. Raises :class:`Silent`."""
    return one_piece(known_pieces(region, p, UNIT, *formulas))


# ---------------------------------------------------------------- strictly proper scores
def _separable(case: Case) -> Iterator[Premise]:
    """l_y = a(q_y) + sum_k b(q_k) with a' < 0 and b' + q a' constant."""
    found = sums_of(case.reading)
    p, (own, everywhere_) = entry(found, *found.separate())
    f = smooth_in(found.region, p, own, everywhere_)
    slope, bend = f.formula(0, 1), f.formula(0, 2)
    yield sign("a' < 0", slope, "<", f.where(0))
    change = f.formula(0, 2, 1) + slope + p * bend
    yield sign("b' + q a' is constant", change, "==", f.where(0))


def _spherical(case: Case) -> Iterator[Premise]:
    """l_y = base - weight q_y**(power - 1) / (sum_k q_k**power)**(1 - 1 / power)."""
    found = sums_of(case.reading)
    power, weight, base = (case.guess[name] for name in ("power", "weight", "base"))
    if len(found.sums) != 1:
        raise Silent
    symbol, body = found.sums[0]
    p, (h, body) = entry(found, found.h, body)
    region = inside_unit(found.region, p)
    total = found.region.fresh("S", positive=True)
    score = base - weight * p ** (power - 1) * total ** (1 / power - 1)
    yield sign("the sum is of powers", body - p**power, "==", region)
    wide = region.having(total, Bounds(S.Zero))
    yield sign("a spherical score", substitute(h, {symbol: total}) - score, "==", wide)
    yield sign("the power is above 1", power - 1, ">", found.region)
    yield sign("the weight is positive", weight, ">", found.region)


def _thresholds(case: Case) -> Iterator[Premise]:
    """The sum over j of a proper score of q_1 + ... + q_j for the event y <= j."""
    reading: Score = case.reading
    body, weight = reading.body, S.One
    if not isinstance(body, Reduce):
        weight, body = body.as_coeff_Mul()
    if not isinstance(body, Reduce) or body.op != "sum" or len(body.binders) != 1:
        raise Silent
    if body.guard != ONE:
        raise Silent
    (j,), _, inner = body.open()
    region = reading.region
    c, label = region.fresh("c", positive=True), reading.reads.label
    levels = [e for e in walk(inner) if isinstance(e, Ordered)]
    if len(levels) != 1 or levels[0].op != "cumsum" or levels[0].at != j:
        raise Silent
    (k,), guard, entry = levels[0].open()
    if guard != ONE or entry != reading.reads.entry(k):
        raise Silent
    event = LessEqual(label, j)
    scores = []
    for happened in (S.One, S.Zero):
        score = substitute(inner, {levels[0]: c, event: happened})
        if score.free_symbols - {c} - set(region.symbols) or _reads(score):
            raise Silent
        scores.append(score)
    f = smooth_in(region, c, *scores)
    balance = c * f.formula(0, 1, 0) + (1 - c) * f.formula(0, 1, 1)
    yield sign("a proper score of each event", balance, "==", f.where(0))
    yield sign("it falls as the event gets likelier", f.formula(0, 1, 0), "<", f.where(0))
    yield sign("the weight is positive", weight, ">", region)


def _reads(expr: Expr) -> bool:
    return any(isinstance(e, At | Index | Reduce | Ordered) for e in walk(expr))


def _unscaled(case: Case) -> Premise:
    return sign("the temperature is 1", case.reading.scale - 1, "==", case.reading.region)


def _proper(build: Callable[[Case], Iterator[Premise]]) -> Premises:
    @premises()
    def checked(case: Case) -> Iterator[Premise]:
        yield from build(case)
        yield _unscaled(case)

    return checked


def _ordering(build: Callable[[Case], Iterator[Premise]]) -> Premises:
    @premises()
    def checked(case: Case) -> Iterator[Premise]:
        yield from build(case)

    return checked


def _score(
    name: str, says: str, source: str, build: Callable[[Case], Iterator[Premise]]
) -> tuple[Theorem, ...]:
    """What a strictly proper score of q has, for all numbers of classes."""
    order = f"{says}: so minimisers are in the order of the probabilities"
    return (
        Theorem(f"{name}-proper", "strictly_proper", Score, says, source, _proper(build)),
        Theorem(f"{name}-weakly", "proper", Score, says, source, _proper(build)),
        Theorem(f"{name}-order", "order_preserving", Score, order, source, _ordering(build)),
        Theorem(f"{name}-calibrated", "calibrated", Score, order, source, _ordering(build)),
    )


SEPARABLE = _score(
    "score-separable",
    "a sum over classes each of whose terms is least where q_k = p_k",
    f"Gneiting, Raftery 2007, section 3; {THEORY}: Scores on the simplex",
    _separable,
)

SPHERICAL = _score(
    "score-spherical",
    "a spherical score: by Hoelder's inequality it is least where q is proportional to p",
    f"Gneiting, Raftery 2007, section 4.1; {THEORY}: Scores on the simplex",
    _spherical,
)

THRESHOLDS = _score(
    "score-thresholds",
    "a sum over thresholds of strictly proper scores of the cumulative probability",
    f"Epstein 1969; Gneiting, Raftery 2007, section 4.2; {THEORY}: Scores on the simplex",
    _thresholds,
)


# ---------------------------------------------------------------- range
@premises()
def _is_bounded(case: Case) -> Iterator[Premise]:
    """l_y = a(q_y) + sum_k b(q_k) with a and b between ``low`` and ``high``."""
    found = sums_of(case.reading)
    p, (own, everywhere) = entry(found, *found.separate())
    f = smooth_in(found.region, p, own, everywhere)
    for k in (0, 1):
        part = f.formula(0, 0, k)
        yield sign("a term is bounded below", part - case.guess["low"], ">=", f.where(0))
        yield sign("a term is bounded above", part - case.guess["high"], "<=", f.where(0))


BOUNDED = Theorem(
    "score-bounded",
    "bounded",
    Score,
    "a sum of bounded functions of the probabilities",
    "definition",
    _is_bounded,
)

THEOREMS = (BOUNDED, *SEPARABLE, *SPHERICAL, *THRESHOLDS)
