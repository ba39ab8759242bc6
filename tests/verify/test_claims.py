"""Claims: what their conditions mean, and when they stand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import sympy
from sympy import Rational, S

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.source import Source
from losslang.syntax.parse import parse_expression
from losslang.verify.claims import Conditions, Settings
from losslang.verify.verdict import Cut

LOSS = """
loss quadratic(prediction: real, target: real, *, a: real = 1, b: real = 2, c: real > 0 = 1) =
    c * r**2 + a + b
where
    r = prediction - target

"""


def loss(tmp_path, claims: str = ""):
    path = tmp_path / "quadratic.loss"
    path.write_text(LOSS + claims, encoding="utf-8")
    return path


@pytest.fixture
def conditions(tmp_path) -> Conditions:
    return Conditions(driver.elaborated(path=loss(tmp_path)), {})


def read(conditions: Conditions, text: str) -> tuple[Settings, ...]:
    return conditions.alternatives(parse_expression(Source(text, "<test>")))


def meets(settings: Settings, values: dict[str, Fraction]) -> bool:
    return settings.fixed_to(values) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("a > 1", "a >= 1", "1 < a", "a == 1", "a != 1", "-1 < a <= 1", "not a > 1", "a < b"),
        *("not (a > 1 and b < 0)", "a > 1 or b == 0", "a > 1 and (b < 0 or b > 1)", "b >= 2 * 0.5"),
        *("not -1 < a < 1", "a > -(1 + 1) / 2 and not b == 1", "not (a != 1 or b != 1)"),
    ],
)
def test_alternatives_mean_what_python_takes_the_condition_for(conditions, text):
    found = read(conditions, text)
    for a, b in product([Fraction(n, 2) for n in range(-4, 5)], repeat=2):
        values = {"a": a, "b": b}
        expected = eval(text, {"__builtins__": {}}, values)
        assert any(meets(settings, values) for settings in found) == expected


def test_halves_of_what_has_no_value_stay(conditions):
    (settings,) = read(conditions, "a > b and b > 0")
    a, b = sympy.symbols("a b", real=True)
    assert settings.fixed_to({"b": Fraction(3)}) == Settings((Cut(a, S(3), True, False),))
    fixed = settings.fixed_to({"a": Fraction(3)})
    assert fixed is not None
    assert fixed.way[0] == Cut(b, S(3), False, False)
    assert settings.fixed_to({"b": Fraction(-1)}) is None


def test_a_comparison_that_cannot_be_told_is_no_silent_pass(conditions):
    (settings,) = read(conditions, "a > 1 / b")
    with pytest.raises(ValueError, match="depends on other"):
        settings.fixed_to({"a": Fraction(2)})


@pytest.mark.parametrize("text", ["prediction > 1", "a", "a + 1", "sum(a) > 1", "a > target"])
def test_other_conditions_cannot_be_decided(conditions, text):
    with pytest.raises(DiagnosticError, match="condition"):
        read(conditions, text)


def test_numbers_are_exact(conditions):
    at = conditions.number(parse_expression(Source("(1 + 0.1) * 2 ** -1", "<test>")))
    assert at == Rational(11, 20)


@pytest.mark.parametrize(
    ("claim", "stands"),
    [
        ("convex(prediction)", True),
        ("not convex(prediction)", False),
        ("smooth(prediction) <= 2 * c", True),
        ("smooth(prediction) < 2 * c", False),
        ("smooth(prediction) <= 4", False),
        ("smooth(prediction) <= 4 when c <= 2", True),
        ("smooth(prediction) <= 4 when c <= 3", False),
        ("smooth(prediction) <= 4 when c == 2", True),
        ("convex(prediction) when a > 1 / b", False),
        ("nonnegative when a >= 0 and b >= 0", True),
        ("nonnegative", False),
    ],
)
def test_a_claim_stands_if_it_is_proved_where_its_condition_holds(tmp_path, claim, stands):
    report = driver.verify(path=loss(tmp_path, f"claim {claim}\n"), timeout=600)
    (result,) = report.claims
    assert result.ok == stands, result.says
    assert result.text == claim


CHOOSING = """
loss chosen(x: real, y: real, *, error: square | length = square) =
    (x - y)**2 if error == square else abs(x - y)
claim {claim}
"""


@pytest.mark.parametrize(
    ("claim", "settings", "stands"),
    [
        ("convex(x)", {}, True),
        ("differentiable(x)", {}, False),
        ("differentiable(x) when error == square", {}, True),
        ("differentiable(x)", {"error": "square"}, True),
        ("differentiable(x)", {"error": "length"}, False),
    ],
)
def test_a_claim_speaks_of_every_word_that_it_leaves_open(tmp_path, claim, settings, stands):
    path = tmp_path / "chosen.loss"
    path.write_text(CHOOSING.format(claim=claim), encoding="utf-8")
    (result,) = driver.verify(path=path, timeout=600, **settings).claims
    assert result.ok == stands, result.says


def test_a_formula_of_several_lines_is_one_question(tmp_path):
    lines = "equals(\n    # the half\n    half_mse(x, y) *\n    2\n)"
    path = tmp_path / "chosen.loss"
    path.write_text(CHOOSING.format(claim=f"{lines} when error == square"), encoding="utf-8")
    (result,) = driver.verify(path=path, timeout=600).claims
    assert str(result.verdict.question) == "equals(half_mse(x, y) * 2)"
    assert result.ok


@pytest.mark.parametrize("claim", ["range <= 2", "range >= 0", "bounded <= 2"])
def test_the_ends_of_a_range_are_compared(tmp_path, claim):
    path = tmp_path / "bounded.loss"
    text = "loss c(x: real, y: real) = 1 - exp(-(x - y)**2)\nclaim " + claim + "\n"
    path.write_text(text, encoding="utf-8")
    (result,) = driver.verify(path=path, timeout=600).claims
    assert result.ok, result.says


@pytest.mark.parametrize(
    ("claim", "stands"),
    [
        ("smooth(prediction) <= 2 * c", True),
        ("smooth(prediction) <= 5", False),
        ("smooth(prediction) <= 5 when c < 3", True),
    ],
)
def test_claims_are_held_to_the_values_that_are_given(tmp_path, claim, stands):
    report = driver.verify(path=loss(tmp_path, f"claim {claim}\n"), timeout=600, c=3)
    (result,) = report.claims
    assert result.ok == stands, result.says
