"""Losses of differences between the label's logit and others: pairwise sums, and the worst pair.

L_p(z) = sum_k p_k l_k(z). The difference from the label's logit to another is m = z_y - z_k.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import Binder, free_indices, substitute, walk
from losslang.ir.heads import At, Index
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta, Not
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.statement import LINE, Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.convexity import convexity
from losslang.verify.theorems.local_parts import THEORY, at_least, at_most
from losslang.verify.theorems.norms import dual_norm
from losslang.verify.theorems.pieces import Pieces, Silent, jump, known_pieces, number
from losslang.verify.theorems.premises import (
    continuous,
    either_sign,
    everywhere,
    floored,
    inside,
    premises,
    sign,
    supremum,
    tends,
)


def _unread(expr: Expr) -> Expr:
    """A formula of scalars alone. Raises :class:`Silent`."""
    if free_indices(expr) or any(isinstance(e, At | Index | Binder | Ordered) for e in walk(expr)):
        raise Silent
    return expr


def _along(reading: Multiclass, formula: Expr) -> Pieces:
    """A formula of the difference ``m`` on the whole line."""
    return known_pieces(reading.region, reading.region.fresh("m"), LINE, formula)


def _only_difference(formula: Expr, own: sympy.Symbol, m: sympy.Symbol) -> Expr:
    """A formula of the label's logit and of another, which is own - m, if only m matters."""
    found = _unread(formula)
    if own in found.free_symbols:
        found = sympy.expand(found)
    if own in found.free_symbols:
        raise Silent
    return found


def pairwise(reading: Multiclass) -> Pieces:
    """phi where the loss is the sum over k != y of phi(z_y - z_k)."""
    weight, body = reading.body.as_coeff_Mul()
    if not isinstance(body, Reduce) or body.op != "sum" or len(body.binders) != 1:
        raise Silent
    (k,), guard, inner = body.open()
    label = reading.reads.label
    if guard != Not(Delta(label, k)):
        raise Silent
    m, own = reading.region.fresh("m"), sympy.Dummy("own", real=True)
    inner = substitute(inner, {reading.reads.entry(label): own, reading.reads.entry(k): own - m})
    return _along(reading, weight * _only_difference(inner, own, m))


def worst(reading: Multiclass) -> Pieces:
    """phi where the loss is phi(z_y - max over k != y of z_k)."""
    label, reads = reading.reads.label, reading.reads
    tops = [e for e in walk(reading.body) if isinstance(e, Reduce)]
    if len(tops) != 1 or tops[0].op != "max" or len(tops[0].binders) != 1:
        raise Silent
    (k,), guard, inner = tops[0].open()
    if guard != Not(Delta(label, k)) or inner != reads.entry(k):
        raise Silent
    m, own = reading.region.fresh("m"), sympy.Dummy("own", real=True)
    body = substitute(reading.body, {tops[0]: own - m})
    return _along(reading, _only_difference(substitute(body, {reads.entry(label): own}), own, m))


# ---------------------------------------------------------------- what is asked of phi


def _not_rising(phi: Pieces) -> Iterator[Premise]:
    yield from everywhere(phi, "phi' <= 0", lambda n: phi.formula(n, 1), "<=")


def falls_at_zero(case: Case, phi: Pieces) -> Iterator[Premise]:
    """The slope of phi at 0, which lies in the guessed piece, is negative."""
    piece = number(case.guess, "piece", len(phi))
    yield from inside(phi, piece, S.Zero)
    yield sign("phi'(0) < 0", phi.at(piece, S.Zero, 1), "<", phi.region)


# ---------------------------------------------------------------- pairwise sums


@premises()
def _is_convex_pairwise(case: Case) -> Iterator[Premise]:
    phi = pairwise(case.reading)
    yield from convexity(phi)
    for n in range(len(phi.joints)):
        yield sign("phi is differentiable", jump(phi, n), "==", phi.region)
    yield from _not_rising(phi)
    yield from falls_at_zero(case, phi)
    yield from floored(phi, case.guess["floor"])


def _odd(phi: Pieces) -> Iterator[Premise]:
    m = phi.variable
    total = phi.functions[0] + substitute(phi.functions[0], {m: -m})
    constant = 2 * phi.value(S.Zero)
    yield sign("phi(m) + phi(-m) is constant", total - constant, "==", phi.region.having(m, LINE))


@premises()
def _is_odd_pairwise(case: Case) -> Iterator[Premise]:
    phi = pairwise(case.reading)
    yield from _odd(phi)
    yield from continuous(phi)
    yield from _not_rising(phi)
    yield from falls_at_zero(case, phi)
    yield from floored(phi, case.guess["floor"])


@premises()
def _is_symmetric_pairwise(case: Case) -> Iterator[Premise]:
    yield from _odd(pairwise(case.reading))


def _pair_sum(case: Case) -> Expr:
    count = case.reading.classes * (case.reading.classes - 1)
    return count * pairwise(case.reading).value(S.Zero)


@premises()
def _is_convex_sum(case: Case) -> Iterator[Premise]:
    yield from convexity(pairwise(case.reading))


PAIRWISE_CONVEX = Theorem(
    "pairwise-convex",
    "calibrated",
    Multiclass,
    "a sum over the other classes of phi(z_y - z_k), phi convex, differentiable, not rising, "
    "bounded below, with phi'(0) < 0",
    "Zhang 2004, Statistical Analysis of Some Multi-Category Large Margin Classification Methods, "
    "theorem 5",
    _is_convex_pairwise,
)
PAIRWISE_ODD = tuple(
    Theorem(
        f"pairwise-odd-{word}",
        prop,
        Multiclass,
        "a sum over the other classes of phi(z_y - z_k), phi falling and bounded, phi(m) + phi(-m) "
        "constant: scores far apart in the right order are best for all pairs at once",
        f"{THEORY}: Pairwise sums",
        _is_odd_pairwise,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
PAIRWISE_SYMMETRIC = Theorem(
    "pairwise-symmetric",
    "symmetric",
    Multiclass,
    "each pair of classes adds phi(m) + phi(-m), a constant, to the sum over the labels",
    f"{THEORY}: Pairwise sums",
    _is_symmetric_pairwise,
    value=_pair_sum,
)
PAIRWISE_SHAPE = Theorem(
    "pairwise-shape-convex",
    "convex",
    Multiclass,
    "a sum of convex functions of differences",
    "definition",
    _is_convex_sum,
)

# ---------------------------------------------------------------- the worst pair


@premises()
def _is_margin_of_two(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    phi = worst(case.reading)
    yield from convexity(phi)
    yield from falls_at_zero(case, phi)


@premises()
def _is_convex_worst(case: Case) -> Iterator[Premise]:
    yield at_least(3, case.reading)
    phi = worst(case.reading)
    yield from convexity(phi)
    yield from _not_rising(phi)
    yield from falls_at_zero(case, phi)


@premises()
def _is_truncated_worst(case: Case) -> Iterator[Premise]:
    """phi is constant up to 0, never rises, and is lower somewhere."""
    phi, region = worst(case.reading), case.reading.region
    m, place = phi.variable, case.guess["place"]
    low = known_pieces(region, m, Bounds(high=S.Zero, high_closed=True), phi.functions[0])
    yield from everywhere(low, "phi is constant up to 0", lambda n: low.formula(n, 1), "==")
    yield from continuous(low)
    yield from _not_rising(phi)
    yield from continuous(phi)
    lower = phi.value(place) - phi.value(S.Zero)
    yield sign("phi is lower at the place", lower, "<", region)
    yield from floored(phi, case.guess["floor"])


@premises()
def _is_convex_margin(case: Case) -> Iterator[Premise]:
    phi = worst(case.reading)
    yield from convexity(phi)
    yield from _not_rising(phi)


@premises()
def _is_lipschitz_margin(case: Case) -> Iterator[Premise]:
    phi, most = worst(case.reading), case.guess["most"]
    dual_norm(case)
    slopes = either_sign(lambda n: phi.formula(n, 1))
    yield from supremum(phi, "|phi'| <= c", slopes, most, case.guess)
    yield from continuous(phi)


@premises()
def _is_unbounded(case: Case) -> Iterator[Premise]:
    phi = worst(case.reading)
    last = len(phi) - 1
    low = case.guess["end"] == S.NegativeInfinity
    n = 0 if low else last
    if not case.guess["value"].is_infinite:
        raise Silent
    yield tends(phi, "phi is unbounded", phi.formula(n), n, low, case.guess["value"])


@premises()
def _is_nonnegative(case: Case) -> Iterator[Premise]:
    phi = worst(case.reading)
    yield from everywhere(phi, "phi >= 0", phi.formula, ">=")
    yield from continuous(phi)


_WORST = f"{THEORY}: The worst pair"

WORST_OF_TWO = tuple(
    Theorem(
        f"worst-pair-two-{word}",
        prop,
        Multiclass,
        "for two classes, a convex margin loss phi(z_y - z_k) with phi'(0) < 0",
        "Bartlett, Jordan, McAuliffe 2006, Convexity, Classification, and Risk Bounds, theorem 2",
        _is_margin_of_two,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
WORST_CONVEX = tuple(
    Theorem(
        f"worst-pair-convex-{word}",
        prop,
        Multiclass,
        "phi(z_y - max of the other logits), phi convex and not rising: for three or more classes "
        "none of which has probability above 1/2, z = 0 is optimal",
        f"Zhang 2004; Tewari, Bartlett 2007; {_WORST}",
        _is_convex_worst,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
WORST_TRUNCATED = Theorem(
    "worst-pair-truncated",
    "calibrated",
    Multiclass,
    "phi(z_y - max of the other logits), phi not rising, bounded, constant up to 0 and lower "
    "beyond: only the class in front pays less, so the likeliest should be there",
    f"Awasthi, Mao, Mohri, Zhong 2022, Multi-Class H-Consistency Bounds, max losses; {_WORST}",
    _is_truncated_worst,
)
WORST_SHAPE = Theorem(
    "worst-pair-shape-convex",
    "convex",
    Multiclass,
    "a convex function that does not rise, of a concave one",
    "definition",
    _is_convex_margin,
)
WORST_LIPSCHITZ = Theorem(
    "worst-pair-lipschitz",
    "lipschitz",
    Multiclass,
    "c is the supremum of |phi'|, and the margin changes by a difference of two logits",
    "definition",
    _is_lipschitz_margin,
    value=lambda case: dual_norm(case) * case.guess["most"],
)
WORST_UNBOUNDED = Theorem(
    "worst-pair-unbounded",
    "bounded",
    Multiclass,
    "phi is infinite at an end",
    "definition",
    _is_unbounded,
    holds=False,
)
WORST_NONNEGATIVE = Theorem(
    "worst-pair-nonnegative", "nonnegative", Multiclass, "phi >= 0", "definition", _is_nonnegative
)

MULTICLASS = (
    *(PAIRWISE_CONVEX, *PAIRWISE_ODD, PAIRWISE_SYMMETRIC, PAIRWISE_SHAPE),
    *(*WORST_OF_TWO, *WORST_CONVEX, WORST_TRUNCATED),
    *(WORST_SHAPE, WORST_LIPSCHITZ, WORST_UNBOUNDED, WORST_NONNEGATIVE),
)
