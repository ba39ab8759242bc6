"""Sums over the other classes of a convex phi(z_y - z_k): order of the classes, and ties.

Sources beside the proofs in docs/design/theory.md: Zhang 2004, Statistical Analysis of Some
Multi-Category Large Margin Classification Methods; Wang and Scott 2020, Weston-Watkins Hinge Loss
and Ordered Partitions.
"""

from __future__ import annotations

from collections.abc import Iterator

from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.convexity import convexity
from losslang.verify.theorems.local_parts import THEORY, at_least, at_most
from losslang.verify.theorems.multiclass import falls_at_zero, pairwise
from losslang.verify.theorems.pieces import jump, number
from losslang.verify.theorems.premises import everywhere, premises, sign


@premises()
def _is_ordered(case: Case) -> Iterator[Premise]:
    phi, floor = pairwise(case.reading), case.guess["floor"]
    yield from convexity(phi)
    for n in range(len(phi.joints)):
        yield sign("phi is differentiable", jump(phi, n), "==", phi.region)
    yield from everywhere(phi, "phi' <= 0", lambda n: phi.formula(n, 1), "<=")
    yield from falls_at_zero(case, phi)
    yield from everywhere(phi, "phi is bounded below", lambda n: phi.formula(n) - floor, ">=")


@premises()
def _is_margin(case: Case) -> Iterator[Premise]:
    yield at_most(2, case.reading)
    phi = pairwise(case.reading)
    yield from convexity(phi)
    yield from falls_at_zero(case, phi)


@premises()
def _has_kink(case: Case) -> Iterator[Premise]:
    """phi is convex, and falls up to a kink at a positive difference."""
    yield at_least(3, case.reading)
    phi = pairwise(case.reading)
    n = number(case.guess, "joint", len(phi) - 1)
    yield from convexity(phi)
    yield sign("the kink is right of 0", phi.joints[n], ">", phi.region)
    yield sign("phi falls before the kink", phi.at(n, phi.joints[n], 1), "<", phi.region)
    yield sign("the slope jumps", jump(phi, n), ">", phi.region)


_BOTH = (("order", "order_preserving"), ("calibrated", "calibrated"))

ORDER = Theorem(
    "pairwise-convex-order",
    "order_preserving",
    Multiclass,
    "a sum over the other classes of phi(z_y - z_k), phi convex, differentiable, not rising, "
    "bounded below, with phi'(0) < 0: where the risk is least, the probability of a class rises "
    "with its score",
    f"{THEORY}: Order in pairwise sums",
    _is_ordered,
)
OF_TWO = tuple(
    Theorem(
        f"pairwise-two-{word}",
        prop,
        Multiclass,
        "for two classes, a convex margin loss phi(z_y - z_k) with phi'(0) < 0",
        "Bartlett, Jordan, McAuliffe 2006, Convexity, Classification, and Risk Bounds, theorem 2",
        _is_margin,
    )
    for word, prop in _BOTH
)
KINK = tuple(
    Theorem(
        f"pairwise-kink-{word}",
        prop,
        Multiclass,
        "a sum over the other classes of phi(z_y - z_k), phi convex with a kink at c > 0 up to "
        "which it falls: for three or more classes, two of which are almost equally likely, the "
        "scores (c, c, 0, ..., 0) are best",
        f"Wang, Scott 2020, Weston-Watkins Hinge Loss; {THEORY}: Kinks in pairwise sums",
        _has_kink,
        holds=False,
    )
    for word, prop in _BOTH
)

THEOREMS = (ORDER, *OF_TWO, *KINK)
