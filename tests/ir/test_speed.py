"""Elaboration is quick enough to run wherever a loss is named."""

from __future__ import annotations

import time

import pytest

from losslang import driver
from tests.ir.programs import COMPOSED, LIBRARY

# Twice what the slowest takes with empty caches: weights by rank in a batch, of angles.
SECONDS = 3.0


def measured(spec: str) -> float:
    """Processor time of one elaboration."""
    start = time.process_time()
    driver.elaborated_config(spec)
    return time.process_time() - start


@pytest.mark.parametrize("spec", LIBRARY + COMPOSED)
def test_a_loss_elaborates_in_a_moment(spec: str) -> None:
    assert min(measured(spec) for _ in range(3)) < SECONDS
