"""Every loss of the library works under every transform of PyTorch."""

from __future__ import annotations

from itertools import product

import pytest

from losslang.resources import library_files
from tests.contract.transforms import (
    DETACHED,
    FAMILIES,
    LOSSES,
    TRANSFORMS,
    applies,
    compiled,
    inductor,
)

MATRIX = [(t, spec) for t, spec in product(TRANSFORMS, LOSSES) if applies(t, spec)]


@pytest.mark.parametrize(("transform", "spec"), MATRIX)
def test_transform(transform: str, spec: str) -> None:
    TRANSFORMS[transform](compiled(spec), LOSSES[spec])


@pytest.mark.slow
@pytest.mark.parametrize("spec", FAMILIES)
def test_inductor(spec: str) -> None:
    inductor(compiled(spec), LOSSES[spec])


def test_the_matrix_covers_the_library() -> None:
    """AdaFace has state, which `test_call_contract.py` looks at."""
    words = " ".join(LOSSES).replace("(", " ").replace(",", " ").replace(")", " ").split()
    assert set(library_files()) - set(words) == {"adaface"}


def test_the_named_losses_are_in_the_matrix() -> None:
    assert set(LOSSES) >= DETACHED
    assert set(LOSSES) >= set(FAMILIES)
