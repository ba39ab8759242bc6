"""Polynomials in several variables: z3 decides them, and only z3."""

from __future__ import annotations

import pytest
import sympy
from sympy import Rational, S, oo

from losslang.ir.truth import Equal, LessEqual
from losslang.verify.proof import Proof, Rejected, check
from losslang.verify.prover import Budget, prove
from losslang.verify.prover.polynomial import hint
from losslang.verify.rules import RULES, polynomial
from losslang.verify.statement import LINE, POSITIVE, UNIT, Bounds, Region, Sign

x, y = sympy.symbols("x y", real=True)
a, b = sympy.symbols("a b", positive=True)
PLANE = Region(((x, LINE), (y, LINE)))
QUADRANT = Region(((a, POSITIVE), (b, POSITIVE)))
MOTZKIN = x**4 * y**2 + x**2 * y**4 - 3 * x**2 * y**2 + 1

TRUE = (
    Sign(x**2 + x * y + y**2, ">=", PLANE),
    Sign(MOTZKIN, ">=", PLANE),
    Sign(a / b + b / a - 2, ">=", QUADRANT),
    Sign(a**2 + b**2 - 1, "<=", QUADRANT.where(LessEqual(a + b, S.One))),
    Sign(a - b, "==", QUADRANT.where(Equal(a, b))),
    Sign(a - x, ">", Region(((a, UNIT), (x, Bounds(-oo, a))))),
    Sign(x * y + 2, "!=", Region(((x, Bounds(-S.One, S.One)), (y, Bounds(-S.One, S.One))))),
)
FALSE = (
    Sign(x**2 + 3 * x * y + y**2, ">=", PLANE),
    Sign(MOTZKIN, ">", PLANE),
    Sign(MOTZKIN - Rational(1, 10**6), ">=", PLANE),
    Sign(a / b + b / a - 2, ">", QUADRANT),
    Sign(1 / (x - y) ** 2, ">", PLANE),
    Sign(x / (x**2 + y), ">", Region(((x, POSITIVE), (y, LINE)))),
    Sign(a - x, ">", Region(((a, UNIT), (x, Bounds(-oo, a, False, True))))),
)


def applies(goal: Sign) -> None:
    check(goal, Proof("polynomial"), RULES)


@pytest.mark.parametrize("goal", TRUE, ids=str)
def test_what_has_no_counterexample_is_accepted(goal):
    pytest.importorskip("z3")
    applies(goal)


@pytest.mark.parametrize("goal", FALSE, ids=str)
def test_what_is_false_or_has_no_value_somewhere_is_rejected(goal):
    with pytest.raises(Rejected):
        applies(goal)


@pytest.mark.parametrize(
    "expr", [sympy.exp(x) * y, sympy.sqrt(2) * x + y, x**a, x + sympy.Symbol("z")], ids=str
)
def test_it_is_for_quotients_of_polynomials_with_rational_coefficients(expr):
    with pytest.raises(Rejected, match="not made of polynomials"):
        applies(Sign(expr, ">", Region(((a, POSITIVE), *PLANE.variables))))


def test_bounds_that_are_no_polynomials_are_left_out():
    pytest.importorskip("z3")
    region = Region(((a, POSITIVE), (b, Bounds(sympy.exp(a), oo))))
    applies(Sign(a * b - b + b**2 + a**2, ">", region.where(LessEqual(S.One, a))))
    with pytest.raises(Rejected):
        applies(Sign(b - 1 - a, ">", region))


def test_the_prover_decides_the_motzkin_polynomial_by_it():
    pytest.importorskip("z3")
    assert prove(Sign(MOTZKIN, ">=", PLANE), Budget(20)) == Proof("polynomial")


def test_without_z3_the_rule_rejects_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(polynomial, "is_installed", lambda: False)
    with pytest.raises(Rejected, match=r"install losslang\[verify\]"):
        applies(TRUE[0])


def test_without_z3_the_reason_of_an_open_question_says_what_to_install(monkeypatch):
    monkeypatch.setattr("losslang.verify.prover.polynomial.is_installed", lambda: False)
    assert "losslang[verify]" in hint(Sign(MOTZKIN, ">=", PLANE))
    assert hint(Sign(sympy.exp(x) + y, ">=", PLANE)) == ""
    assert hint(Sign(x, ">=", PLANE)) == ""


def test_with_z3_there_is_nothing_to_install():
    pytest.importorskip("z3")
    assert hint(Sign(MOTZKIN, ">=", PLANE)) == ""


def test_a_question_that_takes_too_long_is_rejected(monkeypatch):
    monkeypatch.setattr(polynomial, "SECONDS", 0.001)
    polynomial.decided.cache_clear()
    with pytest.raises(Rejected, match=r"late|install"):
        applies(Sign(MOTZKIN + x**2, ">=", PLANE))
    polynomial.decided.cache_clear()


def test_the_question_is_data():
    odd = sympy.Symbol("x) (exit", real=True)
    text = polynomial.counterexamples(Sign(odd + y, ">", Region(((odd, LINE), (y, LINE)))))
    assert "exit" not in text
