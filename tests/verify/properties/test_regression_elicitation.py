"""What the best prediction of a regression loss is.

Oracles: Gneiting 2011 for the named losses, and, for any verdict, the expected loss of random laws
on a few values, minimised on a fine grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losslang.verify.evaluate import compile_tape
from losslang.verify.property import Strategy
from losslang.verify.readings import Regression, Residual
from losslang.verify.search import elicitation
from losslang.verify.theorem import Case, Question
from losslang.verify.witnesses import replays
from tests.sampling import some
from tests.verify.properties.deciding import Decision, proved, reading, same

EPS_INSENSITIVE = """
loss tube(prediction: real, target: real, *, eps: real > 0 = 1) =
    max(0, abs(prediction - target) - eps)
"""
RELATIVE = """
loss relative(prediction: real > 0, target: real > 0) = (prediction / target - 1)**2
"""
PERCENT = """
loss percent(prediction: real > 0, target: real > 0) = abs(prediction - target) / target
"""
GAMMA = """
loss gamma_nll(prediction: real > 0, target: real > 0) = target / prediction + log(prediction)
"""
POWER = "loss power(prediction: real, target: real) = (prediction - target)**4"


def elicits(program: str, *arguments: str, **fixed: float) -> Decision:
    """The answer to ``elicits(arguments)``."""
    return decided(elicitation.ELICITS, program, Question("elicits", arguments), **fixed)


def decided(
    strategies: Iterable[Strategy], program: str, question: Question, **fixed: float
) -> Decision:
    """The first strategy that is proved, for a question with arguments."""
    for kind in (Regression, Residual):
        try:
            known = reading(program, kind, **fixed)
        except StopIteration:
            continue
        for strategy in strategies:
            if not isinstance(known, strategy.theorem.reads):
                continue
            for guess in islice(strategy.guesses(known, question), 16):
                case = Case(known, question, guess)
                if proved(strategy, case):
                    theorem = strategy.theorem
                    witness = None if theorem.holds else strategy.witness(case)
                    return Decision(theorem.holds, theorem.name, theorem.value(case), witness)
    return Decision(None)


@pytest.mark.parametrize(
    ("program", "functional", "value"),
    [
        ("mse", "mean", "E(target)"),
        ("gaussian_nll", "mean", "E(target)"),
        (GAMMA, "mean", "E(target)"),
        ("poisson_nll", "mean", "log(E(target))"),
        ("l1", "median", "1/2"),
        ("quantile", "quantile", "theta"),
        ("expectile", "expectile", "theta"),
        ("mse", "expectile", "1/2"),
    ],
)
def test_losses_elicit_their_functional(program, functional, value):
    found = elicits(program, functional)
    assert found.holds
    assert str(found.value) == value


@pytest.mark.parametrize(
    ("program", "functional"),
    [
        ("huber", "mean"),
        ("huber", "median"),
        ("huber", "quantile"),
        ("huber", "expectile"),
        ("log_cosh", "mean"),
        ("linex", "mean"),
        ("msle", "mean"),
        ("l1", "mean"),
        ("mse", "median"),
        ("mse", "quantile"),
        ("quantile", "mean"),
        ("quantile", "expectile"),
        ("expectile", "median"),
        (POWER, "mean"),
        (PERCENT, "median"),
        (EPS_INSENSITIVE, "median"),
    ],
)
def test_other_functionals_are_refuted_for_all_settings(program, functional):
    assert elicits(program, functional).holds is False


@pytest.mark.parametrize(("level", "holds"), [("0.9", True), ("0.5", False)])
def test_a_level_may_be_named(level, holds):
    assert elicits("quantile", "quantile", level, theta=0.9).holds is holds


@pytest.mark.parametrize("program", ["huber", "log_cosh", "msle", "linex"])
def test_counterexamples_are_numbers_that_replay(program):
    fixed = {"huber": {"delta": 1}, "linex": {"a": 1}}.get(program, {})
    witness = elicits(program, "mean", **fixed).witness
    assert witness is not None
    assert witness.facts
    assert replays(witness)


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("mse", "E(target)"),
        ("linex", "log(E(exp(a*target)))/a"),
        ("msle", "exp(E(log(target + 1))) - 1"),
        ("poisson_nll", "log(E(target))"),
        (RELATIVE, "E(1/target)/E(target**(-2))"),
        ("quantile", "quantile(target, theta)"),
        (PERCENT, "quantile(target, 1/2, 1/target)"),
        ("expectile", "expectile(target, theta)"),
        ("log_cosh", "location(sinh(r)/cosh(r), r)"),
    ],
)
def test_the_minimiser_is_named(program, value):
    found = decided(elicitation.MINIMISER, program, Question("minimiser"))
    assert str(found.value) == value


# ---------------------------------------------------------------- any verdict against numbers

FIXED = {"quantile": {"theta": 0.5}, "expectile": {"theta": 0.5}}
GRID = [n / 200 for n in range(-1200, 1201)]


def functional(word: str, law: list[tuple[float, float]]) -> tuple[float, float]:
    """The least and the greatest value of the mean or median."""
    if word == "mean":
        mean = math.fsum(y * p for y, p in law)
        return mean, mean
    below, low, high = 0.0, None, None
    for y, p in sorted(law):
        below += p
        low = y if low is None and below >= 0.5 - 1e-9 else low
        high = y if high is None and below > 0.5 + 1e-9 else high
    assert low is not None
    assert high is not None
    return low, high


def minimiser(loss: Callable[[float, float], float], law: list[tuple[float, float]]) -> list[float]:
    """The points of a grid at which the expected loss is least."""
    values = [math.fsum(p * loss(f, y) for y, p in law) for f in GRID]
    least = min(values)
    return [f for f, v in zip(GRID, values, strict=True) if v <= least + 1e-9]


@settings(max_examples=some(12), deadline=None)
@given(
    st.lists(st.integers(-4, 4), min_size=2, max_size=4, unique=True),
    st.lists(st.integers(1, 9), min_size=4, max_size=4),
)
@pytest.mark.parametrize("program", ["mse", "l1", "quantile", "expectile"])
def test_what_is_proved_holds_for_random_laws(program, atoms, weights):
    word = "median" if program in ("l1", "quantile") else "mean"
    fixed = FIXED.get(program, {})
    assert elicits(program, word, **fixed).holds
    known = reading(program, Regression, **fixed)
    tape = compile_tape(known.loss, (known.prediction, known.target))
    total = sum(weights[: len(atoms)])
    law = [(float(y), w / total) for y, w in zip(atoms, weights, strict=False)]
    low, high = functional(word, law)
    best = minimiser(lambda f, y: tape.float([f, y]), law)
    assert all(low - 0.011 <= f <= high + 0.011 for f in best)


def test_values_of_minimisers_agree_with_a_grid():
    known = reading("linex", Regression, a=1)
    tape = compile_tape(known.loss, (known.prediction, known.target))
    law = [(0.0, 0.5), (2.0, 0.3), (-1.0, 0.2)]
    (best,) = minimiser(lambda f, y: tape.float([f, y]), law)
    assert best == pytest.approx(math.log(math.fsum(p * math.exp(y) for y, p in law)), abs=0.01)
    assert same(elicits("mse", "expectile").value, "1/2")
