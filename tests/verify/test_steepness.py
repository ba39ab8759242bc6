"""Lipschitz constants by composition hold for the interpreter's values."""

from __future__ import annotations

import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from losslang.ir.heads import ONE, At, Index, Max, Size
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.verify.steepness import steepness
from tests.sampling import some
from tests.verify.indexed import CLASS, LABEL, REGION, C, Q, X, formulas, value
from tests.verify.test_arrays import FRACTIONS, inputs

K = Index("k", CLASS)
Z, ZY, P = At(X, K), At(X, LABEL), At(Q, K)


@settings(max_examples=some(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.data())
def test_no_two_values_differ_by_more_than_the_constant_allows(expr, data):
    assume(not expr.has(sympy.nan, sympy.zoo, sympy.I, sympy.oo))
    most = steepness(expr, X, REGION)
    assume(most)
    assert most is not None
    for _ in range(6):
        x, q, y, c = data.draw(inputs())
        other = data.draw(st.lists(FRACTIONS, min_size=len(x), max_size=len(x)))
        values = value(expr, x, q, y, c), value(expr, other, q, y, c)
        if None in values:
            continue
        bound = float(most.subs({C: sympy.Rational(c), Size(CLASS): len(x)}))
        distance = mpmath.sqrt(sum((a - b) ** 2 for a, b in zip(x, other, strict=True)))
        assert abs(values[0] - values[1]) <= bound * distance * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize(
    ("expr", "constant"),
    [
        (C * ZY, C),
        (Reduce("logsumexp", (K,), ONE, Z), 1),
        # the gradient q - e_y of cross-entropy, at most sqrt(2) long, and slopes of the entries
        (Reduce("logsumexp", (K,), ONE, Z) - ZY, sympy.sqrt(2)),
        (Reduce("logsumexp", (K,), ONE, C * Z + P) - C * ZY, sympy.sqrt(2) * C),
        (Reduce("logsumexp", (K,), ONE, P * Z) - At(Q, LABEL) * ZY, sympy.sqrt(2)),
        # what is taken away is not a member: the triangle inequality
        (Reduce("logsumexp", (K,), ONE, Z) - 2 * ZY, 3),
        (Reduce("logsumexp", (K,), ONE, Z) + ZY, 2),
        (Reduce("logsumexp", (K,), ONE, P * Z) - ZY, 2),
        (Reduce("logsumexp", (K,), ONE, Z * ZY) - ZY**2, None),
        (sympy.sqrt(Reduce("sum", (K,), ONE, (2 * Z - P) ** 2)), 2),
        (Max(sympy.S.Zero, 1 - Apply("sigmoid", ZY)), sympy.Rational(1, 4)),
        (Reduce("sum", (K,), ONE, sympy.Abs(Z)), sympy.sqrt(Size(CLASS))),
        (sympy.sqrt(Reduce("sum", (K,), ONE, (Z - ZY) ** 2)), None),
        (ZY**2, None),
    ],
    ids=str,
)
def test_constants(expr, constant):
    assert steepness(expr, X, REGION) == constant
