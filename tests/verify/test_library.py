"""Every claim in the standard library is proved."""

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
def test_what_a_loss_claims_is_proved(loss):
    engine = Engine(loss)
    for claim in engine.claims():
        assert claim.ok, f"{claim.text}: {claim.verdict.status}, {claim.says}"


@pytest.mark.parametrize("loss", losses(), ids=lambda loss: loss.name)
def test_the_checker_accepts_the_certificates_of_claims(loss):
    engine = Engine(loss)
    for claim in engine.claims():
        certificate = claim.verdict.certificate
        if certificate is not None and not claim.chosen:
            check_certificate(engine.loss, certificate)
