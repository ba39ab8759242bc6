"""Eigenvalues, singular values and determinants: what they are of, and what they are worth."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer

from losslang.diagnostics import InternalError
from losslang.ir import exact
from losslang.ir.adjoint import Output, gradients
from losslang.ir.derive import derivative
from losslang.ir.folds import UndefinedError
from losslang.ir.heads import ONE, ZERO, At, Axis, Index, Tensor
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import Less
from losslang.ir.validate import valid
from tests.ir.programs import near, program, refusal, value

MATRIX = "loss f(x: real[batch, dim]) = "
SQUARE = "loss f(a: real[dim, dim']) = "
X = [[1, 2], [3, 4], [-2, 0]]
A = [[0, 2], [2, -3]]

MEANING = [
    ("sum(singular_values(x)**2)", sum(entry**2 for row in X for entry in row)),
    ("prod(singular_values(x))**2", 14 * 20 - 14**2),
    ("sum(0 * singular_values(x) + 1)", 2),
    ("singular_values([x[i, 0] * x[j, 1] for i in batch for j in batch'])[1]", 0),
    ("sum(eigenvalues(gram))", sum(entry**2 for row in X for entry in row)),
    ("eigenvalues(gram)[2]", 0),
    ("exp(logdet(covariance))", 14 * 20 - 14**2),
]


@pytest.mark.parametrize(("body", "expected"), MEANING)
def test_traces_and_determinants(body: str, expected: int) -> None:
    where = """
where
    gram = [dot(x[i], x[j]) for i in batch for j in batch']
    covariance = [sum(x[i, a] * x[i, b] for i in batch) for a in dim for b in dim']"""
    assert near(value(MATRIX + body + where, {"x": X}), expected)


def test_the_largest_comes_first() -> None:
    assert near(value(SQUARE + "eigenvalues(a)[0]", {"a": [A]}), 1)
    assert near(value(SQUARE + "singular_values(a)[0]", {"a": [A]}), 4)


def test_eigenvalues_are_those_of_the_symmetric_part() -> None:
    assert near(value(SQUARE + "eigenvalues(a)[1]", {"a": [[[0, 0], [4, -3]]]}), -4)


def test_a_matrix_that_is_seen_to_be_symmetric_is_left_as_it_is() -> None:
    (term,) = program(
        MATRIX + "eigenvalues([dot(x[i], x[j]) for i in batch for j in batch'])[0]"
    ).terms
    assert isinstance(term.body, Spectrum)
    assert term.body.body.func.__name__ == "Reduce"


def test_the_numbers_of_two_matrices_over_the_same_axes_line_up() -> None:
    text = "loss f(u: real[batch, dim], v: real[batch, dim]) = "
    body = "sum(abs(singular_values(u) - singular_values(v)))"
    assert near(value(text + body, {"u": X, "v": [[-r for r in row] for row in X]}), 0)


def test_there_is_no_number_behind_the_last() -> None:
    with pytest.raises(UndefinedError, match="there is no number 2 among 2 singular_values"):
        value(MATRIX + "singular_values(x)[2]", {"x": X})


def test_a_matrix_that_is_not_finite_has_no_numbers() -> None:
    assert mpmath.isnan(value(MATRIX + "singular_values(x)[0]", {"x": [[mpmath.inf, 1]]}))


REFUSED = [
    (MATRIX + "sum(singular_values(mean(x, axis=batch)))", "not-a-matrix"),
    (MATRIX + "singular_values(1)[0]", "not-a-matrix"),
    (MATRIX + "sum(eigenvalues(x))", "not-square"),
    (MATRIX + "logdet(x)", "not-square"),
    (MATRIX + "singular_values(x, axis=dim)[0]", "unknown-keyword"),
    (MATRIX + "sum(singular_values(x, x))", "argument-count"),
]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_what_is_no_matrix_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


def test_rows_may_be_left_out_but_not_entries() -> None:
    rows = "singular_values([x[i, d] for i in batch for d in dim if x[i, 0] > {}])"
    assert near(value(f"{MATRIX}sum({rows.format(0)}**2)", {"x": X}), 1 + 4 + 9 + 16)
    assert near(value(f"{MATRIX}sum({rows.format(1)} + 1)", {"x": X}), 6)
    chosen = "[dot(x[i], x[j]) for i in batch for j in batch' if x[i, 0] > 1 and x[j, 0] > 1]"
    assert near(value(MATRIX + f"exp(logdet({chosen}))", {"x": X}), 9 + 16)
    pairs = MATRIX + "eigenvalues([x[i, 0] for i in batch for j in batch' if i != j])[0]"
    assert refusal(pairs) == "not-a-matrix"


# ---------------------------------------------------------------- derivatives

ENTRIES = st.integers(-4, 4)
MATRICES = st.lists(st.lists(ENTRIES, min_size=3, max_size=3), min_size=2, max_size=4)


@given(MATRICES)
def test_the_squares_of_singular_values_are_eigenvalues(rows: list[list[int]]) -> None:
    text = """sum(abs(singular_values(x)[n]**2 - eigenvalues(gram)[n]) for n in range(2))
where
    gram = [dot(x[i], x[j]) for i in batch for j in batch']"""
    with mpmath.workdps(50):
        assert abs(exact.rough(value(MATRIX + text, {"x": rows}))) < mpmath.mpf(10) ** -20


K, J = Index("k", Axis("row")), Index("j", Axis("column"))
M = At(Tensor("m"), K, J)
LARGEST = Spectrum("singular_values", (K, J), ONE, M, Integer(0))


def test_the_slope_of_a_number_is_the_product_of_its_vectors() -> None:
    """So the slope of a symmetric function is defined also where numbers are equal."""
    slope = derivative(LARGEST, M)
    assert slope == LARGEST.slope(K, J)


def test_vectors_have_no_slope() -> None:
    with pytest.raises(InternalError, match="no derivative for singular_vectors"):
        derivative(LARGEST.slope(K, J), M)
    with pytest.raises(InternalError, match="no derivative for singular_vectors"):
        gradients([Output(LARGEST.slope(K, J), ONE, (K, J))], {Tensor("m"): (K, J)})


def test_a_formula_may_hold_a_slope() -> None:
    """The gradient of the nuclear norm is the nearest matrix with orthonormal columns."""
    text = MATRIX + "sum(sum(g**2, axis=batch))\nwhere\n    n = sum(singular_values(x))\n"
    assert near(value(text + "    g = grad(n, wrt=x)", {"x": X}), 2)


def test_a_slope_of_a_slope_is_refused() -> None:
    text = MATRIX + "sum(sum(h, axis=batch))\nwhere\n    n = sum(singular_values(x))\n"
    text += "    g = sum(sum(grad(n, wrt=x)**2, axis=batch))\n    h = grad(g, wrt=x)"
    assert refusal(text) == "no-derivative"


BROKEN = [
    (Spectrum("trace", (K, J), ONE, ZERO, ZERO), "no operation 'trace' of a matrix"),
    (Spectrum("singular_values", (K, J), ONE, ZERO, ZERO, K), "no operation 'singular_values'"),
    (Spectrum("singular_values", (K, J), Less(K, J), ZERO, ZERO), "without some of its entries"),
]


@pytest.mark.parametrize(("body", "message"), BROKEN)
def test_a_malformed_spectrum_is_a_defect(body: Spectrum, message: str) -> None:
    loss = program("loss f(m: real[row, column]) = m[0, 0]")
    (term,) = loss.terms
    with pytest.raises(InternalError, match=message):
        valid(replace(loss, terms=(replace(term, body=body),)))


def test_numbers_agree_with_numpy() -> None:
    rows = numpy.random.default_rng(0).normal(size=(4, 3))
    text = MATRIX + "singular_values(x)[1]"
    with mpmath.workdps(30):
        found = float(exact.rough(value(text, {"x": rows})))
    assert found == pytest.approx(numpy.linalg.svd(rows)[1][1], rel=1e-12)
