"""Where a loss of pairs is cut into a matrix of products and a loss of its rows."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.codegen.lower import lower
from losslang.codegen.products import COLUMNS, Cut, cut
from losslang.codegen.rows import rows
from losslang.codegen.slopes import NoSlopesError
from tests.codegen.modules import losses


def parts(spec: str) -> Cut:
    loss = losses(spec)[0] if spec.startswith("loss ") else driver.elaborated(spec)
    return cut(lower(loss))


HEAD = "loss it(u: real[batch, dim], v: real[batch, dim]) for i in batch = "


def test_the_factors_are_what_belongs_to_each_of_a_pair() -> None:
    factors = parts("info_nce").factors
    left, right = (factors.nodes[output.value] for output in factors.outputs)
    assert left.op == right.op == "unit"
    assert [factors.nodes[n].attrs for n in (*left.args, *right.args)] == [("u",), ("v",)]


def test_one_embedding_is_both_factors() -> None:
    left, right = parts("supcon").factors.outputs
    assert left.value == right.value


def test_the_rest_is_a_loss_of_a_row_of_the_matrix() -> None:
    found = parts("supcon")
    assert found.columns == COLUMNS
    reads = {str(node.attrs[0]) for node in found.rows.nodes if node.op == "read"}
    assert reads == {"@matrix", "@slope", "label", "label@columns", "@keep@columns"}
    assert rows(found.rows).passes


def test_the_pair_of_an_example_with_itself_lies_on_the_diagonal() -> None:
    assert "diagonal" in {node.op for node in parts("info_nce").rows.nodes}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sum(u[i, k] for k in dim)", "no products"),
        ("sum(abs(u[i, k] - v[j, k]) for k in dim for j in batch)", "no products"),
        (
            "logsumexp(dot(u[i], v[j]) for j in batch) + logsumexp(dot(u[i], u[j]) for j in batch)",
            "2 products",
        ),
        ("max(dot(u[i], v[j]) for j in batch) + u[i, 0]", "u is also read outside"),
    ],
)
def test_other_losses_are_not_cut(text: str, reason: str) -> None:
    with pytest.raises(NoSlopesError, match=reason):
        parts(HEAD + text)


def test_the_page_of_a_loss_shows_the_matrix_and_its_rows() -> None:
    page = driver.show("supcon", plan=True)
    assert "matrix[i, k] = sum(left[i, dim] * right[k, dim] for dim)" in page
    assert "d matrix[k] from" in page
