"""Polynomials in a hyperparameter, proved coefficient by coefficient."""

from __future__ import annotations

import time

import pytest
from sympy import S, Symbol, log, oo

from losslang.verify.proof import check
from losslang.verify.prover import Budget, prove
from losslang.verify.rules import RULES
from losslang.verify.statement import NONNEGATIVE, POSITIVE, UNIT, Bounds, Region, Sign

g = Symbol("g", nonnegative=True)
h = Symbol("h", nonnegative=True)
q = Symbol("q", positive=True)
OVER = Region(((g, NONNEGATIVE), (q, UNIT)))
CURVATURE = (
    -g * (g - 1) * (1 - q) ** (g - 2) * log(q)
    + 2 * g * (1 - q) ** (g - 1) / q
    + (1 - q) ** g / q**2
)
"""The second derivative of -(1 - q)^g log q."""
FOCAL = -(2 ** (1 - h)) * (1 + h * log(2))


@pytest.mark.parametrize(
    "goal",
    [
        Sign(CURVATURE, ">=", OVER),
        Sign(g**2 * q - g * log(q) + 1 - q, ">", OVER),
        Sign(g * (1 / q - 1 + log(q)) + g**2 * q, ">=", OVER),
        Sign(
            FOCAL - FOCAL.subs(h, g),
            "<",
            Region(((g, NONNEGATIVE), (h, Bounds(S.Zero, g, low_closed=True)))),
        ),
        Sign(FOCAL - FOCAL.subs(h, g), ">", Region(((g, NONNEGATIVE), (h, Bounds(g, oo))))),
    ],
)
def test_losses_with_a_focusing_parameter(goal):
    """Oracle: the checker; Lin et al. 2017, Focal Loss, for every gamma at once."""
    start = time.process_time()
    proof = prove(goal, Budget(8.0))
    assert proof is not None
    check(goal, proof, RULES)
    assert time.process_time() - start < 4.0


@pytest.mark.parametrize(
    "goal",
    [
        Sign(g**2 * q + g * log(q) + 1, ">", OVER),
        Sign(g * q + g**2, ">", OVER),
        Sign(g * q - g**2, ">=", Region(((g, POSITIVE), (q, UNIT)))),
    ],
)
def test_what_is_false_for_some_setting_is_not_proved(goal):
    assert prove(goal, Budget(1.0)) is None
