"""What losses are recognised as, however they are written, and that readings keep their values."""

from __future__ import annotations

from functools import cache

import mpmath
import pytest
import sympy
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.ir.loss import Loss
from losslang.verify.readings import (
    Binary,
    Curve,
    Divergence,
    Local,
    Margin,
    Multiclass,
    Pairs,
    Pooled,
    Probability,
    Regression,
    Residual,
    Score,
    Structure,
    fixed,
    parts,
    readings,
)
from losslang.verify.statement import LINE, NONNEGATIVE, POSITIVE, Bounds
from losslang.verify.theorem import Reading
from tests.ir.programs import LIBRARY, program
from tests.sampling import some
from tests.verify.samples import DIGITS, meant, said, sample
from tests.verify.table import MORE, ROWS
from tests.verify.table.compare import loss_of


@cache
def loss(text: str, kind: str | None = None) -> Loss:
    if kind is not None:
        return driver.elaborated({"kind": kind, "spec": text})
    return program(text) if text.lstrip().startswith("loss ") else driver.elaborated(text)


def read(text: str, wanted: type[Reading], kind: str | None = None) -> Reading | None:
    """The reading of a kind, if there is one."""
    found = [r for r in readings(loss(text, kind)) if isinstance(r, wanted)]
    assert len(found) <= 1 or wanted is Curve
    return found[0] if found else None


def kinds(of: Loss) -> list[type[Reading]]:
    return list(dict.fromkeys(type(r) for r in readings(of)))


def close(found: sympy.Expr, expected: str, symbol: sympy.Symbol, low: float, high: float) -> None:
    """Two formulas agree at several points of an interval, to many digits."""
    known = sympy.sympify(expected, locals={symbol.name: symbol})
    for n in range(1, 8):
        point = {symbol: sympy.Rational(low) + sympy.Rational(n, 8) * sympy.Rational(high - low)}
        assert abs(sympy.N((found - known).subs(point), 30)) < sympy.Float("1e-25")


# ---------------------------------------------------------------- values (oracle: the interpreter)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_reading_of_a_library_loss_has_its_values(name):
    _compare(driver.elaborated(name))


@pytest.mark.parametrize("row", {(r.program, str(r.settings)): r for r in (*ROWS, *MORE)}.values())
def test_every_reading_of_a_tabled_loss_has_its_values(row):
    _compare(fixed(loss_of(row.program), row.settings))


def _compare(of: Loss) -> None:
    found = readings(of)
    assert isinstance(found[-1], Structure)
    if len(found) == 1 or isinstance(found[0], Pairs):
        return
    for seed in range(4):
        call = sample(of, seed)
        value = meant(of, call)
        for reading in found if value is not None else ():
            other = said(reading, of, call)
            if other is not None:
                with mpmath.workdps(DIGITS):
                    assert abs(value - other) <= mpmath.mpf("1e-22") * (1 + abs(value)), reading


INSIDE = st.recursive(
    st.sampled_from(
        (
            *("z[k]", "p[k]", "(k == y)", "(k != y)", "2", "log(p[k])", "exp(z[k])", "z[y]"),
            *("p[y]", "logsumexp(z)", "c", "max(z)", "z[k] - z[y]", "z[k] / c", "exp(z[k] - z[y])"),
        )
    ),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(part, part).map(lambda t: f"({t[0]} if k == y else {t[1]})"),
        st.tuples(part, part).map(lambda t: f"max({t[0]}, {t[1]})"),
        part.map(lambda t: f"log(1 + exp({t}))"),
        part.map(lambda t: f"({t})**2"),
    ),
    max_leaves=3,
)
FOLDS = st.tuples(
    st.sampled_from(("sum", "sum", "mean", "logsumexp", "max", "min")),
    INSIDE,
    st.sampled_from(("", "", " if k != y", " if k == y", " if z[k] < z[y]")),
).map(lambda t: f"{t[0]}({t[1]} for k in class{t[2]})")
OF_CLASSES = st.recursive(
    st.one_of(FOLDS, st.sampled_from(("z[y]", "p[y]", "log(p[y])", "c", "size(class)", "p[0]"))),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(part, part).map(lambda t: f"({t[0]} if {t[1]} < 1 else 0)"),
        part.map(lambda t: f"log(1 + exp({t}))"),
        part.map(lambda t: f"exp(-abs({t}))"),
    ),
    max_leaves=3,
)


def of_two(first: str, second: str) -> st.SearchStrategy[str]:
    """Formulas of two numbers, in any mixture of kinks and products."""
    x, y = first, second
    plain = (x, y, f"{x} - {y}", f"{y} - {x}", f"{x} * {y}", "1", "2", "c", f"abs({x} - {y})")
    return st.recursive(
        st.sampled_from((*plain, f"-{x} * {y}", f"sigmoid({x})", f"max({x}, {y})", f"exp({x})")),
        lambda part: st.one_of(
            st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(part, part).map(lambda t: f"({t[0]} if {x} > {y} else {t[1]})"),
            st.tuples(part, part).map(lambda t: f"({t[0]} if {y} > 0 else {t[1]})"),
            st.tuples(part, part).map(lambda t: f"max({t[0]}, {t[1]})"),
            part.map(lambda t: f"log(1 + exp({t}))"),
            part.map(lambda t: f"abs({t})"),
        ),
        max_leaves=5,
    )


@settings(deadline=None, max_examples=some(60))
@given(OF_CLASSES)
def test_any_multiclass_loss_has_the_values_of_its_readings(formula):
    head = "loss l(z: real[class], y: class, *, c: real > 0) ="
    _compare(program(f"{head} {formula}\nwhere\n    p = softmax(z)"))


@settings(deadline=None, max_examples=some(60))
@given(of_two("s", "y"))
def test_any_binary_loss_has_the_values_of_its_readings(formula):
    _compare_accepted(f"loss l(s: real, y: sign, *, c: real > 0) = {formula} + s")


@settings(deadline=None, max_examples=some(60))
@given(of_two("x", "y"))
def test_any_regression_loss_has_the_values_of_its_readings(formula):
    _compare_accepted(f"loss l(x: real, y: real, *, c: real > 0) = {formula} + x - y")


def _compare_accepted(text):
    """Programs at random may have constants larger than the language takes."""
    try:
        drawn = program(text)
    except DiagnosticError as error:
        if error.diagnostics[0].code == "constant-too-large":
            reject()
        raise
    _compare(drawn)


# ---------------------------------------------------------------- margin losses

LOGISTIC = (
    ("binary", "log(1 + exp(-y * f))"),
    ("binary", "softplus(-m)"),
    ("binary", "-log(sigmoid(f * y))"),
    ("binary", "log(exp(m) + 1) - m"),
    ("binary", "log1p(exp(-m))"),
    ("binary", "-log(1 / (1 + exp(-m)))"),
    ("binary", "softplus(f) - f if y == 1 else softplus(f)"),
    ("binary", "softplus(f) - (1 + y) / 2 * f"),
    ("binary", "(1 + y) / 2 * softplus(-f) + (1 - y) / 2 * softplus(f)"),
    (None, "loss l(score: real, target: bit) = softplus(score) - target * score"),
    (None, "loss l(score: real, target: bit) = "
     "-target * log(sigmoid(score)) - (1 - target) * log(1 - sigmoid(score))"),
    (None, "loss l(score: real, target: bit) = "
     "max(score, 0) - score * target + log(1 + exp(-abs(score)))"),
    (None, "loss l(score: real, target: bool) = softplus(-score) if target else softplus(score)"),
    (None, "bce(pos_weight=1)"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), LOGISTIC)
def test_the_logistic_loss_is_a_margin_loss_however_it_is_written(kind, text):
    of = fixed(loss(text, kind), {"pos_weight": 1} if "bce" in text else {})
    (margin,) = [r for r in readings(of) if isinstance(r, Margin)]
    close(margin.phi, "log(1 + exp(-m))", margin.m, -3, 3)


HINGES = (
    "max(0, 1 - y * f)",
    "relu(1 - f * y)",
    "0 if m >= 1 else 1 - m",
    "1 - m if m < 1 else 0",
    "(abs(1 - m) + 1 - m) / 2",
    "1 - min(m, 1)",
    "max(0, 1 - f) if y == 1 else max(0, 1 + f)",
    "max(0, 1 - f) if y > 0 else relu(f + 1)",
)


@pytest.mark.parametrize("text", HINGES)
def test_the_hinge_is_a_margin_loss_however_it_is_written(text):
    margin = read(text, Margin, "binary")
    assert isinstance(margin, Margin)
    close(margin.phi, "Max(0, 1 - m)", margin.m, -3, 3)


NO_MARGINS = (
    "max(0, 1 - y * f) + f / 100",
    "max(0, 1 - f) if y == 1 else max(0, 2 + f)",
    "(1 - f)**2 if y == 1 else abs(1 + f)",
    "log(1 + exp(-m)) * (2 if y == 1 else 1)",
    "sigmoid(f) if y == 1 else sigmoid(f)",
    "max(0, 1 - f) if y == 1 else 0 if f <= -1 else f + 1 if f < 0 else f + 2",
)


@pytest.mark.parametrize("text", NO_MARGINS)
def test_a_loss_that_treats_its_labels_differently_is_no_margin_loss(text):
    assert read(text, Margin, "binary") is None
    assert read(text, Binary, "binary") is not None


def test_a_loss_that_differs_from_a_margin_loss_at_one_point_is_none():
    jump = "(1 if f < 0 else 0) if y == 1 else (1 if f >= 0 else 0)"
    same = "(1 if f < 0 else 0) if y == 1 else (1 if f > 0 else 0)"
    assert read(jump, Margin, "binary") is None
    assert read(same, Margin, "binary") is not None


def test_a_weight_of_one_label_leaves_a_binary_loss():
    binary = read("bce", Binary)
    assert isinstance(binary, Binary)
    assert [s.name for s in binary.region.symbols] == ["pos_weight"]
    assert read("bce", Margin) is None
    close(binary.negative, "log(1 + exp(v))", binary.v, -3, 3)


def test_a_loss_of_a_score_is_one_of_its_probability():
    through = read("sigmoid_focal", Probability)
    assert isinstance(through, Probability)
    q, (alpha, gamma) = through.q, through.region.symbols
    assert through.positive == -alpha * (1 - q) ** gamma * sympy.log(q)
    negative = (alpha - 1) * q**gamma * sympy.log(1 - q)
    assert sympy.expand(through.negative - negative) == 0


def test_a_loss_of_a_number_in_the_unit_interval_is_one_of_a_probability():
    text = "loss l(p: real in (0, 1), target: bit) = (p - target)**2"
    found = read(text, Probability)
    assert isinstance(found, Probability)
    assert (found.link, found.input) == (None, "p")
    assert read(text.replace("in (0, 1)", "in (0, 2)"), Probability) is None
    assert read(text.replace("target: bit", "target: real"), Probability) is None


# ---------------------------------------------------------------- losses of the label's probability

CROSS_ENTROPIES = (
    "-log(p[y])",
    "logsumexp(z) - z[y]",
    "-log(exp(z[y]) / sum(exp(z)))",
    "log(sum(exp(z[k] - z[y]) for k in class))",
    "log(1 + sum(exp(z[k] - z[y]) for k in class if k != y))",
    "-log_softmax(z)[y]",
    "-sum((k == y) * log(p[k]) for k in class)",
    "-log(1 - sum(p[k] for k in class if k != y))",
    "max(z) + log(sum(exp(z - max(z)))) - z[y]",
    "-log(mean(p)) - log(size(class)) - log(p[y])",
    "-log(prod(p[k] if k == y else 1 for k in class))",
)


@pytest.mark.parametrize("text", CROSS_ENTROPIES)
def test_cross_entropy_is_local_however_it_is_written(text):
    local = read(text, Local, "multiclass")
    assert isinstance(local, Local)
    close(local.f, "-log(p)", local.p, 0, 1)
    assert (local.scale, local.composed, local.input) == (1, True, "logits")
    assert local.region.bounds(local.classes) == Bounds(sympy.Integer(2), sympy.oo, low_closed=True)


LOCAL = (
    ("1 - p[y]", "1 - p"),
    ("sum(abs(p[k] - (k == y)) for k in class) / 2", "1 - p"),
    ("sum(p[k] for k in class if k != y)", "1 - p"),
    ("sum(exp(z[k] - z[y]) for k in class if k != y)", "1/p - 1"),
    ("logsumexp(z[k] for k in class if k != y) - z[y]", "log(1/p - 1)"),
    ("softplus(log(sum(exp(z[k]) for k in class if k != y)) - z[y])", "-log(p)"),
    ("max(0, 3 / 4 - p[y])", "Max(0, 3/4 - p)"),
    ("min(p[y], 1 - p[y])", "Min(p, 1 - p)"),
    ("-log(clamp(p[y], 1e-3, 1))", "-log(Min(1, Max(p, 1/1000)))"),
    ("(1 - p[y])**2 * -log(p[y]) if p[y] < 1 / 2 else 0",
     "Piecewise((-(1 - p)**2*log(p), p < 1/2), (0, True))"),
    ("logsumexp(z[k] - (k == y) for k in class) - z[y] + 1", "-log(p) + log(p + (1 - p)*exp(1))"),
    ("ce + 0.5 * focal", "-log(p) - (1 - p)**2*log(p)/2"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LOCAL)
def test_a_loss_that_sees_the_other_classes_through_their_sum_is_local(text, expected):
    local = read(text, Local, None if "focal" in text else "multiclass")
    assert isinstance(local, Local)
    values = {s: 2 for s in local.region.symbols if s.name == "gamma"}
    close(local.f.subs(values), expected, local.p, 0, 1)


NOT_LOCAL = (
    "sum((p[k] - (k == y))**2 for k in class)",
    "-log(p[y]) + 0.1 * z[y]",
    "-log(p[y]) + logsumexp(z)**2",
    "-log(p[y]) + max(p)",
    "max(0, 1 + max(z[k] for k in class if k != y) - z[y])",
    "log(p[y]) / sum(log(p))",
    "-log(softmax(2 * z)[y]) - log(p[y])",
    "-log(p[y]) * (2 if y == 0 else 1)",
    "-log(p[0])",
    "-sum((k <= y) * log(p[k]) for k in class)",
    "logsumexp(z[k] - 2 * (k == 0) for k in class) - z[y]",
)


@pytest.mark.parametrize("text", NOT_LOCAL)
def test_a_loss_that_sees_more_of_the_other_classes_is_not_local(text):
    assert read(text, Local, "multiclass") is None


def test_a_temperature_is_part_of_a_local_reading():
    text = "loss l(z: real[class], y: class, *, T: real > 0) = -T * log(softmax(z / T)[y])"
    local = read(text, Local)
    assert isinstance(local, Local)
    (symbol,) = [s for s in local.region.symbols if s.name == "T"]
    assert (local.f, local.scale) == (-symbol * sympy.log(local.p), 1 / symbol)


def test_the_number_of_classes_is_a_symbol():
    local = read("ldr_kl", Local)
    assert isinstance(local, Local)
    assert local.classes in local.f.free_symbols
    assert local.scale == 1 / local.region.symbols[0]


def test_logits_within_bounds_do_not_reach_every_probability():
    text = "loss l(c: real[class] in [-1, 1], y: class) = -log(softmax(c)[y])"
    assert kinds(loss(text)) == [Structure]


def test_a_loss_of_an_entry_of_the_simplex_is_local_without_a_softmax():
    local = read("loss l(q: simplex[class], y: class) = -log(q[y])", Local)
    assert isinstance(local, Local)
    assert (local.f, local.composed) == (-sympy.log(local.p), False)


def test_an_image_has_the_reading_of_its_pixels():
    mapped = driver.elaborated("ce + dice")
    assert kinds(mapped) == [Structure]
    assert [kinds(part)[0] for part in parts(mapped)] == [Local, Structure]


SOFT = (
    "-sum(t * log_softmax(z))",
    "logsumexp(z) - sum(t[k] * z[k] for k in class)",
    "-sum(t[k] * (z[k] - logsumexp(z)) for k in class)",
    "sum(t[k] * ce(z, k) for k in class)",
)


@pytest.mark.parametrize("formula", SOFT)
def test_a_loss_linear_in_a_distribution_has_the_reading_of_one_label(formula):
    local = read(f"loss l(z: real[class], t: simplex[class]) = {formula}", Local)
    assert isinstance(local, Local)
    close(local.f, "-log(p)", local.p, 0, 1)


@pytest.mark.parametrize(
    "formula",
    [
        "-sum(t * t * log_softmax(z))",
        "-log(sum(t * softmax(z)))",
        "-sum(t * log_softmax(z)) * max(t)",
        "sum(t * log(t)) - sum(t * log_softmax(z))",
        "-t[0] * log_softmax(z)[0]",
    ],
)
def test_other_losses_of_a_distribution_have_no_label(formula):
    assert read(f"loss l(z: real[class], t: simplex[class]) = {formula}", Multiclass) is None


# ---------------------------------------------------------------- losses of all classes


def test_a_multiclass_loss_is_instantiated_at_a_number_of_classes():
    found = read("crammer_singer", Multiclass)
    assert isinstance(found, Multiclass)
    (z1, z2, z3), (first, _, third) = found.at(3)
    assert str(first) == "Max(0, -z1 + Max(z2, z3) + 1)"
    assert str(third) == "Max(0, -z3 + Max(z1, z2) + 1)"
    assert {z1, z2, z3} == first.free_symbols


def test_entries_of_a_prior_are_variables_of_the_instance():
    found = read("logit_adjusted", Multiclass)
    assert isinstance(found, Multiclass)
    region = found.region_at(2)
    bounds = {s.name: b for s, b in region.variables}
    assert bounds == {"tau": NONNEGATIVE, "prior[0]": POSITIVE, "prior[1]": POSITIVE}
    assert {s.name for s in found.at(2)[1][0].free_symbols} == {*bounds, "z1", "z2"}


def test_a_fixed_prior_fixes_the_number_of_classes():
    of = fixed(loss("logit_adjusted"), {"prior": [0.7, 0.2, 0.1]})
    (found,) = [r for r in readings(of) if isinstance(r, Multiclass)]
    bounds = found.region.bounds(found.classes)
    assert bounds is not None
    assert bounds.low == bounds.high == 3
    with pytest.raises(ValueError, match="no 2 classes"):
        found.region_at(2)


def test_equal_class_weights_leave_a_local_loss():
    text = "loss l(z: real[class], y: class, *, w: real[class] > 0) = -w[y] * log_softmax(z)[y]"
    even, uneven = (fixed(loss(text), {"w": w}) for w in ([2, 2, 2], [1, 2, 3]))
    assert Local in kinds(even)
    assert Local not in kinds(uneven)


POOLED = ("brier", "squentropy", "nce", "taylor_softmax", "ce + 0.1 * z_loss")


@pytest.mark.parametrize("text", POOLED)
def test_pools_do_not_mention_the_label(text):
    pooled = read(text, Pooled)
    assert isinstance(pooled, Pooled)
    assert pooled.pools
    assert all("target" not in str(reduction) for _, reduction in pooled.pools)
    known = {pooled.z, *(symbol for symbol, _ in pooled.pools), *pooled.region.symbols}
    assert pooled.h.free_symbols <= known


NOT_POOLED = (
    "max(0, 1 + max(z[k] for k in class if k != y) - z[y])",
    "sum(max(0, 1 + z[k] - z[y]) for k in class if k != y)",
    "z[0] - z[y]",
    "sum(z[k] for k in class if k > y)",
    "sum(rank(z)[k] * z[k] for k in class) - z[y]",
)


@pytest.mark.parametrize("text", NOT_POOLED)
def test_a_label_inside_a_reduction_that_does_not_split_is_not_pooled(text):
    assert read(text, Pooled, "multiclass") is None


def test_a_score_is_instantiated_on_the_simplex():
    score = read("brier", Score)
    assert isinstance(score, Score)
    q1, q2 = score.symbols(2)
    assert sympy.expand(score.at(2)[1] - q1**2 - (q2 - 1) ** 2) == 0
    assert score.composed


NO_SCORES = (
    "z[y]**2",
    "-log(p[y]) + 0.1 * logsumexp(z)**2",
    "sum(relu(1 + z[k]) for k in class) - z[y]",
)


@pytest.mark.parametrize("text", NO_SCORES)
def test_a_loss_that_changes_with_a_shift_is_no_loss_on_the_simplex(text):
    assert read(text, Score, "multiclass") is None


def test_cumulative_sums_and_sorts_are_written_out():
    text = "loss l(q: simplex[class], y: class) = sum((cumsum(q)[j] - (y <= j))**2 for j in class)"
    score = read(text, Score)
    assert isinstance(score, Score)
    q1, q2, q3 = score.symbols(3)
    expected = q1**2 + (q1 + q2 - 1) ** 2 + (q1 + q2 + q3 - 1) ** 2
    assert sympy.expand(score.at(3)[1] - expected) == 0


# ---------------------------------------------------------------- regression

SQUARES = (
    "(prediction - target)**2",
    "(target - prediction)**2",
    "prediction**2 - 2 * prediction * target + target**2",
    "abs(prediction - target)**2",
    "prediction * (prediction - target) - target * (prediction - target)",
    "-(prediction - target) * (target - prediction)",
    "(max(prediction, target) - min(prediction, target))**2",
    "(prediction - target)**2 if prediction > target else (target - prediction)**2",
)


@pytest.mark.parametrize("formula", SQUARES)
def test_a_square_is_a_loss_of_the_residual_however_it_is_written(formula):
    residual = read(f"loss l(prediction: real, target: real) = {formula}", Residual)
    assert isinstance(residual, Residual)
    close(residual.rho, "r**2", residual.r, -3, 3)
    assert residual.inputs == ("prediction", "target")


def test_the_target_is_told_by_its_name_else_it_comes_second():
    for inputs, formula in (
        ("target: real, prediction: real", "prediction - target + exp(target - prediction)"),
        ("a: real, b: real", "a - b + exp(b - a)"),
    ):
        text = f"loss l({inputs}) = {formula}"
        residual = read(text, Residual)
        assert isinstance(residual, Residual)
        close(residual.rho, "r + exp(-r)", residual.r, -3, 3)


NO_RESIDUALS = (
    "(prediction - 2 * target)**2",
    "prediction**2 + target**2",
    "(prediction - target)**2 + prediction / 1000",
    "abs(prediction - target) / abs(target)",
    "exp(prediction) - prediction * target",
    "(log(1 + exp(prediction)) - log(1 + exp(target)))**2",
    "(prediction - target)**2 if prediction > 0 else abs(prediction - target)",
)


@pytest.mark.parametrize("formula", NO_RESIDUALS)
def test_other_losses_of_two_numbers_are_not_of_the_residual(formula):
    text = f"loss l(prediction: real, target: real) = {formula}"
    assert read(text, Residual) is None
    assert read(text, Regression) is not None


def test_domains_of_inputs_are_bounds():
    regression = read("poisson_nll", Regression)
    assert isinstance(regression, Regression)
    assert (regression.prediction_bounds, regression.target_bounds) == (LINE, NONNEGATIVE)
    count = read(
        "loss l(prediction: real, target: int >= 0) = exp(prediction) - target", Regression
    )
    assert isinstance(count, Regression)
    assert count.target.is_integer


def test_a_mean_over_the_batch_is_a_loss_of_its_examples():
    inputs = "prediction: real[batch], target: real[batch]"
    residual = read(f"loss l({inputs}) = mean((prediction - target)**2) / 2 + 1", Residual)
    assert isinstance(residual, Residual)
    close(residual.rho, "r**2/2 + 1", residual.r, -3, 3)
    for formula in (
        "sqrt(mean((prediction - target)**2))",
        "mean((prediction - mean(target))**2)",
        "mean(prediction) * mean(target)",
        "mean((prediction[i] - target[i])**2 for i in batch if target[i] > 0)",
    ):
        assert kinds(loss(f"loss l({inputs}) = {formula}")) == [Structure]


def test_further_inputs_are_variables_of_the_region():
    residual = read("gaussian_nll", Residual)
    assert isinstance(residual, Residual)
    assert [s.name for s in residual.others] == ["variance"]
    assert residual.region.bounds(residual.others[0]) == POSITIVE


# ---------------------------------------------------------------- along one input


def test_a_curve_for_each_input_and_label():
    found = [r for r in readings(loss("bce")) if isinstance(r, Curve)]
    assert [(c.input, c.case) for c in found] == [("score", "target = 1"), ("score", "target = 0")]
    found = [r for r in readings(loss("gaussian_nll")) if isinstance(r, Curve)]
    assert [c.input for c in found] == ["prediction", "target", "variance"]
    assert found[2].bounds == POSITIVE
    assert [s.name for s in found[2].others] == ["prediction", "target"]


def test_the_sign_of_another_input_is_settled_by_cases():
    found = [r for r in readings(loss("smape")) if isinstance(r, Curve)]
    along = [c for c in found if c.input == "prediction"]
    assert [c.case for c in along] == ["target > 0", "target < 0", "target = 0"]
    assert along[0].region.bounds(along[0].others[0]) == POSITIVE
    assert along[2].others == ()


def test_there_is_no_curve_where_a_loss_has_no_value():
    found = [r for r in readings(loss("mape")) if isinstance(r, Curve) and r.input == "prediction"]
    assert [c.case for c in found] == ["target > 0", "target < 0"]


# ---------------------------------------------------------------- divergences and pairs

DIVERGENCES = (
    ("sum(xlogy(p[k], p[k] / q[k]) for k in class)", "t*log(t)"),
    ("sum(p * log(p / q))", "t*log(t)"),
    ("sum(p * log(p)) - sum(p * log(q))", "t*log(t)"),
    ("-sum(q * log(p / q))", "-log(t)"),
    ("sum((p - q)**2 / q)", "(t - 1)**2"),
    ("sum((sqrt(p) - sqrt(q))**2)", "(sqrt(t) - 1)**2"),
    ("1 - sum(sqrt(p * q))", "1 - sqrt(t)"),
    ("sum(abs(p - q)) / 2", "Abs(t - 1)/2"),
    ("sum(max(p, q)) - 1", "Max(t, 1) - 1"),
    ("sum(p**2 / q) - 1", "t**2 - 1"),
    ("sum(p * log(2 * p / (p + q)) + q * log(2 * q / (p + q))) / 2",
     "(t*log(2*t/(t + 1)) + log(2/(t + 1)))/2"),
)  # fmt: skip


@pytest.mark.parametrize(("formula", "expected"), DIVERGENCES)
def test_f_divergences(formula, expected):
    divergence = read(f"loss l(p: simplex[class], q: simplex[class]) = {formula}", Divergence)
    assert isinstance(divergence, Divergence)
    close(divergence.f, expected, divergence.t, 0, 4)
    assert divergence.inputs == ("p", "q")


@pytest.mark.parametrize(
    "formula",
    [
        "sum((p - q)**2)",
        "log(sum(p**2 / q))",
        "max(abs(p - q))",
        "sum(p[k] * log(p[k] / q[k]) * (k == 0) for k in class)",
        "sum(p * log(p / q)) + sum(p**2)",
        "sum(p * log(p / q))**2",
    ],
)
def test_other_functions_of_two_distributions_are_no_f_divergences(formula):
    assert read(f"loss l(p: simplex[class], q: simplex[class]) = {formula}", Divergence) is None


def test_a_divergence_may_be_of_a_softmax():
    tau = sympy.Symbol("tau", positive=True)
    for name, inputs, logits in (
        ("kl", ("target", "logits"), (("logits", 1),)),
        ("kd", ("teacher", "student"), (("teacher", 1 / tau), ("student", 1 / tau))),
    ):
        divergence = read(name, Divergence)
        assert isinstance(divergence, Divergence)
        assert (divergence.inputs, divergence.logits) == (inputs, logits)
        close(divergence.f.subs(tau, 1), "t*log(t)", divergence.t, 0, 4)


PAIRS = (
    "loss l(s: real[batch], t: bit[batch]) = "
    "mean(log(1 + exp(s[j] - s[i])) for i in batch for j in batch if t[i] > t[j])",
    "loss l(s: real[batch], t: bool[batch]) = "
    "mean(softplus(s[j] - s[i]) for i in batch for j in batch if t[i] and not t[j])",
    "loss l(s: real[item], t: real[item]) = "
    "sum(-log(sigmoid(s[i] - s[j])) for i in item for j in item if t[j] < t[i])",
    "loss l(s: real[item], t: bit[item]) = "
    "sum(softplus(s[j] - s[i]) * (t[i] == 1) * (t[j] == 0) for i in item for j in item)",
    "loss l(s: real[item], t: real[item]) = "
    "mean(sum(softplus(s[k] - s[n]) for k in item if t[n] > t[k]) for n in item)",
    "loss l(positive: real, negative: real) = -log(sigmoid(positive - negative))",
    "loss l(one: real, two: real, y: sign) = log(1 + exp(-y * (one - two)))",
)  # fmt: skip


@pytest.mark.parametrize("text", PAIRS)
def test_losses_of_the_difference_of_a_better_and_another_score(text):
    pairs = read(text, Pairs)
    assert isinstance(pairs, Pairs)
    close(pairs.phi, "log(1 + exp(-m))", pairs.m, -3, 3)


@pytest.mark.parametrize(
    "text",
    [
        "loss l(s: real[batch], t: bit[batch]) = "
        "mean(softplus(s[j] - s[i]) for i in batch for j in batch)",
        "loss l(s: real[batch], t: bit[batch]) = "
        "mean(softplus(s[j] - 2 * s[i]) for i in batch for j in batch if t[i] > t[j])",
        "loss l(s: real[batch], t: bit[batch]) = "
        "log(mean(exp(s[j] - s[i]) for i in batch for j in batch if t[i] > t[j]))",
        "loss l(one: real, two: real, y: bit) = (1 + y) * softplus(one - two)",
        "loss l(prediction: real, target: real) = abs(prediction - target)",
    ],
)
def test_near_misses_of_pairs(text):
    assert read(text, Pairs) is None


# ---------------------------------------------------------------- what a value does not show

OUTSIDE = (
    "loss l(s: real, y: sign) = max(0, 1 - y * detach(s))",
    "loss l(s: real, y: sign) = softplus(-y * s) / detach(1 + s**2)",
    "cvar(ce)",
    "info_nce",
)


@pytest.mark.parametrize("text", OUTSIDE)
def test_stopped_gradients_and_whole_batches_are_left_to_the_structure(text):
    assert kinds(loss(text)) == [Structure]


# ---------------------------------------------------------------- settings


def test_numbers_take_the_place_of_hyperparameters_exactly():
    of = fixed(loss("gce"), {"q": 0.7})
    (local,) = [r for r in readings(of) if isinstance(r, Local)]
    assert local.f == (1 - local.p ** sympy.Rational(7, 10)) * sympy.Rational(10, 7)
    assert of.hyperparameters == ()


def test_an_array_of_any_length_takes_its_default_length_apart():
    local = read("poly(eps=[1, 2])", Local)
    assert isinstance(local, Local)
    first, second = local.region.symbols[:2]
    assert (first.name, second.name) == ("eps[0]", "eps[1]")
    p = local.p
    expected = -sympy.log(p) + first * (1 - p) + second * (1 - p) ** 2
    assert sympy.expand(local.f - expected) == 0


def test_a_word_selects_its_branch():
    text = "loss l(s: real, y: sign, *, how: hinge | square = square) = " + (
        "max(0, 1 - y * s) if how == hinge else (1 - y * s)**2"
    )
    chosen = {None: "(1 - m)**2", "hinge": "Max(0, 1 - m)"}
    for word, expected in chosen.items():
        of = loss(text) if word is None else fixed(loss(text), {"how": word})
        (margin,) = [r for r in readings(of) if isinstance(r, Margin)]
        close(margin.phi, expected, margin.m, -3, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"q": 2}, "must be in"),
        ({"r": 1}, "no hyperparameter"),
        ({"q": "high"}, "is a number"),
        ({"q": [1]}, "is a number"),
        ({"q": float("nan")}, "is a number"),
    ],
)
def test_settings_outside_their_domains_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        fixed(loss("gce"), settings)


def test_a_term_does_not_mind_the_inputs_of_the_others():
    of = driver.elaborated("ce + 0.1 * supcon(embedding, target)")
    assert [kinds(part)[0] for part in parts(of)] == [Local, Structure]


def test_the_terms_of_a_sum_have_readings_of_their_own():
    of = driver.elaborated("ce + 0.5 * brier")
    assert Local not in kinds(of)
    assert [kinds(part)[0] for part in parts(of)] == [Local, Score]
    assert parts(loss("ce")) == ()
