"""Where answers change as hyperparameters move, and what becomes of defects of our own."""

from __future__ import annotations

import pytest
import sympy
from sympy import Rational, S, oo

from losslang import driver
from losslang.diagnostics import InternalError
from losslang.verify import decide
from losslang.verify.decide import Open, decider
from losslang.verify.engine import Engine
from losslang.verify.proof import Proof
from losslang.verify.prover import Budget
from losslang.verify.statement import LINE, POSITIVE, UNIT, Bounds, Region, Sign
from losslang.verify.theorem import Question
from losslang.verify.thresholds import generic
from losslang.verify.verdict import Part
from tests.sampling import FULL

x, y = sympy.symbols("x y", real=True)
K = sympy.Symbol("K", integer=True, positive=True)


def verdict(tmp_path, program: str, question: str):
    path = tmp_path / "program.loss"
    path.write_text(program, encoding="utf-8")
    return driver.verify(path=path, timeout=600)[question]


@pytest.mark.parametrize(
    ("domain", "formula", "question", "condition"),
    [
        ("real", "m**2 * (c - 1)", "nonnegative", "c >= 1"),
        ("real", "m**2 * (3 * c - 2)", "nonnegative", "c >= 2/3"),
        ("real", "c * softplus(-m)", "calibrated", "c > 0"),
        ("real", "m**2 * (c**2 - 1)", "nonnegative", "c <= -1 or c >= 1"),
        ("real", "c * tanh(m)", "symmetric", None),
    ],
)
def test_the_condition_is_the_exact_one(tmp_path, domain, formula, question, condition):
    program = (
        f"loss r(score: real, target: sign, *, c: {domain} = 1) =\n    {formula}\n"
        "where\n    m = target * score\n"
    )
    found = verdict(tmp_path, program, question)
    assert found.status == ("proved" if condition is None else "conditional"), found.reason
    assert found.condition == condition


COMPARED = [
    ("(a - b)**2 * m", "nonnegative", "a == b"),
    ("(a + b - 1)**2 * m", "nonnegative", "a == 1 - b"),
    *[("a * softplus(-m) - b * softplus(m)", "convex(score)", "a >= b")] * FULL,
]


@pytest.mark.parametrize(("formula", "question", "condition"), COMPARED)
def test_the_condition_may_compare_two_hyperparameters(tmp_path, formula, question, condition):
    program = (
        "loss r(score: real, target: sign, *, a: real = 1, b: real > 0 = 1) =\n"
        f"    {formula}\nwhere\n    m = target * score\n"
    )
    found = verdict(tmp_path, program, question)
    assert (found.status, found.condition) == ("conditional", condition), found.reason


def test_settings_are_generic_only_where_hyperparameters_differ():
    found = generic(Region(((x, POSITIVE), (y, POSITIVE))))
    assert found is not None
    assert found[x] != found[y]


def test_a_generic_setting_lies_in_the_region_and_off_its_ends():
    region = Region(
        ((x, Bounds(-S.One, S.One, True, True)), (y, Bounds(x, oo)), (K, Bounds(S(2), oo, True)))
    )
    found = generic(region)
    assert found is not None
    assert -1 < found[x] < 1
    assert found[y] > found[x]
    assert found[K] >= 3


def test_there_is_no_generic_setting_of_an_empty_region():
    assert generic(Region(((x, Bounds(S.One, S.Zero)),))) is None


@pytest.mark.parametrize(
    ("value", "bounds", "inside"),
    [
        (S.Zero, UNIT, False),
        (Rational(1, 2), UNIT, True),
        (S.Zero, Bounds(S.Zero, S.One, True), True),
        (S.One, Bounds(S.Zero, S.One, True), False),
        (sympy.sqrt(2), Bounds(S.One, S(2)), True),
        (S(10) ** 9, LINE, True),
        (S.Zero, POSITIVE, False),
        (S.Infinity, POSITIVE, False),
        (S.One, Bounds(S.Zero, x), False),
        (S.ImaginaryUnit, UNIT, False),
        (S.ComplexInfinity, LINE, False),
    ],
)
def test_whether_a_number_is_known_to_lie_in_bounds(value, bounds, inside):
    assert bounds.holds(value) == inside


# ---------------------------------------------------------------- a defect of ours


def test_a_proof_of_what_is_false_is_noticed(monkeypatch):
    monkeypatch.setattr(decide, "prove", lambda statement, budget: Proof("composition"))
    false = Sign(x**2 - 1, ">=", Region(((x, LINE),)))
    with pytest.raises(InternalError, match="false at x = "):
        decider(driver.elaborated("logistic"))._prove(false, Budget(5))


def test_it_is_reported_as_a_defect_of_ours_and_not_as_a_verdict(monkeypatch):
    def contradict(statement):
        raise InternalError("there is a proof of nonsense")

    monkeypatch.setattr(decide, "tripwire", contradict)
    found = Engine(driver.elaborated("logistic"), 20).decide(Question("calibrated"))
    assert found.status == "unknown"
    assert found.certificate is None
    assert "a defect of losslang, please report it: there is a proof of nonsense" in found.reason


def test_a_search_that_fails_has_found_nothing(monkeypatch):
    def stumble(self, strategy, case):
        raise RecursionError

    monkeypatch.setattr(decide.Decider, "premises", stumble)
    found = decider(driver.elaborated("hinge")).attempt(Question("calibrated"), (), Budget(5))
    assert isinstance(found, Open)


def test_answers_are_kept():
    engine = Engine(driver.elaborated("hinge"), 30)
    assert engine.decide(Question("calibrated")) is engine.decide(Question("calibrated"))
    found = decider(driver.elaborated("hinge"))
    one = found.attempt(Question("calibrated"), (), Budget(5))
    assert isinstance(one, Part)
    assert found.attempt(Question("calibrated"), (), Budget(0)) is one
