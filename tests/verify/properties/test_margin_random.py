"""Random margin losses: no verdict on calibration contradicts a grid of label odds and scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Expr, Rational, S

from losslang.ir.heads import Max, Min
from losslang.verify.readings import Margin
from losslang.verify.statement import Region
from tests.sampling import some
from tests.verify.properties.deciding import decide

M = sympy.Symbol("m", real=True)
ETAS = np.array([0.5005, 0.51, 0.55, 0.6, 0.7, 0.8, 0.9, 0.97, 1.0])
SCORES = np.unique(
    np.concatenate([np.linspace(0, 8, 1601), np.geomspace(1e-5, 0.1, 200), [12.0, 20.0, 50.0]])
)
CLEAR, DEEP = 1e-5, -8.0
"""Gaps below this are left open by the grid."""

slopes = st.integers(-6, 3).map(lambda n: Rational(n, 2))
kinks = st.lists(st.integers(-8, 8).map(lambda n: Rational(n, 4)), max_size=3, unique=True)


@st.composite
def piecewise_linear(draw: st.DrawFn) -> Expr:
    """A continuous piecewise linear function with up to three kinks and bounded below."""
    formula: Expr = draw(slopes) * M
    for kink in draw(kinks):
        formula += draw(slopes) * Max(S.Zero, M - kink)
    if draw(st.booleans()):
        return Max(S(-3), formula)
    return Min(S(2), Max(S(-1), formula))


@st.composite
def smooth(draw: st.DrawFn) -> Expr:
    """A combination of smooth losses of several shapes."""
    shapes = (
        sympy.log(1 + sympy.exp(-M)),
        sympy.exp(-M),
        1 / (1 + sympy.exp(M)),
        1 / (1 + sympy.exp(2 * M)) ** 2,
        (1 - M) ** 2,
        M**2,
        M,
    )
    chosen = draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=2, unique=True))
    weights = st.integers(-1, 3).filter(bool)
    return sympy.Add(*(draw(weights) * shape for shape in chosen))


def grid_verdict(phi: Expr) -> bool | None:
    """Whether the grid shows calibration, or its failure; ``None`` where it is too close to call.

    The cost of the best wrong score less that of the best right one is looked at for every eta. A
    grid cannot tell what becomes of losses that sink without bound.
    """
    function = _numeric(phi)
    right, left = function(SCORES), function(-SCORES)
    gaps = []
    for eta in ETAS:
        wrong = np.min(eta * left + (1 - eta) * right)
        good = np.min((eta * right + (1 - eta) * left)[1:])
        if min(wrong, good) < DEEP:
            return None
        gaps.append(wrong - good)
    if min(gaps) < -CLEAR:
        return False
    return None if min(gaps) < CLEAR else True


def _numeric(phi: Expr) -> Callable[[np.ndarray], np.ndarray]:
    plain = phi.replace(Max, sympy.Max).replace(Min, sympy.Min)
    compiled = sympy.lambdify(M, plain, "numpy")
    return lambda x: np.asarray(compiled(x) + 0.0 * x, dtype=float)


def agrees(phi: Expr) -> None:
    """The verdict on a loss does not contradict the grid."""
    if M not in phi.free_symbols:
        return
    found = decide(Margin(Region(), phi, M, "score"), "calibrated").holds
    seen = grid_verdict(phi)
    assert not (found is True and seen is False)
    assert not (found is False and seen is True)


@settings(max_examples=some(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(piecewise_linear())
def test_no_verdict_on_a_piecewise_linear_loss_contradicts_the_grid(phi: Expr) -> None:
    """Oracle: minima over a grid."""
    agrees(phi)


@settings(max_examples=some(8), deadline=None, suppress_health_check=list(HealthCheck))
@given(smooth())
def test_no_verdict_on_a_smooth_loss_contradicts_the_grid(phi: Expr) -> None:
    """Oracle: minima over a grid."""
    agrees(phi)
