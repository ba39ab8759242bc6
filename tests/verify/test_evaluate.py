"""Formulas over boxes, compared with the reference interpreter at points inside."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, assume, given, settings
from sympy import Basic, Expr, Integer, Rational, S, cos, exp, log, pi, sin, sqrt

from losslang.ir.evaluate import Code, Environment, Evaluator, World
from losslang.ir.heads import At, Axis, Branch, Detach, Index, Max, Min, Tensor
from losslang.ir.primitives import PRIMITIVES, Apply
from losslang.ir.truth import And, Equal, Less, LessEqual, Not, Or
from losslang.verify.compile import meets
from losslang.verify.evaluate import compile_tape, mean_value, monotone
from losslang.verify.interval import ONE, UNIT, WHOLE, ZERO, Interval, Undefined
from losslang.verify.tape import Tape
from tests.sampling import some

X, Y = sympy.symbols("x y", real=True)
SYMBOLS = (X, Y)
HALF = Rational(1, 2)
INFINITY = float("inf")
DIGITS = 50

# ---------------------------------------------------------------- random formulas

CONSTANTS = st.sampled_from([Integer(-2), S.NegativeOne, HALF, S.One, Rational(5, 3), pi])
LEAVES = st.one_of(st.sampled_from(SYMBOLS), CONSTANTS)
SPECIAL = {"log", "xlogy"}  # built otherwise below


def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    names = st.sampled_from([row for row in PRIMITIVES if row.name not in SPECIAL])
    tests = st.builds(
        lambda kind, a, b: kind(a, b), st.sampled_from([Less, LessEqual, Equal]), inner, inner
    )
    logic = st.one_of(
        tests,
        st.builds(lambda kind, a, b: kind(a, b), st.sampled_from([And, Or]), tests, tests),
        st.builds(Not, tests),
    )
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a / b, inner, inner),
        st.builds(lambda row, a: row.build(a), names, inner),
        st.builds(log, inner),
        st.builds(lambda a: a * log(a), inner),
        st.builds(lambda a, b: Apply("xlogy", a, b), inner, inner),
        st.builds(lambda a, n: a**n, inner, st.integers(-3, 4)),
        st.builds(lambda a: a ** Rational(3, 2), inner),
        st.builds(lambda a, b: a**b, inner, inner),
        st.builds(lambda kind, a, b: kind(a, b), st.sampled_from([Max, Min]), inner, inner),
        st.builds(Branch, logic, inner, inner),
        st.builds(lambda a, b: a * b, logic, inner),
    )


FORMULAS = st.recursive(LEAVES, grow, max_leaves=7)
NUMBERS = st.fractions(-3, 3, max_denominator=16)


@st.composite
def boxes(draw):
    """A box with two points inside."""
    box, first, second = [], [], []
    for _ in SYMBOLS:
        low, a, b, high = sorted(draw(st.lists(NUMBERS, min_size=4, max_size=4)))
        a, b = draw(st.permutations([a, b]))
        box.append(Interval.of(low, high))
        first.append(a)
        second.append(b)
    return box, first, second


def is_plain(expr: Expr) -> bool:
    """Whether the formula is made of real numbers of a moderate size only."""
    return not expr.has(S.NaN, S.ComplexInfinity, S.ImaginaryUnit, S.Infinity, S.NegativeInfinity)


def is_gamma(expr: Basic) -> bool:
    """Whether it is a function of positive numbers that mpmath continues below 0."""
    return isinstance(expr, Apply) and expr.name in ("lgamma", "digamma", "trigamma")


class Strict(Evaluator):
    """The reference interpreter, which gives up where a part that it needs has no finite value."""

    def _build(self, expr: Basic) -> Code:
        code = super()._build(expr)
        positive = self._code(expr.args[1]) if is_gamma(expr) else None

        def run(env: Environment) -> Any:
            if positive is not None and positive(env) <= 0:
                raise ValueError(f"{expr} is not defined")
            value = code(env)
            if isinstance(value, mpmath.mpf) and not mpmath.isfinite(value):
                raise ValueError(f"{expr} is {value}")
            return value

        return run


def exact_value(expr: Expr, point: list[Fraction]) -> Any:
    """By the reference interpreter; ``None`` where the formula has no finite value."""
    scalars = dict(zip(("x", "y"), point, strict=True))
    try:
        with mpmath.workdps(DIGITS):
            value = Strict(World({}, scalars, {}, {})).value(expr)
            value = (
                mpmath.mpf(value.numerator) / value.denominator
                if isinstance(value, Fraction)
                else mpmath.mpf(value)
            )
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return value if mpmath.isfinite(value) and abs(value) < mpmath.mpf(10) ** 20 else None


def holds(interval: Interval, value: Any, noise: float = 1e-25) -> bool:
    """Whether ``value`` is inside, but for the oracle's rounding."""
    low, high = map(number, (interval.low, interval.high))
    return bool(low - noise <= value <= high + noise)


def is_inside(side: Interval, value: Fraction) -> bool:
    around = Interval.exactly(value)
    return bool(side.low < around.low and around.high < side.high)


def number(end: Any) -> Any:
    if not end.is_finite():
        return mpmath.inf if end > 0 else mpmath.ninf
    mantissa, exponent = end.man_exp()
    return mpmath.ldexp(mpmath.mpf(int(mantissa)), int(exponent))


def bounded(run: Any) -> Any:
    """What ``run`` finds; a formula that may be undefined on the box is no case."""
    try:
        return run()
    except Undefined:
        assume(False)


RANDOM = settings(
    max_examples=some(150),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.mark.parametrize("partial", [False, True])
@given(expr=FORMULAS, case=boxes())
@RANDOM
def test_a_range_holds_every_value(partial, expr, case):
    assume(is_plain(expr))
    box, point, _ = case
    value = exact_value(expr, point)
    assume(value is not None)
    found = bounded(lambda: compile_tape(expr, SYMBOLS).range(box, partial=partial))
    with mpmath.workdps(DIGITS):
        assert holds(found, value)


@given(expr=FORMULAS, case=boxes())
@RANDOM
def test_partial_derivatives_hold_every_slope(expr, case):
    """The mean value theorem, between two points of the box."""
    assume(is_plain(expr))
    box, first, second = case
    assume(first != second)
    start, end = exact_value(expr, first), exact_value(expr, second)
    assume(start is not None and end is not None)
    _, slopes = bounded(lambda: compile_tape(expr, SYMBOLS).gradient(box))
    total = ZERO
    for slope, a, b in zip(slopes, first, second, strict=True):
        total += slope * Interval.exactly(b - a)
    with mpmath.workdps(DIGITS):
        assert holds(total, end - start, 1e-12)


@pytest.mark.parametrize("form", [mean_value, monotone])
@given(expr=FORMULAS, case=boxes())
@RANDOM
def test_sharper_forms_hold_every_value(form, expr, case):
    assume(is_plain(expr))
    box, point, _ = case
    value = exact_value(expr, point)
    assume(value is not None)
    tape = compile_tape(expr, SYMBOLS)
    found = bounded(lambda: form(tape, box))
    assert tape.range(box).contains(found)
    with mpmath.workdps(DIGITS):
        assert holds(found, value)


@pytest.mark.parametrize("form", [Tape.range, mean_value, monotone])
@given(expr=FORMULAS, case=boxes())
@RANDOM
def test_the_inside_of_a_box(form, expr, case):
    assume(is_plain(expr))
    box, point, _ = case
    assume(all(side.is_point or is_inside(side, a) for side, a in zip(box, point, strict=True)))
    value = exact_value(expr, point)
    assume(value is not None)
    found = bounded(lambda: form(compile_tape(expr, SYMBOLS, inside=True), box))
    with mpmath.workdps(DIGITS):
        assert holds(found, value)


@given(expr=FORMULAS, case=boxes())
@RANDOM
def test_floats_are_near_the_value_where_the_formula_is_steady(expr, case):
    """Rounding may be magnified, but not beyond what the box around a float says."""
    assume(is_plain(expr))
    _, point, _ = case
    near = [Interval.of(a - Fraction(1, 2**40), a + Fraction(1, 2**40)) for a in point]
    around = bounded(lambda: compile_tape(expr, SYMBOLS).range(near))
    assume(around.is_finite and around.width < 1e-6 and abs(float(around.low)) < 1e6)
    value = compile_tape(expr, SYMBOLS).float([float(a) for a in point])
    assume(math.isfinite(value))
    assert value == pytest.approx(float(around.midpoint), abs=1e-4, rel=1e-4)


# ---------------------------------------------------------------- one behaviour each


def over(expr: Expr, *sides: tuple[Any, Any], **options: Any) -> Interval:
    box = [Interval.of(*side) for side in sides]
    return compile_tape(expr, SYMBOLS[: len(box)], **options).range(box)


def slopes(expr: Expr, *sides: tuple[Any, Any], **options: Any) -> list[Interval]:
    box = [Interval.of(*side) for side in sides]
    return compile_tape(expr, SYMBOLS[: len(box)], **options).gradient(box)[1]


def test_shared_parts_are_computed_once():
    tape = compile_tape(sin(exp(X)) + cos(exp(X)), (X,))
    assert [step[1].name for step in tape.steps].count("exp") == 1


def test_parts_without_inputs_are_computed_once_for_each_precision():
    tape = compile_tape(X * log(2) + pi, (X,))
    assert [step[1].name for step in tape.fixed] == ["log"]
    fine, rough = tape.range([ONE], 200), tape.range([ONE], 60)
    assert rough.contains(fine)
    assert fine.width < rough.width / 2**100


@pytest.mark.parametrize(
    ("expr", "side", "expected"),
    [
        (X**2, (-1, 2), (0, 4)),
        (-X * log(X), (1, 1), (0, 0)),
        (X * log(X), (0, 1), (-0.36787944117144233, 0)),
        (Apply("xlogy", X, X), (0, 1), (-0.36787944117144233, 0)),
        (sqrt(X), (0, 4), (0, 2)),
        (X / 3, (3, 6), (1, 2)),
        (1 / X, (0, 1), (1, INFINITY)),
        (exp(-X), (0, INFINITY), (0, 1)),
        (1 / (1 + exp(-X)), (-INFINITY, INFINITY), (0, 1)),
        (Max(S.Zero, 1 - X) ** 2, (0, 3), (0, 1)),
        (sympy.Abs(X), (-1, 2), (0, 2)),
        (X**0 * 3, (0, 1), (3, 3)),
    ],
)
def test_a_formula_with_each_input_once_has_a_sharp_range(expr, side, expected):
    found = over(expr, side)
    assert [float(found.low), float(found.high)] == pytest.approx(list(expected), rel=1e-15)


def test_a_power_with_a_symbolic_exponent():
    focal = -((1 - X) ** Y) * log(X)
    assert over(focal, (Fraction(1, 2), 1), (0, 5)).low == 0
    assert over((1 - X) ** Y, (1, 1), (0, 0)) == ONE
    assert over((-X) ** Y, (1, 2), (3, 3)) == Interval.of(-8, -1)


def test_a_negative_base_to_exponents_of_which_some_are_whole():
    tape = compile_tape(X**Y, SYMBOLS)
    box = [Interval.of(-2, -1), Interval.of(1, 2)]
    assert tape.range(box, partial=True).contains((-2) ** 1)
    assert tape.range(box, partial=True).contains((-2) ** 2)
    with pytest.raises(Undefined, match="power"):
        tape.range(box)
    with pytest.raises(Undefined, match="power"):
        tape.range([box[0], Interval.of(Fraction(1, 4), Fraction(1, 2))], partial=True)


def test_a_product_with_a_truth_value_does_not_need_what_it_switches_off():
    assert over(Less(X, S.One) * log(1 - X), (1, 2)) == ZERO


def test_a_decided_conditional_takes_one_side():
    expr = Branch(Less(X, S.One), X, log(X - 1))
    assert over(expr, (-1, 0)) == Interval.of(-1, 0)
    assert over(expr, (2, 2)) == ZERO
    assert slopes(expr, (2, 3)) == [Interval.of(HALF, 1)]


def test_a_conditional_of_numbers_is_not_worked_out():
    """SymPy takes minutes to multiply this one out."""
    far = Rational(-1225, 2) + 1 / (1 + exp(Rational(1219, 2)))
    assert not meets(Less(S.One, far), 1 - far**2, ())


def test_an_undecided_conditional_takes_the_hull():
    assert over(Branch(Less(X, S.One), X, 5 + X), (0, 2)) == Interval.of(0, 7)


def test_an_undecided_conditional_needs_both_sides():
    expr = Branch(Less(X, S.One), S.Zero, log(X - 1))
    with pytest.raises(Undefined, match="log"):
        over(expr, (0, 2))
    assert compile_tape(expr, (X,)).range([Interval.of(0, 2)], partial=True) == Interval.of(
        -INFINITY, 0
    )


@pytest.mark.parametrize(
    ("test", "side", "decided"),
    [
        (Less(X, S.One), (0, 1), UNIT),
        (Less(X, S.One), (1, 2), ZERO),
        (LessEqual(X, S.One), (0, 1), ONE),
        (LessEqual(X, S.One), (1, 2), UNIT),
        (Equal(X, S.One), (1, 1), ONE),
        (Equal(X, S.One), (2, 3), ZERO),
        (Or(Less(X, S.One), Less(log(X), S.Zero)), (-1, 0), ONE),
        (And(Less(X, S.Zero), Less(log(X), S.Zero)), (1, 2), ZERO),
        (Not(Equal(X, S.One)), (0, 2), UNIT),
    ],
)
def test_tests_over_a_box(test, side, decided):
    assert over(test, side) == decided


def test_inside_of_a_box_its_ends_do_not_count():
    expr = Branch(Less(X, S.One), S.Zero, S.One)
    assert over(expr, (0, 1)) == UNIT
    assert over(expr, (0, 1), inside=True) == ZERO
    assert over(expr, (1, 2), inside=True) == ONE
    assert over(expr, (1, 1), inside=True) == ONE


def test_a_jump_at_the_end_of_an_inside_is_not_taken_for_a_bound():
    expr = X + Branch(LessEqual(X, S.One), Integer(100), S.Zero)
    tape = compile_tape(expr, (X,), inside=True)
    assert monotone(tape, [Interval.of(1, 2)]) == Interval.of(1, 2)


def test_slopes_at_a_kink_are_all_between():
    assert slopes(sympy.Abs(X), (-1, 1)) == [Interval.of(-1, 1)]
    assert slopes(sympy.Abs(X), (0, 1)) == [ONE]
    assert slopes(Max(X, 2 * X), (-1, 1)) == [Interval.of(1, 2)]


@pytest.mark.parametrize(
    "row",
    [row for row in PRIMITIVES if row.arity == 1 and row.name not in ("floor", "sign")],
    ids=lambda row: row.name,
)
@given(point=st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=100))
@settings(max_examples=some(15))
def test_the_slope_of_each_function_holds_its_derivative(row, point):
    """The oracle is mpmath's numerical derivative."""
    shift = 1 if row.name == "acosh" else 0
    at = point + shift
    expr = row.build(X) if row.name != "log" else log(X)
    (slope,) = slopes(expr, (at, at))
    with mpmath.workdps(DIGITS):
        expected = mpmath.diff(row.value, mpmath.mpf(at.numerator) / at.denominator)
        assert holds(slope, expected, 1e-15)
    assert float(slope.width) < 1e-9


def test_sides_that_meet_at_one_of_two_ends_only():
    with pytest.raises(Undefined, match="may not meet"):
        slopes(Branch(LessEqual(sympy.Abs(X), S.One), X, sympy.Abs(X)), (-2, 2))


def test_slopes_of_sides_that_meet():
    huber = Branch(LessEqual(sympy.Abs(X), S.One), X**2 / 2, sympy.Abs(X) - HALF)
    assert slopes(huber, (0, 2)) == [Interval.of(0, 2)]
    delta = sympy.Symbol("d", positive=True)
    scaled = Branch(LessEqual(sympy.Abs(X), delta), X**2 / 2, delta * (sympy.Abs(X) - delta / 2))
    found = compile_tape(scaled, (X, delta)).gradient([Interval.of(0, 2), ONE])[1]
    assert found[0] == Interval.of(0, 2)


@pytest.mark.parametrize(
    "expr",
    [
        Branch(Less(X, S.One), X, X + 1),
        Less(X, S.One) * X,
        Apply("floor", X),
        Apply("sign", X - 1),
        1 / (X - 1),
        (X - 1) ** -2,
        sympy.tan(X),
    ],
)
def test_no_slope_where_a_formula_may_jump(expr):
    with pytest.raises(Undefined):
        slopes(expr, (0, 2))


def test_a_jump_elsewhere_does_no_harm():
    assert slopes(Apply("floor", X) + X, (Fraction(1, 4), HALF)) == [ONE]
    assert slopes(Branch(Less(X, S.One), X, X + 1), (2, 3)) == [ONE]


def test_slopes_may_be_infinite_at_an_end():
    assert slopes(sqrt(X), (0, 1)) == [Interval.of(HALF, INFINITY)]
    assert slopes(log(X), (0, 1)) == [Interval.of(1, INFINITY)]


def test_a_formula_without_inputs():
    tape = compile_tape(log(S(8)) / log(S(2)), ())
    assert tape.range([]).contains(3)
    assert tape.gradient([])[1] == []
    assert tape.float([]) == pytest.approx(3)


def test_the_mean_value_form_is_sharp_on_small_boxes():
    square = compile_tape(X**2 - X, (X,))
    box = [Interval.of(1, 1 + Fraction(1, 1000))]
    assert mean_value(square, box).width < square.range(box).width / 2


def test_the_monotonicity_test_reaches_the_ends():
    square = compile_tape(X**2 - 2 * X, (X,))
    assert monotone(square, [UNIT]) == Interval.of(-1, 0)


def test_outside_of_a_domain():
    tape = compile_tape(log(X) + X, (X,))
    with pytest.raises(Undefined, match="log"):
        tape.range([Interval.of(-1, 1)])
    assert tape.range([Interval.of(-1, 1)], partial=True) == Interval.of(-INFINITY, 1)
    with pytest.raises(Undefined, match="log"):
        tape.range([Interval.of(-2, -1)], partial=True)


def test_values_at_infinities_are_not_taken_for_limits():
    """At 0 it is ``oo * 0``, which counts as 0, while the limit is 1/2."""
    tape = compile_tape(log(X) ** 2 * (sqrt(1 + 1 / log(X) ** 2) - 1), (X,))
    assert tape.range([ZERO]) == ZERO
    assert tape.at_reals([ZERO]) is None
    assert monotone(tape, [Interval.of(0, HALF)]).contains(HALF)


@pytest.mark.parametrize(
    ("expr", "point", "value"),
    [
        (log(X), 0, -INFINITY),
        (1 / X, 0, INFINITY),
        (exp(X), 1e4, INFINITY),
        (sympy.sinh(X), -1e4, -INFINITY),
        (sqrt(X), -1, math.nan),
        (X ** Rational(1, 3), -1, math.nan),
        (log(X) - log(X) * 2, 0, INFINITY),
        (Branch(Less(X, S.One), S.Zero, log(X)), -1, 0),
        (Less(X, S.Zero) * log(X), 0, 0),
        (Apply("xlogy", X, X), 0, 0),
        (Apply("softplus", X), 1000, 1000),
        (Apply("sigmoid", X), -1000, 0),
    ],
)
def test_floats_fall_as_they_do(expr, point, value):
    assert compile_tape(expr, (X,)).float([point]) == pytest.approx(value, nan_ok=True)


def test_a_detached_value_counts_as_any_other():
    assert slopes(Detach(X) * X, (1, 1)) == [Interval.of(2, 2)]


def test_any_expression_can_be_an_input():
    entry = At(Tensor("v"), Index("i", Axis("a")))
    assert compile_tape(entry**2, (entry,)).range([Interval.of(-1, 2)]) == Interval.of(0, 4)


@pytest.mark.parametrize(
    "expr",
    [At(Tensor("v"), Index("i", Axis("a"))), Y, S.NaN, sympy.zeta(X), sympy.I * X],
    ids=["array", "other symbol", "nan", "function", "imaginary"],
)
def test_what_is_no_formula_of_the_inputs(expr):
    with pytest.raises(TypeError, match=r"no scalar formula|no real number"):
        compile_tape(expr, (X,))


def test_the_sides_of_a_box_are_counted():
    tape = compile_tape(X + Y, SYMBOLS)
    with pytest.raises(ValueError, match="1 intervals for 2 inputs"):
        tape.range([WHOLE])
    with pytest.raises(ValueError, match="1 numbers for 2 inputs"):
        tape.float([1.0])
