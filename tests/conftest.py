"""Options of the test suite."""

from __future__ import annotations

import gc
import os

import pytest

os.environ.setdefault("SYMPY_CACHE_SIZE", "20000")  # read when SymPy is first imported

from losslang.runtime import backend

NEVER = 1 << 62


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the expected outputs under tests/cases with what is produced now",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


def pytest_configure() -> None:
    """SymPy makes objects by the million, few of them in cycles: at Python's own threshold, of 700,
    a sixth of the time goes into collections of garbage.
    """
    gc.set_threshold(100_000)


@pytest.fixture(autouse=True, scope="session")
def worth_a_build() -> int:
    """When a kernel is built beside the calls; never, but in tests of kernels: it takes seconds."""
    usual, backend.WORTH_A_BUILD = backend.WORTH_A_BUILD, NEVER
    return usual
