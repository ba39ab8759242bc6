"""The second copy of an axis: matrices over an axis twice, as inputs and as parts of a formula."""

from __future__ import annotations

import pytest
import torch

from tests.codegen.modules import emitted, live, normal
from tests.ir.programs import value

ENERGY = """
loss energy(x: real[dim], m: real[dim, dim']) =
    sum(x[a] * m[a, b] * x[b] for a in dim for b in dim')
"""
COVARIANCE = """
loss spread(u: real[batch, dim]) =
    sum(c[a, b]**2 for a in dim for b in dim if a != b) - sum(c[a, a] for a in dim)
where
    x = u - mean(u, axis=batch)
    c = [mean(x[i, a] * x[i, b] for i in batch) for a in dim for b in dim']
"""


def test_an_input_may_have_an_axis_twice() -> None:
    x, m = normal(1, 3, 4), normal(2, 3, 4, 4)
    want = torch.einsum("na,nab,nb->n", x, m, x)
    assert live(ENERGY)(x, m, reduction="none").allclose(want)
    assert float(want.mean()) == pytest.approx(
        float(value(ENERGY, {"x": x.tolist(), "m": m.tolist()}))
    )


def test_the_two_sizes_have_to_agree() -> None:
    with pytest.raises(ValueError, match=r"m is not square over \(dim, dim'\)"):
        live(ENERGY)(normal(1, 3, 4), normal(2, 3, 4, 1))


def test_a_matrix_of_a_formula_is_a_product_of_matrices() -> None:
    """And never an array over examples and both dimensions."""
    u = normal(3, 5, 3)
    c = torch.cov(u.T, correction=0)
    want = (c**2).sum() - c.diagonal().square().sum() - c.trace()
    assert float(live(COVARIANCE)(u)) == pytest.approx(float(want))
    assert float(value(COVARIANCE, {"u": u.tolist()})) == pytest.approx(float(want))
    assert "torch.einsum(" in emitted(COVARIANCE).text


def test_masked_examples_are_absent_from_a_matrix() -> None:
    u = normal(4, 5, 3)
    keep = torch.tensor([True, False, True, True, False])
    assert live(COVARIANCE)(u, mask=keep).allclose(live(COVARIANCE)(u[keep]))


@pytest.mark.parametrize(
    ("formula", "want"),
    [
        ("sum([m[b, a] for a in dim for b in dim'][0, k] for k in dim)", lambda m: m[:, 0].sum()),
        (
            "sum(sum(m, axis=dim')[a] * (a + 1) for a in dim)",
            lambda m: m.sum(1) @ torch.arange(1.0, 4).double(),
        ),
        (
            "max(softmax(m, axis=dim')[a, b] for a in dim for b in dim)",
            lambda m: m.softmax(1).max(),
        ),
        ("size(dim') * sum(m[a, a] for a in dim)", lambda m: 3 * m.trace()),
        ("sum(m[a, b] for a in dim for b in dim' if a < b)", lambda m: m.triu(1).sum()),
    ],
)
def test_an_axis_and_its_copy_are_told_apart(formula, want) -> None:
    m = normal(5, 3, 3)
    found = live(f"loss f(m: real[dim, dim']) = {formula}")(m[None])
    assert float(found) == pytest.approx(float(want(m.double())))
