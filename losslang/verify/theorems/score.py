"""Losses on the simplex, of q itself or of q = softmax(scale z), for every number of classes.

L_p(q) = sum_k p_k l_k(q). The loss is strictly proper if q = p alone minimises it for every p, and
then the logits are in the order of p as well, for p lies away from all q that are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, At, Index
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import LessEqual
from losslang.verify.readings.score import Score
from losslang.verify.statement import UNIT, Bounds, Limit, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY, at_least, at_most
from losslang.verify.theorems.pieces import (
    Pieces,
    Premises,
    Silent,
    known_pieces,
    one_piece,
    premises,
    sign,
)
from losslang.verify.theorems.sums import Sums, sums_of


def _entry(found: Sums, *formulas: Expr) -> tuple[sympy.Symbol, tuple[Expr, ...]]:
    """Formulas of the label's entry, as formulas of a number p in (0, 1)."""
    p = found.region.fresh("p", positive=True)
    return p, tuple(substitute(f, {found.z: p}) for f in formulas)


def _inside(region: Region, p: sympy.Symbol) -> Region:
    return region.having(p, UNIT)


def _smooth(region: Region, p: sympy.Symbol, *formulas: Expr) -> Pieces:
    return one_piece(known_pieces(region, p, UNIT, *formulas))


# ---------------------------------------------------------------- strictly proper scores


def _separable(case: Case) -> Iterator[Premise]:
    """l_y = a(q_y) + sum_k b(q_k) with a' < 0 and b' + q a' constant."""
    found = sums_of(case.reading)
    p, (own, everywhere_) = _entry(found, *found.separate())
    f = _smooth(found.region, p, own, everywhere_)
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
    p, (h, body) = _entry(found, found.h, body)
    region = _inside(found.region, p)
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
    f = _smooth(region, c, *scores)
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
    p, (own, everywhere) = _entry(found, *found.separate())
    f = _smooth(found.region, p, own, everywhere)
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

# ---------------------------------------------------------------- mixtures with all labels


def _mixture(case: Case) -> Iterator[Premise]:
    """l_y = weight f(q_y) + share sum_k f(q_k) + constant, f(p) the summand of the only sum."""
    found, f = _mixed(case)
    p = f.variable
    change = derivative(_own(found, p), p) - case.guess["weight"] * f.formula(0, 1)
    yield sign("the own part is a multiple of the summand", change, "==", f.where(0))


def _own(found: Sums, p: sympy.Symbol) -> Expr:
    return substitute(substitute(found.h, {found.sums[0][0]: S.Zero}), {found.z: p})


def _mixed(case: Case) -> tuple[Sums, Pieces]:
    """The only sum, and its summand with the guessed sign."""
    found = sums_of(case.reading)
    if len(found.sums) != 1 or case.guess["sign"] not in (S.One, S.NegativeOne):
        raise Silent
    found.separate()
    p, (body,) = _entry(found, found.sums[0][1])
    return found, _smooth(found.region, p, body * case.guess["sign"])


def _share(case: Case, found: Sums) -> Expr:
    return sympy.expand(derivative(found.h, found.sums[0][0])) * case.guess["sign"]


@premises()
def _is_smoothed(case: Case) -> Iterator[Premise]:
    """f convex, falling and infinitely steep at 0, weight > 0, share >= 0."""
    found, f = _mixed(case)
    yield from _mixture(case)
    yield sign("weight > 0", case.guess["weight"], ">", found.region)
    yield sign("share >= 0", _share(case, found), ">=", found.region)
    yield sign("f'' >= 0", f.formula(0, 2), ">=", f.where(0))
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))
    steep = Limit(f.formula(0, 1), f.variable, S.Zero, "+", S.NegativeInfinity, found.region)
    yield Premise("f'(0) = -oo", steep)


@premises()
def _is_oversmoothed(case: Case) -> Iterator[Premise]:
    """weight <= 0: swapping a likely class with an unlikely one does no harm."""
    found, f = _mixed(case)
    yield from _mixture(case)
    yield sign("weight <= 0", case.guess["weight"], "<=", found.region)
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))


@premises()
def _is_oversharpened(case: Case) -> Iterator[Premise]:
    """share < 0 with f(0) = oo: a class that never occurs pulls the risk to minus infinity."""
    found, f = _mixed(case)
    yield at_least(3, case.reading)
    yield from _mixture(case)
    yield sign("share < 0", _share(case, found), "<", found.region)
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))
    pole = Limit(f.formula(0), f.variable, S.Zero, "+", S.Infinity, found.region)
    yield Premise("f(0) = oo", pole)


def _twice(name: str, says: str, conditions: Premises, *, holds: bool) -> tuple[Theorem, ...]:
    source = f"{THEORY}: Label smoothing"
    return tuple(
        Theorem(f"{name}-{word}", prop, Score, says, source, conditions, holds=holds)
        for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
    )


SMOOTHED = _twice(
    "score-smoothed",
    "the loss of a label mixed with all labels alike: the mixture keeps the order of p",
    _is_smoothed,
    holds=True,
)
OVERSMOOTHED = _twice(
    "score-oversmoothed",
    "the label counts no more than the others: a wrong order costs no more than the right one",
    _is_oversmoothed,
    holds=False,
)
OVERSHARPENED = _twice(
    "score-oversharpened",
    "the other labels count negatively, and the loss is unbounded: the risk of a label that is "
    "certain has no lower bound, also where another class wins",
    _is_oversharpened,
    holds=False,
)

# ---------------------------------------------------------------- normalised losses


def _normalised(case: Case) -> tuple[Pieces, Expr, Region]:
    """l_y = active f(q_y) / sum_k f(q_k) - passive q_y + rest: f, the rest, and where it varies."""
    found = sums_of(case.reading)
    active, passive, flip = (case.guess[name] for name in ("active", "passive", "sign"))
    if len(found.sums) != 1 or flip not in (S.One, S.NegativeOne):
        raise Silent
    symbol, body = found.sums[0]
    p, (h, body) = _entry(found, found.h, body)
    total, f = found.region.fresh("S", positive=True), flip * body
    h = substitute(h, {symbol: flip * total})
    rest = sympy.expand(h - active * f / total + passive * p)
    return _smooth(found.region, p, f), rest, _inside(found.region, p).having(total, Bounds(S.Zero))


def _is_normalised(case: Case) -> Iterator[Premise]:
    """The rest is constant, f is positive, falls, and is infinite at 0."""
    f, rest, region = _normalised(case)
    for symbol in region.symbols[-2:]:
        yield sign("the rest is constant", derivative(rest, symbol), "==", region)
    yield sign("f > 0", f.formula(0), ">", f.where(0))
    yield sign("f falls", f.formula(0, 1), "<=", f.where(0))
    pole = Limit(f.formula(0), f.variable, S.Zero, "+", S.Infinity, f.region)
    yield Premise("f(0) = oo", pole)
    yield sign("active >= 0", case.guess["active"], ">=", f.region)


@premises()
def _is_calibrated_for_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    yield from _is_normalised(case)
    yield sign("active > 0", case.guess["active"], ">", case.reading.region)
    yield sign("passive >= 0", case.guess["passive"], ">=", case.reading.region)


@premises()
def _is_purely_normalised(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    yield from _is_normalised(case)
    yield sign("passive = 0", case.guess["passive"], "==", case.reading.region)


@premises()
def _is_active_passive(case: Case) -> Iterator[Premise]:
    yield from _is_normalised(case)
    yield sign("passive > 0", case.guess["passive"], ">", case.reading.region)


@premises()
def _is_ordered_for_three(case: Case) -> Iterator[Premise]:
    yield at_most(3, case.reading)
    yield from _is_normalised(case)
    yield sign("active > 0", case.guess["active"], ">", case.reading.region)
    yield sign("passive > 0", case.guess["passive"], ">", case.reading.region)


@premises()
def _is_disordered_for_four(case: Case) -> Iterator[Premise]:
    yield at_least(4, case.reading)
    yield from _is_normalised(case)
    yield sign("passive >= 0", case.guess["passive"], ">=", case.reading.region)


@premises()
def _is_constant_sum(case: Case) -> Iterator[Premise]:
    f, rest, region = _normalised(case)
    yield sign("the rest is that of 1 - q_y", rest - case.guess["passive"], "==", region)
    yield sign("f > 0", f.formula(0), ">", f.where(0))


_NORMALISED = f"{THEORY}: Normalised losses"

NORMALISED_TWO = tuple(
    Theorem(
        f"score-normalised-two-{word}",
        prop,
        Score,
        "a normalised loss of two classes whose numerator is unbounded: mass on the likelier class "
        "is best",
        _NORMALISED,
        _is_calibrated_for_two,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
NORMALISED = tuple(
    Theorem(
        f"score-normalised-{word}",
        prop,
        Score,
        "a normalised loss is a weighted mean of the probabilities, and its infimum, the least of "
        "them, is approached with any class in front",
        _NORMALISED,
        _is_purely_normalised,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
ACTIVE_PASSIVE = Theorem(
    "score-active-passive",
    "calibrated",
    Score,
    "a normalised loss plus a multiple of 1 - q_y: both are least along the same sequence",
    f"Ma et al. 2020, Normalized Loss Functions; {_NORMALISED}",
    _is_active_passive,
)
ACTIVE_PASSIVE_THREE = Theorem(
    "score-active-passive-three",
    "order_preserving",
    Score,
    "a normalised loss plus a multiple of 1 - q_y orders up to three classes",
    _NORMALISED,
    _is_ordered_for_three,
)
ACTIVE_PASSIVE_FOUR = Theorem(
    "score-active-passive-four",
    "order_preserving",
    Score,
    "a normalised loss plus a multiple of 1 - q_y leaves the classes between the first and the "
    "last in any order",
    _NORMALISED,
    _is_disordered_for_four,
    holds=False,
)
CONSTANT_SUM = Theorem(
    "score-constant-sum",
    "symmetric",
    Score,
    "a normalised loss plus a multiple of 1 - q_y: both sum to a constant over the labels",
    "Ma et al. 2020, Normalized Loss Functions, lemma 1",
    _is_constant_sum,
    value=lambda case: case.guess["active"] + case.guess["passive"] * (case.reading.classes - 1),
)

SCORE = (
    BOUNDED,
    *(*SEPARABLE, *SPHERICAL, *THRESHOLDS),
    *(*SMOOTHED, *OVERSMOOTHED, *OVERSHARPENED),
    *(*NORMALISED_TWO, *NORMALISED),
    *(ACTIVE_PASSIVE, ACTIVE_PASSIVE_THREE, ACTIVE_PASSIVE_FOUR, CONSTANT_SUM),
)
