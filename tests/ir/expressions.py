"""Random expressions in index notation, and a world in which they have values."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import mpmath
import sympy
from hypothesis import HealthCheck, assume, settings
from sympy import Basic, Expr, Integer, Rational

from losslang.ir.binders import Binder, fresh, is_undefined
from losslang.ir.evaluate import Evaluator, World, array
from losslang.ir.heads import ONE, At, Axis, Branch, Index, Max, Min, Size, Tensor
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import And, Delta, Less, Not

A, B = Axis("a"), Axis("b")
V, W, M, PICK = Tensor("v"), Tensor("w"), Tensor("m"), Tensor("pick", "index")
T = sympy.Symbol("t", real=True)

# Free indices; the last two bear the names that bound indices get.
FREE = (Index("i", A), Index("j", A), Index("k", B), Index("_1", A), Index("_2", B))

WORLD = World(
    arrays={
        "v": array([1, -2, 3], 1),
        "w": array([Fraction(1, 2), -1], 1),
        "m": array([[1, 0], [-1, 2], [2, 1]], 2),
        "pick": array([2, 0, 0], 1),
    },
    scalars={"t": Fraction(3, 4)},
    choices={},
    sizes={A: 3, B: 2},
)
PLACES = dict(zip(FREE, (1, 2, 0, 0, 1), strict=True))


# A busy machine is no failure.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def evaluated(expr: Expr, places: dict[Index, int] = PLACES, t: Any = WORLD.scalars["t"]) -> Any:
    """The value of an expression in the world, to 30 digits."""
    with mpmath.workdps(30):
        return Evaluator(replace(WORLD, scalars={"t": t})).value(expr, places)


def same(left: Any, right: Any) -> bool:
    """Whether two values agree to 20 digits; nan agrees with nan."""
    with mpmath.workdps(30):
        a, b = (
            mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpmath.mpf(x)
            for x in (left, right)
        )
        if mpmath.isnan(a) or mpmath.isnan(b):
            return bool(mpmath.isnan(a) and mpmath.isnan(b))
        return bool(a == b or abs(a - b) <= mpmath.mpf(10) ** -20 * max(1, abs(a), abs(b)))


def rebuilt(expr: Basic) -> Any:
    """An expression built again from its leaves, with fresh indices at every binder."""
    if not expr.args or isinstance(expr, Index | Axis | Tensor):
        return expr
    if not isinstance(expr, Binder):
        return expr.func(*map(rebuilt, expr.args))
    indices, guard, body = expr.open()
    return expr.func(expr.op, indices, rebuilt(guard), rebuilt(body), *map(rebuilt, expr.rest))


def indices(axis: Axis, scope: tuple[Index, ...]) -> st.SearchStrategy[Expr]:
    """An index over an axis: one in scope, or a place looked up in an array."""
    known = st.sampled_from([index for index in scope if index.axis == axis])
    if axis == B:
        return known
    return known | known.map(lambda index: At(PICK, index))


@st.composite
def truths(draw: st.DrawFn, scope: tuple[Index, ...], depth: int) -> Expr:
    """A truth value."""
    kind = draw(st.sampled_from(["always", "delta", "less", "not", "and"] if depth else ["always"]))
    if kind == "delta":
        return Delta(draw(indices(A, scope)), draw(indices(A, scope)))
    if kind == "less":
        return Less(draw(numbers(scope, depth - 1)), draw(numbers(scope, depth - 1)))
    if kind == "not":
        return Not(draw(truths(scope, depth - 1)))
    if kind == "and":
        return And(draw(truths(scope, depth - 1)), draw(truths(scope, depth - 1)))
    return ONE


REDUCTIONS = ("sum", "mean", "max", "min", "logsumexp", "logmeanexp", "prod")


@st.composite
def reductions(draw: st.DrawFn, scope: tuple[Index, ...], depth: int) -> tuple[Any, ...]:
    """Operation, indices, guard and body of a reduction."""
    op = draw(st.sampled_from(REDUCTIONS))
    bound = tuple(fresh(axis) for axis in draw(st.sampled_from([(A,), (B,), (A, B)])))
    inside = scope + bound
    return op, bound, draw(truths(inside, depth - 1)), draw(numbers(inside, depth - 1))


@st.composite
def numbers(draw: st.DrawFn, scope: tuple[Index, ...] = FREE, depth: int = 4) -> Expr:
    """A number with free indices from ``scope``."""
    kinds = ["v", "w", "m", "t", "number", "size"]
    if depth:
        kinds += ["sum", "product", "exp", "branch", "max", "delta", "ordered", "spectrum"] + [
            "reduce"
        ] * 4
    kind = draw(st.sampled_from(kinds))
    if kind in ("v", "w"):
        axis, tensor = (A, V) if kind == "v" else (B, W)
        return At(tensor, draw(indices(axis, scope)))
    if kind == "m":
        return At(M, draw(indices(A, scope)), draw(indices(B, scope)))
    if kind == "t":
        return T
    if kind == "number":
        return Rational(draw(st.integers(-3, 3)), 2)
    if kind == "size":
        return Size(draw(st.sampled_from([A, B])))
    if kind == "reduce":
        return Reduce(*draw(reductions(scope, depth)))
    if kind == "ordered":
        index = fresh(A)
        body = draw(numbers((*scope, index), depth - 1))
        op = draw(st.sampled_from(["rank", "cumsum", "sort"]))
        return Ordered(op, (index,), ONE, body, draw(indices(A, scope)))
    first, second = draw(numbers(scope, depth - 1)), draw(numbers(scope, depth - 1))
    if kind == "spectrum":
        bound = (fresh(A), fresh(B))
        body = draw(numbers((*scope, *bound), depth - 1))
        return Spectrum("singular_values", bound, ONE, body, Integer(0))
    if kind == "branch":
        return Branch(draw(truths(scope, depth - 1)), first, second)
    if kind == "exp":
        return sympy.exp(Min(first, Integer(3)))
    if kind == "delta":
        return Delta(draw(indices(A, scope)), draw(indices(A, scope))) * first
    build = {"sum": sympy.Add, "product": sympy.Mul, "max": Max}[kind]
    made = build(first, second)
    assume(not is_undefined(made))
    return made
