"""What is known of spectra: where they lie, what is convex in a matrix, what order does to them."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer

from losslang.ir import exact
from losslang.ir.heads import ONE, At, Axis, Index, Tensor
from losslang.ir.loss import BATCH
from losslang.ir.reduce import Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum
from losslang.verify.arrays import spread_of
from losslang.verify.readings.instance import Unknown, written_out
from losslang.verify.rules.indexed import normal
from losslang.verify.shapes import CONCAVE, CONVEX, UNKNOWN, Shapes
from losslang.verify.statement import Region
from losslang.verify.theorems.renumbering import orderless
from tests.ir.programs import program, value

ROWS = "loss f(x: real[batch, dim]) = "
SQUARE = "loss f(a: real[dim, dim']) = "
REGION = Region(())
ENTRIES = st.fractions(-3, 3, max_denominator=4)


def body(text: str) -> Expr:
    (term,) = program(text).terms
    return term.body


def matrices(columns: int = 2) -> st.SearchStrategy[list[list[Fraction]]]:
    row = st.lists(ENTRIES, min_size=columns, max_size=columns)
    return st.lists(row, min_size=2, max_size=3)


# ---------------------------------------------------------------- where they lie

LEAST = [
    ("[dot(x[i], x[j]) for i in batch for j in batch']", 0),
    ("[(a == b) + 3 * sum(x[i, a] * x[i, b] for i in batch) for a in dim for b in dim']", 1),
    ("[x[0, a] * x[0, b] - 2 * (a == b) for a in dim for b in dim']", -2),
    ("[mean(x[i, 0]**2 * x[i, a] * x[i, b] for i in batch) for a in dim for b in dim']", 0),
]


@pytest.mark.parametrize(("matrix", "least"), LEAST)
@given(rows=matrices())
@settings(max_examples=5, deadline=None)
def test_a_sum_of_squares_has_no_negative_eigenvalue(
    matrix: str, least: int, rows: list[list[Fraction]]
) -> None:
    """Oracle: the interpreter's smallest eigenvalue is not below the end of the range."""
    found = spread_of(body(f"{ROWS}sum(eigenvalues({matrix}))").body, REGION)
    assert found is not None
    assert found.hull.low == least
    lowest = value(f"{ROWS}min(eigenvalues({matrix}))", {"x": rows})
    assert exact.rough(lowest) >= least - mpmath.mpf(10) ** -12


@pytest.mark.parametrize(
    "matrix",
    [
        "[x[i, 0] + x[j, 0] for i in batch for j in batch']",
        "[-dot(x[i], x[j]) for i in batch for j in batch']",
        "[sum(x[i, 0] * x[i, a] * x[i, b] for i in batch) for a in dim for b in dim']",
        "[dot(x[i], x[j])**3 for i in batch for j in batch']",
        "[x[0, a] * x[1, b] + x[0, b] * x[1, a] for a in dim for b in dim']",
    ],
)
def test_of_other_matrices_nothing_is_said(matrix: str) -> None:
    """Each has a negative eigenvalue somewhere, or is not seen to have none."""
    found = spread_of(body(f"{ROWS}sum(eigenvalues({matrix}))").body, REGION)
    assert found is not None
    assert not found.hull.low.is_finite()


def test_a_number_is_known_to_exist_only_where_the_matrix_is_large_enough() -> None:
    assert spread_of(body(ROWS + "singular_values(x)[0]"), REGION) is None
    assert spread_of(body(ROWS + "sum(singular_values(x))").body, REGION) is not None


# ---------------------------------------------------------------- curvature

BENDS = [
    ("sum(singular_values(a))", CONVEX),
    ("-2 * sum(singular_values(a))", CONCAVE),
    ("singular_values(a)[0]", CONVEX),
    ("eigenvalues(a)[0]", CONVEX),
    ("sum(exp(eigenvalues(a)))", CONVEX),
    ("sum(-exp(eigenvalues(a)) / 2)", CONCAVE),
    ("logsumexp(2 * eigenvalues(a))", CONVEX),
    ("sum(max(0, eigenvalues(a) - 1))", CONVEX),
]


@pytest.mark.parametrize(("formula", "bend"), BENDS)
@given(left=matrices(2), right=matrices(2))
@settings(max_examples=4, deadline=None)
def test_convex_functions_of_a_spectrum_are_convex_in_the_matrix(
    formula: str, bend: frozenset[str], left: list[list[Fraction]], right: list[list[Fraction]]
) -> None:
    """Oracle: Jensen's inequality for the interpreter's values."""
    text = SQUARE + formula
    assert Shapes(Tensor("a"), REGION).bend(body(text)) == bend
    left, right = left[:2], right[:2]
    middle = [
        [(x + y) / 2 for x, y in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)
    ]
    one, other, half = (exact.rough(value(text, {"a": [m]})) for m in (left, right, middle))
    gap = (one + other) / 2 - half
    assert gap * (1 if bend == CONVEX else -1) >= -(mpmath.mpf(10) ** -12)


@pytest.mark.parametrize(
    "formula",
    [
        "singular_values(a)[1]",
        "eigenvalues(a)[1]",
        "sum(exp(singular_values(a)))",
        "sum(sin(eigenvalues(a)))",
        "sum(singular_values(a)**2 * 1)",
        "sum(sqrt(singular_values(a)))",
        "sum(exp(eigenvalues([a[i, j]**2 for i in dim for j in dim'])))",
        "sum(n * eigenvalues(a)[n] for n in range(2))",
        "sum(topk(eigenvalues(a), 2))",
        "sum(log(eigenvalues(a)))",
    ],
)
def test_of_other_functions_nothing_is_said(formula: str) -> None:
    """The last is concave only where the eigenvalues are positive, which nothing says."""
    assert Shapes(Tensor("a"), REGION).bend(body(SQUARE + formula)) == UNKNOWN


# ---------------------------------------------------------------- forms

K, J = Index("k", Axis("row")), Index("j", Axis("column"))
M = At(Tensor("m"), K, J)


def test_a_positive_factor_is_one_of_the_numbers() -> None:
    numbers = Spectrum("singular_values", (K, J), ONE, 3 * M, Integer(0))
    vectors = Spectrum("singular_vectors", (K, J), ONE, 3 * M, Integer(0), K, J)
    plain = Spectrum("singular_values", (K, J), ONE, M, Integer(0))
    assert normal(numbers) == 3 * normal(plain)
    assert normal(vectors) == Spectrum("singular_vectors", (K, J), ONE, M, Integer(0), K, J)


def test_a_matrix_has_the_singular_values_of_its_transpose() -> None:
    over = Spectrum("singular_values", (K, J), ONE, M, Integer(0))
    turned = Spectrum("singular_values", (J, K), ONE, M, Integer(0))
    assert over != turned
    assert normal(over) == normal(turned)


def test_a_negative_factor_stays() -> None:
    """It turns the order of eigenvalues round."""
    turned = Spectrum("eigenvalues", (K, J), ONE, -M, Integer(0))
    assert normal(turned) == turned


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (2, 2), (2, 3), (4, 2)])
@pytest.mark.parametrize("op", SPECTRA)
def test_a_spectrum_of_two_numbers_is_written_out(op: str, shape: tuple[int, int]) -> None:
    """Oracle: numpy."""
    if op == "eigenvalues" and shape[0] != shape[1]:
        return
    entries = numpy.random.default_rng(7).integers(-4, 5, shape)
    matrix = entries + entries.T if op == "eigenvalues" else entries
    sizes = dict(zip((Axis("row"), Axis("column")), shape, strict=True))
    want = (
        numpy.linalg.eigvalsh(matrix)[::-1] if op == "eigenvalues" else numpy.linalg.svd(matrix)[1]
    )
    for n, number in enumerate(want):
        found = written_out(
            Spectrum(op, (K, J), ONE, M, Integer(n)),
            sizes,
            entry=lambda e: Integer(matrix[e.indices]),
        )
        assert float(found) == pytest.approx(number, abs=1e-12)


def test_a_larger_spectrum_is_not_written_out() -> None:
    three = {Axis("row"): 3, Axis("column"): 3}
    for sizes in (three, {Axis("row"): 2}):
        with pytest.raises(Unknown):
            written_out(Spectrum("singular_values", (K, J), ONE, M, Integer(0)), sizes)
    inside = Spectrum("singular_values", (K, J), ONE, Reduce("sum", (K,), ONE, M), Integer(0))
    with pytest.raises(Unknown):
        written_out(inside, {Axis("row"): 2})


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum(singular_values(x))", True),
        ("sum(eigenvalues([dot(x[i], x[j]) for i in batch for j in batch']))", True),
        ("sum(singular_values([x[i, 0] * i for i in batch for j in range(2)]))", False),
        ("singular_values(x)[0] + sum(x[i, 0] * i for i in batch)", False),
    ],
)
def test_the_order_of_rows_does_not_matter_where_they_are_alike(
    formula: str, expected: bool
) -> None:
    assert orderless(program(ROWS + formula), BATCH) == expected
