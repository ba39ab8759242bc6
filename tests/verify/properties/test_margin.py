"""Margin losses: what is known of each of them, property by property, and numbers that refute."""

from __future__ import annotations

import mpmath
import pytest
import sympy

from losslang.verify.prover import Budget, prove
from losslang.verify.readings import Margin
from tests.verify.properties.deciding import Decision, ask, same
from tests.verify.properties.margins import PROGRAMS, margin

ALL = tuple(name for name in PROGRAMS if name not in ("rising", "trap"))

HOLDS = {
    "calibrated": set(ALL) - {"perceptron", "hinge and perceptron"},
    "convex": set(ALL) - {"ramp", "ramp from 0", "ramp from 1/2", "sigmoid", "Savage", "tangent"},
    "symmetric": {"unhinged", "ramp", "sigmoid"},
    "differentiable": set(ALL)
    - {"hinge", "absolute", "perceptron", "hinge and perceptron"}
    - {"ramp", "ramp from 0", "ramp from 1/2"},
    "nonnegative": set(ALL) - {"unhinged"},
    "bounded_below": set(ALL) - {"unhinged"},
    "bounded": {"ramp", "ramp from 0", "ramp from 1/2", "sigmoid", "Savage", "tangent"},
    "monotone": set(ALL) - {"square", "absolute", "tangent"},
    "strongly_convex": {"square"},
    "proper_composite": {
        *("logistic", "exponential", "squared hinge", "smoothed hinge", "modified Huber"),
        *("square", "Savage", "tangent"),
    },
    "recoverable": {
        *("logistic", "exponential", "squared hinge", "smoothed hinge", "modified Huber"),
        *("square", "Savage", "tangent", "DWD"),
    },
    "canonical_link": {"logistic", "square", "squared hinge", "modified Huber"},
}


@pytest.mark.parametrize("property", HOLDS)
@pytest.mark.parametrize("name", ALL)
def test_a_property_holds_for_the_losses_that_are_known_to_have_it(
    name: str, property: str
) -> None:
    """Oracle: Bartlett et al. 2006, Reid & Williamson 2010, Ghosh et al. 2015, and calculus."""
    assert ask(PROGRAMS[name], property, Margin).holds is (name in HOLDS[property])


CONSTANTS = {
    "lipschitz": {
        "logistic": "1",
        "exponential": None,
        "hinge": "1",
        "squared hinge": None,
        "smoothed hinge": "1",
        "modified Huber": "4",
        "square": None,
        "hinge and perceptron": "2",
        "DWD": "1",
        "ramp": "1",
        "sigmoid": "1/4",
        "Savage": "16/27",
    },
    "smooth": {
        "logistic": "1/4",
        "exponential": None,
        "hinge": None,
        "squared hinge": "2",
        "smoothed hinge": "1",
        "modified Huber": "2",
        "square": "2",
        "unhinged": "0",
        "DWD": "4",
        "ramp": None,
    },
    "self_concordant": {"logistic": "1", "exponential": "1", "hinge": None, "Savage": None},
}


@pytest.mark.parametrize(
    ("property", "name"), [(p, name) for p, known in CONSTANTS.items() for name in known]
)
def test_constants_are_the_best_ones(property: str, name: str) -> None:
    """Oracle: suprema of derivatives, by hand; ``None`` where there is none."""
    known = CONSTANTS[property][name]
    found = ask(PROGRAMS[name], property, Margin)
    assert found.holds is (known is not None)
    assert known is None or same(found.value, known)


RANGES = {
    "hinge": "Interval(0, oo)",
    "ramp": "Interval(0, 2)",
    "sigmoid": "Interval.open(0, 1)",
    "Savage": "Interval.open(0, 1)",
    "tangent": "Interval.Ropen(0, (1 + pi)**2)",
    "unhinged": "Interval(-oo, oo)",
    "logistic": "Interval.open(0, oo)",
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges_say_whether_their_ends_are_attained(name: str) -> None:
    """Oracle: the formulas."""
    assert ask(PROGRAMS[name], "range", Margin).value == sympy.sympify(RANGES[name])


T = (0.07, 0.45, 0.83)
LOG_PSI = "((1 + t)*log(1 + t) + (1 - t)*log(1 - t))/2"
PSI = {
    "hinge": "t",
    "absolute": "t",
    "ramp": "t",
    "ramp from 0": "t",
    "ramp from 1/2": "t/2",
    "sigmoid": "t/2",
    "squared hinge": "t**2",
    "square": "t**2",
    "modified Huber": "t**2",
    "Savage": "t**2/4",
    "smoothed hinge": "t**2/(1 + t)",
    "exponential": "1 - sqrt(1 - t**2)",
    "logistic": LOG_PSI,
    "DWD": "(1 + t)/2 - sqrt(1 - t**2)/2",
}


@pytest.mark.parametrize("name", PSI)
def test_excess_risk_is_bounded_by_the_transform_of_the_paper(name: str) -> None:
    """Oracle: Bartlett, Jordan & McAuliffe 2006; DWD by hand."""
    found = ask(PROGRAMS[name], "excess_risk", Margin)
    assert found.holds
    assert same(found.value, PSI[name], t=T)


BOUNDED_SCORES = {
    "hinge": "Min(B, 1)*t",
    "ramp": "Min(B, 1)*t",
    "sigmoid": "tanh(B/2)*t/2",
    "exponential": "Piecewise((1 - sqrt(1 - t**2), t <= tanh(B)),"
    " (1 - (t + 1)/2*exp(-B) - (1 - t)/2*exp(B), True))",
    "logistic": f"Piecewise(({LOG_PSI}, t <= tanh(B/2)), (log(2) - (t + 1)/2*log(1 + exp(-B))"
    " - (1 - t)/2*log(1 + exp(B)), True))",
    "squared hinge": "Piecewise((t**2, t <= B), (2*B*t - B**2, True))",
}


@pytest.mark.parametrize("name", BOUNDED_SCORES)
def test_bounded_scores_give_the_transform_of_the_paper(name: str) -> None:
    """Oracle: Awasthi, Mao, Mohri & Zhong 2022; B on both sides of the minimiser."""
    found = ask(PROGRAMS[name], "h_consistent", Margin)
    points = {"t": (0.07, 0.45, 0.83, 0.83), "B": (0.3, 0.2, 2.5, 0.9)}
    assert found.holds
    assert same(found.value, BOUNDED_SCORES[name], **points)


LINKS = {
    "logistic": "1/(1 + exp(-v))",
    "exponential": "1/(1 + exp(-2*v))",
    "Savage": "1/(1 + exp(-2*v))",
    "square": "(1 + v)/2",
    "squared hinge": "Max(0, Min(1, (1 + v)/2))",
    "tangent": "1/2 + atan(v)",
}


@pytest.mark.parametrize("name", LINKS)
def test_links_are_those_of_the_paper(name: str) -> None:
    """Oracle: Reid & Williamson 2010; Masnadi-Shirazi et al. 2010."""
    found = ask(PROGRAMS[name], "proper_composite", Margin)
    assert found.holds
    assert same(found.value, LINKS[name], v=(-0.4, 0.1, 0.35))


MINIMISERS = {
    "logistic": "log(eta/(1 - eta))",
    "exponential": "log(eta/(1 - eta))/2",
    "square": "2*eta - 1",
    "hinge": "1",
    "Savage": "log(eta/(1 - eta))/2",
}


@pytest.mark.parametrize("name", MINIMISERS)
def test_minimisers_are_found(name: str) -> None:
    """Oracle: stationarity of the expected loss, by hand."""
    found = ask(PROGRAMS[name], "minimiser", Margin)
    assert found.holds
    assert same(found.value, MINIMISERS[name], eta=(0.55, 0.7, 0.95))


TAILS = {
    "raising_tail": {
        **dict.fromkeys(("exponential", "logistic", "hinge", "DWD", "squared hinge"), True),
        "unhinged": False,
    },
    "exponential_tail": {
        **dict.fromkeys(("exponential", "logistic", "Savage", "sigmoid"), True),
        **dict.fromkeys(("DWD", "squared hinge", "hinge", "unhinged", "tangent"), False),
    },
}


@pytest.mark.parametrize(
    ("property", "name"), [(p, name) for p, known in TAILS.items() for name in known]
)
def test_tails(property: str, name: str) -> None:
    """Oracle: Dai 2025; Soudry et al. 2018."""
    assert ask(PROGRAMS[name], property, Margin).holds is TAILS[property][name]


AUC = {
    **dict.fromkeys(
        ("logistic", "exponential", "squared hinge", "smoothed hinge", "modified Huber"), True
    ),
    **dict.fromkeys(("square", "sigmoid", "ramp", "DWD"), True),
    **dict.fromkeys(("hinge", "absolute", "perceptron", "hinge and perceptron"), False),
    **dict.fromkeys(("unhinged", "Savage", "tangent"), None),
}


@pytest.mark.parametrize("name", AUC)
def test_consistency_for_the_auc(name: str) -> None:
    """Oracle: Gao & Zhou 2015; ``None`` where no theorem speaks, or no risk is the least."""
    assert ask(PROGRAMS[name], "auc_consistent", Margin).holds is AUC[name]


# ---------------------------------------------------------------- traps


@pytest.mark.parametrize("name", ["rising", "trap"])
def test_a_negative_slope_at_zero_is_not_enough_without_convexity(name: str) -> None:
    """Oracle: a dip at m = -4 that is deeper than the limit on the right."""
    assert ask(PROGRAMS[name], "calibrated", Margin).holds is False


FAMILIES = {
    "smoothing": (
        "0 if m >= 1 else 1 - m - g / 2 if m <= 1 - g else (1 - m)**2 / (2 * g)",
        "g: real > 0",
    ),
    "focal": ("(1 - sigmoid(m))**g * log(1 + exp(-m))", "g: real >= 0 = 2"),
    "generalised": ("(1 - sigmoid(m)**g) / g", "g: real in (0, 1] = 0.7"),
    "LUM": (
        "1 - m if m < c / (1 + c) else 1 / (1 + c) * (a / ((1 + c) * m - c + a))**a",
        "a: real > 0, c: real >= 0",
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_calibrated_for_all_hyperparameters(name: str) -> None:
    """Oracle: Shalev-Shwartz & Zhang 2013; Charoenphakdee et al. 2021; Liu et al. 2011."""
    assert ask(margin(*FAMILIES[name]), "calibrated", Margin).holds


def test_constants_may_depend_on_hyperparameters() -> None:
    """Oracle: the curvature of the quadratic piece."""
    found = ask(margin(*FAMILIES["smoothing"]), "smooth", Margin)
    assert same(found.value, "1/g", g=(0.3, 1.0, 4.0))


def test_no_generalised_loss_is_convex() -> None:
    """Oracle: phi'' ~ -g e^(g m) far on the left."""
    assert ask(margin(*FAMILIES["generalised"]), "convex", Margin).holds is False


# ---------------------------------------------------------------- witnesses

WITNESSED = [
    ("calibrated", "perceptron"),
    ("calibrated", "hinge and perceptron"),
    ("calibrated", "trap"),
    ("convex", "ramp"),
    ("convex", "Savage"),
    ("lipschitz", "exponential"),
    ("smooth", "hinge"),
    ("symmetric", "Savage"),
    ("bounded", "hinge"),
    ("nonnegative", "unhinged"),
    ("differentiable", "hinge"),
]


@pytest.mark.parametrize(("property", "name"), WITNESSED)
def test_refutations_come_with_facts_that_are_true(property: str, name: str) -> None:
    """Oracle: the prover, for statements without variables."""
    found: Decision = ask(PROGRAMS[name], property, Margin)
    assert found.holds is False
    assert found.witness is not None
    assert all(prove(fact, Budget(5)) is not None for fact in found.witness.facts)


def test_the_wrong_score_of_a_kink_really_is_best() -> None:
    """Oracle: a grid of scores for the witness's eta."""
    witness = ask(PROGRAMS["hinge and perceptron"], "calibrated", Margin).witness
    assert witness is not None
    eta = float(sympy.sympify(witness.values["eta"]))

    def phi(m: float) -> float:
        return max(0, 1 - m) + max(0, -m)

    costs = {v: eta * phi(v) + (1 - eta) * phi(-v) for v in mpmath.linspace(-3, 3, 121)}
    assert eta > 0.5
    assert min(costs.values()) == pytest.approx(costs[mpmath.mpf(0)])
