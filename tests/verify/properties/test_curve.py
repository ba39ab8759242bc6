"""Properties along one input, with other inputs and hyperparameters beside it."""

from __future__ import annotations

import pytest
from sympy import Abs, Expr, Rational, S, Symbol, exp, log, sqrt

from losslang.ir.heads import Branch, Max, Min
from losslang.ir.truth import Less, LessEqual
from losslang.verify.readings import Curve
from losslang.verify.statement import LINE, POSITIVE, Bounds, Region
from tests.verify.properties.deciding import ask, decide, same

X, Y = Symbol("x", real=True), Symbol("y", real=True)
D = Symbol("d", positive=True)


def curve(function: Expr, bounds: Bounds = LINE, **others: Bounds) -> Curve:
    """A curve in x; ``y`` is another input and ``d`` a hyperparameter."""
    known = {"y": Y, "d": D}
    region = Region(tuple((known[name], b) for name, b in others.items()))
    return Curve(region, function, X, bounds, "x", others=(Y,) if "y" in others else ())


def test_a_constant_may_not_depend_on_another_input() -> None:
    """Oracle: |d/dx (x y)| = |y| has no bound over all y, but each y has one."""
    assert decide(curve(X * Y, y=LINE), "lipschitz").holds is not True
    assert decide(curve(X * D, d=POSITIVE), "lipschitz").value == D


def test_a_bound_has_to_serve_for_all_values_of_another_input() -> None:
    """Oracle: y^2/(1 + x^2) is bounded for each y alone."""
    assert decide(curve(Y**2 / (1 + X**2), y=LINE), "bounded").holds is not True
    assert decide(curve(1 / (1 + X**2), y=LINE), "bounded").holds


def test_properties_hold_on_the_domain_only() -> None:
    """Oracle: the logarithm's slope is at most 1 from 1 on and unbounded near 0."""
    assert decide(curve(log(X), Bounds(S.One, low_closed=True)), "lipschitz").value == 1
    assert decide(curve(log(X), POSITIVE), "lipschitz").holds is False
    assert decide(curve(-log(X), POSITIVE), "convex").holds
    assert decide(curve(-log(X), Bounds(S.Zero, S.One)), "nonnegative").holds


def test_a_jump_breaks_what_the_pieces_have() -> None:
    """Oracle: a step is convex on both sides of it, but not as a whole."""
    step = Branch(Less(X, S.Zero), S.Zero, S.One)
    for property in ("lipschitz", "smooth", "differentiable"):
        assert decide(curve(step), property).holds is False
    assert decide(curve(step), "convex").holds is not True
    assert decide(curve(step), "bounded").holds


def test_an_infinite_slope_at_a_joint_is_no_derivative() -> None:
    """Oracle: sqrt |x| at 0."""
    assert decide(curve(sqrt(Abs(X))), "differentiable").holds is False
    assert decide(curve(sqrt(Abs(X))), "lipschitz").holds is False


@pytest.mark.parametrize(
    ("property", "value"),
    [("lipschitz", "d"), ("smooth", "1"), ("convex", None), ("nonnegative", None)],
)
def test_huber_for_every_delta(property: str, value: str | None) -> None:
    """Oracle: Huber 1964."""
    huber = Branch(LessEqual(Abs(X), D), X**2 / 2, D * Abs(X) - D**2 / 2)
    found = decide(curve(huber, d=POSITIVE), property)
    assert found.holds
    assert value is None or same(found.value, value, d=(0.5, 3.0))


@pytest.mark.parametrize(
    ("function", "property", "holds"),
    [
        (exp(X), "strongly_convex", False),
        (X**2 + exp(X), "strongly_convex", True),
        (X**4, "strongly_convex", False),
        (X**4, "smooth", False),
        (exp(X), "monotone", True),
        (X**3 - X, "monotone", False),
        (exp(X), "bounded_below", True),
        (X**3, "bounded_below", False),
        (X**2 + exp(X), "self_concordant", True),
    ],
)
def test_plain_functions(function: Expr, property: str, holds: bool) -> None:
    """Oracle: calculus."""
    assert decide(curve(function), property).holds is holds


@pytest.mark.parametrize(
    ("name", "property", "holds"),
    [
        ("quantile", "convex", True),
        ("l1", "convex", True),
        ("l1", "smooth", False),
        ("log_cosh", "lipschitz", True),
        ("mse", "lipschitz", False),
        ("geman_mcclure", "convex", False),
    ],
)
def test_regression_losses_along_the_prediction(name: str, property: str, holds: bool) -> None:
    """Oracle: their papers; the target is another input."""
    assert ask(name, property, Curve).holds is holds


def test_the_slope_of_the_pinball_loss() -> None:
    """Oracle: max(theta, 1 - theta)."""
    for theta, slope in ((0.9, "9/10"), (0.25, "3/4")):
        assert same(ask("quantile", "lipschitz", Curve, theta=theta).value, slope)


def test_a_window_between_a_root_and_an_end_is_found_however_narrow() -> None:
    """Oracle: (x^2/(1 + x^2))'' has the sign of 1 - 3 x^2, and 1/sqrt 3 = 0.57735..."""
    bends = X**2 / (1 + X**2)
    for end, convex in (("0.57735", True), ("0.57736", False)):
        bounds = Bounds(-Rational(end), Rational(end), low_closed=True, high_closed=True)
        assert decide(curve(bends, bounds), "convex").holds is convex


@pytest.mark.parametrize(
    ("power", "property", "value"),
    [(1, "lipschitz", Max), (2, "smooth", Max), (2, "strongly_convex", Min)],
)
def test_the_setting_may_tell_which_side_is_steeper(
    power: int, property: str, value: type[Expr]
) -> None:
    """Oracle: the slopes of the pinball, the curvatures of the expectile loss."""
    tilted = Branch(Less(X, S.Zero), (2 - D) * (-X) ** power, D * X**power)
    found = decide(curve(tilted, d=Bounds(S.Zero, S(2))), property).value
    assert found == value(power * D, power * (2 - D))
    even = Branch(Less(X, S.Zero), 2 * (-X) ** power, D * X**power)
    assert decide(curve(even, d=Bounds(S.Zero, S.One)), property).value == power * (
        2 if value is Max else D
    )
