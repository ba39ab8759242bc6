"""Tests of kernels have them built beside the calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from losslang.runtime import backend

AFTER = 1 << 16


@pytest.fixture(autouse=True, scope="module")
def kernels_are_built_beside() -> Iterator[None]:
    before, backend.WORTH_A_BUILD = backend.WORTH_A_BUILD, AFTER
    yield
    backend.WORTH_A_BUILD = before
