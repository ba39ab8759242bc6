"""Binary losses with a loss for each label: proper, calibrated, ordered, and what they recover."""

from __future__ import annotations

import pytest
import sympy

from losslang.verify.prover import Budget, prove
from losslang.verify.readings import Binary, Probability
from losslang.verify.statement import Region
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems.proper import STRICTLY_PROPER
from tests.verify.properties.deciding import ask, same


def score(positive: str, negative: str, hyperparameters: str = "") -> str:
    """A program for a loss of a probability p."""
    more = f", *, {hyperparameters}" if hyperparameters else ""
    signature = f"loss l(p: real in (0, 1), target: bit{more})"
    return f"{signature} = {positive} if target == 1 else {negative}"


LOG = score("-log(p)", "-log(1 - p)")
BRIER = score("(1 - p)**2", "p**2")
LINEAR = score("1 - p", "p")
WEIGHTED = score("-w * log(p)", "-log(1 - p)", "w: real > 0 = 3")
FOCAL = score("-(1 - p)**g * log(p)", "-p**g * log(1 - p)", "g: real >= 0 = 2")
CLIPPED = score("-log(p)", "-max(p - 0.05, 0)**4 * log(1 - max(p - 0.05, 0))")
CUBIC = score("(1 - p)**3", "p**3")
LOGITS = "bce"


@pytest.mark.parametrize(
    ("program", "strictly"),
    [(LOG, True), (BRIER, True), (LINEAR, False), (FOCAL, False), (CLIPPED, False), (CUBIC, False)],
)
def test_strictly_proper(program: str, strictly: bool) -> None:
    """Oracle: Shuford, Albert & Massengill 1966."""
    for settings in ({"g": 2.0},) if program == FOCAL else ({},):
        assert ask(program, "strictly_proper", Probability, **settings).holds is strictly
        assert ask(program, "proper", Probability, **settings).holds is strictly


def test_a_constant_loss_is_proper_but_not_strictly() -> None:
    """Oracle: the definition; every answer is as good."""
    program = score("1 + 0 * p", "2 + 0 * p")
    assert ask(program, "proper", Probability).holds
    assert ask(program, "strictly_proper", Probability).holds is False


@pytest.mark.parametrize(("program", "weight"), [(LOG, "1/(q*(1 - q))"), (BRIER, "2")])
def test_the_value_is_the_weight_function(program: str, weight: str) -> None:
    """Oracle: Buja, Stuetzle & Shen 2005."""
    found = ask(program, "strictly_proper", Probability)
    assert same(found.value, weight, q=(0.2, 0.7))


def test_scores_tell_the_probability_of_the_sigmoid() -> None:
    """Oracle: Good 1952; a weight on one label bends the probabilities that are told."""
    for kind in (Binary, Probability):
        assert ask(LOGITS, "strictly_proper", kind, pos_weight=1).holds
        assert ask(LOGITS, "strictly_proper", kind, pos_weight=3).holds is False


CALIBRATED = [
    (LOG, {}, True),
    (BRIER, {}, True),
    (LINEAR, {}, True),
    (CUBIC, {}, True),
    (FOCAL, {"g": 2}, True),
    (WEIGHTED, {"w": 1}, True),
    (WEIGHTED, {"w": 3}, False),
    (WEIGHTED, {"w": 0.5}, False),
    (CLIPPED, {}, False),
]


@pytest.mark.parametrize(("program", "settings", "calibrated"), CALIBRATED)
def test_calibrated_at_one_half(program: str, settings: dict[str, float], calibrated: bool) -> None:
    """Oracle: the slopes of both losses at 1/2 add to zero or not."""
    found = ask(program, "calibrated", Probability, **settings)
    assert found.holds is calibrated
    if not calibrated:
        assert found.witness is not None
        assert all(prove(fact, Budget(5)) is not None for fact in found.witness.facts)


@pytest.mark.parametrize(("weight", "calibrated"), [(1, True), (3, False), (0.25, False)])
def test_calibration_of_a_weighted_loss_of_a_score(weight: float, calibrated: bool) -> None:
    """Oracle: the best score is log(w eta / (1 - eta))."""
    assert ask(LOGITS, "calibrated", Binary, pos_weight=weight).holds is calibrated


ORDERED = [(LOG, True), (BRIER, True), (CUBIC, True), (LINEAR, None), (WEIGHTED, True)]


@pytest.mark.parametrize(("program", "ordered"), ORDERED)
def test_likelier_examples_get_higher_predictions(program: str, ordered: bool | None) -> None:
    """Oracle: the ratio of slopes, which rises but for the linear loss."""
    assert ask(program, "order_preserving", Probability).holds is ordered


def test_the_minimiser_of_a_weighted_loss() -> None:
    """Oracle: stationarity, by hand; for every weight."""
    found = ask(WEIGHTED, "minimiser", Probability)
    assert found.holds
    assert same(found.value, "w*eta/(w*eta + 1 - eta)", w=(0.5, 3.0), eta=(0.2, 0.9))


def test_a_weighted_score_has_a_shifted_link() -> None:
    """Oracle: Reid & Williamson 2010; for every weight."""
    found = ask(LOGITS, "proper_composite", Binary)
    link = "exp(v)/(pos_weight + exp(v))"
    assert found.holds
    assert same(found.value, link, pos_weight=(0.5, 3.0), v=(-1.0, 0.4))


@pytest.mark.parametrize(
    ("end", "value", "follows"), [(1, 1, True), (1, 2, False), (0, 0, False), (0, -1, False)]
)
def test_a_slope_that_does_not_vanish_at_an_end_refutes_properness(
    end: int, value: int, follows: bool
) -> None:
    """-(1 - q)**2 log q and -log(1 - q): their balance tends to 1 at 1, and to 0 at 0."""
    q = sympy.Symbol("q", positive=True)
    positive, negative = -((1 - q) ** 2) * sympy.log(q), -sympy.log(1 - q)
    read = Probability(Region(), positive, negative, q, "p")
    theorem = next(t for t in STRICTLY_PROPER if t.name.startswith("not-stationary"))
    guess = {"end": sympy.Integer(end), "value": sympy.Integer(value)}
    needed = theorem.premises(Case(read, Question("strictly_proper"), guess))
    shown = needed is not None and all(prove(p.statement, Budget(5)) for p in needed)
    assert shown is follows
