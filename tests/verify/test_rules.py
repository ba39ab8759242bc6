"""Each rule takes the data it should, and rejects data that would prove something false."""

from __future__ import annotations

from itertools import pairwise

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational, S, Symbol, exp, log, oo, sqrt

from losslang.ir.truth import Less
from losslang.verify.proof import Proof, Rejected, check
from losslang.verify.rules import RULES
from losslang.verify.rules.analysis import SLOT
from losslang.verify.statement import (
    LINE,
    NONNEGATIVE,
    POSITIVE,
    UNIT,
    Bounds,
    Limit,
    Region,
    Shape,
    Sign,
)
from tests.sampling import some

x = Symbol("x", real=True)
p = Symbol("p", positive=True)
q = Symbol("q", positive=True)
s = Symbol("s", positive=True)
s0 = Symbol("s", nonnegative=True)
r = Symbol("s", real=True)
g = Symbol("gamma", nonnegative=True)
d = Symbol("delta", positive=True)
CLOSED = Bounds(S.Zero, S.One, True, True)


def over(*variables):
    return Region(tuple(variables))


def premises(statement, rule, **data):
    return list(RULES[rule].premises(statement, data))


def rejects(statement, rule, **data):
    with pytest.raises(Rejected):
        premises(statement, rule, **data)


def test_rules_have_names_of_their_own():
    from losslang.verify.rules import ALL

    assert len(RULES) == len(ALL)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_rule_proves_anything_without_data_and_reason(rule):
    false = Sign(x**2 - x, ">", over((x, LINE)))
    try:
        needed = premises(false, rule)
    except Rejected:
        return
    assert needed, f"{rule} proves a false statement"


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("odd", [S.NaN, S.ComplexInfinity, "word", 3, (x,), Bounds(), Less(x, p)])
def test_odd_data_is_rejected(rule, odd):
    names = "variable new map form factor one other part bounds at end value strict condition bound"
    data = dict.fromkeys((*names.split(), "relation", "centre", "scale", "exponent"), odd)
    for statement in (
        Sign(x, ">", over((x, LINE))),
        Limit(x, x, oo, "+", S.Zero, Region()),
    ):
        try:
            needed = premises(statement, rule, **data)
        except Rejected:
            continue
        assert needed


# ---------------------------------------------------------------- one formula


def test_composition_needs_the_sign_to_follow_from_the_parts():
    region = over((p, UNIT))
    assert premises(Sign(-log(p) * (1 - p), ">", region), "composition") == []
    rejects(Sign(-log(p) - 1, ">", region), "composition")


def test_composition_needs_a_value_everywhere():
    rejects(Sign(1 + log(p) ** 2, ">", over((p, Bounds(S.Zero, S.One, True)))), "composition")
    rejects(Sign(1 / x**2, ">=", over((x, LINE))), "composition")
    rejects(Sign(1 + sqrt(x) ** 2 * 0 + abs(sqrt(x)), ">", over((x, LINE))), "composition")


def test_composition_tells_strict_from_weak():
    rejects(Sign(x**2, ">", over((x, LINE))), "composition")
    assert premises(Sign(x**2, ">=", over((x, LINE))), "composition") == []
    rejects(Sign(exp(-(x**2)) - 1, "<", over((x, LINE))), "composition")


@pytest.mark.parametrize("rising", [log, exp, sympy.tanh, sympy.atan])
def test_composition_knows_that_a_rising_function_keeps_an_order(rising):
    one, other, region = rising(x + 2), rising(x + 1), over((x, POSITIVE))
    for shown in (one - other, x * one - x * other, x - 3 * other + 3 * one):
        assert premises(Sign(shown, ">", region), "composition") == []
    for unknown in (one - rising(2 * x), one + other - 2 * rising(2 * x)):
        rejects(Sign(unknown, "!=", region), "composition")


@pytest.mark.parametrize(
    ("one", "other", "bounds", "relation"),
    [
        ((1 + p) ** x, p**x, POSITIVE, ">"),
        ((1 + p) ** x, p**x, Bounds(S.Zero, oo, True), ">="),
        ((1 + p) ** x, p**x, Bounds(-oo, S.Zero), "<"),
        ((1 + p) ** (x + 1), (1 + p) ** x, LINE, ">"),
        ((1 / (1 + p)) ** (x + 1), (1 / (1 + p)) ** x, LINE, "<"),
    ],
)
def test_composition_compares_powers_that_differ_in_one_part(one, other, bounds, relation):
    region = over((p, POSITIVE), (x, bounds))
    assert premises(Sign(one - other, relation, region), "composition") == []
    rejects(Sign(other - one, relation, region), "composition")


def test_composition_does_not_compare_powers_of_what_may_be_negative():
    region = over((x, LINE), (p, POSITIVE))
    rejects(Sign((1 + x) ** p - x**p, ">", region), "composition")
    rejects(Sign((1 + p) ** x - p**x, ">=", region), "composition")


def test_composition_knows_nothing_of_strangers():
    rejects(Sign(p, ">", Region()), "composition")


def test_composition_uses_conditions():
    condition = Less(p, q)
    region = over((p, POSITIVE), (q, POSITIVE)).where(condition)
    assert premises(Sign(q - p, ">", region), "composition") == []
    rejects(Sign(p - q, ">", region), "composition")


def test_an_identity_is_exact():
    region = over((p, UNIT))
    true = Sign(log(p**2) - 2 * log(p), "==", region)
    assert premises(true, "identity") == []
    rejects(Sign(log(p**2) - 2 * log(p) + Rational(1, 10**9), "==", region), "identity")
    rejects(Sign(log(p**2) - 2 * log(p), ">", region), "identity")


def test_an_identity_needs_a_value():
    goal = Sign((x**2 - 1) / (x - 1) - x - 1, "==", over((x, LINE)))
    assert premises(goal, "identity") == [Sign(x - 1, "!=", goal.region)]


def test_a_form_must_be_equal():
    goal = Sign(p**2 - 2 * p + 1, ">=", over((p, UNIT)))
    assert premises(goal, "rewrite", form=(p - 1) ** 2)
    rejects(goal, "rewrite", form=(p + 1) ** 2)


def test_a_form_does_not_hide_where_the_formula_has_no_value():
    goal = Sign((x**2 - 1) / (x - 1) + 3, ">", over((x, Bounds(S(-1)))))
    needed = premises(goal, "rewrite", form=x + 4)
    assert Sign(x - 1, "!=", goal.region) in needed


def test_a_factor_must_be_positive_and_the_product_right():
    goal = Sign(p * log(p), "<", over((p, UNIT)))
    assert premises(goal, "scale", factor=p, form=log(p))[0] == Sign(p, ">", goal.region)
    rejects(goal, "scale", factor=p, form=-log(p))


def test_sums_and_products_must_be_right():
    goal = Sign(x**2 + exp(x), ">", over((x, LINE)))
    assert premises(goal, "sum", one=exp(x), other=x**2)
    rejects(goal, "sum", one=exp(x), other=2 * x**2)
    rejects(Sign(x**2, "<", over((x, LINE))), "sum", one=x**2, other=S.Zero)
    assert premises(Sign(p * q, ">", over((p, UNIT), (q, UNIT))), "product", one=p, other=q)
    rejects(Sign(p * q, "<", over((p, UNIT), (q, UNIT))), "product", one=p, other=q)


def test_logarithms_need_positive_sides():
    goal = Sign(exp(x) - p, ">", over((x, LINE), (p, UNIT)))
    needed = premises(goal, "logarithms", one=exp(x), other=p)
    assert Sign(p, ">", goal.region) in needed
    rejects(goal, "logarithms", one=exp(x), other=2 * p)


def test_a_stronger_relation_is_stronger():
    goal = Sign(x, ">=", over((x, NONNEGATIVE)))
    assert premises(goal, "stronger", relation=">") == [Sign(x, ">", goal.region)]
    rejects(goal, "stronger", relation="<=")
    rejects(Sign(x, ">", goal.region), "stronger", relation=">=")


# ---------------------------------------------------------------- roots


@pytest.mark.parametrize(
    ("expr", "relation", "bounds", "holds"),
    [
        ((x - 1) ** 2, ">=", LINE, True),
        ((x - 1) ** 2, ">", LINE, False),
        ((x - 1) ** 2, ">", Bounds(S(1)), True),
        ((x - 1) ** 2, ">", Bounds(S(1), low_closed=True), False),
        (x**2 - 2, ">", Bounds(Rational(3, 2)), True),
        (x**2 - 2, ">=", Bounds(Rational(7, 5)), False),
        (x * (1 - x), ">", Bounds(S.Zero, S.One), True),
        (x * (1 - x), ">=", CLOSED, True),
        (x * (1 - x), ">", CLOSED, False),
        (x**3, ">=", LINE, False),
        (1 / (1 + x**2), ">", LINE, True),
        (1 / x**2, ">", LINE, False),
        (1 / x, ">", POSITIVE, True),
        (1 / x, ">", NONNEGATIVE, False),
        (1 / (1 + 1 / (x - 3)) ** 2, ">=", LINE, False),
        (x**4 + x + 1, ">", LINE, True),
        (-(x**4) - x - 1, "<", LINE, True),
        (x**2 + 1, "!=", LINE, True),
        (x**2 - 1, "!=", LINE, False),
        (x - 1, "==", Bounds(S.One, S.One, True, True), False),
        (x - 1, ">=", Bounds(S.One, S.One, True, True), True),
        (x - 1, ">", Bounds(S.One, S.One, True, True), False),
        (sqrt(2) * x, ">", POSITIVE, True),
        (sqrt(2) * x - 1, ">", POSITIVE, False),
        (x**2 - 2 * sqrt(2) * x + 2, ">=", LINE, True),
        (x**2 - 2 * sqrt(2) * x + 2, ">", LINE, False),
        (x**2 - 2 * sqrt(2) * x + Rational(19, 10), ">=", LINE, False),
        (x**2 - 2, ">=", Bounds(sqrt(2), low_closed=True), False),
        (x**2 - 7, ">", Bounds(exp(S.One)), True),
        (x**2 - 8, ">", Bounds(exp(S.One)), False),
        (x**2 - 8, "<", Bounds(-exp(S.One), exp(S.One)), True),
        (sympy.pi * x, ">", POSITIVE, False),
        (exp(x), ">", LINE, False),
    ],
)
def test_roots_decide_the_sign_of_rational_functions_only(expr, relation, bounds, holds):
    goal = Sign(expr, relation, over((x, bounds)))
    if holds:
        assert premises(goal, "roots", variable=x) == []
    else:
        rejects(goal, "roots", variable=x)


def test_roots_are_about_one_variable():
    rejects(Sign(x**2 + p, ">", over((x, LINE), (p, UNIT))), "roots", variable=x)
    rejects(Sign(x**2 + 1, ">", over((x, LINE))), "roots", variable=p)


# ---------------------------------------------------------------- changes of variables


MAPPED = [
    ("ratio", UNIT, s, {}),
    ("ratio down", UNIT, s, {}),
    ("ratio", Bounds(S.Zero, S.One, True, True), s0, {}),
    ("above", Bounds(S(2)), s, {}),
    ("above", Bounds(S(2), S(5), True, True), s0, {}),
    ("below", Bounds(-oo, S(2)), s, {}),
    ("affine", LINE, r, {"centre": S(3), "scale": S(2)}),
    ("affine", Bounds(S(4), S(9)), s, {"centre": S(3), "scale": S(2)}),
    ("reciprocal", Bounds(S(2), S(5)), s, {}),
    ("reciprocal", POSITIVE, s, {}),
    ("power", Bounds(S.Zero, S(9), True, True), s0, {"exponent": S(2)}),
    ("log", LINE, s, {"scale": S(3)}),
    ("exp", UNIT, r, {}),
    ("exp", NONNEGATIVE, r, {}),
    ("logit", UNIT, r, {}),
    ("logit", CLOSED, r, {}),
]


@pytest.mark.parametrize(("kind", "bounds", "new", "data"), MAPPED)
def test_an_image_reaches_every_value_and_no_other(kind, bounds, new, data):
    goal = Sign(x, ">", over((x, bounds)))
    needed = premises(goal, "map", variable=x, new=new, map=kind, **data)
    after = needed[-1]
    inner = after.region.bounds(new)
    reached = {one.expr for one in needed[:-1]}
    image = sympy.lambdify(new, after.expr, "math")
    # The image is monotone, so its values near the ends of the new interval show what it covers.
    ends = [
        float(end)
        if not end.is_infinite
        else (1e9 if kind != "exp" and kind != "logit" else 600.0) * (1 if end > 0 else -1)
        for end in (inner.low, inner.high)
    ]
    if kind in ("reciprocal", "log"):
        ends[0] = max(ends[0], 1e-9)
    values = sorted(image(end) for end in ends)
    for value, end, closed, in_new in (
        (values[0], bounds.low, bounds.low_closed, None),
        (values[1], bounds.high, bounds.high_closed, None),
    ):
        assert in_new is None
        if end.is_infinite:
            assert abs(value) > 50
        else:
            assert value == pytest.approx(float(end), abs=1e-6)
            if closed:
                # It is reached by the new variable, or proved by itself.
                hit = any(
                    c and not e.is_infinite and after.expr.subs(new, e) == end
                    for e, c in ((inner.low, inner.low_closed), (inner.high, inner.high_closed))
                )
                assert hit or end in reached


@pytest.mark.parametrize(
    ("kind", "bounds", "new", "data"),
    [
        ("ratio", LINE, s, {}),
        ("above", LINE, s, {}),
        ("below", POSITIVE, s, {}),
        ("logit", Bounds(S.Zero, S(2)), r, {}),
        ("exp", LINE, r, {}),
        ("power", LINE, s, {"exponent": S(2)}),
        ("affine", LINE, r, {"centre": S.Zero}),
        ("affine", LINE, r, {"centre": r, "scale": S.One}),
        ("ratio", UNIT, r, {}),
        ("ratio", UNIT, s0, {}),
        ("ratio", CLOSED, s, {}),
        ("ratio", UNIT, x, {}),
        ("log", LINE, r, {"scale": S.One}),
        ("sideways", UNIT, s, {}),
    ],
)
def test_a_wrong_map_is_rejected(kind, bounds, new, data):
    goal = Sign(x, ">", over((x, bounds)))
    rejects(goal, "map", variable=x, new=new, map=kind, **data)


@pytest.mark.parametrize(
    ("kind", "bounds", "data"),
    [
        ("affine", LINE, {"centre": S.Zero, "scale": S(-1)}),
        ("affine", LINE, {"centre": S.Zero, "scale": S.Zero}),
        ("log", LINE, {"scale": S(-1)}),
        ("power", NONNEGATIVE, {"exponent": S(-1)}),
        ("reciprocal", Bounds(S(-1), S(2)), {}),
        ("exp", Bounds(S(-1), S(2)), {}),
    ],
)
def test_a_map_that_is_not_onto_needs_what_cannot_be_proved(kind, bounds, data):
    goal = Sign(x**2 + 1, ">", over((x, bounds)))
    for new in (s, s0, r):
        try:
            needed = premises(goal, "map", variable=x, new=new, map=kind, **data)
        except Rejected:
            continue
        first = needed[0]
        rejects(first, "composition")


def test_an_image_mentions_earlier_variables_only():
    goal = Sign(x + d, ">", over((x, LINE), (d, POSITIVE)))
    rejects(goal, "map", variable=x, new=r, map="affine", centre=d, scale=S.One)
    later = Sign(x + d, ">", over((d, POSITIVE), (x, LINE)))
    assert premises(later, "map", variable=x, new=r, map="affine", centre=d, scale=S.One)


def test_bounds_that_mention_the_variable_move_with_it():
    goal = Sign(d - x, ">", over((d, POSITIVE), (x, Bounds(S.Zero, d))))
    (after,) = premises(goal, "map", variable=d, new=s, map="reciprocal")
    assert after.region.bounds(x) == Bounds(S.Zero, 1 / s)


# ---------------------------------------------------------------- cases


def test_pieces_and_points_cover_the_interval():
    goal = Sign(x**2, ">=", over((x, CLOSED)))
    low, at, high = premises(goal, "split", variable=x, at=(Rational(1, 2),))
    assert low.region.bounds(x) == Bounds(S.Zero, Rational(1, 2), True, False)
    assert at == Sign(Rational(1, 4), ">=", Region())
    assert high.region.bounds(x) == Bounds(Rational(1, 2), S.One, False, True)


def test_a_split_needs_points_that_the_region_knows():
    goal = Sign(x**2, ">=", over((x, LINE), (d, POSITIVE)))
    rejects(goal, "split", variable=x, at=())
    rejects(goal, "split", variable=x, at=(d,))
    rejects(goal, "split", variable=p, at=(S.Zero,))


def test_a_case_is_proved_both_ways():
    goal = Sign((p - q) ** 2, ">=", over((p, UNIT), (q, UNIT)))
    one, other = premises(goal, "case", condition=Less(p, q))
    assert one.region.conditions == (Less(p, q),)
    assert str(other.region.conditions[0]) == "LessEqual(q, p)"
    rejects(goal, "case", condition=p - q)
    rejects(goal, "case", condition=Less(x, q))
    rejects(goal, "case", condition=Less(log(p - q), q))


def test_a_part_must_lie_where_its_variable_does():
    goal = Sign(exp(-x) + 1, ">", over((x, NONNEGATIVE)))
    t = Symbol("t", positive=True)
    needed = premises(
        goal, "lift", part=exp(-x), new=t, bounds=Bounds(S.Zero, S.One, False, True), form=t + 1
    )
    assert Sign(1 - exp(-x), ">=", goal.region) in needed
    rejects(goal, "lift", part=exp(-x), new=t, bounds=POSITIVE, form=t + 2)
    rejects(goal, "lift", part=exp(-x), new=t, bounds=LINE, form=t + 1)
    rejects(goal, "lift", part=exp(-x), new=x, bounds=LINE, form=x + 1)
    rejects(goal, "lift", part=exp(-p), new=t, bounds=POSITIVE, form=t + 1)


def test_only_a_variable_without_a_part_is_forgotten():
    region = over((d, POSITIVE), (x, Bounds(S.Zero, d)))
    rejects(Sign(x + 1, ">", region), "forget", variable=d)
    rejects(Sign(x + 1, ">", region), "forget", variable=x)
    assert premises(Sign(d, ">", region), "forget", variable=x) == [
        Sign(d, ">", over((d, POSITIVE)))
    ]


# ---------------------------------------------------------------- analysis


def test_a_chain_starts_at_an_end_and_has_a_slope():
    goal = Sign(x - log(1 + x), ">=", over((x, NONNEGATIVE)))
    start, climb = premises(goal, "chain", variable=x, end="low")
    assert start == Sign(S.Zero, ">=", Region())
    assert climb == Sign(1 - 1 / (1 + x), ">=", over((x, POSITIVE)))


def test_a_chain_asks_for_a_slope_inside_the_interval_only():
    goal = Sign(1 - x**2, ">", over((x, Bounds(S.Zero, S.One, True))))
    start, fall = premises(goal, "chain", variable=x, end="high", strict="slope")
    assert (start.expr, start.relation) == (0, ">=")
    assert fall == Sign(-2 * x, "<", over((x, UNIT)))


def test_a_chain_from_the_other_end_falls():
    goal = Sign(1 - x, ">=", over((x, CLOSED)))
    start, fall = premises(goal, "chain", variable=x, end="high")
    assert (start.expr, fall.relation) == (0, "<=")


def test_a_strict_chain_needs_a_strict_slope_or_start():
    goal = Sign(x - log(1 + x), ">", over((x, POSITIVE)))
    start, climb = premises(goal, "chain", variable=x, end="low", strict="slope")
    assert (start.relation, climb.relation) == (">=", ">")
    start, climb = premises(goal, "chain", variable=x, end="low")
    assert (start.relation, climb.relation) == (">", ">=")
    closed = Sign(x, ">", over((x, NONNEGATIVE)))
    start, climb = premises(closed, "chain", variable=x, end="low", strict="slope")
    assert (start.relation, climb.relation) == (">", ">=")


def test_a_chain_may_start_at_a_limit():
    goal = Sign(exp(-x), ">", over((x, LINE)))
    limit, start, fall = premises(
        goal, "chain", variable=x, end="high", value=S.Zero, strict="slope"
    )
    assert limit == Limit(exp(-x), x, oo, "-", S.Zero, Region())
    assert (start.relation, fall.relation) == (">=", "<")
    rejects(goal, "chain", variable=x, end="high", value=x, strict="slope")
    rejects(goal, "chain", variable=x, end="high", value=-oo, strict="slope")
    rejects(goal, "chain", variable=x, end="middle", value=S.Zero, strict="slope")


def test_a_chain_does_not_cross_a_pole():
    goal = Sign(-1 / x, ">", over((x, Bounds(S(-1), S(5)))))
    needed = premises(goal, "chain", variable=x, end="low")
    assert Sign(x, "!=", over((x, Bounds(S(-1), S(5), True)))) in needed


@pytest.mark.parametrize("kink", [abs(x - 1) - 1, sympy.Function("f")(x)])
def test_a_chain_needs_a_smooth_formula(kink):
    rejects(Sign(kink, ">", over((x, POSITIVE))), "chain", variable=x, end="low")


def test_a_variable_on_which_another_depends_does_not_move():
    goal = Sign(d - x, ">", over((d, POSITIVE), (x, Bounds(S.Zero, d))))
    rejects(goal, "chain", variable=d, end="low")
    rejects(goal, "tangent", variable=d, at=S.One)
    conditional = over((p, UNIT), (q, UNIT)).where(Less(p, q))
    rejects(Sign(q - p, ">", conditional), "chain", variable=p, end="low")


def test_an_integer_does_not_move():
    n = Symbol("K", integer=True, positive=True)
    goal = Sign(n - 1, ">", over((n, Bounds(S(2), low_closed=True))))
    rejects(goal, "chain", variable=n, end="low")


def test_a_concave_formula_is_least_at_the_ends():
    goal = Sign(p * (1 - p), ">=", over((p, UNIT)))
    first, last, bend = premises(goal, "concave", variable=p)
    assert (first.expr, last.expr) == (0, 0)
    assert bend == Sign(S(-2), "<=", goal.region)
    convex = Sign((p - Rational(1, 2)) ** 2, ">", over((p, UNIT)))
    rejects(premises(convex, "concave", variable=p)[2], "composition")
    rejects(Sign(p, ">", over((p, POSITIVE))), "concave", variable=p)


def test_a_formula_with_a_hidden_kink_is_not_affine():
    goal = Sign(
        sqrt(x**2 - 2 * x + 1) - Rational(1, 2), ">", over((x, Bounds(S.Zero, S(2), True, True)))
    )
    needed = premises(goal, "concave", variable=x)
    assert any(one.relation == "!=" or one.relation == "<=" for one in needed[2:])


def test_strict_at_both_ends_unless_one_is_open():
    region = over((p, UNIT))
    relations = [s.relation for s in premises(Sign(p, ">", region), "concave", variable=p)[:2]]
    assert relations == [">", ">"]
    needed = premises(Sign(p, ">", region), "concave", variable=p, strict="high")
    assert [s.relation for s in needed[:2]] == [">=", ">"]
    closed = Sign(p, ">", over((p, CLOSED)))
    needed = premises(closed, "concave", variable=p, strict="high")
    assert [s.relation for s in needed[:2]] == [">", ">"]


def test_a_tangent_touches_inside_and_below():
    goal = Sign(exp(x) - 1 - x, ">=", over((x, LINE)))
    line, bend = premises(goal, "tangent", variable=x, at=S.Zero)
    assert (line.expr, bend.expr) == (0, exp(x))
    rejects(goal, "tangent", variable=x, at=x)
    outside = premises(Sign(p - log(p), ">", over((p, UNIT))), "tangent", variable=p, at=S(2))
    rejects(outside[1], "composition")


def test_a_bound_replaces_a_function_on_the_right_side():
    goal = Sign(p - log(p), ">", over((p, UNIT)))
    needed = premises(goal, "bound", part=log(p), bound="above", form=p - SLOT)
    assert needed[1] == Sign(S(-1), "<=", goal.region)
    assert needed[2] == Sign(S.One, ">", goal.region)
    wrong = premises(goal, "bound", part=log(p), bound="below", form=p - SLOT)
    rejects(wrong[1], "composition")
    rejects(goal, "bound", part=log(p), bound="above", form=p + SLOT)
    rejects(goal, "bound", part=log(p), bound="nowhere", form=p - SLOT)
    square = Sign(log(p) ** 2, ">", goal.region)
    rejects(square, "bound", part=log(p), bound="above", form=SLOT**2)


# Where the named bounds hold, and the values of both sides there.
@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (log, [0.01, 0.5, 1.0, 1.5, 7.0, 1e3]),
        (exp, [-5.0, -0.3, 0.0, 0.4, 0.9, 3.0]),
        (sympy.tanh, [0.0, 0.3, 4.0]),
        (sympy.atan, [0.0, 0.3, 4.0]),
        (sympy.sin, [0.0, 0.3, 4.0]),
    ],
)
def test_the_bounds_of_functions_are_bounds(function, numbers):
    from losslang.verify.rules.analysis import bounds_of

    known = bounds_of(function(x))
    assert known
    for bound, side, where in known.values():
        tried = 0
        for number in numbers:
            if all(
                (float(e.subs(x, number)) > 0) if r == ">" else (float(e.subs(x, number)) >= 0)
                for e, r in where
            ):
                tried += 1
                value, line = float(function(number)), float(bound.subs(x, number))
                assert line >= value - 1e-12 if side == "above" else line <= value + 1e-12
        assert tried


@pytest.mark.parametrize("exponent", [-4.0, -1.5, -1.0, -0.4, 0.0, 0.3, 1.0, 1.6, 2.0, 3.7])
def test_the_bounds_of_powers_are_bounds(exponent):
    from losslang.verify.rules.analysis import bounds_of

    for bound, side, where in bounds_of(p**x).values():
        for base in (0.01, 0.4, 0.99, 1.0, 1.2, 3.0, 40.0):
            rule = {p: base, x: exponent}
            if all(eval(f"{float(e.subs(rule))} {relation} 0") for e, relation in where):
                value, line = base**exponent, float(bound.subs(rule))
                slack = 1e-12 * max(1.0, abs(line))
                assert line >= value - slack if side == "above" else line <= value + slack


def test_a_power_is_bounded_only_by_exponents_on_the_right_side():
    goal = Sign(1 + x * p - (1 + p) ** x, ">=", over((x, POSITIVE), (p, POSITIVE)))
    needed = premises(goal, "bound", part=(1 + p) ** x, bound="line above", form=1 + x * p - SLOT)
    between = Sign(-x * (x - 1), ">=", goal.region)
    assert between in needed
    rejects(between, "composition")


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("expr", "point", "side", "value"),
    [
        (x * log(x), S.Zero, "+", S.Zero),
        (exp(-x) * x**3, oo, "-", S.Zero),
        (log(x), S.Zero, "+", -oo),
        (x / sqrt(1 + x**2), -oo, "+", S(-1)),
        (d * (1 - exp(-x / d)), oo, "-", d),
    ],
)
def test_limits(expr, point, side, value):
    region = over((d, POSITIVE))
    assert premises(Limit(expr, x, point, side, value, region), "limit") == []


@pytest.mark.parametrize(
    ("expr", "point", "side", "value"),
    [
        (x * log(x), S.Zero, "+", S.One),
        (1 / x, S.Zero, "+", -oo),
        (1 / x, S.Zero, "-", oo),
        (sympy.sin(x), oo, "-", S.Zero),
        (exp(-x), oo, "-", Rational(1, 10**6)),
    ],
)
def test_wrong_limits_are_rejected(expr, point, side, value):
    rejects(Limit(expr, x, point, side, value, Region()), "limit")


def test_a_limit_is_no_sign():
    rejects(Limit(x, x, S.Zero, "+", S.Zero), "composition")
    rejects(Sign(x, ">", over((x, LINE))), "limit")


# ---------------------------------------------------------------- trees


def test_a_proof_with_a_part_missing_or_too_many_is_rejected():
    goal = Sign(p * log(p), "<", over((p, UNIT)))
    leaf = Proof("composition")
    whole = Proof("scale", {"factor": p, "form": log(p)}, (leaf, leaf))
    check(goal, whole, RULES)
    for parts in ((), (leaf,), (leaf, leaf, leaf)):
        with pytest.raises(Rejected):
            check(goal, Proof("scale", whole.data, parts), RULES)
    with pytest.raises(Rejected):
        check(goal, Proof("wish"), RULES)


def test_shapes_are_not_signs():
    from losslang.ir.heads import Tensor

    with pytest.raises(Rejected):
        check(Shape(x, Tensor("a"), "convex"), Proof("composition"), RULES)


FACTORS = {
    x - sqrt(2): [sqrt(2)],
    x + sqrt(2): [-sqrt(2)],
    (x - sqrt(2)) ** 2: [sqrt(2)],
    x**2 + sqrt(2) * x + 1: [],
    x**2 - sqrt(2): [-(S(2) ** Rational(1, 4)), S(2) ** Rational(1, 4)],
    x - 1: [S.One],
    (2 * x + 1) ** 2: [-Rational(1, 2)],
    x**2 + 1: [],
    S(-1): [],
}
"""Polynomials and their roots."""


def has_sign(parts: list[sympy.Expr], bounds: Bounds, relation: str) -> bool:
    """Whether a product is so related to 0: at its roots, the closed ends and between them all."""
    low, high = (max(min(float(end), 9.0), -9.0) for end in (bounds.low, bounds.high))
    roots = {float(root) for part in parts for root in FACTORS[part]}
    inside = {
        root
        for root in roots
        if low < root < high
        or (root == low and bounds.low_closed)
        or (root == high and bounds.high_closed)
    }
    if relation == ">" and inside:
        return False
    function = sympy.lambdify(x, sympy.Mul(*parts))
    ends = sorted({low, high, *inside})
    return all(function((a + b) / 2) > 0 for a, b in pairwise(ends))


@given(
    parts=st.lists(st.sampled_from(list(FACTORS)), min_size=1, max_size=4),
    bounds=st.sampled_from(
        [LINE, POSITIVE, CLOSED, Bounds(S(-3), S(-1)), Bounds(S(1), sqrt(7), True, True)]
    ),
    relation=st.sampled_from([">", ">="]),
)
@settings(max_examples=some(60), deadline=None)
def test_roots_decide_the_sign_of_a_polynomial(parts, bounds, relation):
    expr = sympy.expand(sympy.Mul(*parts))
    if not expr.has(x):
        return
    goal = Sign(expr, relation, over((x, bounds)))
    try:
        premises(goal, "roots", variable=x)
    except Rejected:
        assert not has_sign(parts, bounds, relation)
    else:
        assert has_sign(parts, bounds, relation)
