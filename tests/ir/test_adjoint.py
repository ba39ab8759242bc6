"""Gradients by the reverse mode against differences of the reference interpreter."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy
import pytest
from sympy import Expr

from losslang import driver
from losslang.diagnostics import InternalError
from losslang.ir import exact
from losslang.ir.adjoint import Gradient, Output, Variable, gradients
from losslang.ir.binders import free_indices, fresh, walk
from losslang.ir.evaluate import Evaluator
from losslang.ir.heads import ONE, ZERO, At, Branch, Max, Tensor
from losslang.ir.interpret import Given, gradient, world
from losslang.ir.loss import BATCH, Hyperparameter, Input, Loss
from losslang.ir.recursion import Recursion
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta
from tests.ir.expressions import A, V
from tests.ir.programs import COMPOSED, LIBRARY, holds, program
from tests.ir.test_derive import DIGITS, OPERATION, OPERATIONS, drawn


def of_mean(loss: Loss, wrt: Input | Hyperparameter) -> Gradient:
    """The gradient of the sum of the terms' means."""
    axes = ((BATCH,) if isinstance(wrt, Input) and wrt.batched else ()) + wrt.axes
    outputs = []
    for term in loss.terms:
        count: Expr = ONE
        if term.result:
            count = Max(Reduce("count", term.result, term.guard, ONE), ONE)
        outputs.append(Output(term.body, Branch(term.guard, 1 / count, ZERO), term.result))
    variable: Variable = wrt.tensor
    if isinstance(wrt, Hyperparameter) and not wrt.axes:
        variable = wrt.symbol
    return gradients(outputs, {variable: tuple(fresh(axis) for axis in axes)})[variable]


def off_cases(hyper: Hyperparameter) -> Fraction:
    """A value near the default; at a default such as 1 a formula may have a case of its own."""
    assert isinstance(hyper.default, Fraction)
    near = hyper.default * Fraction(11, 10) + Fraction(3, 100)
    return near if near in hyper.domain else hyper.default * Fraction(9, 10)


def check(loss: Loss, given: Given, wrt: Input | Hyperparameter) -> None:
    """Hold the gradient against differences, at up to six places."""
    found = of_mean(loss, wrt)
    assert free_indices(found.value) <= set(found.places)
    expected: Any = gradient(
        loss, given.inputs, wrt.name, given.hyperparameters, digits=DIGITS, draws=given.draws
    )
    evaluator = Evaluator(world(loss, given))
    for place in list(numpy.ndindex(numpy.shape(expected)))[:6]:
        with mpmath.workdps(2 * DIGITS):
            value = evaluator.value(found.value, dict(zip(found.places, place, strict=True)))
            wanted = expected[place] if place else expected
            error = exact.rough(value) - wanted
            assert abs(error) < mpmath.mpf(10) ** -20 * max(1, abs(wanted))


WITH_GRADIENTS = tuple(spec for spec in LIBRARY if not holds(driver.elaborated(spec), Recursion))
"""A function that calls itself has its gradient from torch."""


@pytest.mark.parametrize("spec", WITH_GRADIENTS + COMPOSED)
def test_the_gradient_of_a_loss_is_its_slope(spec: str) -> None:
    loss = driver.elaborated(spec)
    given = drawn(loss, seed=1)
    for known in loss.inputs:
        if known.kind in ("real", "simplex"):
            check(loss, given, known)


@pytest.mark.parametrize("spec", WITH_GRADIENTS)
def test_the_gradient_in_a_hyperparameter_is_its_slope(spec: str) -> None:
    loss = driver.elaborated(spec)
    given = drawn(loss, seed=2)
    reals = [h for h in loss.hyperparameters if h.kind == "real" and h.formula is None]
    apart = {h.name: off_cases(h) for h in reals if isinstance(h.default, Fraction)}
    for hyper in reals:
        check(loss, replace(given, hyperparameters={**given.hyperparameters, **apart}), hyper)


@pytest.mark.parametrize("body", OPERATIONS)
def test_the_gradient_of_an_operation_is_its_slope(body: str) -> None:
    loss = program(f"{OPERATION} = {body}\nwhere\n    p = softmax(x)[0]")
    check(loss, Given({"x": [[0.7, -1.3, 2.1], [0.2, 0.9, -0.4]]}), loss.inputs[0])


def test_a_sum_over_classes_of_a_function_of_p_costs_no_square_of_the_classes() -> None:
    loss = program("loss f(z: real[class]) = sum(p[k]**2 for k in class)\nwhere\n p = softmax(z)")
    found = of_mean(loss, loss.inputs[0])
    nested = [
        e
        for e in walk(found.value)
        if isinstance(e, Reduce) and any(isinstance(part, Delta) for part in walk(e))
    ]
    assert not nested
    assert all(len(free_indices(e)) <= 1 for e in walk(found.value) if isinstance(e, Reduce))


def test_an_array_that_is_not_read_has_gradient_zero() -> None:
    a, place = fresh(A), fresh(A)
    total = Output(Reduce("sum", (a,), ONE, At(V, a)), ONE, ())
    assert gradients([total], {Tensor("w"): (place,)})[Tensor("w")].value == ZERO


def test_what_has_no_rule_is_a_defect() -> None:
    a, place = fresh(A), fresh(A)
    median = Ordered("quantile", (a,), ONE, At(V, a), ONE / 2)
    with pytest.raises(InternalError, match="no derivative for quantile"):
        gradients([Output(median, ONE, ())], {V: (place,)})
