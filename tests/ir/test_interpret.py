"""The reference interpreter against sums worked out by hand and the library's worked examples."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy
import pytest

from losslang import driver
from losslang.diagnostics import InternalError
from losslang.ir.folds import UndefinedError
from losslang.ir.interpret import Given, gradient, interpret, violated
from tests.ir.programs import near, program, value, values

ROW = "loss f(x: real[class]) = "
PAIR = "loss f(x: real, y: real) = "
BATCH = "loss f(x: real[batch]) = "
SET = "loss f(x: real[batch]) for i in batch = "


# ---------------------------------------------------------------- exactness

EXACT = [
    (ROW + "sum(x)", [1, 2, 4], 7),
    (ROW + "mean(x)", [1, 2, 4], Fraction(7, 3)),
    (ROW + "prod(x)", [1, 2, 4], 8),
    (ROW + "max(x) - min(x)", [1, 2, 4], 3),
    (ROW + "var(x)", [1, 2, 3], Fraction(2, 3)),
    (ROW + "std(x)", [1, 1, 3, 3], 1),
    (ROW + "count(x[k] > 1 for k in class)", [1, 2, 4], 2),
    (ROW + "count(k for k in class if x[k] > 1)", [1, 2, 4], 2),
    (ROW + "any(x[k] > 3 for k in class)", [1, 2, 4], 1),
    (ROW + "all(x[k] > 3 for k in class)", [1, 2, 4], 0),
    (ROW + "argmax(x)", [1, 4, 4], 1),
    (ROW + "argmin(x)", [2, 1, 1], 1),
    (ROW + "x[argmax(x)]", [1, 4, 4], 4),
    (ROW + "sum(k * rank(x)[k] for k in class)", [1, 4, 4], 0 * 2 + 1 * 0 + 2 * 1),
    (ROW + "sort(x)[0] - sort(x)[2]", [1, 4, 2], 3),
    (ROW + "sort(x, by=[-abs(x[k] - 2) for k in class])[0]", [1, 4, 2], 2),
    (
        ROW + "sum(n * sort([k for k in class], by=x)[n] for n in range(3))",
        [1, 4, 4],
        1 * 2 + 2 * 0,
    ),
    (ROW + "sum(topk(x, 2))", [1, 4, 2], 6),
    (ROW + "cumsum(x)[1]", [1, 4, 2], 5),
    (ROW + "quantile(x, 0.25)", [1, 4, 2], Fraction(3, 2)),
    (ROW + "quantile(x, 1)", [1, 4, 2], 4),
    (ROW + "sum(x[k] * x[j] for k in class for j in class if j != k)", [1, 2, 3], 22),
    (ROW + "size(class)", [1, 2, 3], 3),
    (ROW + "norm(x)", [3, 4], 5),
    (ROW + "norm(x, 1)", [3, -4], 7),
    (ROW + "norm(x, inf)", [3, -4], 4),
    (ROW + "dot(x, x)", [3, -4], 25),
    (ROW + "sum(onehot(argmax(x)))", [3, -4], 1),
    (ROW + "floor(x[0])", [Fraction(-3, 2)], -2),
    (ROW + "sign(x[0])", [-3], -1),
    (ROW + "abs(x[0])", [-3], 3),
    (ROW + "clamp(x[0], 0, 1)", [-3], 0),
    (ROW + "1 if 0 < x[0] <= 1 else 2", [1], 1),
    (ROW + "1 if x[0] == 1 or x[1] == 5 and not x[1] > 5 else 2", [0, 5], 1),
    (ROW + "x[0]**-2", [4], Fraction(1, 16)),
    (ROW + "sum(n * x[0] for n in range(4))", [2], 12),
]


@pytest.mark.parametrize(("text", "row", "expected"), EXACT)
def test_a_rational_value_is_exact(text: str, row: list[Any], expected: Any) -> None:
    assert value(text, {"x": [row]}) == expected


def test_decimals_are_what_they_say() -> None:
    assert values(PAIR + "x + x + x == y", {"x": ["0.1"], "y": ["0.3"]}) == [1]


def test_floats_are_what_they_hold() -> None:
    assert values(PAIR + "x + x + x == y", {"x": [0.1], "y": [0.3]}) == [0]


def test_irrational_ties_are_ties() -> None:
    text = "loss f(x: real[a], y: real[a]) = 1 if logsumexp(x) == logsumexp(y) else 0"
    xs, ys = [[1, 2, "0.3"]], [["0.3", 2, 1]]
    assert values(text, {"x": xs, "y": ys}) == [1]


def test_numbers_that_differ_in_the_last_digit_differ() -> None:
    assert values(PAIR + "x < y", {"x": [1], "y": ["1." + "0" * 48 + "1"]}) == [1]


@pytest.mark.parametrize("digits", [15, 50, 200])
def test_a_value_has_the_digits_asked_for(digits: int) -> None:
    found = value(ROW + "log(x[0])", {"x": [[2]]}, digits=digits)
    with mpmath.workdps(digits + 5):
        assert abs(found - mpmath.log(2)) < mpmath.mpf(10) ** -digits


def test_logsumexp_of_huge_numbers_does_not_overflow() -> None:
    found = value(ROW + "logsumexp(x)", {"x": [[10**30, 10**30]]})
    assert found > 10**30


# ---------------------------------------------------------------- nothing to reduce

EMPTY = [
    ("sum(x[k] for k in class if x[k] > 9)", 0),
    ("prod(x[k] for k in class if x[k] > 9)", 1),
    ("mean(x[k] for k in class if x[k] > 9)", 0),
    ("count(k for k in class if x[k] > 9)", 0),
    ("any(x[k] > 0 for k in class if x[k] > 9)", 0),
    ("all(x[k] > 0 for k in class if x[k] > 9)", 1),
    ("max(x[k] for k in class if x[k] > 9)", mpmath.ninf),
    ("min(x[k] for k in class if x[k] > 9)", mpmath.inf),
    ("logsumexp(x[k] for k in class if x[k] > 9)", mpmath.ninf),
    ("logmeanexp(x[k] for k in class if x[k] > 9)", mpmath.ninf),
    ("exp(logsumexp(x[k] for k in class if x[k] > 9))", 0),
    ("sum(n for n in range(0))", 0),
]


@pytest.mark.parametrize(("body", "expected"), EMPTY)
def test_a_reduction_of_nothing(body: str, expected: Any) -> None:
    assert value(ROW + body, {"x": [[1, 2]]}) == expected


def test_the_place_of_no_maximum_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="argmax over nothing"):
        value(ROW + "argmax(x[k] for k in class if x[k] > 9)", {"x": [[1]]})


def test_a_batch_of_nothing_has_the_loss_0() -> None:
    assert value(PAIR + "x - y", {"x": [], "y": []}) == 0


# ---------------------------------------------------------------- guards and branches

LAZY = [
    "log(x[0]) if x[0] > 0 else 7",
    "7 if x[0] <= 0 else 1 / x[0]",
    "7 + sum(log(x[k]) for k in class if x[k] > 0)",
    "7 + sum((k == 0) * log(x[k]) for k in class if x[k] > 0)",
    "7 + xlogy(x[0], x[0])",
    "7 + x[0] * log(x[0])",
    "7 + sum(normalize(x))",
    "7 + cosine(x, x)",
]


@pytest.mark.parametrize("body", LAZY)
def test_what_is_switched_off_is_not_evaluated(body: str) -> None:
    assert values(ROW + body, {"x": [[0, 0]]}) == [7]


UNDEFINED = ["1 / x[0]", "log(-1 - x[0])", "sqrt(x[0] - 1)", "acos(2 + x[0])", "lgamma(x[0] - 1)"]


@pytest.mark.parametrize("body", UNDEFINED)
def test_outside_its_domain_a_formula_has_no_number(body: str) -> None:
    assert mpmath.isnan(values(ROW + body, {"x": [[0]]})[0])


@pytest.mark.parametrize("body", UNDEFINED)
def test_the_condition_that_fails_is_named(body: str) -> None:
    assert len(violated(program(ROW + body), Given({"x": [[0]]}))) == 1


def test_no_condition_fails_inside_the_domain() -> None:
    loss = driver.elaborated("supcon")
    given = Given({"embedding": [[1, 0], [0, 1], [1, 1]], "label": [0, 0, 1]})
    assert violated(loss, given) == ()


# ---------------------------------------------------------------- batches, terms and reductions


def test_a_value_per_example() -> None:
    assert values(PAIR + "x - y", {"x": [3, 5], "y": [1, 1]}) == [2, 4]


def test_the_mean_runs_over_the_examples() -> None:
    assert value(PAIR + "x - y", {"x": [3, 5], "y": [1, 1]}) == 3


def test_a_loss_without_for_is_one_number_for_the_batch() -> None:
    assert values(BATCH + "sum(x)", {"x": [1, 2, 3]}) == 6


def test_an_example_that_looks_at_its_batch() -> None:
    assert values(PAIR + "x - mean(y, axis=batch)", {"x": [3, 5], "y": [1, 3]}) == [1, 3]


def test_pairs_of_examples() -> None:
    assert values(SET + "sum(abs(x[i] - x[j]) for j in batch)", {"x": [0, 1, 3]}) == [4, 3, 5]


def test_an_anchor_that_is_left_out_holds_0_and_does_not_count() -> None:
    text = "loss f(x: real[batch]) for i in batch if x[i] > 0 = 1 / x[i]"
    (term,) = interpret(program(text), {"x": [0, 1, 2]}).terms.values()
    assert (term.values, term.kept, term.mean) == (
        [0, 1, Fraction(1, 2)],
        [False, True, True],
        Fraction(3, 4),
    )


def test_several_result_axes() -> None:
    text = """loss f(x: real[batch, token], kept: bool[batch, token])
        for i in batch for t in token if kept[i, t] = x[i, t]**2"""
    (term,) = interpret(
        program(text), {"x": [[1, 2], [3, 4]], "kept": [[1, 0], [1, 1]]}
    ).terms.values()
    assert (term.values, term.sum) == ([[1, 0], [9, 16]], 26)


def test_each_term_is_reduced_over_its_own_examples() -> None:
    loss = program(f"{PAIR}x\n{BATCH.replace('f(', 'g(')}sum(x)", "f(x, y) + g(x)")
    result = interpret(loss, {"x": [1, 3], "y": [0, 0]})
    assert {name: term.mean for name, term in result.terms.items()} == {"f": 2, "g": 4}
    assert (result.mean, result.sum) == (6, 8)


def test_a_pack_stands_for_any_number_of_axes() -> None:
    text = "loss f(x: real[class, *space]) = sum(x[k, s] for k in class for s in space)"
    for shape in [(2, 3), (2, 3, 4), (2, 3, 2, 2)]:
        assert values(text, {"x": numpy.ones(shape, int)}) == [numpy.prod(shape[1:])] * 2


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="places on axis"):
        value(PAIR + "x - y", {"x": [1, 2], "y": [1]})


def test_axes_must_be_those_declared() -> None:
    with pytest.raises(ValueError, match="input 'x': 2 axes are wanted, but there are 1"):
        value(ROW + "sum(x)", {"x": [1, 2]})


def test_an_unknown_input_is_refused() -> None:
    with pytest.raises(ValueError, match="no input 'z'; there are x"):
        value(ROW + "sum(x)", {"x": [[1]], "z": 1})


# ---------------------------------------------------------------- hyperparameters, state, chance


def test_a_hyperparameter_takes_its_default() -> None:
    assert values("loss f(x: real, *, a: real = 1/3) = a * x", {"x": [3]}) == [1]


def test_a_hyperparameter_can_be_passed() -> None:
    text = "loss f(x: real, *, a: real = 1/3) = a * x"
    assert values(text, {"x": [3]}, hyperparameters={"a": 2}) == [6]


def test_an_array_hyperparameter_may_have_another_length() -> None:
    text = "loss f(x: real, *, a: real[n] = [1]) = sum(a[j] * x**j for j in n)"
    assert values(text, {"x": [3]}, hyperparameters={"a": [1, 2, 1]}) == [16]


@pytest.mark.parametrize(("option", "expected"), [("linear", 3), ("quadratic", 9)])
def test_a_choice(option: str, expected: int) -> None:
    text = "loss f(x: real, *, kind: linear | quadratic = linear) = x if kind == linear else x**2"
    assert values(text, {"x": [3]}, hyperparameters={"kind": option}) == [expected]


@pytest.mark.parametrize(("progress", "expected"), [(0, 4), ("0.5", 3), (1, 2), (7, 2)])
def test_a_schedule_follows_training_progress(progress: Any, expected: int) -> None:
    loss = program("loss f(x: real, *, a: real = 1) = a * x", "f(a=ramp(progress, 4, 2))")
    assert value(loss, {"x": [1]}, progress=progress) == expected


AVERAGE = "loss f(x: real) = ema(mean(x, axis=batch), decay=0.75, init=4)"


def test_a_running_average_takes_in_the_batch_in_training() -> None:
    assert value(AVERAGE, {"x": [1, 3]}) == Fraction(3, 4) * 4 + Fraction(1, 4) * 2


def test_a_running_average_stands_still_in_evaluation() -> None:
    assert value(AVERAGE, {"x": [1, 3]}, training=False) == 4


def test_a_running_average_goes_on_from_the_buffer() -> None:
    loss = program(AVERAGE)
    first = interpret(loss, {"x": [1, 3]})
    again = interpret(loss, {"x": [1, 3]}, state=first.state)
    assert again.mean == Fraction(3, 4) * first.mean + Fraction(1, 4) * 2


def test_draws_are_passed_in() -> None:
    loss = program("loss f(x: real) = x * normal()")
    assert values(loss, {"x": [2, 3]}, draws={loss.draws[0].name: [1, -1]}) == [2, -3]


# ---------------------------------------------------------------- gradients


def test_a_gradient_is_right_to_the_digits_asked_for() -> None:
    (slope,) = gradient(program(ROW + "exp(x[0])"), {"x": [[1]]}, "x")[0]
    with mpmath.workdps(50):
        assert near(slope, mpmath.e)


def test_a_gradient_in_a_hyperparameter() -> None:
    loss = program("loss f(x: real, *, a: real = 3) = a**2 * x")
    assert near(gradient(loss, {"x": [2]}, "a"), 12)


def test_no_gradient_flows_through_what_is_detached() -> None:
    loss = program("loss f(x: real) = detach(x) * x")
    assert near(gradient(loss, {"x": [5]}, "x")[0], 5)


def test_no_gradient_flows_into_a_running_average() -> None:
    assert near(gradient(program(AVERAGE), {"x": [5]}, "x")[0], 0)


def test_an_undeclared_axis_is_a_defect_of_the_compiler() -> None:
    loss = program("loss f(*, a: real = 1) = a * size(batch)")
    with pytest.raises(InternalError, match="size of axis 'batch'"):
        interpret(loss, {})
