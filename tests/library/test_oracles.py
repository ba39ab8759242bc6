"""Every loss of the library agrees, in value and gradient, with code that is not this project's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from losslang.resources import library_files
from tests.library.cases import CASES
from tests.library.oracles import TOLERANCE, Case, measure
from tests.library.test_stateful import ALGORITHMS
from tests.sampling import is_taken

DTYPES = [torch.float64, torch.float32]


@pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if is_taken(case.spec)],
    ids=lambda case: f"{case.name} against {case.source}",
)
def test_value_and_gradient(case: Case, dtype: torch.dtype) -> None:
    """Both reductions, and the gradients by all real inputs and differentiable hyperparameters."""
    errors = measure(case, dtype)
    allowed = case.slack * TOLERANCE[dtype]
    assert errors.value <= allowed
    assert errors.gradient <= allowed


def test_no_loss_is_without_an_oracle() -> None:
    named = (
        " ".join(case.spec for case in CASES).replace("(", " ").replace(")", " ").replace(",", " ")
    )
    assert set(library_files()) - set(named.split()) - {"apl", *ALGORITHMS} == set()


def test_the_page_of_oracles_names_every_comparison() -> None:
    """The page is written by ``python -m benchmarks.oracle_table``."""
    page = (Path(__file__).parents[2] / "docs" / "oracles.md").read_text(encoding="utf-8")
    assert [c.spec for c in CASES if f"| `{c.spec}`" not in page] == []
    assert page.count("\n| `") == len(CASES)


def test_a_slack_names_its_condition() -> None:
    assert all(case.why for case in CASES if case.slack > 1)
