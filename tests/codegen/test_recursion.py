"""Functions that call themselves: meaning, code, slopes, masks, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch

from losslang.codegen.cost import cost_lines
from losslang.ir.binders import fresh
from losslang.ir.derive import derivative
from losslang.ir.evaluate import Evaluator
from losslang.ir.heads import At
from losslang.ir.interpret import Given, gradient, interpret, world
from losslang.ir.loss import EXAMPLE
from losslang.ir.validate import valid
from tests.codegen.modules import emitted, live, normal
from tests.ir.programs import program, refusal

POWER = "loss f(x: real, *, n: int in [0, 50] = 3) = g(n) where g(k) = x * g(k - 1) if k > 0 else 1"
FIBONACCI = (
    "loss f(x: real, *, n: int in [0, 50] = 3) = x * g(n)"
    " where g(k) = g(k - 1) + g(k - 2) if k > 1 else k"
)
SMOOTHED = (
    "loss f(x: real[time]) = mean((s(t) - x[t])**2 for t in time)"
    " where s(t) = 0.5 * s(t - 1) + 0.5 * x[t] if t > 0 else x[0]"
)
ALTERNATING = (
    "loss f(x: real[a], y: real[b], *, n: int in [0, 9] = 2) = sum(u(n)) + sum(v(n))"
    " where c(i, j) = (x[i] - y[j])**2"
    " u(k) = [-logsumexp(v(k - 1)[j] - c(i, j) for j in b) for i in a] if k > 0"
    " else [0 for i in a]"
    " v(k) = [-logsumexp(u(k)[i] - c(i, j) for i in a) for j in b]"
)
CENTRED = (
    "loss f(x: real) = abs(c(3))"
    " where c(n) = c(n - 1) - mean(c(n - 1), axis=batch) / 2 if n > 0 else x"
)
AT_PLACES = (
    "loss f(x: real[class]) = sum(s(4, k)**2 for k in class)"
    " where s(n, k) = mean(s(n - 1, j) for j in class if j != k) - x[k] if n > 0 else x[k]"
)
PAIRS = (
    "loss f(x: real[batch, dim]) for i in batch = sum(s(3, i, j) for j in batch)"
    " where s(n, i, j) = dot(x[i], x[j]) + mean(s(n - 1, j, k) for k in batch) / 2"
    " if n > 0 else 0"
)
WITHIN = (
    "loss f(x: real[time]) = sum(g(t) * x[t] for t in time)"
    " where g(k) = g(k - 1) + h(k) if k > 0 else 1 h(j) = x[j] * h(j - 1) if j > 0 else x[0]"
)
HELD = "loss f(x: real) = g(3) where g(n) = x * detach(g(n - 1)) if n > 0 else x"
X = [[0.5, -1.25, 2.0, 0.75], [1.5, 0.25, -0.5, 1.0]]
Y = [[0.25, 1.0], [-0.75, 0.5]]
SCALARS = [0.5, -1.25, 2.0]

PROGRAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "power": (POWER, {"x": SCALARS}),
    "two steps back": (FIBONACCI, {"x": SCALARS}),
    "read at every number": (SMOOTHED, {"x": X}),
    "through another function": (ALTERNATING, {"x": X, "y": Y}),
    "over the batch": (CENTRED, {"x": SCALARS}),
    "at places": (AT_PLACES, {"x": X}),
    "at two places of one axis": (PAIRS, {"x": X}),
    "one up to the number of another": (WITHIN, {"x": X}),
    "detached": (HELD, {"x": SCALARS}),
}
each_program = pytest.mark.parametrize(("text", "inputs"), PROGRAMS.values(), ids=PROGRAMS.keys())


def tensors(inputs: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {
        name: torch.tensor(value, dtype=torch.float64).requires_grad_()
        for name, value in inputs.items()
    }


@each_program
def test_code_has_the_interpreters_value(text: str, inputs: dict[str, Any]) -> None:
    found = live(text)(**tensors(inputs)).item()
    assert found == pytest.approx(float(interpret(program(text), inputs).mean), rel=1e-12)


@each_program
def test_code_has_the_interpreters_gradient(text: str, inputs: dict[str, Any]) -> None:
    given = tensors(inputs)
    live(text)(**given).backward()
    for name, tensor in given.items():
        wanted = gradient(program(text), inputs, name, digits=20).astype(float)
        assert tensor.grad is not None
        numpy.testing.assert_allclose(tensor.grad.numpy(), wanted, rtol=1e-10, atol=1e-12)


@each_program
def test_the_ir_is_valid(text: str, inputs: dict[str, Any]) -> None:
    valid(program(text))


@pytest.mark.parametrize("n", [0, 1, 2, 10])
def test_two_steps_back_give_the_fibonacci_numbers(n: int) -> None:
    wanted = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55][n]
    assert interpret(program(FIBONACCI), {"x": [1]}, {"n": n}).mean == wanted
    assert live(FIBONACCI)(torch.ones(1), n=n).item() == wanted


def test_no_round_is_the_base_case() -> None:
    assert live(POWER)(torch.tensor([2.0]), n=0).item() == 1


@pytest.mark.parametrize("name", ["power", "read at every number", "at places"])
def test_the_symbolic_slope_is_the_interpreters(name: str) -> None:
    text, inputs = PROGRAMS[name]
    loss = program(text)
    (term,) = loss.terms
    (known,) = loss.inputs
    places = [EXAMPLE, *(fresh(axis) for axis in known.axes)]
    slope = derivative(term.body, At(known.tensor, *places))
    evaluator = Evaluator(world(loss, Given(inputs)))
    wanted = gradient(loss, inputs, "x", digits=20, of=lambda result: result.sum)
    for place in numpy.ndindex(wanted.shape):
        found = evaluator.value(slope, dict(zip(places, place, strict=True)))
        assert float(found) == pytest.approx(float(wanted[place]), abs=1e-15)


def test_what_every_round_shares_is_computed_before_the_loop() -> None:
    before, loop = emitted(ALTERNATING).text.split("for step in range", 1)
    assert "** 2" in before or "* total" in before
    assert "** 2" not in loop.split("return", 1)[0]


def test_the_text_does_not_grow_with_the_rounds() -> None:
    longer = POWER.replace("= 3)", "= 50)")
    assert len(emitted(longer).text.splitlines()) == len(emitted(POWER).text.splitlines())


def test_a_masked_example_is_absent_from_every_round() -> None:
    x = torch.tensor([0.5, 9.0, 2.0], dtype=torch.float64)
    mask = torch.tensor([True, False, True])
    assert live(CENTRED)(x, mask=mask).item() == pytest.approx(live(CENTRED)(x[mask]).item())
    found = interpret(program(CENTRED), {"x": x.tolist()}, mask=mask.tolist())
    assert live(CENTRED)(x, mask=mask).item() == pytest.approx(float(found.mean))


def test_a_loss_runs_over_any_number_of_leading_axes() -> None:
    x = normal(1, 2, 3, 4)
    flat = live(SMOOTHED)(x.reshape(6, 4), reduction="none")
    assert torch.equal(live(SMOOTHED)(x, reduction="none"), flat.reshape(2, 3))


def test_a_hyperparameter_may_differ_from_example_to_example() -> None:
    text = SMOOTHED.replace("[time])", "[time], *, a: real = 0.5)").replace("0.5 * s", "a * s")
    x, a = normal(2, 3, 4), torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    alone = [live(text)(x[n : n + 1], a=float(a[n])).item() for n in range(3)]
    assert live(text)(x, a=a, reduction="none").tolist() == pytest.approx(alone)


def test_the_slope_is_zero_and_finite_where_no_path_leads() -> None:
    """-inf at every entry of a logsumexp: log of probability 0, as on the way of CTC."""
    text = (
        "loss f(x: real[time]) = -s(size(time) - 1)[2]"
        " where s(t) = [x[t] + logsumexp(s(t - 1)[j] for j in range(3) if j == i or j == i - 1)"
        " for i in range(3)] if t > 0 else [x[0] if i == 0 else -inf for i in range(3)]"
    )
    x = normal(3, 1, 5).requires_grad_()
    live(text)(x).backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, -torch.ones_like(x))


def test_the_cost_counts_rounds() -> None:
    lowered = emitted(ALTERNATING).lowered["f"]
    assert any("R = rounds of a loop" in line for line in cost_lines(lowered.hard.plan))


HEAD = "loss f(x: real[a], *, n: int in [0, 9] = 2, m: int = 2) = sum(g(n) * x) where "


@pytest.mark.parametrize(
    ("definitions", "code"),
    [
        ("g(k) = g(k - 1) + 1", "recursion-base"),
        ("g(k) = g(k - 1) if k > 0 else g(k)", "recursion-base"),
        ("g(k) = g(k - 1) if k > -2 else 1", "recursion-base"),
        ("g(k) = g(k) if k > 0 else 1", "recursion-argument"),
        ("g(k) = g(k + 1) if k > 0 else 1", "recursion-argument"),
        ("g(k) = g(k / 2) if k > 0 else 1", "recursion-argument"),
        ("g(k) = h(k, 2) h(k, y) = h(k - 1, y + 1) if k > 0 else y", "recursion-argument"),
        ("g(k) = h(m) h(j) = h(j - 1) if j > 0 else 1", "recursion-count"),
        ("g(k) = h(20000) h(j) = h(j - 1) if j > 0 else 1", "recursion-count"),
        ("g(k) = h(n / 2) h(j) = h(j - 1) if j > 0 else 1", "recursion-count"),
        ("g(k) = g(k - 1) + normal() if k > 0 else 1", "recursion-effect"),
        ("g(k) = g(k - 1) + ema(sum(x)) if k > 0 else 1", "recursion-effect"),
        (
            "g(k) = g(k - 1) + h(k) if k > 0 else 1 h(j) = h(j - 1) + g(n - 2) if j > 0 else 1",
            "recursive-definition",
        ),
    ],
)
def test_what_is_no_fold_is_refused(definitions: str, code: str) -> None:
    assert refusal(HEAD + definitions) == code


def test_a_recursion_at_each_step_of_another_is_refused() -> None:
    nested = "g(k) = g(k - 1) + h(3, k) if k > 0 else 1 h(j, y) = y * h(j - 1, y) if j > 0 else 1"
    assert refusal(HEAD + nested) == "recursion-nested"
