"""What follows from inequalities: never more than is true, and all that a guard is written for."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer

from losslang.ir.heads import ONE, Axis, Index, Size
from losslang.ir.inside import implied, inside
from losslang.ir.loss import Domain
from losslang.ir.primitives import Apply
from losslang.ir.truth import And, Delta, Less, LessEqual
from tests.sampling import some

TIME = Axis("time")
SIZE = Size(TIME)
N = sympy.Symbol("n", integer=True)
DOMAINS = {"n": Domain(Fraction(1))}
t, s = Index("t", TIME), Index("s", TIME)
a = Index("a", Axis("range(n)", N))
half = Index("k", Axis("half", Apply("floor", SIZE / 2)))
fewer = Index("f", Axis("fewer", SIZE - 10))
place = Index("b", Axis("11", Integer(11)))

INSIDE = {
    "the guard says it": (t + 1, Less(t + 1, SIZE)),
    "a step back": (t - 1, Less(Integer(0), t)),
    "the last of a window": (t + a, LessEqual(t + N, SIZE)),
    "a centred window": (t + place - 5, And(LessEqual(Integer(5), t), Less(t + 5, SIZE))),
    "a stride": (2 * t, Less(2 * t, SIZE)),
    "both of a pair": (2 * half + 1, ONE),
    "a shorter range": (fewer + place, ONE),
    "from the end": (SIZE - 1 - t, ONE),
    "between two others": (t, And(LessEqual(s, t), Less(t, SIZE))),
    "equal to one inside": (2 * s - t, Delta(s, t)),
    "the whole part": (Apply("floor", t / 2), ONE),
}
NOT_SHOWN = {
    "a step on": (t + 1, ONE),
    "a step back": (t - 1, ONE),
    "one too many": (t + a, LessEqual(t + N, SIZE + 1)),
    "the other of a pair": (2 * t + 1, Less(2 * t, SIZE)),
    "behind the end": (SIZE - t, ONE),
    "a longer range": (fewer + place + 1, ONE),
}


@pytest.mark.parametrize("case", INSIDE)
def test_what_keeps_an_index_inside_is_seen(case: str) -> None:
    index, known = INSIDE[case]
    assert inside(index, TIME, known, DOMAINS)


@pytest.mark.parametrize("case", NOT_SHOWN)
def test_an_index_that_may_be_outside_is_not_shown(case: str) -> None:
    index, known = NOT_SHOWN[case]
    assert not inside(index, TIME, known, DOMAINS)


def test_a_domain_counts() -> None:
    assert implied(N - 1, ONE, DOMAINS)
    assert not implied(N - 1, ONE)


FACTORS = st.integers(-3, 3)
LINEAR = st.builds(
    lambda i, j, m, c: i * t + j * s + m * SIZE + c, FACTORS, FACTORS, FACTORS, FACTORS
)


@settings(max_examples=some(200), deadline=None)
@given(LINEAR, st.lists(LINEAR, max_size=3))
def test_what_is_implied_holds_at_every_place(wanted: Expr, known: list[Expr]) -> None:
    """Against every pair of places of arrays up to five long."""
    if not implied(wanted, And(*(LessEqual(Integer(0), sympy.sympify(e)) for e in known))):
        return
    for size in range(1, 6):
        for here, there in product(range(size), repeat=2):
            at = {t: here, s: there, SIZE: size}
            values = [sympy.sympify(e).xreplace(at) for e in (wanted, *known)]
            assert values[0] >= 0 or any(v < 0 for v in values[1:])
