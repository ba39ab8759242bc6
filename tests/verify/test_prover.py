"""The prover proves what it should, nothing false, and its proofs check."""

from __future__ import annotations

import time

import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Rational, S, Symbol, exp, log, sqrt

from losslang.ir.primitives import Apply
from losslang.verify.proof import check
from losslang.verify.prover import Budget, prove
from losslang.verify.rules import RULES
from losslang.verify.rules.limits import spell
from losslang.verify.sampling import points
from losslang.verify.statement import LINE, POSITIVE, UNIT, Bounds, Limit, Region, Relation, Sign
from tests.sampling import some
from tests.verify.goals import FALSE, PROVED

x = Symbol("x", real=True)
p = Symbol("p", positive=True)


@pytest.mark.parametrize("name", PROVED)
def test_what_losses_need_is_proved_and_the_proof_checks(name):
    goal = PROVED[name]
    proof = prove(goal, Budget(10))
    assert proof is not None
    check(goal, proof, RULES)


@pytest.mark.parametrize("name", FALSE)
def test_nothing_false_is_proved(name):
    assert prove(FALSE[name], Budget(1.5)) is None


@pytest.mark.parametrize(
    "odd",
    [
        Sign(S.NaN, ">", Region()),
        Sign(S.ComplexInfinity, ">", Region()),
        Sign(S.Infinity, ">", Region()),
        Sign(sympy.I * x, ">", Region(((x, LINE),))),
        Sign(x, ">", Region()),
        Sign(sympy.Function("f")(x), ">=", Region(((x, LINE),))),
        Sign(log(x), "!=", Region(((x, LINE),))),
        Sign(x**x, ">", Region(((x, LINE),))),
        Sign(1 / (x - x**2), ">", Region(((x, LINE),))),
        Sign(sympy.zeta(x), ">", Region(((x, POSITIVE),))),
        Limit(1 / x, x, S.Zero, "+", S.NaN),
        Limit(sympy.Function("f")(x), x, S.Zero, "+", S.One),
    ],
)
def test_odd_statements_have_no_proof_and_raise_nothing(odd):
    assert prove(odd, Budget(1.0)) is None


def test_every_relation_is_understood():
    region = Region(((p, UNIT),))
    relations: list[tuple[sympy.Expr, Relation]] = [
        (log(p), "<"),
        (log(p), "<="),
        (log(p), "!="),
        (-log(p), ">"),
        (-log(p), ">="),
        (log(p**2) - 2 * log(p), "=="),
        (log(p**2) - 2 * log(p), ">="),
        (log(p**2) - 2 * log(p), "<="),
    ]
    for expr, relation in relations:
        assert prove(Sign(expr, relation, region), Budget(5)) is not None


def test_a_limit_is_proved_over_its_parameters():
    d = Symbol("delta", positive=True)
    region = Region(((d, POSITIVE),))
    goal = Limit(d * (1 - exp(-x / d)), x, S.Infinity, "-", d, region)
    proof = prove(goal, Budget(5))
    assert proof is not None
    check(goal, proof, RULES)


def test_the_budget_is_kept():
    hard = sympy.expand((1 + x + sympy.sin(x) + exp(x) * sympy.erf(x)) ** 12) - sympy.cos(x) ** 9
    start = time.monotonic()
    prove(Sign(hard, ">", Region(((x, LINE),))), Budget(1.0))
    assert time.monotonic() - start < 5.0


def test_without_time_there_is_no_proof():
    assert prove(Sign(p, ">", Region(((p, UNIT),))), Budget(0.0)) is None


def test_what_has_no_value_everywhere_is_not_proved():
    assert prove(Sign(1 / x**2, ">", Region(((x, LINE),))), Budget(1.0)) is None
    goal = Sign((x**2 - 1) / (x - 1) - x, ">", Region(((x, LINE),)))
    assert prove(goal, Budget(1.0)) is None


# ---------------------------------------------------------------- any statement

y = Symbol("y", real=True)
g = Symbol("g", positive=True)
REGIONS = [
    Region(((g, POSITIVE), (x, LINE))),
    Region(((g, Bounds(S.Zero, S(2))), (x, UNIT))),
    Region(((g, POSITIVE), (x, Bounds(S.Zero, g)))),
    Region(((g, UNIT), (x, Bounds(S(-1), S(1), True, True)))),
]
number = st.builds(Rational, st.integers(-6, 6), st.integers(1, 4))
formula = st.recursive(
    st.one_of(st.just(x), st.just(g), number),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, n: a**n, inner, st.sampled_from([2, 3, -1])),
        st.builds(exp, inner),
        st.builds(lambda a: log(1 + a**2), inner),
        st.builds(lambda a: log(a), inner),
        st.builds(lambda a: sqrt(1 + a**2), inner),
        st.builds(lambda a: Apply("softplus", a), inner),
        st.builds(lambda a: Apply("sigmoid", a), inner),
        st.builds(sympy.tanh, inner),
        st.builds(sympy.atan, inner),
        st.builds(lambda a: a**g, inner),
    ),
    max_leaves=7,
)


@given(
    expr=formula,
    relation=st.sampled_from([">", ">=", "<", "!="]),
    region=st.sampled_from(REGIONS),
    shift=number,
)
@settings(
    max_examples=some(80),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_what_is_proved_of_random_formulas_holds_at_random_points(expr, relation, region, shift):
    goal = Sign(expr - shift, relation, region)
    proof = prove(goal, Budget(0.4))
    if proof is None:
        return
    check(goal, proof, RULES)
    function = sympy.lambdify((g, x), spell(goal.expr), "mpmath")
    drawn = points(region)
    with mpmath.workdps(40):
        for _ in range(100):
            point = next(drawn)
            numbers = (mpmath.mpf(int(point[v].p)) / int(point[v].q) for v in (g, x))
            try:
                value = function(*numbers)
            except (MemoryError, OverflowError):  # towers of exponentials
                continue
            assert mpmath.im(value) == 0
            assert holds(mpmath.re(value), relation), (goal, point)


def holds(value, relation):
    slack = mpmath.mpf(10) ** -30
    match relation:
        case ">" | ">=":
            return value > -slack
        case "<":
            return value < slack
        case _:
            return True
