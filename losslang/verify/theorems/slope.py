"""Slope and curvature along one real input: Lipschitz, smooth, differentiable, monotone."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from losslang.verify.readings import Curve, Margin
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.along import (
    ALONG,
    CALCULUS,
    LINEAR,
    along,
    curve_of,
    guessed,
    jumps,
    kink,
    pinned,
    settled_along,
    unbounded,
    uniform,
)
from losslang.verify.theorems.pieces import Pieces, Silent, number, place
from losslang.verify.theorems.premises import (
    Premises,
    continuous,
    either_sign,
    everywhere,
    inside,
    premises,
    sign,
    supremum,
    tends,
)


@premises()
def _lipschitz(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from supremum(
        p,
        "the slope's size is at most L",
        either_sign(lambda n: p.formula(n, 1)),
        uniform(case, "value"),
        case.guess,
    )
    yield from continuous(p)


@premises()
def _smooth(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from supremum(
        p,
        "the curvature's size is at most beta",
        either_sign(lambda n: p.formula(n, 2)),
        uniform(case, "value"),
        case.guess,
    )
    yield from continuous(p)
    yield from continuous(p, 1)


LIPSCHITZ = (
    Theorem(
        "lipschitz-by-pieces",
        "lipschitz",
        ALONG,
        "A continuous function is Lipschitz with constant L, and with no smaller one, if L is the "
        "supremum of |f'| between its kinks.",
        "the mean value theorem",
        _lipschitz,
        value=guessed("value"),
    ),
    Theorem(
        "slope-unbounded",
        "lipschitz",
        ALONG,
        "A function whose slope is unbounded is not Lipschitz.",
        "the mean value theorem",
        unbounded(1),
        holds=False,
    ),
    Theorem(
        "jump-so-not-lipschitz",
        "lipschitz",
        ALONG,
        "A function that jumps is not Lipschitz.",
        "a Lipschitz function is continuous",
        jumps,
        holds=False,
    ),
)
SMOOTH = (
    Theorem(
        "smooth-by-pieces",
        "smooth",
        ALONG,
        "A function with a continuous derivative is beta-smooth, and for no smaller beta, if beta "
        "is the supremum of |f''| between its joints.",
        "the mean value theorem, applied to the derivative",
        _smooth,
        value=guessed("value"),
    ),
    Theorem(
        "kink-so-not-smooth",
        "smooth",
        ALONG,
        "A function whose slope jumps has no Lipschitz derivative.",
        CALCULUS,
        kink,
        holds=False,
    ),
    Theorem(
        "curvature-unbounded",
        "smooth",
        ALONG,
        "A function whose second derivative is unbounded has no Lipschitz derivative.",
        "the mean value theorem, applied to the derivative",
        unbounded(2),
        holds=False,
    ),
    Theorem(
        "jump-so-not-smooth",
        "smooth",
        ALONG,
        "A function that jumps has no derivative there.",
        CALCULUS,
        jumps,
        holds=False,
    ),
)


@premises()
def _differentiable(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from continuous(p)
    yield from continuous(p, 1)


@premises()
def _vertical(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, value = settled_along(case), case.guess["value"]
    n = number(case.guess, "joint", len(p) - 1)
    if not value.is_infinite:
        raise Silent
    yield tends(p, f"the slope at {p.joints[n]} is infinite", p.formula(n, 1), n, False, value)


DIFFERENTIABLE = (
    Theorem(
        "differentiable-by-pieces",
        "differentiable",
        LINEAR,
        "A continuous function is differentiable if its slopes on both sides of each joint agree.",
        CALCULUS,
        _differentiable,
    ),
    Theorem(
        "kink-so-not-differentiable",
        "differentiable",
        LINEAR,
        "A function with different slopes on the two sides of a point has no derivative there.",
        CALCULUS,
        kink,
        holds=False,
    ),
    Theorem(
        "jump-so-not-differentiable",
        "differentiable",
        LINEAR,
        "A function that jumps has no derivative there.",
        CALCULUS,
        jumps,
        holds=False,
    ),
    Theorem(
        "vertical-so-not-differentiable",
        "differentiable",
        LINEAR,
        "A function whose slope tends to infinity at a point has no derivative there.",
        CALCULUS,
        _vertical,
        holds=False,
    ),
)


NONINCREASING, NONDECREASING = sympy.symbols("nonincreasing nondecreasing", real=True)


def monotonicity(p: Pieces, rising: bool, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` is continuous and never falls (never rises)."""
    relation, word = (">=", "negative") if rising else ("<=", "positive")
    yield from everywhere(p, f"the slope is not {word}", lambda n: p.formula(n, 1, k), relation)  # type: ignore[arg-type]
    yield from continuous(p, 0, k)


def _monotone(rising: bool) -> Premises:
    @premises()
    def build(case: Case) -> Iterator[Premise]:
        if curve_of(case).case:
            raise Silent
        yield from monotonicity(along(case), rising)

    return build


@premises()
def _turns(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = settled_along(case)
    if curve_of(case).case:
        raise Silent
    for word, relation in (("rise", ">"), ("fall", "<")):
        n, point = number(case.guess, f"{word} piece", len(p)), case.guess[f"{word} at"]
        yield from inside(p, n, point)
        yield sign(f"the function {word}s at {point}", p.at(n, point, 1), relation, p.region)  # type: ignore[arg-type]


@premises()
def _rises(case: Case) -> Iterator[Premise]:
    p = along(case)
    n, point = place(case.guess, p)
    yield from inside(p, n, point)
    yield sign(f"the function rises at {point}", p.at(n, point, 1), ">", p.region)


MONOTONE = (
    Theorem(
        "rises-with-the-margin",
        "monotone",
        Margin,
        "A margin loss that rises at some margin does not only reward larger ones.",
        "the definition",
        _rises,
        holds=False,
    ),
    Theorem(
        "never-rises",
        "monotone",
        ALONG,
        "A continuous function whose slope is nowhere positive never rises.",
        "the mean value theorem",
        _monotone(False),
        value=lambda _: NONINCREASING,
    ),
    Theorem(
        "never-falls",
        "monotone",
        Curve,
        "A continuous function whose slope is nowhere negative never falls.",
        "the mean value theorem",
        _monotone(True),
        value=lambda _: NONDECREASING,
    ),
    Theorem(
        "rises-and-falls",
        "monotone",
        Curve,
        "A function that rises at one point and falls at another is not monotone.",
        "the definition",
        _turns,
        holds=False,
    ),
)
