"""What minimisers tell of probabilities, and sums over labels, for losses f(softmax(scale z)[y]).

Notation as in :mod:`losslang.verify.theorems.local`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Expr, S

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
from losslang.verify.theorems.pieces import Pieces, Silent, defined
from losslang.verify.theorems.premises import Premises, continuous, everywhere, sign, tends


def mirrored(f: Pieces, n: int = 1) -> Expr:
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
    balance = p * f.formula(0, 1) - (1 - p) * mirrored(f)
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


def placed(case: Case, high: Expr) -> Iterator[Premise]:
    """The guessed ``place`` lies between 0 and a number."""
    place, region = case.guess["place"], case.reading.region
    yield sign("the place is above 0", place, ">", region)
    yield sign(f"the place is below {high}", place - high, "<", region)


@conditions
def _is_unbalanced(case: Case) -> Iterator[Premise]:
    """Minimisers for p on two classes are not p: at a place, for every number of classes."""
    f, place = smooth(case.reading), case.guess["place"]
    yield from placed(case, S.One)
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
    yield from placed(case, HALF)
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

THEOREMS = (
    *(LOGARITHMIC, LOGARITHMIC_WEAKLY, TWO_PROPER, TWO_PROPER_WEAKLY),
    *(UNBALANCED, UNBALANCED_WEAKLY, UNBALANCED_FAR, UNBALANCED_FAR_WEAKLY),
    *(NOT_LOGARITHMIC, NOT_LOGARITHMIC_WEAKLY, TEMPERED, TEMPERED_WEAKLY, NOT_FALLING),
    *(COMPOSITE, NO_LINK, RECOVERABLE, NOT_RECOVERABLE),
)
