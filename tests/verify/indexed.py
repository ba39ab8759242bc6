"""Random formulas in index notation over a vector ``x`` and a label ``y``, and their values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import sympy
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol

from losslang.ir import exact
from losslang.ir.binders import fresh
from losslang.ir.evaluate import Evaluator, World, array
from losslang.ir.heads import ONE, At, Axis, Branch, Index, Max, Min, Size, Tensor
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta, Less, LessEqual, Not
from losslang.verify.statement import Bounds, Region

CLASS = Axis("class")
X, Q, Y = Tensor("x"), Tensor("q"), Tensor("y", "index")
LABEL = At(Y)
C = Symbol("c", positive=True)
REGION = Region(
    ((C, Bounds(sympy.S.Zero)),),
    (LessEqual(Integer(2), Size(CLASS)),),
    ((Q, Bounds(sympy.S.Zero, ONE, True, True)),),
)
"""``x`` is any vector, ``q`` one of numbers in [0, 1], ``c`` a positive number."""

NUMBERS = st.sampled_from([Rational(n, 2) for n in (-4, -3, -2, -1, 1, 2, 3, 4)])
FOLDS = ("sum", "mean", "max", "min", "logsumexp", "logmeanexp")


def _leaves(indices: tuple[Index, ...]) -> st.SearchStrategy[Any]:
    at = st.sampled_from([LABEL, *indices])
    reads = st.builds(lambda t, i: At(t, i), st.sampled_from([X, X, Q]), at)
    deltas = [Delta(LABEL, i) for i in indices]
    tests = [*deltas, *map(Not, deltas)]
    return st.one_of(
        reads, reads, NUMBERS, st.just(C), *([st.sampled_from(tests)] if tests else [])
    )


def formulas(depth: int = 3, indices: tuple[Index, ...] = ()) -> st.SearchStrategy[Any]:
    """Formulas that may lack a value somewhere."""
    if depth == 0:
        return _leaves(indices)
    part = formulas(depth - 1, indices)
    return st.one_of(
        part,
        st.builds(lambda a, b: a + b, part, part),
        st.builds(lambda a, b: a - b, part, part),
        st.builds(lambda a, b: a * b, part, part),
        st.builds(lambda n, a: n * a, NUMBERS, part),
        st.builds(lambda a, b: Max(a, b), part, part),
        st.builds(lambda a, b: Min(a, b), part, part),
        st.builds(lambda a: Max(a, sympy.S.Zero), part),
        st.builds(
            lambda a, n: a**n,
            part,
            st.sampled_from([2, 3, -1, Rational(1, 2), -Rational(1, 2), Rational(3, 2)]),
        ),
        st.builds(sympy.exp, part),
        st.builds(lambda a: sympy.log(1 + sympy.exp(a)), part),
        st.builds(lambda a: sympy.log(a), part),
        st.builds(lambda name, a: Apply(name, a), st.sampled_from(["sigmoid", "softplus"]), part),
        st.builds(sympy.Abs, part),
        st.builds(lambda a, b, c: Branch(Less(a, b), c, a), part, part, part),
        _folded(depth, indices),
        _folded(depth, indices),
        _typical(depth, indices),
    )


def _folded(depth: int, indices: tuple[Index, ...]) -> st.SearchStrategy[Any]:
    k = fresh(CLASS)
    guards = st.sampled_from([ONE, ONE, Not(Delta(LABEL, k)), Delta(LABEL, k)])
    return st.builds(
        lambda op, guard, body: Reduce(op, (k,), guard, body),
        st.sampled_from(FOLDS),
        guards,
        formulas(depth - 1, (*indices, k)),
    )


def _typical(depth: int, indices: tuple[Index, ...]) -> st.SearchStrategy[Any]:
    """What losses are made of: folds less a member, shares, norms, cosines."""
    k = fresh(CLASS)
    body = formulas(max(0, depth - 2), (*indices, k))

    def member(op: str, f: Any) -> Any:
        return Reduce(op, (k,), ONE, f) - f.xreplace({k: LABEL})

    def share(f: Any) -> Any:
        return f.xreplace({k: LABEL}) / Reduce("sum", (k,), ONE, f)

    def norm(f: Any) -> Any:
        return sympy.sqrt(Reduce("sum", (k,), ONE, f**2))

    def cosine(f: Any, g: Any) -> Any:
        return Reduce("sum", (k,), ONE, f * g / (norm(f) * norm(g)))

    return st.one_of(
        st.builds(member, st.sampled_from(["max", "min", "logsumexp", "sum"]), body),
        st.builds(share, st.one_of(body.map(sympy.exp), body.map(lambda f: f**2), body)),
        st.builds(norm, body),
        st.builds(cosine, body, body),
    )


def value(expr: Any, x: list[Any], q: list[Any], y: int, c: Any) -> Any:
    """The value by the reference interpreter, ``None`` where there is none."""
    world = World(
        {"x": array(x, 1), "q": array(q, 1), "y": array(y, 0)},
        {"c": exact.number(Fraction(c))},
        {},
        {CLASS: len(x)},
    )
    with mpmath.workdps(40):
        try:
            found = exact.rough(Evaluator(world).value(expr, {}))
        except (ArithmeticError, ValueError):
            return None
    return found if mpmath.isfinite(found) else None
