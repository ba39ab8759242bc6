"""Every claim in the standard library is proved, with certificates that the checker accepts."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.ir.loss import Loss
from losslang.verify.check import check_certificate
from losslang.verify.engine import Engine


def losses() -> list[Loss]:
    """The library's losses that can stand alone."""
    found = []
    for entry in driver.library():
        try:
            found.append(driver.elaborated(entry.name))
        except DiagnosticError:  # it takes another loss
            continue
    return found


@pytest.mark.parametrize("loss", losses(), ids=lambda loss: loss.name)
def test_what_a_loss_claims_is_proved_and_the_checker_agrees(loss):
    for claim in Engine(loss).claims():
        assert claim.ok, f"{claim.text}: {claim.verdict.status}, {claim.says}"
        if claim.verdict.certificate is not None:
            assert claim.loss is not None
            check_certificate(claim.loss, claim.verdict.certificate)
