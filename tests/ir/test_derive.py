"""Derivatives in index notation against differences of the reference interpreter."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy
import pytest
import sympy
from hypothesis import assume, given
from sympy import Expr

from losslang import driver
from losslang.diagnostics import InternalError
from losslang.ir import exact
from losslang.ir.binders import free_indices, fresh, walk
from losslang.ir.derive import derivative
from losslang.ir.evaluate import Evaluator
from losslang.ir.heads import ONE, At, Axis, Index
from losslang.ir.interpret import Given, gradient, world
from losslang.ir.loss import BATCH, Input, Loss
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta
from tests.ir.expressions import FREE, PLACES, WORLD, A, T, V, evaluated, numbers, patient
from tests.ir.programs import COMPOSED, LIBRARY, program

i, j = FREE[:2]
DIGITS = 30


# ---------------------------------------------------------------- rules


def test_a_read_differentiates_to_a_comparison_of_its_indices() -> None:
    assert derivative(At(V, i), At(V, j)) == Delta(i, j)


def test_the_gradient_of_a_sum_is_the_summand_s() -> None:
    a = fresh(A)
    assert derivative(Reduce("sum", (a,), ONE, At(V, a) ** 2), At(V, j)) == 2 * At(V, j)


def test_the_gradient_of_logsumexp_is_softmax() -> None:
    a = fresh(A)
    total = Reduce("logsumexp", (a,), ONE, At(V, a))
    assert derivative(total, At(V, j)) == sympy.exp(At(V, j) - total)


def test_the_gradient_of_cross_entropy_is_softmax_less_onehot() -> None:
    loss = program("loss f(z: real[class], y: class) = logsumexp(z) - z[y]")
    (z, y), (n,) = loss.inputs, loss.terms[0].result
    place = fresh(z.axes[0])
    total = next(e for e in walk(loss.body) if isinstance(e, Reduce))
    expected = sympy.exp(At(z.tensor, n, place) - total) - Delta(place, At(y.tensor, n))
    assert expected in walk(derivative(loss.body, At(z.tensor, n, place)))


def test_another_array_has_no_gradient() -> None:
    assert derivative(At(V, i) ** 2, At(WORLD_M, i)) == 0


WORLD_M = Input("n", "real", (A,), batched=False).tensor


def test_what_has_no_rule_is_a_defect() -> None:
    a = fresh(A)
    with pytest.raises(InternalError, match="no derivative for quantile"):
        derivative(Ordered("quantile", (a,), ONE, At(V, a), sympy.Rational(1, 2)), At(V, j))


# ---------------------------------------------------------------- random expressions


@patient
@given(numbers(depth=3))
def test_the_derivative_in_a_symbol_is_the_slope(expr: Expr) -> None:
    step = mpmath.mpf(10) ** -10
    with mpmath.workdps(40):
        t = mpmath.mpf(WORLD.scalars["t"].numerator) / WORLD.scalars["t"].denominator
        near = [exact.rough(evaluated(expr, t=t + s)) for s in (-2 * step, -step, step, 2 * step)]
        assume(all(map(mpmath.isfinite, near)))
        slope, wide = (near[2] - near[1]) / (2 * step), (near[3] - near[0]) / (4 * step)
        one_sided = (near[3] - near[2]) / step
        size = max(1, abs(slope))
        assume(abs(slope - one_sided) < size / 10**4)  # No kink and no jump here.
        assume(abs(slope - wide) < size / 10**4)
        found = exact.rough(evaluated(derivative(expr, T), PLACES))
    assert abs(found - slope) < size / 10**4


# ---------------------------------------------------------------- every loss of the library


def sizes_of(loss: Loss) -> dict[Axis, int]:
    """Sizes to try a loss with: 3 examples, and 3 places on every other axis."""
    axes = {axis for known in loss.inputs for axis in known.axes}
    axes |= {axis for hyper in loss.hyperparameters for axis in hyper.axes}
    lengths = {
        h.axes[0]: len(h.default) for h in loss.hyperparameters if isinstance(h.default, tuple)
    }
    sizes = {
        axis: lengths.get(axis, int(axis.size) if axis.size is not None else 3) for axis in axes
    }
    return {**sizes, BATCH: 3}


def drawn(loss: Loss, seed: int) -> Given:
    """Numbers inside the domains of a loss's inputs, and of the hyperparameters without default."""
    random = numpy.random.default_rng(seed)
    sizes = sizes_of(loss)
    inputs: dict[str, Any] = {}
    for known in loss.inputs:
        shape = tuple(sizes[a] for a in ((BATCH,) if known.batched else ()) + known.axes)
        if known.kind == "index":
            inputs[known.name] = random.integers(0, sizes.get(known.over or BATCH, 3), shape)
        elif known.kind in ("label", "bool", "int"):
            inputs[known.name] = random.integers(0, 2, shape)
        elif known.kind == "sign":
            inputs[known.name] = random.choice([-1, 1], shape)
        elif known.kind == "simplex":
            inputs[known.name] = random.dirichlet([1] * shape[-1], shape[:-1])
        elif known.kind == "bit" or known.domain.low is not None:
            inputs[known.name] = random.uniform(0.05, 0.95, shape)
        elif known.domain.high is not None:
            inputs[known.name] = float(known.domain.high) - random.uniform(0.05, 0.95, shape)
        elif shape[1:] == (4,):  # a box, its corners in order
            corner = random.uniform(-1, 1, (3, 2))
            inputs[known.name] = numpy.hstack([corner, corner + random.uniform(1, 2, (3, 2))])
        else:
            inputs[known.name] = random.normal(size=shape)
    unset = [h for h in loss.hyperparameters if h.default is None and h.formula is None]
    hyper: dict[str, Any] = {
        h.name: 7 if h.kind == "int" else random.uniform(0.1, 0.9, tuple(sizes[a] for a in h.axes))
        for h in unset
    }
    draws = {d.name: random.uniform(size=tuple(sizes[a] for a in d.axes)) for d in loss.draws}
    return Given(inputs, hyper, draws)


def slope(loss: Loss, given: Given, wrt: Input, place: tuple[int, ...]) -> Any:
    """The derivative of the loss's mean by its formula: that of each term, averaged."""
    evaluator = Evaluator(world(loss, given))
    axes = ((BATCH,) if wrt.batched else ()) + wrt.axes
    read = tuple(fresh(axis) for axis in axes)
    total = mpmath.mpf(0)
    for term in loss.terms:
        found = derivative(term.body, At(wrt.tensor, *read))
        kept = Reduce("mean", term.result, term.guard, found) if term.result else found
        assert free_indices(kept) <= set(read)
        total += exact.rough(evaluator.value(kept, dict(zip(read, place, strict=True))))
    return total


@pytest.mark.parametrize("spec", LIBRARY + COMPOSED)
def test_the_gradient_of_a_loss_is_its_slope(spec: str) -> None:
    loss = driver.elaborated(spec)
    given = drawn(loss, seed=1)
    smooth = [known for known in loss.inputs if known.kind in ("real", "simplex")]
    for known in smooth:
        expected = gradient(
            loss, given.inputs, known.name, given.hyperparameters, digits=DIGITS, draws=given.draws
        )
        for place in list(numpy.ndindex(expected.shape))[:6]:
            with mpmath.workdps(2 * DIGITS):
                error = slope(loss, given, known, place) - expected[place]
                assert abs(error) < mpmath.mpf(10) ** -20 * max(1, abs(expected[place]))


# ---------------------------------------------------------------- array operations

OPERATION = "loss f(x: real[class], *, few: int >= 1 = 2)"

OPERATIONS = [
    "sum((n + 1) * sort(x)[n] for n in range(3))",
    "sum((n + 1) * sort([x[k]**2 for k in class], by=x)[n] for n in range(3))",
    "sum(k * cumsum(x)[k]**2 for k in class)",
    "max(x) * min(x)",
    "max(x[k] * x[j] for k in class for j in class)",
    "prod(x)",
    "prod(x[k] + x[j] for k in class for j in class if j < k)",
    "prod(x[k] for k in class if k != 0)",
    "logmeanexp(x)",
    "std(x)",
    "norm(x, 3)",
    "x[argmax(x)]**2",
    "sum(topk(x, 2))",
    "sum(topk(x, few)**2)",
    "max(x[0], x[1], x[2]) + min(x[0], x[1])",
    "abs(x[0]) if x[1] > 0 else x[2]**3",
    "entropy(softmax(x))",
    "sum(detach(x)[k] * x[k] for k in class)",
    "sum(x[k] * (rank(x)[k] < 2) for k in class)",
    "taylor(log(p), p, at=1, order=3)",
    "sum(singular_values([x[k] * x[j]**2 - k * j for k in class for j in class'])**3)",
    "singular_values([x[k]**j for k in class for j in range(2)])[1]",
    "sum(exp(eigenvalues([x[k] * x[j] + (k == j) * x[k] for k in class for j in class'])))",
    "logdet([x[k] * x[j] + (k == j) for k in class for j in class'])",
]


@pytest.mark.parametrize("body", OPERATIONS)
def test_the_gradient_of_an_operation_is_its_slope(body: str) -> None:
    loss = program(f"{OPERATION} = {body}\nwhere\n    p = softmax(x)[0]")
    given = Given({"x": [[0.7, -1.3, 2.1], [0.2, 0.9, -0.4]]})
    expected = gradient(loss, given.inputs, "x", digits=DIGITS)
    with mpmath.workdps(2 * DIGITS):
        for place in numpy.ndindex(expected.shape):
            error = slope(loss, given, loss.inputs[0], place) - expected[place]
            assert abs(error) < mpmath.mpf(10) ** -20


def test_a_gradient_of_nothing_is_zero() -> None:
    a = fresh(A)
    never = Reduce("mean", (a,), Delta(a, Index("i", A)) * 0, At(V, a))
    assert derivative(never, At(V, j)) == 0
