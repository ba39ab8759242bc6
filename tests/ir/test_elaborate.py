"""From programs to the IR: names, axes, packs, scopes and whole-batch losses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from losslang.ir.binders import free_indices, walk
from losslang.ir.heads import Labelled
from losslang.ir.loss import BATCH, EXAMPLE
from tests.ir.programs import near, program, refusal, value, values

ROW = "loss f(x: real[class]) = "
PAIR = "loss f(x: real, y: real) = "

# ---------------------------------------------------------------- names


def test_the_order_under_where_does_not_matter() -> None:
    assert values(PAIR + "a\nwhere\n    a = b + 1\n    b = x", {"x": [2], "y": [0]}) == [3]


def test_a_name_defined_by_itself_is_refused() -> None:
    assert refusal(PAIR + "a\nwhere\n    a = b\n    b = a") == "circular-definition"


def test_an_unused_name_is_not_elaborated() -> None:
    assert values(PAIR + "x\nwhere\n    a = 1 / 0", {"x": [2], "y": [0]}) == [2]


def test_a_signature_s_name_shadows_a_built_in() -> None:
    assert values("loss f(norm: real) = norm", {"norm": [2]}) == [2]


def test_a_name_under_where_does_not_see_a_comprehension_s_index() -> None:
    assert refusal(ROW + "sum(a for k in class)\nwhere\n    a = x[k]") == "unknown-name"


def test_a_local_function_takes_an_index() -> None:
    assert values(ROW + "sum(a(k) for k in class)\nwhere\n    a(j) = x[j]**2", {"x": [[1, 2]]}) == [
        5
    ]


def test_a_local_function_may_return_an_array() -> None:
    text = ROW + "sum(s(k)[0] for k in class)\nwhere\n    s(k) = [x[j] * x[k] for j in class]"
    assert values(text, {"x": [[1, 2]]}) == [3]


def test_a_local_function_sees_the_loss_s_names_not_its_caller_s() -> None:
    text = ROW + "sum(a(2) for k in class)\nwhere\n    a(n) = n * k"
    assert refusal(text) == "unknown-name"


def test_the_name_of_a_result_index_is_seen_under_where() -> None:
    text = "loss f(x: real[batch]) for i in batch = a\nwhere\n    a = x[i]**2"
    assert values(text, {"x": [1, 2]}) == [1, 4]


def test_an_index_that_hides_a_parameter_is_refused() -> None:
    assert refusal("loss f(x: real[class], k: real) = sum(x[k] for k in class)") == "shadowed-name"


UNKNOWN = [
    (ROW + "xx", "unknown-name"),
    (ROW + "sum(x[k] for k in clas)", "unknown-axis"),
    (ROW + "class", "axis-as-value"),
    (ROW + "x(1)", "not-callable"),
    ("loss f(x: clas) = x", "unknown-axis"),
]


@pytest.mark.parametrize(("text", "code"), UNKNOWN)
def test_an_unknown_name_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


# ---------------------------------------------------------------- axes and broadcasting

TABLE = "loss f(x: real[a, b], u: real[a], v: real[b]) = "
NUMBERS = {"x": [[[1, 2, 3], [4, 5, 6]]], "u": [[10, 20]], "v": [[7, 8, 9]]}

BY_NAME = [
    ("sum(x[i, j] * u[i] for i in a for j in b)", 10 * 6 + 20 * 15),
    ("sum(sum(x * u, axis=a), axis=b)", 10 * 6 + 20 * 15),
    ("sum(sum(u * x, axis=a) * v)", 7 * 90 + 8 * 120 + 9 * 150),
    ("(x * u)[1, 2]", 120),
    ("(u * x)[1, 2]", 120),
    ("(v * u)[2, 1]", 180),
    ("(u * v)[1, 2]", 180),
    ("x[1][2]", 6),
    ("sum(x[1])", 15),
    ("sum(x, axis=a)[2]", 9),
    ("[x[i, j] for j in b for i in a][2, 0]", 3),
    ("sum([x[0, j] for j in b] - v)", 6 - 24),
    ("max(x[0, 0], v[0], u[0])", 10),
    ("sum(max(v, 8))", 25),
    ("dot(v, x[0])", 50),
    ("sum(dot(x, v))", 50 + 122),
    ("size(a) * size(b)", 6),
    ("sum(abs(sort(x[0]) - sort(v)))", 18),
    ("sum(sort(x, axis=b)[0] - sort(v)[2])", 3 - 7 + 2 - 7 + 1 - 7),
    ("dot(sort(v, by=x[0]), sort(v))", 9 * 9 + 8 * 8 + 7 * 7),
]


@pytest.mark.parametrize(("body", "expected"), BY_NAME)
def test_arithmetic_broadcasts_by_the_names_of_axes(body: str, expected: int) -> None:
    assert value(TABLE + body, NUMBERS) == expected


REFUSED = [
    (ROW + "x", "axes-left"),
    (ROW + "x[0][1]", "too-many-indices"),
    (ROW + "x[0.5]", "not-an-index"),
    (ROW + "x[-1]", "index-out-of-range"),
    (TABLE + "sum(x)", "ambiguous-axis"),
    (TABLE + "sum(u[j] for j in b)", "axis-mismatch"),
    (TABLE + "sum((i == j) for i in a for j in b)", "axis-mismatch"),
    (TABLE + "sum([u[i] * u[j] for i in a for j in a], axis=a)", "repeated-axis"),
    (TABLE + "dot(u, v)", "axis-mismatch"),
    (PAIR + "sum(x)", "nothing-to-reduce"),
    ("loss f(l: label) = l", "label-arithmetic"),
    (
        "loss f(l: label[batch]) = sum(l[i] < l[j] for i in batch for j in batch)",
        "label-arithmetic",
    ),
    (PAIR + "1 if x else 2", "not-a-condition"),
    (PAIR + "x and y", "not-a-condition"),
]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_a_mistake_about_axes_or_kinds_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


def test_a_sorted_array_does_not_broadcast_with_the_array_it_came_from() -> None:
    assert refusal(ROW + "sum(sort(x) * x)") in ("ambiguous-axis", "axis-mismatch")


def test_a_place_outside_a_fixed_size_is_refused() -> None:
    assert refusal("loss f(x: real[4]) = x[4]") == "index-out-of-range"


def test_fixed_sizes_unpack() -> None:
    text = "loss f(box: real[4]) = (c - a) * (d - b)\nwhere\n    a, b, c, d = box"
    assert values(text, {"box": [[1, 1, 3, 4]]}) == [6]


def test_unpacking_another_size_is_refused() -> None:
    assert refusal("loss f(box: real[4]) = a\nwhere\n    a, b = box") == "unpack-size"


def test_a_function_with_fixed_sizes_takes_arrays_of_other_axes_of_that_size() -> None:
    text = """fn area(box: real[4]) -> real = (c - a) * (d - b)
where
    a, b, c, d = box
loss f(x: real[4], y: real[4]) = area(x) + area([y[k] + 0 for k in range(4)])"""
    assert values(text, {"x": [[0, 0, 1, 1]], "y": [[0, 0, 2, 2]]}) == [5]


def test_a_list_of_formulas_is_an_array() -> None:
    assert values("loss f(x: real[2]) = sum([x[1], 2 * x[0]])", {"x": [[3, 4]]}) == [10]


def test_two_axes_of_one_signature_name_are_one_axis() -> None:
    text = "loss f(x: real[class], y: real[class]) = sum(x * y)"
    assert values(text, {"x": [[1, 2]], "y": [[3, 4]]}) == [11]


def test_axes_of_two_losses_are_local_to_each() -> None:
    text = """loss f(x: real[n]) = sum(x)
loss g(y: real[n]) = sum(y)"""
    loss = program(text, "f + g")
    assert value(loss, {"x": [[1, 2]], "y": [[1, 2, 3]]}) == 9


def test_an_index_input_points_into_its_axis() -> None:
    text = "loss f(x: real[class], y: class) = x[y] + sum(x[k] for k in class if k != y)"
    assert values(text, {"x": [[1, 2, 4]], "y": [1]}) == [7]


def test_an_index_compares_with_numbers() -> None:
    assert values(ROW + "sum(x[k] for k in class if k >= 1)", {"x": [[1, 2, 4]]}) == [6]


# ---------------------------------------------------------------- packs

PACK = "loss f(x: real[class, *space], y: class[*space]) = "


def test_a_pack_is_reduced_as_one_axis() -> None:
    text = PACK + "mean(x[y[s], s] for s in space)"
    assert values(text, {"x": [[[[1, 2]], [[3, 4]]]], "y": [[[0, 1]]]}) == [Fraction(5, 2)]


def test_a_pack_may_be_empty() -> None:
    assert values(PACK + "sum(x[y[s], s] for s in space)", {"x": [[1, 3]], "y": [1]}) == [3]


def test_the_shorter_term_is_mapped_over_a_pack() -> None:
    text = """loss wide(x: real[class, *space]) = sum(x[c, s] for c in class for s in space)
loss tall(x: real[class]) = max(x)"""
    loss = program(text, "wide + tall")
    assert [len(term.result) for term in loss.terms] == [1, 2]
    assert value(loss, {"x": [[[1, 2], [3, 4]]]}) == 10 + Fraction(7, 2)


# ---------------------------------------------------------------- batches


def test_a_loss_without_batch_has_a_value_per_example() -> None:
    (term,) = program(PAIR + "x - y").terms
    assert term.result == (EXAMPLE,)


def test_a_loss_over_pairs_has_its_for_s_index_as_result() -> None:
    (term,) = program(
        "loss f(x: real[batch]) for i in batch = sum(x[i] * x[j] for j in batch)"
    ).terms
    assert [index.axis for index in term.result] == [BATCH]


def test_a_whole_batch_loss_has_no_result_index() -> None:
    (term,) = program("loss f(x: real[batch]) = max(x)").terms
    assert term.result == ()


LOOKS_AT_BATCH = [
    ("x - mean(x, axis=batch)", [Fraction(-1), Fraction(1)]),
    ("x - mean(x[i] for i in batch)", [Fraction(-1), Fraction(1)]),
    ("rank(x, axis=batch)", [1, 0]),
    ("rank(q, axis=batch)", [0, 1]),
    ("x * sum(q[i] for i in batch)", [-4, -12]),
    ("sum(x * q[i] for i in batch)", [-4, -12]),
    ("max(x, axis=batch) - y", [2, 1]),
    ("x[argmax(x, axis=batch)] - y", [2, 1]),
    ("x / size(batch)", [Fraction(1, 2), Fraction(3, 2)]),
    ("cumsum(x, axis=batch)", [1, 4]),
]


@pytest.mark.parametrize(("body", "expected"), LOOKS_AT_BATCH)
def test_one_example_may_look_at_its_batch(body: str, expected: list[Any]) -> None:
    found = values(PAIR + body + "\nwhere\n    q = -x", {"x": [1, 3], "y": [1, 2]})
    assert found == expected


def test_a_statistic_of_the_batch_alone_is_one_number() -> None:
    (term,) = program(PAIR + "mean(x - y, axis=batch)").terms
    assert term.result == ()


# ---------------------------------------------------------------- conditions


def test_the_conditions_of_a_formula_are_kept() -> None:
    loss = program(PAIR + "log(x) / y")
    assert [str(r.condition) for r in loss.requires] == ["Less(0, x[i])", "~Equal(0, y[i])"]


def test_a_condition_is_asked_only_where_the_formula_is_evaluated() -> None:
    (requirement,) = program(PAIR + "log(x) if x > 0 else 0").requires
    assert requirement.condition == requirement.guard


def test_a_domain_makes_a_condition_true() -> None:
    assert program("loss f(x: real > 0) = log(x)").inputs[0].tensor.kind == "positive"


@pytest.mark.parametrize(
    "body", ["1 / 0 * x", "log(0) * x", "x * sqrt(-1)", "x / (1 - 1)", "x * 0**-1"]
)
def test_a_formula_without_a_value_is_refused(body: str) -> None:
    assert refusal(PAIR + body) == "undefined-constant"


# ---------------------------------------------------------------- labels


def test_a_loss_with_a_label_is_marked_by_it() -> None:
    loss = program("loss f(z: real[class], y: class) = z[y]")
    assert isinstance(loss.body, Labelled)


def test_the_outermost_loss_with_a_label_is_marked() -> None:
    loss = program("loss f(z: real[class], y: class) = ce(z, y) / 2")
    assert sum(isinstance(part, Labelled) for part in walk(loss.body)) == 1


def test_a_loss_over_a_pack_of_labels_is_not_marked() -> None:
    loss = program(PACK + "sum(x[y[s], s] for s in space)")
    assert not loss.body.has(Labelled)


# ---------------------------------------------------------------- expansion


def test_a_taylor_expansion_has_the_coefficients_of_the_series() -> None:
    loss = program("loss f(x: real) = taylor(log(p), p, at=1, order=3)\nwhere\n    p = x")
    d = Fraction(1, 2)
    assert values(loss, {"x": [1 + d]}) == [d - d**2 / 2 + d**3 / 3]


def test_an_expansion_may_have_parameters() -> None:
    text = "loss f(x: real, a: real) = taylor(exp(a * p), p, at=0, order=2)\nwhere\n    p = x"
    assert values(text, {"x": [2], "a": [3]}) == [1 + 6 + 18]


def test_a_formula_without_an_expansion_there_is_refused() -> None:
    text = "loss f(x: real) = taylor(log(p), p, at=0, order=2)\nwhere\n    p = x"
    assert refusal(text) == "undefined-constant"


# ---------------------------------------------------------------- composed from words


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("softmax(x)[0]", "exp(x[0]) / sum(exp(x[k]) for k in class)"),
        ("log_softmax(x)[0]", "x[0] - log(sum(exp(x[k]) for k in class))"),
        ("logmeanexp(x)", "log(mean(exp(x[k]) for k in class))"),
        ("entropy(softmax(x))", "-sum(xlogy(p[k], p[k]) for k in class)"),
        ("std(x)**2", "mean((x[k] - mean(x))**2 for k in class)"),
        ("norm(x)", "sqrt(sum(x[k]**2 for k in class))"),
        ("cosine(x, p)", "dot(x, p) / norm(x) / norm(p)"),
        ("distance(x, p)", "norm(x - p)"),
        ("dot(normalize(x), normalize(p))", "cosine(x, p)"),
        ("x[0]^2", "x[0] * x[0]"),
        ("-x[0]**2", "-(x[0] * x[0])"),
        ("sigmoid(x[0])", "1 / (1 + exp(-x[0]))"),
        ("softplus(x[0])", "log1p(exp(x[0]))"),
        ("1 if -1 < x[0] < 1 else 0", "(-1 < x[0] and x[0] < 1) * 1"),
        ("1e-4 * x[0]", "x[0] / 10000"),
    ],
)
def test_a_word_means_its_definition(short: str, long: str) -> None:
    where = "\nwhere\n    p = softmax(x)"
    inputs = {"x": [["0.3", "-1.2", 2]]}
    assert near(value(ROW + short + where, inputs), value(ROW + long + where, inputs))


def test_bound_indices_never_appear_among_the_free() -> None:
    loss = program(ROW + "sum(x[k] * sum(x[j] for j in class if j != k) for k in class)")
    assert free_indices(loss.body) == {EXAMPLE}


# ---------------------------------------------------------------- guarded arrays

GUARDED = [
    ("sum(g)", 5),
    ("mean(g)", Fraction(5, 2)),
    ("max(g) - min(g)", 1),
    ("var(g)", Fraction(1, 4)),
    ("norm(g)**2", 13),
    ("norm(g, 1)", 5),
    ("norm(g, inf)", 3),
    ("dot(g, x)", 13),
    ("distance(g, 0 * x)**2", 13),
    ("entropy(exp(0 * g))", 0),
    ("2 * softmax(0 * g * x)[1]", 1),
    ("rank(g)[1]", 1),
    ("sort(g)[1]", 2),
    ("cumsum(g)[2]", 5),
    ("quantile(g, 0)", 2),
    ("sum(2 * g + x)", 15),
    ("argmin(g)", 1),
    ("count(g > 2)", 1),
]


@pytest.mark.parametrize(("body", "expected"), GUARDED)
def test_what_an_array_leaves_out_takes_part_in_no_operation(body: str, expected: Any) -> None:
    text = ROW + body + "\nwhere\n    g = [x[k] for k in class if k > 0]"
    assert near(value(text, {"x": [[1, 2, 3]]}), expected)


def test_a_result_over_another_axis_leaves_the_batch_implicit() -> None:
    text = "loss f(x: real[token]) for t in token if x[t] > 1 = x[t]"
    assert values(text, {"x": [[1, 2], [3, 4]]}) == [[0, 2], [3, 4]]


def test_a_result_has_each_axis_once() -> None:
    text = "loss f(x: real[batch]) for i in batch for j in batch if i != j = x[i] * x[j]"
    assert refusal(text) == "repeated-axis"
