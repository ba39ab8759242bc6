"""Losses f(softmax(z)[y]): what is decided of them, held against minimising on a grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Expr, Rational, S, Symbol

from losslang.verify.readings import Local
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Bounds, Region, Sign
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import local_steep
from losslang.verify.witnesses import replays
from tests.sampling import FULL, some
from tests.verify.properties.deciding import ask, decide, reading

K = Symbol("K", integer=True, positive=True)
P = Symbol("p", positive=True)
CLASSES = Region().having(K, Bounds(S(2), S.Infinity, low_closed=True))


def of(f: Expr, classes: int | None = None) -> Local:
    """The reading of a loss f(p), at one number of classes or for all."""
    found = Local(CLASSES, f, P, K, "logits")
    return found if classes is None else found.setting({K: S(classes)})


# ---------------------------------------------------------------- known answers


@pytest.mark.parametrize(
    ("program", "given_", "prop", "holds"),
    [
        ("ce", {}, "calibrated", True),
        ("focal", {}, "calibrated", True),
        ("gce", {}, "calibrated", True),
        ("sce", {}, "calibrated", True),
        ("comp_sum", {}, "calibrated", True),
        ("ldr_kl", {}, "calibrated", True),
        ("poly1", {"eps": -1.99}, "calibrated", True),
        ("poly1", {"eps": -2}, "calibrated", False),
        ("poly1_focal", {"eps": -1.58, "gamma": 2}, "calibrated", True),
        ("poly1_focal", {"eps": -1.6, "gamma": 2}, "calibrated", False),
        ("ce", {}, "order_preserving", True),
        ("mae", {"K": 2}, "order_preserving", True),
        ("mae", {"K": 3}, "order_preserving", False),
        ("mae", {"K": 7}, "order_preserving", False),
        ("poly1", {"eps": -1.5}, "order_preserving", True),
        ("poly1", {"eps": -2}, "order_preserving", False),
        ("ce", {}, "strictly_proper", True),
        ("focal", {"gamma": 2}, "strictly_proper", False),
        ("gce", {"q": 0.7}, "strictly_proper", False),
        ("focal", {"gamma": 2}, "proper_composite", True),
        ("mae", {}, "proper_composite", False),
        ("mae", {}, "symmetric", True),
        ("gce", {"q": 0.7}, "symmetric", False),
        ("mae", {}, "asymmetric_robust", True),
        ("ce", {}, "asymmetric_robust", False),
        ("ce", {}, "convex", True),
        ("poly1", {"eps": 1}, "convex", True),
        ("poly1", {"eps": 1.01}, "convex", False),
        ("poly1", {"eps": -1.01}, "convex", False),
        ("mae", {}, "convex", False),
        ("sum_exp", {}, "lipschitz", False),
        ("sum_exp", {}, "smooth", False),
        ("ce", {}, "bounded", False),
        ("gce", {"q": 0.7}, "bounded", True),
        ("poly1", {"eps": -1}, "nonnegative", True),
        ("poly1", {"eps": -1.5}, "nonnegative", False),
        ("poly1", {"eps": -1}, "monotone", True),
        ("poly1", {"eps": -1.5}, "monotone", False),
        ("poly1", {"eps": -1.5}, "bounded_below", True),
    ],
)
def test_a_known_answer_is_found(
    program: str, given_: dict[str, float], prop: str, holds: bool
) -> None:
    """Oracle: the papers that the theorems cite, and the thresholds derived in theory.md."""
    read = reading(program, Local, **given_)
    assert isinstance(read, Local)
    found = decide(read, prop)
    assert found.holds is holds
    if not holds and found.witness is not None:
        assert replays(found.witness)


@pytest.mark.parametrize(
    ("program", "given_", "prop", "value"),
    [
        ("ce", {}, "lipschitz", sympy.sqrt(2)),
        ("mae", {}, "lipschitz", sympy.sqrt(2) / 4),
        ("ce", {}, "smooth", Rational(1, 2)),
        ("mae", {}, "symmetric", K - 1),
        ("ce", {}, "range", (0, sympy.oo)),
        ("poly1", {"eps": -2}, "range", (sympy.log(2) - 1, sympy.oo)),
        ("gce", {"q": 0.5}, "proper_composite", sympy.sqrt(P)),
        ("mae", {}, "h_consistent", Symbol("t", real=True) / K),
    ],
)
def test_a_value_is_the_known_one(
    program: str, given_: dict[str, float], prop: str, value: Expr | tuple[Expr, ...]
) -> None:
    """Oracle: the closed forms of the papers."""
    read = reading(program, Local, **given_)
    assert isinstance(read, Local)
    found = decide(read, prop).value
    assert found is not None
    pairs = zip(found, value, strict=True) if isinstance(value, tuple) else [(found, value)]
    assert all(a == b or sympy.simplify(a - b) == 0 for a, b in pairs)


def test_three_classes_are_ordered_by_a_flat_end_and_four_are_not() -> None:
    """f = (1 - p)**2 has f'(1) = 0. Oracle: the conditions of optimality, by hand."""
    square = (1 - P) ** 2
    assert decide(of(square, 3), "order_preserving").holds is True
    assert decide(of(square, 4), "order_preserving").holds is False


def test_two_classes_make_a_local_square_proper() -> None:
    """With two classes (1 - p)**2 is half the Brier score."""
    assert decide(of((1 - P) ** 2, 2), "strictly_proper").holds is True
    assert decide(of((1 - P) ** 2, 3), "strictly_proper").holds is False


def test_a_bounded_slope_bounds_the_loss_where_its_ends_have_no_formula() -> None:
    """The sum of (1 - p)**j / j for j up to any order, and p log p, whose slope is unbounded."""
    found = ask("taylor_ce", "bounded", Local)
    assert (found.holds, found.theorem) == (True, "local-shape-bounded-by-slope")
    assert decide(of(P * sympy.log(P)), "bounded").theorem != "local-shape-bounded-by-slope"
    assert decide(of(1 / P), "bounded").holds is False


@pytest.mark.skipif(not FULL, reason="it takes half a minute")
def test_a_sum_of_free_length_is_ordered_for_two_classes_alone() -> None:
    """Its slope lies between -order and -1, so vertices are optimal for some labels."""
    assert ask("taylor_ce", "order_preserving", Local, K=2).holds is True
    assert ask("taylor_ce", "order_preserving", Local, K=3).holds is False


def test_an_unbounded_start_is_no_reason_to_believe() -> None:
    """f = log(1 - p) falls, but without a bound: every vertex has risk -oo."""
    assert decide(of(sympy.log(1 - P)), "calibrated").holds is not True


def test_a_temperature_spoils_properness_but_not_order() -> None:
    """Oracle: the minimiser is T log p."""
    read = Local(CLASSES, -sympy.log(P), P, K, "logits", scale=Rational(1, 3))
    assert decide(read, "strictly_proper").holds is False
    assert decide(read, "order_preserving").holds is True


# ---------------------------------------------------------------- against a grid

STEPS = 24
LABELS = ((1, 0, 0), (0.6, 0.4, 0), (0.5, 0.3, 0.2), (0.4, 0.32, 0.28), (0.8, 0.1, 0.1))


def simplex() -> Iterator[tuple[float, float, float]]:
    """Points of the open simplex of three classes, also close to its faces."""
    ends = (1e-9, 1e-4)
    for i, j in product(range(STEPS + 1), repeat=2):
        if i + j <= STEPS:
            raw = [i / STEPS, j / STEPS, 1 - (i + j) / STEPS]
            for end in ends:
                shifted = [x + end for x in raw]
                yield tuple(x / sum(shifted) for x in shifted)  # type: ignore[misc]


GRID = tuple(simplex())


def gaps(f: Callable[[float], float]) -> list[float]:
    """For some labels: how far the least risk with a wrong class in front is above it."""
    values = [[f(x) for x in q] for q in GRID]
    found = []
    for p in LABELS:
        risks = [
            (sum(w * v for w, v in zip(p, row, strict=True) if w), q)
            for row, q in zip(values, GRID, strict=True)
        ]
        wrong = min(r for r, q in risks if max(q[1:]) >= q[0] - 1e-12)
        found.append(wrong - min(r for r, q in risks if q[0] > max(q[1:])))
    return found


numbers = st.sampled_from([Rational(n, 2) for n in range(-6, 7)])


@settings(max_examples=some(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([S.Zero, S.One]), numbers, numbers, numbers)
def test_no_verdict_on_calibration_contradicts_a_grid(
    log: Expr, first: Expr, second: Expr, third: Expr
) -> None:
    """Oracle: the least risk over a grid of the simplex, with right and wrong classes in front."""
    f = -log * sympy.log(P) + first * (1 - P) + second * (1 - P) ** 2 + third * (1 - P) ** 3
    found = decide(of(f), "calibrated")
    gap = min(gaps(sympy.lambdify(P, f, "math")))
    if found.holds:
        assert gap > -0.02
    elif found.holds is False:
        assert gap < 0.02


@settings(max_examples=some(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([S.Zero, S.One]), numbers, numbers)
def test_no_verdict_on_convexity_contradicts_chords(log: Expr, first: Expr, second: Expr) -> None:
    """Oracle: f(softmax(z)[0]) at the middle of chords between logits of three classes."""
    f = -log * sympy.log(P) + first * (1 - P) + second * (1 - P) ** 2
    found = decide(of(f), "convex")
    value = sympy.lambdify(P, f, "math")

    def loss(z: tuple[float, ...]) -> float:
        powers = [math.exp(x) for x in z]
        return float(value(powers[0] / sum(powers)))

    points = [(0, 0, 0), (3, 0, -1), (-4, 0, 1), (1, 4, -4), (1, -4, 4), (6, 0, 0), (-7, 0, 2)]
    worst = min(
        (loss(a) + loss(b)) / 2 - loss(tuple((x + y) / 2 for x, y in zip(a, b, strict=True)))
        for a, b in product(points, repeat=2)
    )
    if found.holds:
        assert worst >= -1e-9
    if worst < -1e-6:
        assert found.holds is not True


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([S.Zero, S.One]), numbers, numbers)
def test_no_lipschitz_constant_is_too_small(log: Expr, first: Expr, second: Expr) -> None:
    """Oracle: the norm of the gradient f' q_y (e_y - q) at many points."""
    f = -log * sympy.log(P) + first * (1 - P) + second * (1 - P) ** 2
    found = decide(of(f), "lipschitz")
    slope = sympy.lambdify(P, sympy.diff(f, P), "math")
    steepest = max(
        abs(slope(q[0])) * q[0] * math.hypot(1 - q[0], q[1], q[2]) for q in GRID if q[0] < 1
    )
    if found.holds:
        assert found.value is not None
        assert float(found.value) >= steepest - 1e-6
        assert float(found.value) <= 1.1 * steepest + 1e-6


LOSS = "loss own(logits: real[class], target: class, *, a: real > 0) ="


@pytest.mark.parametrize(
    ("formula", "holds"),
    [
        ("exp(-softmax(logits)[target] / a)", False),
        ("softmax(logits)[target]**(-a)", False),
        ("a * (1 - softmax(logits)[target])**2", None),
        ("-a * log(softmax(logits)[target])", True),
    ],
)
def test_what_the_ends_of_p_times_the_slope_say(formula, holds):
    """Oracle: p f'(p) is 0 and -exp(-1/a)/a at the ends, -oo and -a, 0 and 0, -a and -a."""
    assert ask(f"{LOSS} {formula}", "strictly_proper", Local).holds is holds


FOCAL = f"{LOSS} -(1 - softmax(logits)[target])**a * log(softmax(logits)[target])"


@pytest.mark.parametrize("prop", ["lipschitz", "smooth"])
def test_a_bound_for_all_settings_is_one_at_each(prop):
    """Oracle: the size of the gradient, and the curvature between two logits, at many points."""
    found = ask(FOCAL, prop, Local)
    assert (found.holds, found.theorem) == (True, f"local-shape-{prop}-by-terms")
    assert found.value is not None
    (a,) = found.value.free_symbols
    for setting in (Rational(1, 100), S.Half, S.One, S(2), S(10)):
        f = -((1 - P) ** setting) * sympy.log(P)
        pull = P * (1 - P) * sympy.diff(f, P)
        bend = 2 * P * (1 - P) * sympy.diff(pull, P)
        worst = sympy.lambdify(P, sympy.sqrt(2) * pull if prop == "lipschitz" else bend, "math")
        bound = float(found.value.subs(a, setting))
        assert max(abs(worst(n / 500)) for n in range(1, 500)) <= bound


def test_a_bound_that_a_term_exceeds_proves_nothing():
    loss = reading(FOCAL, Local)
    (first, *rest) = local_steep.slope_terms(loss)
    low = {"term 0": Rational(1, 8), **{f"term {n + 1}": S(9) for n in range(len(rest))}}
    premises = local_steep.LIPSCHITZ_BY_TERMS.premises(Case(loss, Question("lipschitz"), low))
    assert premises is not None
    signs = [p.statement for p in premises if isinstance(p.statement, Sign)]
    assert any(map(looks_false, signs)), first


def test_slopes_without_bound_have_no_bounded_terms():
    assert ask(f"{LOSS} softmax(logits)[target]**(-a)", "lipschitz", Local).holds is False
