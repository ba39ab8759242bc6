"""Formulas with kinks, cut into smooth cells."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Abs, Expr, Integer, Rational, S, Symbol, exp, log, oo

from losslang import driver
from losslang.ir import exact
from losslang.ir.evaluate import Evaluator, World
from losslang.ir.heads import Axis, Branch, Index, Max, Min
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Equal, Less, LessEqual, Or
from losslang.verify.cells import Cell, cells
from losslang.verify.readings import Curve, Local, Margin, Residual, readings
from losslang.verify.statement import LINE, NONNEGATIVE, POSITIVE, UNIT, Bounds, Region
from tests.ir.programs import LIBRARY

x = Symbol("x", real=True)
a = Symbol("a", positive=True)
b = Symbol("b", real=True)
g = Symbol("g", positive=True)
PLACE = Index("k", Axis("axis"))
REGION = Region(((a, POSITIVE), (b, LINE), (g, UNIT)))


def cut(
    expr: Expr, bounds: Bounds = LINE, region: Region = REGION
) -> list[tuple[Expr, Expr, Expr]]:
    """Ends and formula of each cell."""
    found = cells(expr, x, bounds, region)
    assert found is not None
    return [(c.bounds.low, c.bounds.high, c.formula) for c in found]


# ---------------------------------------------------------------- where switches are


def test_a_smooth_formula_is_one_cell():
    assert cut(exp(x) + b * x**3) == [(-oo, oo, exp(x) + b * x**3)]


def test_a_maximum_of_lines():
    assert cut(Max(S.Zero, 1 - x)) == [(-oo, 1, 1 - x), (1, oo, S.Zero)]


def test_a_break_may_depend_on_a_hyperparameter():
    assert cut(Max(S.Zero, x - b)) == [(-oo, b, S.Zero), (b, oo, x - b)]


def test_breaks_are_ordered_by_what_the_region_says():
    assert [low for low, *_ in cut(Max(S.Zero, x) + Max(S.Zero, x - a))] == [-oo, 0, a]
    assert [low for low, *_ in cut(Max(S.Zero, x - g) + Max(S.Zero, x - 1))] == [-oo, g, 1]
    assert [low for low, *_ in cut(Abs(x - 1 + g) + Abs(x - 1))] == [-oo, 1 - g, 1]


def test_breaks_without_a_known_order_are_refused():
    assert cells(Abs(x) + Abs(x - b), x, LINE, REGION) is None
    assert cells(Abs(x - a) + Abs(x - 1), x, LINE, REGION) is None


def test_a_condition_of_the_region_may_tell_the_order():
    expr = Abs(x - a) + Abs(x - 1)
    above = REGION.where(Less(S.One, a))
    assert [low for low, *_ in cut(expr, region=above)] == [-oo, 1, a]


def test_an_absolute_value_within_a_test():
    huber = Branch(LessEqual(Abs(x), a), x**2 / 2, a * (Abs(x) - a / 2))
    outside = a * (-a / 2 - x), a * (-a / 2 + x)
    assert cut(huber) == [(-oo, -a, outside[0]), (-a, a, x**2 / 2), (a, oo, outside[1])]


def test_nested_maxima():
    expr = Max(Max(S.Zero, x) - 1, -x)
    assert cut(expr) == [(-oo, Rational(1, 2), -x), (Rational(1, 2), oo, x - 1)]


def test_products_of_switches():
    expr = Max(S.Zero, x) * Max(S.Zero, 1 - x)
    assert cut(expr) == [(-oo, 0, S.Zero), (0, 1, x * (1 - x)), (1, oo, S.Zero)]


def test_tests_with_and_and_or():
    inside = Branch(And(Less(S.Zero, x), Less(x, S.One)), x, S.Zero)
    assert [low for low, *_ in cut(inside)] == [-oo, 0, 1]
    outside = Branch(Or(Less(x, S.Zero), Less(S.One, x)), x, S.Zero)
    assert [f for *_, f in cut(outside)] == [x, S.Zero, x]


def test_quadratic_switches():
    assert [low for low, *_ in cut(Abs(x**2 - 3 * x + 2))] == [-oo, 1, 2]
    assert [low for low, *_ in cut(Abs(x**2 - 2))] == [-oo, -sympy.sqrt(2), sympy.sqrt(2)]
    assert [low for low, *_ in cut(Max(S.Zero, a**2 - x**2))] == [-oo, -a, a]
    assert cut(Abs(x**2 + x + 1)) == [(-oo, oo, x**2 + x + 1)]


@pytest.mark.parametrize(
    ("switch", "breaks"),
    [
        (exp(x) - 1, [0]),
        (exp(x) + 1, []),
        (exp(2 * x) - a, [log(a) / 2]),
        (log(1 + exp(x)) - log(2), [0]),
        (sympy.atan(x) - sympy.pi / 4, [1]),
        (sympy.tanh(x) - 2, []),
        (x**3 - 8, [2]),
        (1 / (1 + exp(-x)) - Rational(1, 2), [0]),
        (exp(x) - exp(-x), [0]),
        (sympy.cosh(x) - 1, []),
        (sympy.cosh(x) - 2, [-sympy.acosh(2), sympy.acosh(2)]),
        (x * (exp(x) - 1), []),
        ((x - 1) * (x + a), [-a, 1]),
    ],
)
def test_switches_that_can_be_solved(switch, breaks):
    found = cells(Abs(switch), x, LINE, REGION)
    assert found is not None
    assert [sympy.simplify(c.bounds.low - b) for c, b in zip(found[1:], breaks, strict=True)] == [
        0
    ] * len(breaks)


@pytest.mark.parametrize(
    "switch", [exp(x) - x - 2, sympy.sin(x), x**3 - x - 1, x - b * x**2, a**x - b]
)
def test_switches_that_cannot_be_solved_are_refused(switch):
    assert cells(Abs(switch), x, LINE, REGION) is None


def test_switches_outside_the_interval_do_not_cut():
    assert cut(Max(S.Zero, 1 - x), UNIT) == [(0, 1, 1 - x)]
    assert cut(Max(x, -a), POSITIVE) == [(0, oo, x)]
    assert cut(log(Max(x, Rational(1, 1000))), UNIT)[0][:2] == (0, Rational(1, 1000))


def test_a_switch_that_does_not_depend_on_the_variable_stays():
    expr = Branch(Equal(S.One, a), -log(x), (x ** (a - 1) - 1) / (1 - a))
    assert cut(expr, UNIT) == [(0, 1, expr)]


# ---------------------------------------------------------------- breaks and ends


def test_neighbours_share_an_end_and_keep_the_ends_of_the_whole():
    found = cells(Abs(x), x, Bounds(Integer(-1), S.One, low_closed=True), Region())
    assert found == (
        Cell(Bounds(Integer(-1), S.Zero, low_closed=True, high_closed=True), -x),
        Cell(Bounds(S.Zero, S.One, low_closed=True), x),
    )


def test_a_kink_that_is_none_disappears():
    assert cut(Abs(x) ** 2) == [(-oo, oo, x**2)]
    assert cut(Branch(Less(x, S.Zero), x**2, x**2 + 0 * a)) == [(-oo, oo, x**2)]


def test_a_smooth_function_written_with_kinks_is_one_cell():
    stable = Max(x, S.Zero) + log(1 + exp(-Abs(x)))
    ((low, high, formula),) = cut(stable)
    assert (low, high) == (-oo, oo)
    assert sympy.expand_log(sympy.simplify(formula - log(1 + exp(x))), force=True) == 0
    assert len(cut((Max(x, b) - Min(x, b)) ** 2)) == 1
    assert len(cut(Max(x, S.Zero) + log(1 + exp(-2 * Abs(x))))) == 2


def test_a_formula_is_not_continued_to_where_it_has_no_value():
    expr = Branch(Less(x, S.Zero), S.Zero, log(x) - log(x**2) / 2)
    assert len(cut(expr + x)) == 2


def test_a_point_that_stands_out_remains_a_break():
    assert len(cut(Branch(Equal(x, S.Zero), S.One, x**2))) == 2
    assert len(cut(Branch(Less(x, S.Zero), x, Branch(LessEqual(x, S.Zero), S.One, x)))) == 2


@pytest.mark.parametrize(
    "expr",
    [
        (x**2 - 2 * x + 1) ** Rational(1, 2),
        x ** Rational(1, 3),
        1 / x,
        log(x**2),
        Apply("floor", x),
        sympy.asin(sympy.sin(x)),
        Branch(x, S.One, S.Zero),
        Reduce("max", (PLACE,), S.One, x * PLACE),
    ],
)
def test_formulas_not_known_to_be_smooth_are_refused(expr):
    assert cells(expr, x, LINE, REGION) is None


# ---------------------------------------------------------------- values

POINTS = st.fractions(-4, 4, max_denominator=8)
POSITIVES = st.fractions(Rational(1, 8), 4, max_denominator=8)
SMOOTH = st.sampled_from((x, 1 - x, x**2, x + a, b - x, exp(x), a * x - 1, S.Zero, g, 2 * x))


def _combined(parts: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    two = st.tuples(parts, parts)
    return st.one_of(
        two.map(lambda p: p[0] + p[1]),
        two.map(lambda p: p[0] * p[1]),
        two.map(lambda p: Max(*p)),
        two.map(lambda p: Min(*p)),
        parts.map(Abs),
        parts.map(lambda p: Apply("sign", p)),
        st.tuples(parts, parts, parts).map(lambda p: Branch(Less(p[0], p[1]), p[2], p[0])),
        st.tuples(parts, parts, parts).map(lambda p: Branch(LessEqual(p[0], p[1]), p[1], p[2])),
    )


FORMULAS = st.recursive(SMOOTH, _combined, max_leaves=5)


def _value(expr: Expr, values: dict[str, Any]) -> Any:
    world = World({}, {name: exact.number(v) for name, v in values.items()}, {}, {})
    return exact.rough(Evaluator(world).value(expr))


@settings(deadline=None)
@given(
    FORMULAS,
    POINTS,
    POSITIVES,
    POINTS,
    st.fractions(Rational(1, 8), Rational(7, 8), max_denominator=8),
)
def test_the_formula_of_a_cell_is_the_whole_inside_it(expr, at, alpha, beta, gamma):
    found = cells(expr, x, LINE, REGION)
    assume(found is not None)
    assert found is not None
    values = {"a": alpha, "b": beta, "g": gamma}
    with mpmath.workdps(40):
        place = exact.rough(at)
        ends = [(_value(c.bounds.low, values), _value(c.bounds.high, values)) for c in found]
        assert all(low < high for low, high in ends)
        inside = [c for c, (low, high) in zip(found, ends, strict=True) if low < place < high]
        assert len(inside) == 1 or any(place in pair for pair in ends)
        point = {**values, "x": at}
        for cell in inside:
            assert mpmath.almosteq(_value(cell.formula, point), _value(expr, point), 1e-25)


def _curves(name: str) -> list[tuple[Expr, Symbol, Bounds, Region]]:
    found = []
    for reading in readings(driver.elaborated(name)):
        match reading:
            case Margin():
                found.append((reading.phi, reading.m, LINE, reading.region))
            case Residual():
                found.append((reading.rho, reading.r, LINE, reading.region))
            case Local():
                found.append((reading.f, reading.p, UNIT, reading.region))
            case Curve():
                found.append((reading.function, reading.variable, reading.bounds, reading.region))
    return found


def test_the_library_is_cut_except_along_a_denominator():
    refused = {
        name
        for name in LIBRARY
        if any(
            cells(f, variable, bounds, region) is None
            for f, variable, bounds, region in _curves(name)
        )
    }
    assert refused == {"mape"} & set(LIBRARY)


def test_a_bound_of_the_domain_bounds_the_cells():
    found = cells(Max(x, S.One), x, NONNEGATIVE, Region())
    assert found is not None
    assert [str(cell.bounds) for cell in found] == ["[0, 1]", "[1, oo)"]
