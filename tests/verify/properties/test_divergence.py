"""Divergences between distributions.

Oracles: Csiszar 1967 and Vajda 1972 for the named ones (reg-092 ... reg-120), and divergences of
random distributions in double precision.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational, S

from losslang.verify.evaluate import compile_tape
from losslang.verify.readings import Divergence
from losslang.verify.statement import Bounds
from losslang.verify.witnesses import replays
from tests.sampling import some
from tests.verify.properties.deciding import ask, decide, reading, same


def divergence(term: str, hyper: str = "") -> str:
    """A program that sums a term over the classes."""
    return (
        f"loss divergence(p: simplex[class], q: simplex[class]{hyper}) =\n"
        f"    sum({term} for k in class)"
    )


KL = divergence("xlogy(p[k], p[k] / q[k])")
REVERSE_KL = divergence("q[k] * log(q[k] / p[k])")
JS = divergence("(p[k] * log(2 * p[k] / (p[k] + q[k])) + q[k] * log(2 * q[k] / (p[k] + q[k]))) / 2")
PEARSON = divergence("(p[k] - q[k])**2 / q[k]")
NEYMAN = divergence("(p[k] - q[k])**2 / p[k]")
HELLINGER = divergence("(sqrt(p[k]) - sqrt(q[k]))**2")
LE_CAM = divergence("(p[k] - q[k])**2 / (p[k] + q[k])")
VARIATION = divergence("abs(p[k] - q[k]) / 2")
ALPHA = divergence("(p[k]**a * q[k]**(1 - a) - q[k]) / (a * (a - 1))", ", *, a: real in (0, 1)")
STEEP = divergence("(p[k]**a * q[k]**(1 - a) - q[k]) / (a * (a - 1))", ", *, a: real > 1")
WAVE = divergence("q[k] * sin(p[k] / q[k])")
NAMED = (KL, REVERSE_KL, JS, PEARSON, NEYMAN, HELLINGER, LE_CAM, VARIATION, ALPHA, STEEP)


@pytest.mark.parametrize("program", NAMED)
def test_named_divergences_are_valid_and_jointly_convex(program):
    for name in ("f_divergence", "nonnegative", "jointly_convex"):
        assert ask(program, name, Divergence).holds, name


def test_a_wave_is_no_divergence():
    assert ask(WAVE, "f_divergence", Divergence).holds is False
    assert ask(WAVE, "jointly_convex", Divergence).holds is False


@pytest.mark.parametrize(
    ("program", "supremum"),
    [(JS, "log(2)"), (HELLINGER, "2"), (LE_CAM, "2"), (VARIATION, "1"), (ALPHA, "1/(a*(1 - a))")],
)
def test_bounded_by_the_value_at_disjoint_distributions(program, supremum):
    found = ask(program, "bounded", Divergence)
    assert found.holds
    assert same(found.value, supremum, a=(0.5, 0.3))


@pytest.mark.parametrize("program", [KL, REVERSE_KL, PEARSON, NEYMAN])
def test_others_are_unbounded(program):
    assert ask(program, "bounded", Divergence).holds is False


@pytest.mark.parametrize("program", [JS, HELLINGER, LE_CAM, VARIATION])
def test_symmetric_ones(program):
    assert ask(program, "symmetric", Divergence).holds


@pytest.mark.parametrize("program", [KL, REVERSE_KL, PEARSON, NEYMAN])
def test_asymmetry_is_witnessed_by_two_distributions(program):
    found = ask(program, "symmetric", Divergence)
    assert found.holds is False
    assert found.witness is not None
    assert replays(found.witness)


@pytest.mark.parametrize(("low", "high"), [(0, "1/2"), ("1/2", 1)])
def test_alpha_divergences_are_symmetric_at_one_half_alone(low, high):
    whole = reading(ALPHA, Divergence)
    a = next(s for s in whole.region.symbols if s.name == "a")
    half = whole.within(whole.region.having(a, Bounds(Rational(low), Rational(high))))
    assert decide(half, "symmetric").holds is False
    assert ask(ALPHA, "symmetric", Divergence, a=0.5).holds


@pytest.mark.parametrize(
    ("program", "holds"),
    [(KL, True), (REVERSE_KL, True), (PEARSON, False), (HELLINGER, False), (VARIATION, False)],
)
def test_kullback_leibler_alone_is_a_bregman_divergence(program, holds):
    assert ask(program, "bregman", Divergence).holds is holds


@settings(max_examples=some(40), deadline=None)
@given(
    st.sampled_from([JS, HELLINGER, LE_CAM, VARIATION]),
    st.floats(1e-6, 1 - 1e-6),
    st.floats(1e-6, 1 - 1e-6),
)
def test_random_distributions_keep_the_bound_and_the_symmetry(program, p, q):
    known = reading(program, Divergence)
    tape = compile_tape(known.f, (known.t,))

    def value(p: float, q: float) -> float:
        return math.fsum(b * tape.float([a / b]) for a, b in ((p, q), (1 - p, 1 - q)))

    bound = ask(program, "bounded", Divergence).value
    assert bound is not None
    assert -1e-9 <= value(p, q) <= float(bound) + 1e-9
    assert value(p, q) == pytest.approx(value(q, p), abs=1e-9)


def test_range_starts_at_equal_distributions():
    found = ask(HELLINGER, "range", Divergence)
    assert found.value is not None
    assert (found.value.start, found.value.end) == (S.Zero, S(2))
