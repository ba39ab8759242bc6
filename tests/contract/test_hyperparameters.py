"""Every real hyperparameter may be a number, a tensor, or a tensor over the examples."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import losslang
from losslang.ir.loss import Hyperparameter
from tests.contract.transforms import LOSSES, compiled, elaborated


def settings() -> list[Any]:
    """The scalar hyperparameters of the losses, and two values in the domain of each."""
    found = []
    for spec in LOSSES:
        loss = elaborated(spec)
        per_example = all(term.result for term in loss.terms) and len(loss.terms) == 1
        for hyper in loss.hyperparameters:
            if hyper.kind == "real" and not hyper.axes and hyper.default is not None:
                mark = f"{hyper.name} of {spec}"
                found.append(pytest.param(spec, hyper, per_example, id=mark))
    return found


def values(hyper: Hyperparameter) -> tuple[float, float]:
    """Two numbers inside the domain, near the default."""
    start = float(hyper.default)  # type: ignore[arg-type]
    low = float(hyper.domain.low) if hyper.domain.low is not None else start - 1
    high = float(hyper.domain.high) if hyper.domain.high is not None else start + 1
    return (start + low) / 2 if start > low else (start + high) / 2, 0.6 * start + 0.4 * high


# Where every example looks at all others, or all at one table over the classes, a number for each
# example may be refused, but it must not be taken for something else.
ONE_FOR_ALL = {
    "aux_zipf",
    "cdw_ce",
    "circle(gamma=4)",
    "hypersparse",
    "info_nce",
    "loss_reweighted(ce)",
    "multi_similarity(beta=5)",
    "nt_xent",
    "rgcl",
    "siglip(bias=-1)",
    "sord",
    "supcon(tau=0.5)",
    "swav(eps=0.5)",
}

each = pytest.mark.parametrize(("spec", "hyper", "per_example"), settings())


@each
def test_a_number_and_a_tensor_are_the_same(
    spec: str, hyper: Hyperparameter, per_example: bool
) -> None:
    for value in values(hyper):
        number = compiled(spec)(*LOSSES[spec], **{hyper.name: value})
        tensor = torch.tensor(value, dtype=torch.float64)
        torch.testing.assert_close(
            compiled(spec)(*LOSSES[spec], **{hyper.name: tensor}), number, rtol=1e-12, atol=1e-14
        )


@each
def test_what_is_set_at_compile_time_is_what_is_passed(
    spec: str, hyper: Hyperparameter, per_example: bool
) -> None:
    value = values(hyper)[0]
    chosen: dict[str, Any] = {hyper.name: value}
    module = losslang.compile(spec, **chosen).double()
    torch.testing.assert_close(
        module(*LOSSES[spec]),
        compiled(spec)(*LOSSES[spec], **{hyper.name: value}),
        rtol=1e-6 if hyper.learn else 1e-12,
        atol=1e-14,
    )


@each
def test_a_tensor_over_the_examples_gives_each_its_own(
    spec: str, hyper: Hyperparameter, per_example: bool
) -> None:
    inputs = LOSSES[spec]
    if not per_example:
        pytest.skip("one number for the whole batch")
    one, other = values(hyper)
    count = len(inputs[0])
    mixed = torch.tensor([one, other] * count, dtype=torch.float64)[:count]
    try:
        got = compiled(spec)(*inputs, reduction="none", **{hyper.name: mixed})
    except ValueError as error:
        if spec in ONE_FOR_ALL and f"{hyper.name} must be one number" in str(error):
            return
        raise
    alone = [
        compiled(spec)(*inputs, reduction="none", **{hyper.name: float(value)})[i]
        for i, value in enumerate(mixed)
    ]
    torch.testing.assert_close(got, torch.stack(alone), rtol=1e-12, atol=1e-14)
