"""Normal forms: which formulas are found equal, and that none is found equal that is not."""

from __future__ import annotations

import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Rational, S, Symbol, cosh, exp, log, sqrt, tanh

from losslang.ir.primitives import Apply
from losslang.verify.rules.limits import spell
from losslang.verify.rules.normal import Normal, TooHard
from losslang.verify.statement import LINE, NONNEGATIVE, UNIT, Bounds, Region
from tests.sampling import some

q = Symbol("q", positive=True)
x = Symbol("x", real=True)
y = Symbol("y", real=True)
g = Symbol("gamma", nonnegative=True)
REGION = Region(((q, UNIT), (g, NONNEGATIVE), (x, LINE), (y, LINE)))


def sigmoid(u):
    return Apply("sigmoid", u)


def softplus(u):
    return Apply("softplus", u)


def is_zero(expr, region=REGION):
    return Normal(region, expr).is_zero(expr)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sigmoid(x) + sigmoid(-x), S.One),
        (softplus(x) - softplus(-x), x),
        (log(2 * q / (1 + q)), log(2) + log(q) - log(1 + q)),
        (log(1 - q) - log((1 - q) / q), log(q)),
        (q ** (g + 1), q * q**g),
        ((1 - q) ** g * (1 - q), (1 - q) ** (g + 1)),
        ((1 - q / (1 + q)) ** g, (1 + q) ** -g),
        (4**g, 2 ** (2 * g)),
        (sqrt(q**3), q * sqrt(q)),
        (1 / (sqrt(1 + x**2) - x), sqrt(1 + x**2) + x),
        (exp(x / 2) * exp(x / 3), exp(5 * x / 6)),
        (log(exp(x) + exp(y)), x + log(1 + exp(y - x))),
        (tanh(x), 2 * sigmoid(2 * x) - 1),
        (log(cosh(x)), x + log((1 + exp(-2 * x)) / 2)),
        (sympy.asinh(x), log(x + sqrt(x**2 + 1))),
        (abs(q), q),
        (abs(q - 1), 1 - q),
    ],
)
def test_laws_of_exponentials_logarithms_and_roots(one, other):
    assert is_zero(one - other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sigmoid(x), sigmoid(-x)),
        (q ** (g + 1), q ** (g + 2)),
        (log(q), log(1 - q)),
        (sqrt(1 + x**2), 1 + x),
        (exp(x), exp(y)),
        (log(2), Rational(69, 100)),
    ],
)
def test_other_formulas_differ(one, other):
    assert not is_zero(one - other)


def test_a_logarithm_is_split_only_where_all_parts_are_positive():
    z = Symbol("z", real=True)
    apart = log(z**2 - z) - log(z) - log(z - 1)
    assert is_zero(apart, Region(((z, Bounds(S(2))),)))
    assert not is_zero(apart, Region(((z, Bounds(S(-2), S(-1))),)))


def test_a_root_of_a_square_is_no_root_of_a_variable_of_either_sign():
    assert not is_zero(sqrt(x**2 - 2 * x + 1) - (x - 1))
    z = Symbol("z", real=True)
    assert is_zero(sqrt(z**2 - 2 * z + 1) - (z - 1), Region(((z, Bounds(S(1))),)))


@pytest.mark.parametrize("odd", [S.NaN, S.Infinity, S.ComplexInfinity, S.ImaginaryUnit])
def test_what_is_no_number_has_no_normal_form(odd):
    with pytest.raises(TooHard):
        Normal(REGION, odd)


@pytest.mark.parametrize("large", [(1 + x) ** 100000, sympy.Add(*sympy.symbols("a:40"))])
def test_large_formulas_are_refused(large):
    with pytest.raises(TooHard):
        Normal(Region(), large)


# ---------------------------------------------------------------- any formula


def positives(depth: int) -> st.SearchStrategy[sympy.Expr]:
    """Positive formulas; deep ones SymPy takes minutes for."""
    leaves = st.sampled_from([q, 1 + q, 1 - q, S(2), Rational(1, 3)])
    if not depth:
        return leaves
    positive, real = positives(depth - 1), reals(depth - 1)
    return st.one_of(
        leaves,
        st.builds(lambda a, b: a * b, positive, positive),
        st.builds(lambda a, b: a + b, positive, positive),
        st.builds(lambda a: 1 / a, positive),
        st.builds(sqrt, positive),
        st.builds(lambda a: a**g, positive),
        st.builds(exp, real),
        st.builds(softplus, real),
    )


def reals(depth: int) -> st.SearchStrategy[sympy.Expr]:
    """Real formulas."""
    leaves = st.sampled_from([x, q, g, S(-1)])
    if not depth:
        return leaves
    positive, real = positives(depth - 1), reals(depth - 1)
    return st.one_of(
        leaves,
        st.builds(lambda a, b: a - b, real, positive),
        st.builds(log, positive),
        st.builds(lambda a, b: a * b, real, real),
        st.builds(sigmoid, real),
    )


@given(formula=st.one_of(positives(3), reals(3)))
@settings(max_examples=some(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_normal_form_has_the_values_of_the_formula(formula):
    try:
        normal = Normal(REGION, formula)
        form = normal.formula(normal.quotient(formula))
    except TooHard:
        return
    for point in ({q: 0.3, g: 0.7, x: 0.2, y: 0.0}, {q: 0.8, g: 1.5, x: -1.1, y: 0.0}):
        values = []
        for side in (formula, form):
            found = sympy.lambdify(list(point), spell(side), "mpmath")(
                *(mpmath.mpf(v) for v in point.values())
            )
            values.append(mpmath.mpf(found))
        assert values[0] == pytest.approx(values[1], rel=1e-6, abs=1e-8)
