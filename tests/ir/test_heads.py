"""Binders: equality up to the names of bound indices, substitution, normal forms."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Expr, Integer, S, Symbol

from losslang.ir.binders import Binder, free_indices, fresh, substitute, tree_size, walk
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Index, Max, Min, Size
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import And, Delta, Equal, Less, LessEqual, Not, Or
from tests.ir.expressions import (
    FREE,
    PLACES,
    A,
    B,
    M,
    T,
    V,
    W,
    evaluated,
    indices,
    numbers,
    patient,
    rebuilt,
    reductions,
    same,
)

i, j, k = FREE[:3]


def total(body: Expr, *bound: Index, op: str = "sum", guard: Expr = ONE) -> Expr:
    return Reduce(op, bound, guard, body)


# ---------------------------------------------------------------- equality


def test_reductions_equal_up_to_the_names_of_their_indices_are_equal() -> None:
    p, q = fresh(A, "p"), fresh(A, "q")
    assert total(At(V, p) ** 2, p) == total(At(V, q) ** 2, q)


def test_reductions_over_other_axes_differ() -> None:
    a, b = fresh(A), fresh(B)
    assert total(At(M, a, k), a) != total(At(M, i, b), b)


def test_nested_reductions_are_equal_whatever_the_order_of_naming() -> None:
    p, q, r, s = fresh(A), fresh(B), fresh(A), fresh(B)
    left = total(At(V, p) * total(At(M, p, q) ** 2, q), p)
    right = total(total(At(M, r, s) ** 2, s) * At(V, r), r)
    assert left == right


@patient
@given(numbers())
def test_an_expression_built_again_with_fresh_indices_is_the_same(expr: Expr) -> None:
    assert rebuilt(expr) == expr


# ---------------------------------------------------------------- substitution


def test_a_free_index_is_not_captured_by_a_binder_of_its_name() -> None:
    bound = fresh(A)
    pairs = total(At(V, bound) * At(V, i), bound, op="max")
    captured = substitute(pairs, {i: Index("_1", A)})
    assert Index("_1", A) in free_indices(captured)


def test_a_bound_index_is_not_replaced() -> None:
    bound = fresh(A)
    expr = total(At(V, bound) ** 2, bound)
    assert substitute(expr, {Index("_1", A): i}) == expr


def test_every_key_of_a_rule_is_replaced_at_once() -> None:
    assert substitute(At(V, i) - At(V, j), {i: j, j: i}) == At(V, j) - At(V, i)


def test_the_place_at_which_an_order_is_read_is_outside_its_scope() -> None:
    bound = fresh(A)
    rank = Ordered("rank", (bound,), ONE, At(V, bound), Index("_1", A))
    assert free_indices(rank) == {Index("_1", A)}


def test_subs_and_xreplace_do_not_capture_either() -> None:
    bound = fresh(A)
    expr = total(At(V, bound) * At(V, i), bound, op="max")
    rule = {i: Index("_1", A)}
    assert expr.subs(rule) == expr.xreplace(rule) == substitute(expr, rule)


def test_a_simplification_of_sympy_leaves_reductions_alone() -> None:
    bound = fresh(A)
    most = total(At(V, bound) ** 2, bound, op="max")
    assert sympy.powdenest((S.Exp1**most) ** 2) == S.Exp1 ** (2 * most)


@patient
@given(numbers(), indices(A, FREE))
def test_replacing_an_index_is_evaluating_at_its_value(expr: Expr, place: Expr) -> None:
    replaced = evaluated(substitute(expr, {i: place}))
    assert same(replaced, evaluated(expr, {**PLACES, i: int(evaluated(place))}))


@patient
@given(numbers(), numbers(depth=2))
def test_replacing_a_symbol_is_evaluating_with_its_value(expr: Expr, other: Expr) -> None:
    number = evaluated(other)
    assume(mpmath.isfinite(number))
    assert same(evaluated(substitute(expr, {T: other})), evaluated(expr, t=number))


@patient
@given(numbers(depth=3), numbers(depth=2))
def test_what_a_symbol_stands_for_keeps_its_free_indices(expr: Expr, other: Expr) -> None:
    replaced = substitute(expr, {T: other})
    assert free_indices(replaced) <= free_indices(expr) | free_indices(other)


@patient
@given(numbers(), numbers(depth=2))
def test_a_substituted_expression_is_canonical(expr: Expr, other: Expr) -> None:
    replaced = substitute(expr, {T: other})
    assert rebuilt(replaced) == replaced


# ---------------------------------------------------------------- normal forms


@patient
@given(reductions(FREE, 4))
def test_a_normal_form_has_the_value_of_the_reduction_as_written(parts: tuple[Any, ...]) -> None:
    assert same(evaluated(Reduce(*parts)), evaluated(Binder.__new__(Reduce, *parts)))


def test_a_number_leaves_a_sum() -> None:
    a = fresh(A)
    assert total(3 * At(V, a), a) == 3 * total(At(V, a), a)


def test_a_sum_over_a_comparison_is_the_body_there() -> None:
    a = fresh(A)
    assert total(Delta(a, i) * At(V, a), a) == At(V, i)


def test_a_guard_survives_the_elimination_of_a_comparison() -> None:
    a = fresh(A)
    guard = Less(ZERO, At(V, a))
    expected = Branch(Less(ZERO, At(V, i)), At(V, i), ZERO)
    assert total(Delta(a, i) * At(V, a), a, guard=guard) == expected


def test_a_comparison_of_two_bound_indices_makes_them_one() -> None:
    a, b = fresh(A), fresh(A)
    assert total(Delta(a, b) * At(V, a) * At(V, b), a, b) == total(At(V, a) ** 2, a)


def test_a_comparison_that_depends_on_another_bound_index_stays_a_sum() -> None:
    a, b = fresh(A), fresh(B)
    body = Delta(a, i) * At(M, a, b)
    assert total(body, a, b) == total(At(M, i, b), b)


def test_a_sum_of_exponentials_is_the_exponential_of_logsumexp() -> None:
    a = fresh(A)
    assert total(sympy.exp(At(V, a)), a) == sympy.exp(total(At(V, a), a, op="logsumexp"))


def test_a_mean_of_exponentials_is_the_exponential_of_logmeanexp() -> None:
    a = fresh(A)
    mean = total(sympy.exp(At(V, a)), a, op="mean")
    assert mean == sympy.exp(total(At(V, a), a, op="logmeanexp"))


def test_a_sum_over_an_axis_that_its_body_does_not_mention_is_a_product() -> None:
    a = fresh(A)
    assert total(At(W, k), a) == Size(A) * At(W, k)


def test_the_logarithm_of_softmax_needs_no_exponential() -> None:
    a = fresh(A)
    normaliser = total(At(V, a), a, op="logsumexp")
    assert sympy.log(sympy.exp(At(V, i) - normaliser)) == At(V, i) - normaliser


@pytest.mark.parametrize(
    ("op", "nothing"),
    [
        ("sum", ZERO),
        ("mean", ZERO),
        ("prod", ONE),
        ("any", ZERO),
        ("all", ONE),
        ("max", S.NegativeInfinity),
        ("logsumexp", S.NegativeInfinity),
        ("min", S.Infinity),
    ],
)
def test_a_reduction_of_nothing(op: str, nothing: Expr) -> None:
    a = fresh(A)
    body = Less(ZERO, At(V, a)) if op in ("any", "all") else At(V, a)
    assert total(body, a, op=op, guard=ZERO) == nothing


def test_a_written_list_is_written_out_in_a_sum() -> None:
    three = Axis("3", Integer(3))
    n = fresh(three)
    body = Delta(n, Integer(0)) * At(V, i) + Delta(n, Integer(1)) * T
    assert total(body, n) == At(V, i) + T


def test_the_size_of_a_written_axis_is_its_number() -> None:
    assert Size(Axis("4", Integer(4))) == 4


# ---------------------------------------------------------------- truth values


x, y = At(V, i), At(V, j)

TRUTHS = [
    (Delta(i, i), ONE),
    (Delta(Integer(0), Integer(1)), ZERO),
    (Delta(i, j), Delta(j, i)),
    (Equal(x, y), Equal(y, x)),
    (Equal(x, x), ONE),
    (Less(x, x), ZERO),
    (LessEqual(x, x), ONE),
    (Less(Integer(1), Integer(2)), ONE),
    (Not(Less(x, y)), LessEqual(y, x)),
    (Not(LessEqual(x, y)), Less(y, x)),
    (Not(Not(Delta(i, j))), Delta(i, j)),
    (And(ONE, Delta(i, j)), Delta(i, j)),
    (And(ZERO, Delta(i, j)), ZERO),
    (And(), ONE),
    (And(And(Delta(i, j), Less(x, y)), Delta(i, j)), And(Delta(i, j), Less(x, y))),
    (Or(ZERO, Delta(i, j)), Delta(i, j)),
    (Or(ONE, Delta(i, j)), ONE),
    (Or(), ZERO),
    (Branch(ONE, x, y), x),
    (Branch(ZERO, x, y), y),
    (Branch(Less(x, y), x, x), x),
    (Max(x), x),
    (Max(x, y), Max(y, x)),
    (Max(x, Integer(1), Integer(2)), Max(x, Integer(2))),
    (Max(x, sympy.S.NaN), sympy.S.NaN),
    (Min(x, Integer(1), Integer(2)), Min(x, Integer(1))),
]


@pytest.mark.parametrize(("built", "expected"), TRUTHS, ids=lambda e: str(e))
def test_a_head_is_built_in_its_simplest_form(built: Expr, expected: Expr) -> None:
    assert built == expected


# ---------------------------------------------------------------- structure


def test_walk_meets_each_part_once_and_arguments_first() -> None:
    expr = sympy.exp(x + y) * (x + y)
    parts = list(walk(expr))
    assert len(parts) == len(set(parts))
    assert parts.index(x + y) < parts.index(sympy.exp(x + y)) < parts.index(expr)


def test_the_size_of_a_tree_counts_shared_parts_each_time() -> None:
    pair = Max(x, Symbol("s"))
    assert tree_size(Max(pair, Less(pair, T))) == 1 + tree_size(pair) + 1 + tree_size(pair) + 1


@patient
@given(st.data())
def test_a_free_index_of_a_reduction_is_free_in_its_guard_or_body(data: st.DataObject) -> None:
    _, bound, guard, body = parts = data.draw(reductions(FREE, 3))
    assert free_indices(Reduce(*parts)) <= (free_indices(guard) | free_indices(body)) - set(bound)
