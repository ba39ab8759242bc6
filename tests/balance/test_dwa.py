"""Dynamic weight average, against its formula by hand and torchjd's."""

from __future__ import annotations

from math import exp

import pytest
import torch
from torchjd import scalarization

from losslang.balance import DWA
from tests.balance.models import Constants

EPOCHS = [
    [{"a": 4.0, "b": 1.0}, {"a": 2.0, "b": 3.0}],
    [{"a": 1.0, "b": 1.5}, {"a": 1.0, "b": 2.0}, {"a": 2.5, "b": 1.0}],
    [{"a": 0.5, "b": 1.0}],
]
ONE = torch.ones(1)


def after(loss: DWA, epochs: list[list[dict[str, float]]]) -> DWA:
    for epoch in epochs:
        for values in epoch:
            loss(ONE, **values)
        loss.end_epoch()
    return loss


@pytest.mark.parametrize("ended", [0, 1])
def test_the_weights_are_1_until_two_epochs_have_ended(ended):
    assert after(DWA(Constants()), EPOCHS[:ended]).weights == {"a": 1, "b": 1}


def test_the_weights_are_the_papers_after_two_epochs():
    loss = after(DWA(Constants(), temperature=1.5), EPOCHS[:2])
    speeds = [(4.5 / 3) / (6 / 2), (4.5 / 3) / (4 / 2)]
    scores = [exp(speed / 1.5) for speed in speeds]
    wanted = [2 * score / sum(scores) for score in scores]
    assert [*loss.weights.values()] == pytest.approx(wanted)


def test_only_the_last_two_epochs_count():
    loss = after(DWA(Constants()), EPOCHS)
    assert loss.weights == after(DWA(Constants()), EPOCHS[1:]).weights


def test_the_values_are_torchjds():
    ours, theirs = DWA(Constants()), scalarization.DWA()
    for epoch in [*EPOCHS, *EPOCHS]:
        for values in epoch:
            wanted = theirs(torch.tensor([*values.values()]))
            torch.testing.assert_close(ours(ONE, **values), wanted)
        ours.end_epoch()
        theirs.step()


def test_calls_in_evaluation_do_not_count():
    loss = DWA(Constants())
    loss(ONE, a=1.0, b=1.0)
    loss.eval()(ONE, a=7.0, b=9.0)
    loss.train().end_epoch()
    assert loss.last.tolist() == [1, 1]


def test_an_epoch_that_is_cut_short_goes_on_after_loading():
    loss = after(DWA(Constants()), EPOCHS[:1])
    loss(ONE, **EPOCHS[1][0])
    other = DWA(Constants())
    other.load_state_dict(loss.state_dict())
    for each in (loss, other):
        each(ONE, **EPOCHS[1][1])
        each.end_epoch()
    assert loss.weights == other.weights


def test_no_gradient_passes_through_the_weights():
    x = torch.ones(1, requires_grad=True)
    loss = after(DWA(Constants()), EPOCHS[:2])
    loss(x, a=1.0, b=2.0).backward()
    assert x.grad == pytest.approx(loss.weights["a"] + 2 * loss.weights["b"])


def test_a_term_that_was_zero_keeps_the_weights_finite():
    loss = after(DWA(Constants()), [[{"a": 1.0, "b": 0.0}], [{"a": 1.0, "b": 2.0}]])
    assert loss.weights == {"a": 1, "b": 1}


def test_an_epoch_that_was_not_finite_counts_for_nothing():
    broken = [{"a": float("nan"), "b": 1.0}]
    loss = after(DWA(Constants()), [*EPOCHS, broken])
    assert loss.weights == {"a": 1, "b": 1}
    assert after(loss, EPOCHS[:2]).weights == after(DWA(Constants()), EPOCHS[:2]).weights


def test_an_epoch_without_calls_is_refused():
    with pytest.raises(ValueError, match="no epoch has ended"):
        DWA(Constants()).end_epoch()


def test_a_temperature_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="temperature must be > 0"):
        DWA(Constants(), temperature=0)
