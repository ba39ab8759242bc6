"""Losses made of losses: merged inputs, named terms, hyperparameters, state and chance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from losslang import driver
from losslang.ir.loss import Loss
from tests.ir.programs import near, program, refusal, value, values

TWO = """loss f(x: real, y: real, *, tau: real > 0 = 2) = (x - y) / tau
loss g(x: real, z: real, *, tau: real > 0 = 4, a: real = 1) = a * x * z / tau
"""
LABELLED = "loss pick(logits: real[class], target: class) = logits[target]\n"
VALUES = {"x": [4, 8], "y": [2, 2], "z": [1, 1]}


def names(loss: Loss) -> list[str]:
    return [hyper.name for hyper in loss.hyperparameters]


# ---------------------------------------------------------------- inputs


def test_inputs_of_one_name_are_merged_in_order_of_appearance() -> None:
    assert [known.name for known in program(TWO, "f + g").inputs] == ["x", "y", "z"]


def test_inputs_of_one_name_and_two_types_are_refused() -> None:
    text = "loss f(x: real) = x\nloss g(x: bool) = 1 if x else 0"
    assert refusal(text, "f + g") == "input-clash"


def test_a_built_in_function_in_a_weight_is_not_the_loss_of_its_name() -> None:
    loss = driver.elaborated("ce + ramp(progress, 0, 1) * brier")
    assert [known.name for known in loss.inputs] == ["logits", "target"]
    assert [term.name for term in loss.terms] == ["ce", "brier"]


def test_a_name_that_nothing_defines_becomes_an_input() -> None:
    loss = program(TWO, "f(p, q)")
    assert [known.name for known in loss.inputs] == ["p", "q"]


def test_a_named_composition_has_its_terms_inputs() -> None:
    loss = program(TWO + "loss both = f + g")
    assert [known.name for known in loss.inputs] == ["x", "y", "z"]
    assert [term.name for term in loss.terms] == ["f", "g"]


def test_a_loss_that_is_taken_once_has_inputs_without_examples() -> None:
    text = TWO + "loss penalty(w: real[feature]) = sum(w**2)"
    loss = program(text, "f + 0.5 * once(penalty)")
    assert [known.batched for known in loss.inputs] == [True, True, False]
    assert [(term.name, len(term.result)) for term in loss.terms] == [("f", 1), ("penalty", 0)]
    assert near(value(loss, {"x": [4, 8], "y": [2, 2], "w": [1, 3]}), (1 + 3) / 2 + 0.5 * 10)


def test_an_input_with_examples_and_without_them_is_refused() -> None:
    assert refusal(TWO, "f + once(g)") == "input-clash"


def test_a_loss_is_not_taken_once_inside_a_formula() -> None:
    text = "loss f(x: real) = x\nloss g(x: real) = once(f)"
    assert refusal(text, "g") == "misplaced-option"


def test_an_index_is_accepted_where_a_label_is_wanted() -> None:
    loss = driver.elaborated("ce + 0.1 * supcon(embedding, target)")
    assert [(known.name, known.kind) for known in loss.inputs] == [
        ("logits", "real"),
        ("target", "index"),
        ("embedding", "real"),
    ]


# ---------------------------------------------------------------- terms


def test_the_top_level_summands_are_the_terms() -> None:
    loss = program(TWO, "f + 0.5 * g")
    assert [term.name for term in loss.terms] == ["f", "g"]


def test_a_term_carries_its_weight() -> None:
    loss = program(TWO, "f - g / 2")
    assert value(loss, VALUES) == 2 - Fraction(1, 2) * Fraction(6, 4)


def test_a_repeated_term_must_be_named() -> None:
    assert refusal(TWO, "f + 2 * f(x, z)") == "repeated-term"


def test_a_single_loss_is_one_term_of_its_name() -> None:
    assert [term.name for term in driver.elaborated("poly(eps=[2])").terms] == ["poly"]


def test_a_whole_batch_term_counts_once() -> None:
    loss = program("loss f(x: real) = x\nloss m(x: real[batch]) = max(x)", "f + m")
    assert value(loss, {"x": [1, 3]}) == 2 + 3


# ---------------------------------------------------------------- hyperparameters


def test_a_hyperparameter_of_one_term_keeps_its_name() -> None:
    assert "a" in names(program(TWO, "f + g"))


def test_a_hyperparameter_of_two_terms_is_named_by_its_loss() -> None:
    assert names(program(TWO, "f + g")) == ["f_tau", "g_tau", "a"]


def test_the_library_s_are_named_the_same_way() -> None:
    found = names(driver.elaborated("ce + supcon(embedding, target) + clip"))
    assert found == ["supcon_tau", "clip_tau"]


def test_a_setting_is_the_new_default() -> None:
    (hyper,) = program(TWO, "f(tau=8)").hyperparameters
    assert hyper.default == 8


def test_a_setting_outside_its_domain_is_refused() -> None:
    assert refusal(TWO, "f(tau=0)") == "out-of-domain"


def test_an_unknown_setting_is_refused() -> None:
    assert refusal(TWO, "f(tua=1)") == "unknown-keyword"


def test_learn_makes_a_hyperparameter_learnable() -> None:
    (hyper,) = program(TWO, "f(tau=learn(0.5))").hyperparameters
    assert (hyper.learn, hyper.default) == (True, Fraction(1, 2))


def test_learn_stands_in_a_signature() -> None:
    (hyper,) = driver.elaborated("clip").hyperparameters
    assert (hyper.name, hyper.learn) == ("tau", True)


def test_a_formula_in_training_progress() -> None:
    (hyper,) = program(TWO, "f(tau=ramp(progress, 4, 1))").hyperparameters
    assert hyper.formula is not None
    assert program(TWO, "f(tau=ramp(progress, 4, 1))").uses_progress


def test_an_index_is_no_input_of_the_loss_that_is_called_with_it() -> None:
    """Beside an array comprehension it was once taken for one."""
    loss = program(
        LABELLED, "pick + mean(pick([10 * a + k for k in range(3)], a) for a in range(3))"
    )
    assert [known.name for known in loss.inputs] == ["logits", "target"]


def test_an_index_may_be_called_as_an_input_of_the_loss() -> None:
    loss = program(LABELLED, "pick([sum(target for target in range(2)) + k for k in range(3)], 2)")
    assert loss.inputs == ()


def test_an_axis_of_classes_is_not_the_batch() -> None:
    assert refusal(LABELLED, "pick([1 for b in batch], y)") == "axis-mismatch"


def test_a_loss_that_a_formula_calls_takes_its_defaults() -> None:
    loss = program(TWO + "loss h(x: real, y: real) = f(x, y)**2")
    assert names(loss) == []
    assert values(loss, {"x": [4], "y": [2]}) == [1]


def test_a_hyperparameter_is_passed_on() -> None:
    loss = program(TWO + "loss h(x: real, y: real, *, tau: real > 0 = 1) = f(x, y, tau=tau)")
    assert names(loss) == ["tau"]
    assert values(loss, {"x": [4], "y": [2]}) == [2]


def test_a_list_is_an_array_hyperparameter_s_value() -> None:
    loss = driver.elaborated("poly(eps=[1, 0.5])")
    assert loss.hyperparameters[0].default == (1, Fraction(1, 2))


CHOICE = "loss f(x: real, *, kind: linear | quadratic = linear) = x if kind == linear else x**2"


@pytest.mark.parametrize(("spec", "expected"), [("f", 3), ("f(kind=quadratic)", 9)])
def test_a_choice_is_a_word(spec: str, expected: int) -> None:
    assert value(program(CHOICE, spec), {"x": [3]}) == expected


def test_a_word_that_is_no_choice_is_refused() -> None:
    assert refusal(CHOICE, "f(kind=cubic)") == "unknown-choice"


def test_a_choice_is_not_a_number() -> None:
    assert refusal("loss f(x: real, *, kind: p | q = p) = x * kind") == "not-a-value"


# ---------------------------------------------------------------- losses that take losses

BASES = """loss sq(x: real) = x**2
loss ab(x: real) = abs(x)
loss far(x: real[batch]) for i in batch = x[i] - min(x)
"""

TRANSFORMS: list[tuple[str, str, Any]] = [
    ("loss t(base: loss) = 2 * base", "t(sq)", [2, 18]),
    ("loss t(base: loss, x: real) = base(x + 1)", "t(sq)", [4, 16]),
    ("loss t(base: loss[batch]) = max(base)", "t(sq)", 9),
    ("loss t(base: loss[batch]) for i in batch = base[i] - mean(base)", "t(sq)", [-4, 4]),
    ("loss t(p: loss, q: loss) = p - q", "t(sq, ab)", [0, 6]),
    ("loss t(p: loss, q: loss) = p - q", "t(q=sq, p=ab)", [0, -6]),
    ("loss t(base: loss, *, a: real = 3) = a * base", "t(sq, a=2)", [2, 18]),
    ("loss t(base: loss) = 2 * base", "t(t(sq))", [4, 36]),
    ("loss t(base: loss) = 2 * base", "t(far)", [0, 4]),
]


@pytest.mark.parametrize(("text", "spec", "expected"), TRANSFORMS)
def test_a_loss_may_take_losses(text: str, spec: str, expected: Any) -> None:
    assert values(program(BASES + text, spec), {"x": [1, 3]}) == expected


def test_a_base_brings_its_inputs() -> None:
    loss = program(TWO + "loss t(base: loss, w: real) = w * base", "t(f)")
    assert sorted(known.name for known in loss.inputs) == ["w", "x", "y"]


def test_a_base_without_a_value_per_example_is_refused() -> None:
    assert refusal("", "cvar(clip)") == "no-value-per-example"


def test_examples_that_a_base_leaves_out_are_left_out() -> None:
    text = """loss far(x: real[batch]) for i in batch if x[i] > 1 = x[i]
loss t(base: loss) = 2 * base + 1
"""
    assert value(program(text, "t(far)"), {"x": [1, 3, 5]}) == 9


def test_a_base_s_hyperparameters_stay() -> None:
    assert sorted(names(driver.elaborated("cvar(focal)"))) == ["alpha", "gamma"]


def test_what_takes_a_loss_needs_one() -> None:
    assert refusal("", "cvar") == "missing-argument"


def test_a_number_is_no_loss() -> None:
    assert refusal("", "cvar(1)") == "not-a-loss"


def test_normalized_cross_entropy_is_its_quotient() -> None:
    text = """loss f(logits: real[class], target: class) =
        ce(logits, target) / sum(ce(logits, k) for k in class)"""
    inputs = {"logits": [[1, 2, 4]], "target": [1]}
    assert near(value(text, inputs), value(driver.elaborated("normalized(ce)"), inputs))


# ---------------------------------------------------------------- state and chance


def test_a_running_average_is_one_buffer_for_each_place_it_is_written() -> None:
    loss = program("loss f(x: real) = x - ema(mean(x, axis=batch)) - ema(max(x, axis=batch))")
    assert len(loss.states) == 2


def test_a_named_running_average_is_one_buffer_however_often_it_is_used() -> None:
    loss = program("loss f(x: real) = m * x + m\nwhere\n    m = ema(x, decay=0.5, init=3)")
    assert [average.start for average in loss.states] == [3]


def test_a_running_average_of_a_value_per_example_averages_over_the_batch_first() -> None:
    loss = program("loss f(x: real) = m + 0 * x\nwhere\n    m = ema(x, decay=0.5, init=3)")
    assert value(loss, {"x": [1, 9]}) == 4


def test_a_named_draw_is_drawn_once() -> None:
    loss = program("loss f(x: real) = e * x + e\nwhere\n    e = normal()")
    assert len(loss.draws) == 1


def test_two_written_draws_are_two() -> None:
    assert len(program("loss f(x: real) = normal() * x + normal()").draws) == 2


def test_a_draw_is_one_for_each_value_of_the_indices_around_it() -> None:
    loss = program("loss f(x: real[class]) = sum(x[k] * normal() for k in class)")
    assert [axis.name for axis in loss.draws[0].axes] == ["batch", "class"]


def test_a_draw_under_where_is_one_for_each_example() -> None:
    loss = program("loss f(x: real[class]) = sum(x[k] * e for k in class)\nwhere\n    e = normal()")
    assert [axis.name for axis in loss.draws[0].axes] == ["batch"]


def test_a_draw_of_a_whole_batch_loss_is_one() -> None:
    loss = program("loss f(x: real[batch]) = sum(x) * normal()")
    assert loss.draws[0].axes == ()


def test_a_draw_of_a_local_function_is_one_for_each_of_its_indices() -> None:
    formula = "sum(e(k) * x[k] + e(k) for k in class)"
    loss = program(f"loss f(x: real[class]) = {formula}\nwhere\n    e(k) = normal()")
    assert [[axis.name for axis in draw.axes] for draw in loss.draws] == [["batch", "class"]]


def test_a_bernoulli_draw_is_true_below_its_probability() -> None:
    loss = program("loss f(x: real) = x if bernoulli(0.25) else 0")
    assert values(loss, {"x": [1, 1]}, draws={loss.draws[0].name: ["0.2", "0.3"]}) == [1, 0]


def test_a_uniform_draw_lies_between_its_ends() -> None:
    loss = program("loss f(x: real) = x * uniform(2, 4)")
    assert values(loss, {"x": [1]}, draws={loss.draws[0].name: ["0.25"]}) == [Fraction(5, 2)]
