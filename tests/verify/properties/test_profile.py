"""One class in front of others that are alike: held against formulas written out."""

from __future__ import annotations

import pytest
import sympy
from sympy import Expr, Integer, Rational

from losslang.ir.binders import substitute
from losslang.verify.readings import Multiclass, Score
from losslang.verify.readings.instance import Unknown
from losslang.verify.readings.profile import profiles
from tests.verify.properties.deciding import ask, reading
from tests.verify.table import more
from tests.verify.table import multiclass as table

LINEAR_SCORE = "loss linear(q: simplex[class], target: class) = -q[target]"
DISTANCE = """
loss distance(q: simplex[class], target: class) = sum(abs(q[k] - (k == target)) for k in class)
"""
NESTED = """
loss nested(logits: real[class], target: class) =
    sum(max(logits[j] - logits[k] for j in class if j != k) for k in class if k != target)
    + mean(logits[k] * logits[j] for k in class for j in class if j != k)
"""
PLACES = """
loss places(logits: real[class], target: class) = cumsum(logits)[target]
"""
OWN, OTHER = sympy.symbols("own other", positive=True)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
@pytest.mark.parametrize(
    ("program", "kind"),
    [
        (table.BRIER, Score),
        (table.NCE, Score),
        (table.BRIER, Multiclass),
        ("squentropy", Multiclass),
        ("crammer_singer", Multiclass),
        (more.WESTON_WATKINS, Multiclass),
        (NESTED, Multiclass),
    ],
)
def test_the_formula_for_k_classes_is_the_one_written_out(program, kind, count):
    """Oracle: the loss with every reduction written out."""
    read = reading(program, kind)
    values = OWN, OTHER
    (found,) = [
        p
        for p in profiles(read, *values)
        if p.classes == count or (p.classes == read.classes and _holds(p, count))
    ]
    symbols, losses = (
        read.at(count) if kind is Multiclass else (read.symbols(count), read.at(count))
    )
    numbers = (Rational(7, 10), Rational(3, 10) / (count - 1))
    written = dict(zip(symbols, (numbers[0], *numbers[1:] * (count - 1)), strict=True))
    for formula, label in ((found.front, 0), (found.others, 1)):
        rule = {OWN: numbers[0], OTHER: numbers[1], read.classes: Integer(count)}
        assert _near(substitute(formula, rule), substitute(losses[label], written))


def _holds(profile, count: int) -> bool:
    bounds = profile.region.bounds(profile.classes)
    return bool(bounds.low <= count <= bounds.high)


def _near(one: Expr, other: Expr) -> bool:
    return abs(float(one) - float(other)) < 1e-12


def test_classes_that_are_not_alike_have_no_profile():
    with pytest.raises((Unknown, ValueError)):
        profiles(reading(PLACES, Multiclass), OWN, OTHER)


@pytest.mark.parametrize(
    ("program", "kind", "property", "holds"),
    [
        (table.BRIER, Score, "symmetric", False),
        ("squentropy", Multiclass, "symmetric", False),
        ("crammer_singer", Multiclass, "symmetric", False),
        (more.WESTON_WATKINS, Multiclass, "symmetric", False),
        (LINEAR_SCORE, Score, "symmetric", None),
        (LINEAR_SCORE, Score, "strictly_proper", False),
        (LINEAR_SCORE, Score, "proper", False),
        (DISTANCE, Score, "proper", False),
        (table.NCE, Score, "proper", False),
        (table.BRIER, Score, "proper", True),
        (table.SPHERICAL_SCORE, Score, "strictly_proper", True),
    ],
)
def test_what_a_profile_shows(program, kind, property, holds):
    """Oracles: sums over the labels; the Brier and spherical scores of Gneiting, Raftery 2007.

    The linear score adds up to -1 for all labels, though nobody shows it here.
    """
    assert ask(program, property, kind).holds is holds
