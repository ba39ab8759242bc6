"""Functions as hyperparameters, and derivatives inside a formula."""

from __future__ import annotations

import numpy
import pytest
import torch

import losslang
from losslang import driver
from losslang.ir.interpret import interpret
from tests.codegen.modules import live, normal
from tests.ir.programs import program, refusal

CANONICAL = (
    "loss f(z: real[class], y: class, *, potential: real[class] -> real = v -> logsumexp(v))"
    " = potential(z) - z[y] "
)
BREGMAN = (
    "loss f(x: real[dim], y: real[dim], *, phi: real[dim] -> real = v -> sum(v**2) / 2)"
    " = phi(y) - phi(x) - dot(grad(phi(x), wrt=x), y - x) "
)
Z = [[2, 0, -1], [0.5, 1, 0]]


def value(text: str, spec: str | None = None, **inputs: object) -> float:
    return float(interpret(program(text, spec), inputs).mean)


# ---------------------------------------------------------------- functions


def test_the_default_is_a_formula() -> None:
    plain = "loss f(z: real[class], y: class) = logsumexp(z) - z[y]"
    assert program(CANONICAL).body == program(plain).body


def test_a_call_gives_another() -> None:
    other = CANONICAL + "loss g(z: real[class], y: class) = f(z, y, potential=v -> sum(exp(v)))"
    plain = "loss f(z: real[class], y: class) = sum(exp(z[k]) for k in class) - z[y]"
    assert value(other, z=Z, y=[0, 1]) == pytest.approx(value(plain, z=Z, y=[0, 1]))


def test_an_expression_gives_another() -> None:
    found = value(CANONICAL, "f(potential=v -> max(v))", z=Z, y=[0, 2])
    assert found == pytest.approx((2 - 2 + 1 - 0) / 2)


def test_a_config_gives_another_as_a_string() -> None:
    config = {"spec": "canonical", "potential": "v -> sum(v**2) / 2"}
    z = torch.tensor(Z, dtype=torch.float64)
    loss = losslang.from_config(config)
    wanted = (z * z).sum(-1) / 2 - z[:, 0]
    assert torch.equal(loss(z, torch.tensor([0, 0]), reduction="none"), wanted)


def test_it_sees_the_hyperparameters_around_it() -> None:
    outer = CANONICAL + (
        "loss g(z: real[class], y: class, *, tau: real > 0 = 2)"
        " = f(z, y, potential=v -> tau * logsumexp(v / tau))"
    )
    assert [h.name for h in program(outer).hyperparameters] == ["tau"]
    plain = (
        "loss f(z: real[class], y: class, *, tau: real > 0 = 2) = tau * logsumexp(z / tau) - z[y]"
    )
    assert value(outer, z=Z, y=[0, 1]) == pytest.approx(value(plain, z=Z, y=[0, 1]))


def test_a_helper_or_local_function_can_be_named() -> None:
    helper = "fn half(v: real[class]) -> real = sum(v**2) / 2 " + CANONICAL
    assert value(helper, "f(potential=half)", z=Z, y=[0, 1]) == pytest.approx(
        value(CANONICAL, "f(potential=v -> sum(v**2) / 2)", z=Z, y=[0, 1])
    )


def test_it_is_handed_on() -> None:
    outer = CANONICAL + (
        "loss g(z: real[class], y: class, *, psi: real[class] -> real = v -> max(v))"
        " = f(z, y, potential=psi)"
    )
    assert value(outer, z=Z, y=[0, 1]) == value(
        CANONICAL, "f(potential=v -> max(v))", z=Z, y=[0, 1]
    )


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("f(potential=2)", "not-a-function"),
        ("f(potential=v -> v)", "axis-mismatch"),
        ("f(potential=v -> unknown(v))", "unknown-name"),
    ],
)
def test_what_does_not_fit_is_refused(spec: str, code: str) -> None:
    assert refusal(CANONICAL, spec) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("loss f(x: real, g: real -> real) = g(x)", "misplaced-function"),
        ("loss f(x: real, *, g: real -> real > 0 = t -> t) = g(x)", "misplaced-function"),
        ("loss f(x: real, *, learn g: real -> real = t -> t) = g(x)", "misplaced-function"),
        ("loss f(x: real, *, g: real -> real = t -> t) = g(x, x)", "argument-count"),
        ("loss f(x: real[dim], *, g: real -> real = t -> t) = sum(g(x))", "axis-mismatch"),
        ("loss f(x: real, *, g: real -> real = t -> t) = g * x", "not-a-value"),
        ("loss f(x: real) = x * (t -> t)", "not-a-value"),
    ],
)
def test_misuse_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


def test_a_function_of_python_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(losslang.DiagnosticError) as caught:
        driver.from_config({"spec": "canonical", "potential": lambda v: v})
    assert "x -> x**2" in str(caught.value)


# ---------------------------------------------------------------- derivatives


def test_the_derivative_by_an_input_is_that_of_all_that_reads_it() -> None:
    text = (
        "loss f(x: real[dim], y: real) = sum(g[k]**2 for k in dim)"
        " where s = sum(x[k]**3 for k in dim) g = grad(log(s) * y, wrt=x)"
    )
    x, y = normal(1, 4, 3).exp(), normal(2, 4)
    s = (x**3).sum(-1, keepdim=True)
    wanted = (y[:, None] * 3 * x**2 / s).square().sum(-1)
    torch.testing.assert_close(live(text)(x, y, reduction="none"), wanted)


def test_the_derivative_by_a_named_formula_is_that_of_a_function_of_it() -> None:
    text = BREGMAN.replace("phi(x)", "phi(u)").replace("wrt=x", "wrt=u").replace("y - x", "y - u")
    text += "where u = [exp(x[d]) for d in dim]"
    x, y = normal(3, 4, 3), normal(4, 4, 3)
    wanted = (y - x.exp()).square().sum(-1) / 2
    torch.testing.assert_close(live(text)(x, y, reduction="none"), wanted)


def test_a_second_derivative() -> None:
    text = "loss f(x: real, y: real) = grad(grad(x**4 * y, wrt=x), wrt=x)"
    assert value(text, x=[3], y=[2]) == 12 * 9 * 2


def test_the_derivative_by_a_hyperparameter() -> None:
    text = "loss f(x: real, *, a: real = 2) = grad(a**3 * x, wrt=a)"
    assert value(text, x=[5]) == 60


def test_a_derivative_is_differentiated_by_torch() -> None:
    x = normal(5, 3, 2).requires_grad_()
    text = "loss f(x: real[dim]) = sum(g[k]**2 for k in dim) where g = grad(logsumexp(x), wrt=x)"
    live(text)(x, reduction="sum").backward()
    leaf = x.detach().clone().requires_grad_()
    leaf.softmax(-1).square().sum().backward()
    torch.testing.assert_close(x.grad, leaf.grad)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("loss f(x: real, y: real) = grad(y**2, wrt=x + y)", "not-a-name"),
        ("loss f(x: real, y: class, z: real[class]) = grad(z[y], wrt=y)", "type-mismatch"),
        ("loss f(x: real) = grad(v, wrt=u) where u = 2 * x v = u**2", "grad-of-constant"),
        ("loss f(x: real[dim]) = sum(grad(quantile(x, 0.3), wrt=x))", "no-derivative"),
        ("loss f(x: real[dim]) = sum(grad(x, wrt=x))", "axes-left"),
    ],
)
def test_what_has_no_derivative_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


def test_numbers_agree_with_the_interpreter() -> None:
    x, y = normal(6, 3, 4).exp(), normal(7, 3, 4).exp()
    text = BREGMAN.replace("sum(v**2) / 2", "sum(xlogy(v, v))")
    found = interpret(program(text), {"x": x.tolist(), "y": y.tolist()}).values
    wanted = numpy.array(found).astype(float)
    numpy.testing.assert_allclose(live(text)(x, y, reduction="none").numpy(), wanted, rtol=1e-12)
