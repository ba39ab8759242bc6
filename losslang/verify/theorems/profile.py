"""What one class in front of others that are alike shows of a multi-class loss, for K classes."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.readings.instance import Unknown
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.readings.profile import Profile, profiles
from losslang.verify.readings.score import Score
from losslang.verify.statement import UNIT
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.pieces import Silent, defined, known_pieces, one_piece
from losslang.verify.theorems.premises import premises, sign


def along(case: Case) -> tuple[tuple[Profile, ...], sympy.Symbol, sympy.Symbol]:
    """The profiles of a loss, and the symbols of the values of the front and of the others."""
    region = case.reading.region
    positive = {"positive": True} if isinstance(case.reading, Score) else {}
    own, other = region.fresh("own", **positive), region.fresh("other", **positive)
    try:
        return profiles(case.reading, own, other), own, other
    except (Unknown, ValueError):
        raise Silent from None


def _number(case: Case, name: str, of_simplex: bool) -> Expr:
    """A guessed rational value, between 0 and 1 for a probability."""
    value = case.guess[name]
    if not value.is_Rational or (of_simplex and not 0 < value < 1):
        raise Silent
    return value


def _total(case: Case, profile: Profile, which: str) -> Expr:
    """The sum over the labels of the losses where the guess says."""
    _, own, other = along(case)
    simplex = isinstance(case.reading, Score)
    front = _number(case, f"own {which}", simplex)
    rest = (
        (1 - front) / (profile.classes - 1) if simplex else _number(case, f"other {which}", False)
    )
    rule = {own: front, other: rest}
    of_front, of_others = (defined(e, rule) for e in (profile.front, profile.others))
    return of_front + (profile.classes - 1) * of_others


def _collected(expr: Expr) -> Expr:
    """The same number, with the terms that are quotients of polynomials put together."""
    terms = sympy.Add.make_args(sympy.expand(expr))
    plain = [term for term in terms if term.is_rational_function()]
    others = [term for term in terms if not term.is_rational_function()]
    return sympy.Add(sympy.cancel(sympy.Add(*plain)), *others)


@premises()
def _is_uneven(case: Case) -> Iterator[Premise]:
    found, _, _ = along(case)
    for profile in found:
        gap = _collected(_total(case, profile, "1") - _total(case, profile, "2"))
        yield sign(f"the sums differ for {profile.classes} classes", gap, "!=", profile.region)


@premises()
def _is_not_stationary(case: Case) -> Iterator[Premise]:
    """The expected loss changes as the front's probability moves away from the true one."""
    if case.reading.scale != 1:
        raise Silent
    found, own, other = along(case)
    true = _number(case, "own", True)
    for profile in found:
        rest = (1 - own) / (profile.classes - 1)
        front, others = (substitute(e, {other: rest}) for e in (profile.front, profile.others))
        expected = true * front + (1 - true) * others
        smooth = one_piece(known_pieces(profile.region, own, UNIT, expected))
        label = f"the expected loss is not stationary for {profile.classes} classes"
        yield sign(label, smooth.at(0, true, 1), "!=", profile.region)


NOT_SYMMETRIC = Theorem(
    "profile-sums-differ",
    "symmetric",
    (Multiclass, Score),
    "the losses of all labels do not add up to the same for one class in front by two distances",
    "the definition",
    _is_uneven,
    holds=False,
)
NOT_PROPER = tuple(
    Theorem(
        f"profile-not-stationary-{prop}",
        prop,
        Score,
        "for one likely class and others alike, the expected loss is not stationary at the true "
        "probabilities",
        "the definition: a minimiser inside the simplex is stationary",
        _is_not_stationary,
        holds=False,
    )
    for prop in ("proper", "strictly_proper")
)

THEOREMS = (NOT_SYMMETRIC, *NOT_PROPER)
