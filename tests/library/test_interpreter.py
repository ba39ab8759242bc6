"""Three meanings agree: the oracles, the reference interpreter, and the compiled code."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor

from losslang import driver
from losslang.ir import interpret
from losslang.ir.loss import Loss
from tests.contract.transforms import LOSSES
from tests.library.cases import CASES
from tests.library.oracles import (
    SATURATED,
    Case,
    arguments,
    compiled,
    expected,
    module,
    relative_error,
)
from tests.sampling import is_taken

each_case = pytest.mark.parametrize(
    "case",
    [case for case in CASES if is_taken(case.spec)],
    ids=lambda case: f"{case.name} by {case.source}",
)

# Against a formula in mpmath both sides have many digits, and are rounded to float64 only to be
# compared; a library's function has float64's own error.
TOLERANCE = {True: 1e-15, False: 1e-12}


@cache
def meaning(spec: str) -> Loss:
    """The loss before any decision about floating-point numbers."""
    return driver.elaborated(spec)


def lists(tensor: Tensor) -> Any:
    return tensor.detach().tolist()


def call(case: Case) -> tuple[Loss, dict[str, Any], dict[str, Any]]:
    """A loss with its inputs and hyperparameters by name, as plain numbers."""
    loss = meaning(case.spec)
    inputs, hyper = arguments(case, torch.float64)
    named = {known.name: lists(x) for known, x in zip(loss.inputs, inputs, strict=True)}
    return loss, named, {name: lists(value) for name, value in hyper.items()}


@cache
def interpreted(case: Case) -> interpret.Result:
    loss, inputs, hyper = call(case)
    return interpret.interpret(loss, inputs, hyper, digits=30, training=case.training)


def as_tensor(value: Any) -> Tensor:
    return torch.from_numpy(numpy.array(value, dtype=object).astype(float))


@each_case
def test_the_interpreter_gives_the_oracles_values(case: Case) -> None:
    want = expected(case, torch.float64)
    result = interpreted(case)
    if want.per_example:
        assert (
            relative_error(as_tensor(result.values), want.values)
            <= TOLERANCE[case.paper] * case.slack
        )
    kept = want.values[want.kept].mean()
    assert relative_error(as_tensor(result.mean), kept) <= TOLERANCE[case.paper] * case.slack


@each_case
def test_the_interpreter_gives_the_oracles_gradients(case: Case) -> None:
    want = expected(case, torch.float64)
    weights = want.kept.double() / want.kept.sum()
    loss, inputs, hyper = call(case)
    tensors, settings = arguments(case, torch.float64)
    names = [known.name for known in loss.inputs]
    named = [*zip(names, tensors, strict=True), *settings.items()]
    reals = [name for name, tensor in named if tensor.is_floating_point()]
    for name, jacobian in zip(reals, want.jacobians, strict=True):
        slopes = interpret.gradient(loss, inputs, name, hyper, digits=40, training=case.training)
        exact = torch.tensordot(weights, jacobian, dims=1)
        floor = SATURATED * float(want.values.abs().max())
        assert relative_error(as_tensor(slopes), exact, floor) <= TOLERANCE[case.paper] * case.slack


@each_case
def test_the_compiled_code_gives_the_interpreters_values(case: Case) -> None:
    inputs, hyper = arguments(case, torch.float64)
    result = interpreted(case)
    got = module(case, torch.float64)(*inputs, **hyper)
    assert relative_error(got, as_tensor(result.mean)) <= 1e-12 * case.slack
    if expected(case, torch.float64).per_example:
        values = module(case, torch.float64)(*inputs, reduction="none", **hyper)
        assert relative_error(values, as_tensor(result.values)) <= 1e-12 * case.slack


@pytest.mark.parametrize("spec", LOSSES)
def test_set_hyperparameters_keep_the_inputs_precision(spec: str) -> None:
    """Numbers of the config and defaults are not rounded to float32 on the way."""
    loss = meaning(spec)
    named = {known.name: lists(x) for known, x in zip(loss.inputs, LOSSES[spec], strict=True)}
    want = as_tensor(interpret.interpret(loss, named, digits=30).mean)
    got = compiled(spec).double()(*LOSSES[spec])
    # A learned parameter is made in float32.
    allowed = 1e-6 if any(h.learn for h in loss.hyperparameters) else 1e-13
    assert relative_error(got, want) <= allowed
