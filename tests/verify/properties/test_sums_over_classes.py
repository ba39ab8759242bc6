"""What losses that sum over the classes take in: held against draws of points and logits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import pytest
import sympy
from sympy import Expr, S

from losslang.verify.evaluate import compile_tape
from losslang.verify.instances import Inputs, places, value
from losslang.verify.prover import Budget, prove
from losslang.verify.readings import Multiclass, Pooled, Score, Structure
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import simplex
from tests.verify.properties.deciding import ask, loss, reading
from tests.verify.table import more
from tests.verify.table import multiclass as table

CUBIC = "loss cubic(q: simplex[class]) = sum(q[k]**3 - q[k]**2 for k in class)"
WAVE = "loss wave(q: simplex[class]) = sum(sin(9 * q[k]) for k in class)"
DOWN = """
loss down(logits: real[class], target: class) =
    -logits[target] + sum(exp(logits[k]) for k in class if k != target)
"""
BELOW = """
loss pairs(logits: real[class], target: class) =
    sum(tanh(logits[k] - logits[target]) for k in class if k != target)
"""


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(
    ("program", "kind"),
    [
        (more.ENTROPY, Structure),
        (more.GINI, Structure),
        (more.EFFECTIVE_NUMBER, Structure),
        (more.QUADRATIC_SCORE, Score),
        (table.SPHERICAL_SCORE, Score),
        (table.BRIER_SCORE, Score),
        (more.SIGMOIDS, Pooled),
        (more.SQUARED_ONE_VS_ALL, Pooled),
        (more.WESTON_WATKINS, Multiclass),
        (BELOW, Multiclass),
    ],
)
def test_a_range_holds_the_values_and_no_less(program, kind, count):
    """Oracle: values at points near vertices and centre, and at logits near and far."""
    found = ask(program, "range", kind)
    assert found.holds
    assert found.value is not None
    low, high = (_at(end, count) for end in found.value)
    seen = list(_values(program, count))
    assert low - 1e-9 <= min(seen) <= low + 0.05
    assert max(seen) <= high + 1e-9
    assert max(seen) >= (50 if high == float("inf") else high - 0.05)


def _at(end: Expr, count: int) -> float:
    return float(end.subs(dict.fromkeys(end.free_symbols, count)))


def _values(program: str, count: int) -> Iterator[float]:
    known = loss(program)
    given = known.inputs[0]
    source = random.Random(count)
    for front in ("1/2", "1/9", "9/10", "99999/100000", "1/100000", None):
        rest = sympy.Rational(front or f"1/{count}")
        point = [rest, *[(1 - rest) / (count - 1)] * (count - 1)]
        spread = [rest, 1 - rest - S(count - 2) / 10**6, *[S(1) / 10**6] * (count - 2)]
        for row in (point, spread if front in ("1/2", "1/9", "1/100000") else point):
            yield from _of(known, count, row if given.kind == "simplex" else _logits(row))
    if given.kind != "simplex":
        for far in (-60, -4, -1, 0, 1, 4, 60):
            for others in (-60, 0, 60, source.randint(-3, 3)):
                yield from _of(known, count, [S(far), *[S(others)] * (count - 1)])


def _logits(row: list[Expr]) -> list[Expr]:
    return [sympy.Rational(str(round(float(sympy.log(q)), 6))) for q in row]


def _of(known, count: int, row: list[Expr]) -> Iterator[float]:
    sizes = {"class": count, "batch": 1}
    (where,) = {at[:-1] for at in places(known.inputs[0], sizes)}
    entries = {(known.inputs[0].name, (*where, n)): q for n, q in enumerate(row)}
    for label in (0, count - 1) if len(known.inputs) > 1 else (0,):
        labels = {(i.name, at): S(label) for i in known.inputs[1:] for at in places(i, sizes)}
        found = value(known, Inputs(sizes, {**entries, **labels}))
        assert found is not None
        yield compile_tape(found, ()).float([])


@pytest.mark.parametrize(
    ("program", "kind", "property", "holds"),
    [
        (CUBIC, Structure, "range", None),
        (WAVE, Structure, "range", None),
        (more.GINI, Structure, "nonnegative", True),
        (DOWN, Pooled, "bounded", False),
        (DOWN, Pooled, "bounded_below", False),
        (BELOW, Multiclass, "nonnegative", False),
        (BELOW, Multiclass, "bounded", True),
        (more.PAIRWISE_EXPONENTIAL, Multiclass, "bounded", False),
        (more.PAIRWISE_EXPONENTIAL, Multiclass, "bounded_below", True),
    ],
)
def test_what_is_decided(program, kind, property, holds):
    """Oracles: -z falls without end, tanh lies between -1 and 1; the others bend both ways."""
    assert ask(program, property, kind).holds is holds


GOOD: Mapping[str, Expr] = {"bend": S.One, "turn": S.NegativeOne, "zero": S.Zero, "one": S.One}


@pytest.mark.parametrize(
    "altered",
    [{"bend": S.NegativeOne}, {"turn": S.One}, {"zero": S.One}, {"one": S.Zero}, {"bend": S(2)}],
)
def test_a_guess_has_to_be_right(altered):
    """Oracle: 1 - sum q^2 falls with a sum of squares, which go from 0 to 1."""
    read, question = reading(more.GINI, Structure), Question("range")
    theorem = simplex.RANGE
    assert _stands(theorem.premises(Case(read, question, GOOD)))
    assert not _stands(theorem.premises(Case(read, question, {**GOOD, **altered})))


def _stands(premises) -> bool:
    return premises is not None and all(prove(p.statement, Budget(2.0)) for p in premises)
