"""A witness counts if its facts are true in float64 and in intervals."""

from __future__ import annotations

import pytest
import sympy
from sympy import Rational, S

from losslang.verify.statement import LINE, POSITIVE, Limit, Region, Sign
from losslang.verify.theorem import Case, Premise, Question
from losslang.verify.verdict import Witness
from losslang.verify.witnesses import (
    from_premises,
    in_floats,
    in_intervals,
    replays,
    with_settings,
)

x = sympy.Symbol("x", real=True)
a = sympy.Symbol("a", positive=True)

TRUE = (
    Sign(sympy.exp(S.One) - 2, ">"),
    Sign(S.NegativeOne, "<"),
    Sign(sympy.log(S(2)) - Rational(7, 10), "<="),
    Sign(sympy.sqrt(2) * sympy.sqrt(3) - sympy.sqrt(6), "=="),
    Sign(sympy.sin(S.One), "!="),
    Sign(S.Zero, ">="),
)
FALSE = (
    Sign(sympy.exp(S.One) - 3, ">"),
    Sign(S.One, "<"),
    Sign(sympy.log(S(2)), "=="),
    Sign(S.Zero, "!="),
    Sign(S.Zero, ">"),
    Sign(S.NegativeOne, ">="),
    Sign(S.One, "<="),
)


@pytest.mark.parametrize("fact", TRUE, ids=str)
def test_what_is_true_replays(fact):
    assert replays(Witness({}, (fact,), ""))


@pytest.mark.parametrize("fact", FALSE, ids=str)
def test_what_is_false_replays_nowhere(fact):
    assert not in_floats(fact)
    assert not in_intervals(fact)


def test_one_false_fact_is_enough_to_refuse_a_witness():
    assert not replays(Witness({}, (TRUE[0], FALSE[0]), ""))


def test_a_sign_that_floats_lose_does_not_replay():
    lost = Sign(sympy.sqrt(1 + sympy.exp(S(-50))) - 1, ">")
    assert in_intervals(lost)
    assert not in_floats(lost)


def test_what_has_no_value_does_not_replay():
    undefined = Sign(sympy.sqrt(-1 - sympy.exp(S.One) + S(3)), ">")
    assert not in_floats(undefined)
    assert not in_intervals(undefined)


def test_premises_become_facts_with_an_instance_of_those_with_variables():
    case = Case(None, Question("convex"), {"at": S.Zero})
    premises = [
        Premise("number", TRUE[0]),
        Premise("everywhere", Sign(x**2 + 1, ">", Region(((x, LINE),)))),
        Premise("equation", Sign(x - x**2, "==", Region(((x, LINE),)))),
        Premise("limit", Limit(1 / x, x, sympy.oo, "-", S.Zero)),
    ]
    found = from_premises(case, premises)
    # The number, one point of the inequality, and two steps on the way to the limit.
    assert len(found.facts) == 4
    assert not any(fact.expr.free_symbols for fact in found.facts)
    assert replays(found)
    assert found.values[str(x)] == (2, 4, 8)
    assert found.values["limit: values"] == (S.Half, Rational(1, 4), Rational(1, 8))
    assert found.says.startswith("number; everywhere; equation; limit, 0 (")


def test_a_witness_without_facts_does_not_replay():
    assert not replays(Witness({"m": S.One}, (), "it fails"))


@pytest.mark.parametrize(
    ("expr", "point", "side", "value"),
    [
        (sympy.exp(x), sympy.oo, "-", sympy.oo),
        (-sympy.log(x), S.Zero, "+", sympy.oo),
        (x * sympy.exp(-x), sympy.oo, "-", S.Zero),
        ((x - 1) / (x**2 - 1), S.One, "-", S.Half),
        (sympy.tanh(x), -sympy.oo, "+", S.NegativeOne),
    ],
)
def test_a_limit_is_seen_at_places_that_come_closer(expr, point, side, value):
    case = Case(None, Question("bounded"))
    found = from_premises(case, [Premise("limit", Limit(expr, x, point, side, value))])
    assert len(found.facts) == 2
    assert replays(found)


def test_a_wrong_limit_is_not_seen():
    case = Case(None, Question("bounded"))
    wrong = Premise("limit", Limit(1 / x, x, sympy.oo, "-", S(3)))
    assert not replays(from_premises(case, [wrong]))


def test_a_false_premise_makes_a_witness_that_does_not_replay():
    case = Case(None, Question("convex"))
    found = from_premises(case, [Premise("no", Sign(-a, ">", Region(((a, POSITIVE),))))])
    assert not replays(found)


def test_settings_come_before_the_witness_own_numbers():
    found = with_settings(Witness({"score": S.One}, (), ""), {a: S(2)})
    assert list(found.values.items()) == [("a", S(2)), ("score", S.One)]
