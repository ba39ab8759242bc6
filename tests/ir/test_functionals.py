"""A loss over losses that is named without them is one of their values."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.ir.loss import Loss


def of_values(spec: str) -> Loss:
    return driver.elaborated_config({"spec": spec}, of_values=True)


@pytest.mark.parametrize("spec", ["cvar", "cvar(alpha=0.2)", "flooding", "tilted(t=1)"])
def test_the_losses_left_out_are_inputs_of_numbers(spec: str) -> None:
    loss = of_values(spec)
    assert [(known.name, known.kind) for known in loss.inputs] == [("base", "real")]


def test_a_loss_called_with_its_own_inputs_is_a_number_per_example() -> None:
    assert [known.name for known in of_values("apl").inputs] == ["active", "passive"]


@pytest.mark.parametrize("spec", ["extremile(order=3)", "esrm"])
def test_a_loss_that_passes_on_what_it_takes_passes_on_the_numbers(spec: str) -> None:
    loss = of_values(spec)
    assert [(known.name, known.kind) for known in loss.inputs] == [("base", "real")]
    assert loss.terms[0].body != of_values("spectral").terms[0].body


def test_an_input_stays_that_alone_has_an_axis_of_the_hyperparameters() -> None:
    names = [known.name for known in of_values("class_balanced").inputs]
    assert names == ["base", "logits", "target"]


def test_a_loss_that_is_given_stays_one() -> None:
    assert [known.name for known in of_values("cvar(l1)").inputs] == ["prediction", "target"]


def test_what_is_claimed_of_the_values_is_not_claimed_of_a_loss_that_is_given() -> None:
    assert [claim.stated for claim in of_values("cvar").claims] == [
        "convex(base)",
        "value(base=[1, 4, 2]) == 4 when alpha == 1 / 3",
    ]
    assert of_values("cvar(l1)").claims == ()


def test_a_loss_called_with_other_labels_has_to_be_given() -> None:
    with pytest.raises(DiagnosticError, match="needs a loss"):
        of_values("normalized")


def test_only_the_verifier_looks_at_values() -> None:
    with pytest.raises(DiagnosticError, match="needs a loss"):
        driver.elaborated("cvar")
