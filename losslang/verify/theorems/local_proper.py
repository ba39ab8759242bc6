"""What minimisers tell of probabilities, and sums over labels, for losses f(softmax(scale z)[y]).

Notation as in :mod:`losslang.verify.theorems.local`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import sympy
from sympy import Expr, S

from losslang.ir.binders import substitute
from losslang.verify.readings.local import Local
from losslang.verify.statement import Relation
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_order import preferring_vertices, steep_at_zero
from losslang.verify.theorems.local_parts import (
    HALF,
    THEORY,
    at_least,
    at_most,
    conditions,
    parts,
    smooth,
)
from losslang.verify.theorems.pieces import (
    Pieces,
    Premises,
    Silent,
    continuous,
    defined,
    everywhere,
    sign,
    tends,
)

T = sympy.Symbol("t", real=True)
"""The excess of the 0-1 risk, in the values of bounds."""


def _mirrored(f: Pieces, n: int = 1) -> Expr:
    """A derivative of f at 1 - p."""
    return defined(f.formula(0, n), {f.variable: 1 - f.variable})


def _unscaled(reading: Local) -> Premise:
    return sign("the temperature is 1", reading.scale - 1, "==", reading.region)


def _constant_pull(case: Case, f: Pieces) -> Premise:
    """p f'(p) does not change with p."""
    change = f.formula(0, 1) + case.reading.p * f.formula(0, 2)
    return sign("p f'(p) is constant", change, "==", f.where(0))


def _logarithmic_score(case: Case, relation: Relation) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield _constant_pull(case, f)
    yield sign("f falls", f.at(0, HALF, 1), relation, f.region)
    yield _unscaled(case.reading)


def _balanced(case: Case, relation: Relation) -> Iterator[Premise]:
    f, p = smooth(case.reading), case.reading.p
    yield at_most(2, case.reading)
    balance = p * f.formula(0, 1) - (1 - p) * _mirrored(f)
    yield sign("p f'(p) is the same at p and 1 - p", balance, "==", f.where(0))
    yield sign("f falls", f.formula(0, 1), relation, f.where(0))
    yield _unscaled(case.reading)


@conditions
def _is_logarithmic(case: Case) -> Iterator[Premise]:
    yield from _logarithmic_score(case, "<")


@conditions
def _is_weakly_logarithmic(case: Case) -> Iterator[Premise]:
    yield from _logarithmic_score(case, "<=")


@conditions
def _is_balanced(case: Case) -> Iterator[Premise]:
    yield from _balanced(case, "<")


@conditions
def _is_weakly_balanced(case: Case) -> Iterator[Premise]:
    yield from _balanced(case, "<=")


def _placed(case: Case, high: Expr) -> Iterator[Premise]:
    place, region = case.guess["place"], case.reading.region
    yield sign("the place is above 0", place, ">", region)
    yield sign(f"the place is below {high}", place - high, "<", region)


@conditions
def _is_unbalanced(case: Case) -> Iterator[Premise]:
    """Minimisers for p on two classes are not p: at a place, for every number of classes."""
    f, place = smooth(case.reading), case.guess["place"]
    yield from _placed(case, S.One)
    gap = place * f.at(0, place, 1) - (1 - place) * f.at(0, 1 - place, 1)
    yield sign("p f'(p) differs at the place and its rest", gap, "!=", f.region)
    yield _unscaled(case.reading)


@conditions
def _is_unbalanced_far_out(case: Case) -> Iterator[Premise]:
    """p f'(p) tends to different numbers at 0 and at 1, or to one and to infinity."""
    f, first, last = parts(case.reading), case.guess["first"], case.guess["last"]
    if first.is_infinite and last.is_infinite:
        raise Silent
    end = len(f) - 1
    yield tends(f, "p f'(p) at 0", f.variable * f.formula(0, 1), 0, True, first)
    yield tends(f, "p f'(p) at 1", f.variable * f.formula(end, 1), end, False, last)
    if first.is_finite and last.is_finite:
        yield sign("these differ", first - last, "!=", f.region)
    yield _unscaled(case.reading)


@conditions
def _is_not_logarithmic(case: Case) -> Iterator[Premise]:
    f, place = smooth(case.reading), case.guess["place"]
    yield at_least(3, case.reading)
    yield from _placed(case, HALF)
    change = f.at(0, place, 1) + place * f.at(0, place, 2)
    yield sign("p f'(p) is not constant there", change, "!=", f.region)
    yield _unscaled(case.reading)


@conditions
def _is_flat(case: Case) -> Iterator[Premise]:
    """f does not fall anywhere: then p = (1, 0, ...) is not the only minimiser for itself."""
    f = parts(case.reading)
    yield from everywhere(f, "f' >= 0", lambda n: f.formula(n, 1), ">=")
    yield from continuous(f)


@conditions
def _is_tempered(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield _constant_pull(case, f)
    yield sign("f falls", f.at(0, HALF, 1), "<", f.region)
    yield sign("the temperature is not 1", case.reading.scale - 1, "!=", f.region)


def _both(
    name: str, says: str, source: str, strict: Premises, weak: Premises
) -> tuple[Theorem, Theorem]:
    """A theorem for strictly proper losses, and its weaker half for proper ones."""
    return (
        Theorem(name, "strictly_proper", Local, says, source, strict),
        Theorem(f"{name}-weakly", "proper", Local, says, source, weak),
    )


def _neither(name: str, says: str, source: str, premises: Premises) -> tuple[Theorem, Theorem]:
    return (
        Theorem(name, "strictly_proper", Local, says, source, premises, holds=False),
        Theorem(f"{name}-weakly", "proper", Local, says, source, premises, holds=False),
    )


_LOCAL_SCORES = (
    "McCarthy 1956; Shuford, Albert, Massengill 1966; Bernardo 1979: local strictly proper scores; "
    f"{THEORY}: Proper losses of the label's probability"
)

LOGARITHMIC, LOGARITHMIC_WEAKLY = _both(
    "local-logarithmic",
    "f is an affine function of -log p, falling: softmax of the minimiser is p",
    _LOCAL_SCORES,
    _is_logarithmic,
    _is_weakly_logarithmic,
)
TWO_PROPER, TWO_PROPER_WEAKLY = _both(
    "local-proper-two",
    "for two classes p f'(p) is the same at p and 1 - p, and f falls: the minimiser is p",
    _LOCAL_SCORES,
    _is_balanced,
    _is_weakly_balanced,
)
UNBALANCED, UNBALANCED_WEAKLY = _neither(
    "local-unbalanced",
    "p f'(p) differs at a place and at 1 minus it, so a label with these probabilities is served "
    "better by others",
    _LOCAL_SCORES,
    _is_unbalanced,
)
UNBALANCED_FAR, UNBALANCED_FAR_WEAKLY = _neither(
    "local-unbalanced-far-out",
    "p f'(p) tends to different numbers at 0 and at 1, so it differs at some p and 1 - p, and a "
    "label with these probabilities is served better by others",
    _LOCAL_SCORES,
    _is_unbalanced_far_out,
)
NOT_LOGARITHMIC, NOT_LOGARITHMIC_WEAKLY = _neither(
    "local-not-logarithmic",
    "p f'(p) is not constant below 1/2, so some label with three classes is served better by "
    "probabilities that are not its own",
    _LOCAL_SCORES,
    _is_not_logarithmic,
)
TEMPERED, TEMPERED_WEAKLY = _neither(
    "local-tempered",
    "the minimiser at temperature T is T log p, whose softmax is p only for T = 1",
    f"{THEORY}: Proper losses of the label's probability",
    _is_tempered,
)
NOT_FALLING = Theorem(
    "local-not-falling",
    "strictly_proper",
    Local,
    "f does not fall: a label that is certain is served as well by every other probability",
    f"{THEORY}: Proper losses of the label's probability",
    _is_flat,
    holds=False,
)

# ---------------------------------------------------------------- links


@conditions
def _has_link(case: Case) -> Iterator[Premise]:
    """f' < 0 < f'' on (0, 1) and f' goes to -oo at 0, as a limit or at least as a power."""
    f = smooth(case.reading)
    yield sign("f' < 0", f.formula(0, 1), "<", f.where(0))
    yield sign("f'' > 0", f.formula(0, 2), ">", f.where(0))
    yield from steep_at_zero(case)


def _link(case: Case) -> Expr | None:
    """The weights to which the class probabilities are proportional, at q = p."""
    return -1 / smooth(case.reading).formula(0, 1)


@conditions
def _hides_probabilities(case: Case) -> Iterator[Premise]:
    yield from preferring_vertices(case)


def _no_value(case: Case) -> None:
    """It is said whether there is a link, not which."""


COMPOSITE = Theorem(
    "local-composite",
    "proper_composite",
    Local,
    "f falls, is strictly convex and infinitely steep at 0: the minimiser q determines p, whose "
    "entries are proportional to 1 / |f'(q_k)|",
    f"Charoenphakdee, Vongkulbhisal, Chairatanakul, Sugiyama 2021, On Focal Loss (for focal); "
    f"{THEORY}: Links of losses of the label's probability",
    _has_link,
    value=_link,
)
NO_LINK = Theorem(
    "local-no-link",
    "proper_composite",
    Local,
    "with f' bounded and f above a falling chord, all mass on one class is optimal for many p",
    f"{THEORY}: Links of losses of the label's probability",
    _hides_probabilities,
    holds=False,
)

RECOVERABLE = replace(COMPOSITE, name="local-recoverable", property="recoverable", value=_no_value)
NOT_RECOVERABLE = replace(NO_LINK, name="local-not-recoverable", property="recoverable")

# ---------------------------------------------------------------- the sum over labels


@conditions
def _is_affine(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield sign("f'' = 0", f.formula(0, 2), "==", f.where(0))


@conditions
def _is_odd(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield at_most(2, case.reading)
    gap = f.formula(0, 1) - _mirrored(f)
    yield sign("f(p) + f(1 - p) is constant", gap, "==", f.where(0))


@conditions
def _is_uneven(case: Case) -> Iterator[Premise]:
    f, place = smooth(case.reading), case.guess["place"]
    yield from _placed(case, S.One)
    gap = f.at(0, place, 1) - f.at(0, 1 - place, 1)
    yield sign("f(p) + f(1 - p) changes there", gap, "!=", f.region)


@conditions
def _is_curved(case: Case) -> Iterator[Premise]:
    f, place = smooth(case.reading), case.guess["place"]
    yield at_least(3, case.reading)
    yield from _placed(case, HALF)
    yield sign("f is curved there", f.at(0, place, 2), "!=", f.region)


def _sum(case: Case) -> Expr:
    reading = case.reading
    total = reading.classes * substitute(reading.f, {reading.p: 1 / reading.classes})
    return sympy.expand(total)


_GHOSH = "Ghosh, Kumar, Sastry 2017, Robust Loss Functions under Label Noise, theorem 1"

AFFINE = Theorem(
    "local-affine",
    "symmetric",
    Local,
    "f is affine, so the losses of all labels sum to a constant",
    _GHOSH,
    _is_affine,
    value=_sum,
)
ODD = Theorem(
    "local-odd",
    "symmetric",
    Local,
    "f(p) + f(1 - p) is constant: the losses of two labels sum to a constant",
    _GHOSH,
    _is_odd,
    value=_sum,
)
UNEVEN = Theorem(
    "local-uneven",
    "symmetric",
    Local,
    "f(p) + f(1 - p) is not constant, and so neither is the sum over any number of labels",
    f"{_GHOSH}; {THEORY}: Symmetric losses of the label's probability",
    _is_uneven,
    holds=False,
)
CURVED = Theorem(
    "local-curved",
    "symmetric",
    Local,
    "f is not affine below 1/2, so the losses of three or more labels do not sum to a constant",
    f"{_GHOSH}; {THEORY}: Symmetric losses of the label's probability",
    _is_curved,
    holds=False,
)

# ---------------------------------------------------------------- bounds on the 0-1 risk


def _comp_sum(case: Case) -> Iterator[Premise]:
    """f' = -factor p**(order - 2)."""
    f, order, factor = smooth(case.reading), case.guess["order"], case.guess["factor"]
    shape = f.formula(0, 1) + factor * f.variable ** (order - 2)
    yield sign("f' is a power of p", shape, "==", f.where(0))
    yield sign("f falls", factor, ">", f.region)


@conditions
def _is_of_low_order(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is at least 0", case.guess["order"], ">=", case.reading.region)
    yield sign("the order is below 1", case.guess["order"] - 1, "<", case.reading.region)


@conditions
def _is_of_order_one(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is 1", case.guess["order"] - 1, "==", case.reading.region)


@conditions
def _is_of_middle_order(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is above 1", case.guess["order"] - 1, ">", case.reading.region)
    yield sign("the order is below 2", case.guess["order"] - 2, "<", case.reading.region)


@conditions
def _is_of_high_order(case: Case) -> Iterator[Premise]:
    yield from _comp_sum(case)
    yield sign("the order is at least 2", case.guess["order"] - 2, ">=", case.reading.region)


def _power_mean(order: Expr) -> Expr:
    root = 1 / (2 - order)
    return (((1 + T) ** root + (1 - T) ** root) / 2) ** (2 - order)


def _low_order(order: Expr, classes: Expr) -> Expr:
    return 2 ** (1 - order) / (1 - order) * (1 - _power_mean(order))


def _logarithmic(order: Expr, classes: Expr) -> Expr:
    return ((1 + T) * sympy.log(1 + T) + (1 - T) * sympy.log(1 - T)) / 2


def _middle_order(order: Expr, classes: Expr) -> Expr:
    return (_power_mean(order) - 1) / ((order - 1) * classes ** (order - 1))


def _high_order(order: Expr, classes: Expr) -> Expr:
    return T / ((order - 1) * classes ** (order - 1))


def _bounds(
    name: str, transform: Callable[[Expr, Expr], Expr], conditions: Premises
) -> tuple[Theorem, Theorem]:
    """A bound for all score functions of a complete set, and for all measurable ones."""

    def value(case: Case) -> Expr:
        return case.guess["factor"] * transform(case.guess["order"], case.reading.classes)

    says = "a comp-sum loss: T(excess of the 0-1 risk) is at most the excess of the risk"
    source = "Mao, Mohri, Zhong 2023, Cross-Entropy Loss Functions, theorem 3.1"
    complete = f"{says}, each with its minimisability gap, for scores that take all values"
    return (
        Theorem(name, "h_consistent", Local, complete, source, conditions, value=value),
        Theorem(f"{name}-excess", "excess_risk", Local, says, source, conditions, value=value),
    )


LOW_ORDER = _bounds("local-comp-sum-low", _low_order, _is_of_low_order)
ORDER_ONE = _bounds("local-comp-sum-log", _logarithmic, _is_of_order_one)
MIDDLE_ORDER = _bounds("local-comp-sum-middle", _middle_order, _is_of_middle_order)
HIGH_ORDER = _bounds("local-comp-sum-high", _high_order, _is_of_high_order)

LOCAL_PROPER = (
    *(LOGARITHMIC, LOGARITHMIC_WEAKLY, TWO_PROPER, TWO_PROPER_WEAKLY),
    *(UNBALANCED, UNBALANCED_WEAKLY, UNBALANCED_FAR, UNBALANCED_FAR_WEAKLY),
    *(NOT_LOGARITHMIC, NOT_LOGARITHMIC_WEAKLY),
    *(TEMPERED, TEMPERED_WEAKLY, NOT_FALLING),
    *(COMPOSITE, NO_LINK, RECOVERABLE, NOT_RECOVERABLE),
    *(AFFINE, ODD, UNEVEN, CURVED),
    *(*LOW_ORDER, *ORDER_ONE, *MIDDLE_ORDER, *HIGH_ORDER),
)
