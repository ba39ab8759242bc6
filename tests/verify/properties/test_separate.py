"""One-vs-all sums, whose Hessian is diagonal, and losses that are flat along a line."""

from __future__ import annotations

import pytest
from sympy import S

from losslang.verify.properties import PROPERTIES
from losslang.verify.prover import Budget, prove
from losslang.verify.readings import Pooled, Structure
from losslang.verify.search.separate import steepest
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import separate as theorems
from tests.verify.properties.deciding import ask, proved, reading, same
from tests.verify.table import more

BOWLS = """
loss bowls(logits: real[class], target: class) =
    3 * logits[target]**2 + sum(logits[k]**2 + softplus(logits[k]) for k in class if k != target)
"""
CUBES = """
loss cubes(logits: real[class], target: class) =
    logits[target]**2 + sum(abs(logits[k])**3 for k in class if k != target)
"""
SADDLE = """
loss saddle(logits: real[class], target: class) =
    logits[target]**2 - sum(logits[k]**2 for k in class if k != target)
"""


@pytest.mark.parametrize(
    ("program", "property", "value"),
    [
        (more.OVA_LOGISTIC, "lipschitz", "sqrt(K)"),
        (more.OVA_LOGISTIC, "smooth", "1/4"),
        (BOWLS, "smooth", "6"),
        (BOWLS, "strongly_convex", "2"),
        (more.SIGMOIDS, "lipschitz", "sqrt(K)/4"),
        (more.SQUARED_ONE_VS_ALL, "smooth", "2"),
    ],
)
def test_constants_are_those_of_the_diagonal(program, property, value):
    """Oracle: derivatives of softplus, sigmoid and squares by hand."""
    found = ask(program, property, Pooled)
    assert found.holds
    assert same(found.value, value, K=(2.0, 3.0, 7.0))


@pytest.mark.parametrize(
    ("program", "property", "holds"),
    [
        (more.OVA_LOGISTIC, "convex", True),
        (BOWLS, "lipschitz", False),
        (CUBES, "smooth", False),
        (CUBES, "convex", True),
        (SADDLE, "convex", None),
        (SADDLE, "strongly_convex", None),
        (SADDLE, "smooth", True),
    ],
)
def test_what_the_diagonal_decides(program, property, holds):
    """Oracle: |x|^3 has no bounded curvature, and -x^2 bends down."""
    assert ask(program, property, Pooled).holds is holds


SMOOTHED = """
loss smoothed(logits: real[class], target: class, *, a: real >= 0) =
    (1 - a) * ce(logits, target) + a * mean(ce(logits, k) for k in class)
"""
PENALISED = """
loss penalised(logits: real[class], target: class, *, c: real) =
    ce(logits, target) + c * sum(logits[k]**2 for k in class)
"""
SHARP = """
loss sharp(logits: real[class], target: class) =
    ce(logits, target) - max(logits[k] for k in class)
"""


@pytest.mark.parametrize(
    ("program", "settings", "holds"),
    [
        (SMOOTHED, {}, True),
        (PENALISED, {"c": 1}, True),
        (PENALISED, {"c": -1}, None),
        (PENALISED, {}, None),
        (SHARP, {}, None),
    ],
)
def test_pools_are_convex_together_if_their_multiples_are_not_negative(program, settings, holds):
    """Oracle: squares and log-sum-exps are convex, and minus a maximum is not."""
    assert ask(program, "convex", Pooled, **settings).holds is holds


def test_a_constant_that_is_too_small_or_not_the_best_is_refused():
    read, question = reading(BOWLS, Pooled), Question("smooth")
    (good,) = (dict(guess) for guess in steepest(2)(read, question))
    for name, wrong in (("A value", 5), ("B value", 2), ("A value", 7), ("B value", 3)):
        premises = theorems.SMOOTH.premises(Case(read, question, {**good, name: S(wrong)}))
        assert not _stands(premises)
    assert _stands(theorems.SMOOTH.premises(Case(read, question, good)))


def _stands(premises) -> bool:
    return premises is not None and all(prove(p.statement, Budget(2.0)) for p in premises)


@pytest.mark.parametrize(
    ("program", "holds"),
    [("ce", False), ("crammer_singer", False), ("squentropy", False), (BOWLS, None)],
)
def test_a_loss_that_is_flat_along_a_line_is_not_strongly_convex(program, holds):
    """Oracle: adding a number to all logits changes neither cross-entropy nor a margin."""
    assert _of(program, "strongly_convex") is holds


@pytest.mark.parametrize(("program", "holds"), [("crammer_singer", False), ("ce", None)])
def test_a_kink_on_a_line_is_not_smooth(program, holds):
    """Oracle: the hinge has a kink, cross-entropy has none."""
    assert _of(program, "smooth") is holds


def _of(program: str, property: str) -> bool | None:
    read, question = reading(program, Structure), Question(property, ("logits",), "logits")
    for strategy in PROPERTIES[property].strategies:
        if isinstance(read, strategy.theorem.reads):
            for _, guess in zip(range(16), strategy.guesses(read, question), strict=False):
                if proved(strategy, Case(read, question, guess)):
                    return strategy.theorem.holds
    return None
