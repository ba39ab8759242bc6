"""Tests of kernels have them built beside the calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from losslang.runtime import backend


@pytest.fixture(autouse=True, scope="module")
def kernels_are_built_beside(worth_a_build: int) -> Iterator[None]:
    never, backend.WORTH_A_BUILD = backend.WORTH_A_BUILD, worth_a_build
    yield
    backend.WORTH_A_BUILD = never
