"""Code for eigenvalues, singular values and determinants: at ties, zeros and what is broken."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losslang.codegen.rows import NoRowsError, rows
from tests.codegen.modules import live, normal, same
from tests.codegen.test_plan import ops, plan

ROWS = "loss it(x: real[batch, dim]) = "
NUCLEAR = ROWS + "sum(singular_values(x))"
VOLUME = """loss it(x: real[batch, dim]) = logdet(c)
where
    c = [(a == b) + sum(x[i, a] * x[i, b] for i in batch) for a in dim for b in dim']"""
TOP = "loss it(x: real[row, column]) = singular_values(x)[0]"


def value_and_slope(text: str, x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    value = live(text, "it")(x)
    (slope,) = torch.autograd.grad(value, x)
    return value.detach(), slope


def test_the_numbers_are_those_of_torch() -> None:
    x = normal(1, 5, 3)
    same(live(NUCLEAR, "it")(x), torch.linalg.matrix_norm(x, "nuc"))
    gram = "eigenvalues([dot(x[i], x[j]) for i in batch for j in batch'])"
    ascending = torch.linalg.eigvalsh(x @ x.T)
    same(live(f"{ROWS}{gram}[1]", "it")(x), ascending[-2])


def test_each_example_may_have_a_matrix() -> None:
    x = normal(2, 4, 2, 3)
    same(live(TOP, "it")(x, reduction="none"), torch.linalg.matrix_norm(x, 2))


def test_a_determinant_needs_no_eigenvalues() -> None:
    assert "logdet" in ops(VOLUME)
    assert "eigenvalues" not in ops(VOLUME)
    x = normal(3, 5, 3)
    same(live(VOLUME, "it")(x), torch.logdet(torch.eye(3) + x.T @ x))


def test_a_determinant_over_examples_that_count_needs_them() -> None:
    """The mask may leave out rows and columns."""
    text = ROWS + "logdet([dot(x[i], x[j]) + (i == j) for i in batch for j in batch'])"
    assert ops(text)["eigenvalues"] == 1


# ---------------------------------------------------------------- where numbers are equal

EQUAL = [
    (NUCLEAR, torch.eye(3), torch.eye(3)),
    (VOLUME, torch.eye(3), torch.eye(3)),
    (ROWS + "sum(singular_values(x)**2)", torch.eye(3), 2 * torch.eye(3)),
]


@pytest.mark.parametrize(("text", "at", "slope"), EQUAL)
def test_a_symmetric_function_has_a_slope_where_numbers_are_equal(
    text: str, at: Tensor, slope: Tensor
) -> None:
    same(value_and_slope(text, at.double())[1], slope.double())


@pytest.mark.parametrize("text", [NUCLEAR, VOLUME, ROWS + "singular_values(x)[0]"])
def test_slopes_are_finite_at_the_matrix_of_zeros(text: str) -> None:
    value, slope = value_and_slope(text, torch.zeros(4, 3).double())
    assert value == 0
    assert slope.isfinite().all()


@pytest.mark.parametrize("text", [NUCLEAR, VOLUME])
def test_a_matrix_that_is_not_finite_has_no_value_and_raises_nothing(text: str) -> None:
    x = normal(4, 4, 3)
    for broken in (float("nan"), float("inf")):
        x[1, 2] = broken
        assert live(text, "it")(x).isnan()


def test_a_matrix_that_is_not_positive_has_no_determinant() -> None:
    text = "loss it(a: real[dim, dim']) = logdet(a)"
    assert live(text, "it")(-torch.eye(2).double()[None]).isnan()


def test_no_examples_have_no_singular_values() -> None:
    assert live(NUCLEAR, "it")(torch.zeros(0, 3).double()) == 0


def test_half_precision_is_computed_in_float32() -> None:
    x = normal(5, 5, 3).bfloat16()
    assert live(NUCLEAR, "it")(x).dtype == torch.float32


def test_a_slope_in_a_formula_is_made_of_vectors() -> None:
    """Oracle: autograd. The gradient of the nuclear norm is the orthogonal factor."""
    text = ROWS + "sum(sum(g * x, axis=batch))\nwhere\n    n = sum(singular_values(x)**3)\n"
    x = normal(6, 5, 3)
    want = 3 * (torch.linalg.svdvals(x) ** 3).sum()
    same(live(text + "    g = grad(n, wrt=x)", "it")(x), want)


def test_there_is_no_kernel_for_a_matrix() -> None:
    with pytest.raises(NoRowsError, match="row"):
        rows(plan(TOP))
