"""Numbers weighted by their ranks: convex where greater numbers weigh no less."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.ir.loss import Loss
from losslang.verify.check import check_certificate
from losslang.verify.engine import Engine
from losslang.verify.proof import Rejected
from losslang.verify.prover import Budget, prove
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import ranked

CONVEX = Question("convex", ("base",), "base")


def of_values(spec: str) -> Loss:
    return driver.elaborated_config({"spec": spec}, of_values=True)


def structure(loss: Loss) -> Structure:
    return next(r for r in Engine(loss).readings if isinstance(r, Structure))


@pytest.mark.parametrize("spec", ["cvar", "average_topk", "spectral", "esrm"])
def test_risks_that_weigh_greater_losses_more_are_convex(spec: str) -> None:
    loss = of_values(spec)
    verdict = Engine(loss).decide(CONVEX)
    assert verdict.status == "proved"
    assert verdict.certificate is not None
    check_certificate(loss, verdict.certificate)


@pytest.mark.parametrize("spec", ["trimmed", "spectral(share=t -> sqrt(t))"])
def test_weights_that_grow_with_the_rank_are_not_called_convex(spec: str) -> None:
    case = Case(structure(of_values(spec)), CONVEX)
    for theorem in ranked.CONVEX:
        premises = theorem.premises(case)
        assert premises is None or not all(prove(p.statement, Budget(1)) for p in premises)


@pytest.mark.parametrize("theorem", ranked.CONVEX, ids=lambda t: t.name)
def test_a_loss_without_ranks_is_none_of_theirs(theorem) -> None:
    assert theorem.premises(Case(structure(of_values("tilted")), CONVEX)) is None


def test_a_proof_for_one_loss_does_not_pass_for_another_whose_weights_grow() -> None:
    certificate = Engine(of_values("cvar")).decide(CONVEX).certificate
    assert certificate is not None
    with pytest.raises(Rejected):
        check_certificate(of_values("trimmed"), certificate)
