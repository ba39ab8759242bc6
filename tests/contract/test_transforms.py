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
    draws,
    inductor,
    keeps_state,
    names_in,
)
from tests.library.worked import by_name_or_example
from tests.sampling import is_drawn, sampled

MATRIX = [
    (transform, spec)
    for transform, spec in product(TRANSFORMS, LOSSES)
    if applies(transform, spec) and (spec in FAMILIES or is_drawn(f"{transform} {spec}", 3))
]


# PyTorch has no batching rule for the backward of `unfold`, and goes through the batch one by one.
@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
@pytest.mark.parametrize(("transform", "spec"), MATRIX)
def test_transform(transform: str, spec: str) -> None:
    TRANSFORMS[transform](compiled(spec), LOSSES[spec])


@pytest.mark.slow
@pytest.mark.parametrize("spec", [spec for spec in FAMILIES if is_drawn(spec, 3)])
def test_inductor(spec: str) -> None:
    inductor(compiled(spec), LOSSES[spec])


def test_the_matrix_covers_the_library() -> None:
    """But for losses with state, which `test_call_contract.py` looks at, and those of chance."""
    for name in set(sampled(library_files())) - names_in(LOSSES):
        assert by_name_or_example(name, lambda spec: keeps_state(spec) or draws(spec))


def test_the_named_losses_are_in_the_matrix() -> None:
    assert set(LOSSES) >= DETACHED
    assert set(LOSSES) >= set(FAMILIES)
