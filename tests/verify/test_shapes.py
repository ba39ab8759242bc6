"""Curvature by composition: what is called convex passes Jensen's inequality."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from losslang.ir.heads import ONE, At, Branch, Detach, Index, Max
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Less, Not
from losslang.verify.proof import Rejected, check
from losslang.verify.prover import Budget, prove
from losslang.verify.rules import RULES
from losslang.verify.shapes import AFFINE, CONVEX, UNKNOWN, Shapes
from losslang.verify.smoothness import kink
from losslang.verify.statement import LINE, Shape
from tests.sampling import some
from tests.verify.indexed import CLASS, LABEL, REGION, C, Q, X, formulas, value
from tests.verify.test_arrays import FRACTIONS, inputs

K = Index("k", CLASS)
Z, ZY, P = At(X, K), At(X, LABEL), At(Q, K)
LSE = Reduce("logsumexp", (K,), ONE, Z)


def total(op, body, guard=ONE):
    """A fold over the classes."""
    return Reduce(op, (K,), guard, body)


@settings(max_examples=some(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas(), st.sampled_from([X, Q]), st.data())
def test_what_is_called_convex_passes_jensens_inequality(expr, wrt, data):
    assume(not expr.has(sympy.nan, sympy.zoo, sympy.I, sympy.oo))
    bend = Shapes(wrt, REGION).bend(expr)
    assume(bend and wrt in sympy.preorder_traversal(expr))
    for _ in range(8):
        x, q, y, c = data.draw(inputs())
        bounds = FRACTIONS if wrt == X else st.fractions(0, 1, max_denominator=8)
        other = data.draw(st.lists(bounds, min_size=len(x), max_size=len(x)))
        points = (x, other) if wrt == X else (q, other)
        middle = [(a + b) / 2 for a, b in zip(*points, strict=True)]
        values = [
            value(expr, v, q, y, c) if wrt == X else value(expr, x, v, y, c)
            for v in (*points, middle)
        ]
        if None in values:
            continue
        first, second, halfway = values
        with mpmath.workdps(40):
            gap = (first + second) / 2 - halfway
            slack = mpmath.mpf(10) ** -20 * (1 + abs(first) + abs(second) + abs(halfway))
        assert "convex" not in bend or gap >= -slack
        assert "concave" not in bend or gap <= slack


@pytest.mark.parametrize(
    "expr",
    [
        LSE - ZY,
        sympy.log(1 + sympy.exp(-ZY)),
        sympy.log(sympy.exp(LSE) + total("sum", sympy.exp(2 * Z), Not(Delta(K, LABEL)))),
        sympy.sqrt(1 + ZY**2),
        sympy.sqrt(total("sum", (Z - 1) ** 2)),
        total("sum", Z**2) / C,
        total("sum", Max(Z - ZY + 1, sympy.S.Zero), Not(Delta(K, LABEL))),
        total("sum", (Z - ZY) ** 2) ** (C + sympy.S.Half),
        -sympy.log(Apply("sigmoid", ZY)) - sympy.log(1 - Apply("sigmoid", ZY)),
        Branch(Delta(LABEL, sympy.S.Zero), sympy.exp(ZY), ZY**2),
        sympy.log(sympy.cosh(ZY)),
        total("max", Apply("softplus", Z) ** 3),
    ],
    ids=str,
)
def test_losses_that_are_convex(expr):
    assert "convex" in Shapes(X, REGION).bend(expr)


def test_entropy_is_concave_on_the_simplex():
    assert "convex" in Shapes(Q, REGION).bend(total("sum", Apply("xlogy", P, P)))


@pytest.mark.parametrize(
    ("expr", "culprit"),
    [
        (LSE**2, LSE**2),
        (LSE + sympy.exp(ZY - LSE), sympy.exp(ZY - LSE)),
        (ZY**2 + sympy.sin(ZY) + total("sum", Z**2), sympy.sin(ZY)),
        (1 + Detach(ZY), Detach(ZY)),
        (Branch(Less(ZY, ONE), ZY, ONE), Branch(Less(ZY, ONE), ZY, ONE)),
    ],
    ids=str,
)
def test_the_smallest_part_that_breaks_the_rules_is_named(expr, culprit):
    shapes = Shapes(X, REGION)
    assert shapes.bend(expr) == UNKNOWN
    assert shapes.culprit == culprit


def test_what_does_not_depend_on_the_array_is_affine():
    assert Shapes(Q, REGION).bend(sympy.sin(ZY)) == AFFINE


def test_a_factor_of_unknown_sign_is_no_help():
    b = sympy.Symbol("b", real=True)
    assert Shapes(X, REGION.having(b, LINE)).bend(b * ZY**2) == UNKNOWN
    assert Shapes(X, REGION.having(b, LINE)).bend(b * ZY) == AFFINE
    assert Shapes(X, REGION).bend(C * ZY**2) == CONVEX


def test_a_proof_of_a_shape_is_checked():
    statement = Shape(LSE - ZY, X, "convex", REGION)
    proof = prove(statement, Budget(5))
    assert proof is not None
    check(statement, proof, RULES)
    with pytest.raises(Rejected, match="nothing makes"):
        check(Shape(ZY - LSE, X, "convex", REGION), proof, RULES)


@pytest.mark.parametrize(
    ("expr", "where"),
    [
        (LSE**2 - ZY, None),
        (Max(ZY, sympy.S.Zero) ** 2, None),
        (sympy.sqrt(1 + ZY**2), None),
        (total("max", Z), total("max", Z)),
        (sympy.Abs(ZY), sympy.Abs(ZY)),
        (sympy.sqrt(ZY**2 + At(X, K) ** 2), sympy.sqrt(ZY**2 + At(X, K) ** 2)),
    ],
    ids=str,
)
def test_where_a_formula_may_have_a_kink(expr, where):
    found = kink(expr, X, REGION)
    assert (found is None) == (where is None)


def test_fractions_are_numbers():
    assert value(ZY, [Fraction(1, 2)], [Fraction(0)], 0, Fraction(1)) == mpmath.mpf("0.5")
