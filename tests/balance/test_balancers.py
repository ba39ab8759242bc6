"""What all balancers have in common: one call of the loss, its terms, its errors, its state."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import losslang
from losslang.balance import DWA, GradientShares, GradNorm, RandomWeighting
from losslang.balance.base import Balancer
from tests.balance.models import INPUTS, TARGET, Constants, model, sum_of_two

Maker = Callable[[Any, nn.Linear], Balancer]

MAKERS: dict[str, Maker] = {
    "DWA": lambda loss, _: DWA(loss),
    "GradNorm": lambda loss, net: GradNorm(loss, net.weight),
    "GradientShares": lambda loss, _: GradientShares(loss),
    "RandomWeighting": lambda loss, _: RandomWeighting(loss),
}
every_one = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def trained(make: Maker) -> tuple[Balancer, nn.Linear]:
    """A balancer after three steps."""
    net = model()
    loss = make(sum_of_two(), net).double()
    optimizer = torch.optim.SGD([*net.parameters(), *loss.parameters()], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss(net(INPUTS), TARGET).backward()
        optimizer.step()
    if isinstance(loss, DWA):
        loss.end_epoch()
        loss(2 * net(INPUTS), TARGET)
        loss.end_epoch()
    return loss, net


@every_one
def test_the_value_is_the_sum_of_the_terms_with_the_weights(make):
    loss, net = trained(make)
    logits = net(INPUTS)
    terms = loss.terms(logits, TARGET)
    wanted = sum(loss.weights[name] * terms[name] for name in terms)
    torch.testing.assert_close(loss.eval()(logits, TARGET), wanted)


@every_one
def test_the_terms_are_those_of_the_loss(make):
    loss, net = trained(make)
    logits = net(INPUTS)
    assert loss.terms(logits, TARGET) == sum_of_two().terms(logits, TARGET)


@every_one
@pytest.mark.parametrize("is_training", [True, False])
def test_the_loss_is_called_once(make, is_training):
    inner, net = Constants(), model()
    loss = make(inner, net).double().train(is_training)
    loss(net(INPUTS) ** 2, a=1.0, b=2.0)
    assert inner.called == 1


@every_one
def test_nothing_is_learned_in_evaluation(make):
    loss, net = trained(make)
    loss.zero_grad()
    before = copy.deepcopy(loss.state_dict())
    loss.eval()(net(INPUTS), TARGET).backward()
    assert all(torch.equal(value, before[name]) for name, value in loss.state_dict().items())
    assert all(own.grad is None for own in loss.parameters(recurse=False))


@every_one
def test_a_call_without_gradients_has_the_weights_of_the_moment(make):
    loss, net = trained(make)
    with torch.no_grad():
        torch.manual_seed(1)
        value = loss(net(INPUTS), TARGET)
        torch.manual_seed(1)
        again = loss(net(INPUTS), TARGET)
    assert value == again
    assert not value.requires_grad


@every_one
def test_what_was_saved_goes_on_where_it_was(make):
    loss, net = trained(make)
    other = make(sum_of_two(), net).double()
    other.load_state_dict(loss.state_dict())
    assert other.weights == loss.weights
    values = []
    for each in (loss, other):
        torch.manual_seed(1)
        values.append([each(net(INPUTS), TARGET).item() for _ in range(2)])
    assert values[0] == values[1]


@every_one
def test_a_loss_of_one_term_is_refused(make):
    with pytest.raises(ValueError, match="nothing to balance"):
        make(losslang.compile("ce"), model())


@every_one
def test_a_value_per_example_is_refused(make):
    loss, net = trained(make)
    with pytest.raises(ValueError, match=r"'ce' is \[6\], but only single numbers are balanced"):
        loss(net(INPUTS), TARGET, reduction="none")


@every_one
def test_keywords_of_a_call_reach_the_loss(make):
    loss, net = trained(make)
    logits, mask = net(INPUTS), torch.tensor([1, 1, 0, 1, 0, 1]).bool()
    torch.testing.assert_close(
        loss.eval()(logits, TARGET, mask=mask), loss(logits[mask], TARGET[mask])
    )


@every_one
def test_the_value_has_the_type_of_the_terms(make):
    net = model()
    loss = make(sum_of_two(), net).float()
    for training in (True, False):
        value = loss.train(training)(net(INPUTS), TARGET)
        value.backward()
        assert value.dtype == torch.float64


def test_hyperparameters_that_the_loss_learns_are_parameters():
    loss = DWA(losslang.compile("ce + focal(gamma=learn(1))"))
    assert [name for name, _ in loss.named_parameters()] == ["loss.raw_gamma"]
    loss(torch.randn(2, 3), torch.tensor([0, 1])).backward()
    assert loss.loss.raw_gamma.grad != 0


def test_averages_of_the_loss_itself_move_once():
    loss = DWA(losslang.compile("ce + elr", sizes={"sample": 4, "class": 3}))
    inputs = torch.randn(2, 3), torch.tensor([0, 1]), torch.tensor([2, 3])
    alone = losslang.compile("ce + elr", sizes={"sample": 4, "class": 3})
    loss(*inputs)
    alone(*inputs)
    assert all(torch.equal(a, b) for a, b in zip(loss.loss.buffers(), alone.buffers(), strict=True))


def test_an_emitted_module_can_be_balanced():
    space: dict[str, Any] = {"__name__": "emitted"}
    exec(losslang.emit("ce + 0.5 * brier"), space)
    logits = model()(INPUTS)
    found = GradientShares(space["Loss"]())(logits, TARGET)
    torch.testing.assert_close(found, GradientShares(sum_of_two())(logits, TARGET))


def test_a_schedule_of_the_loss_goes_on_inside():
    loss = DWA(losslang.compile("ce + (1 if progress > 0.5 else 0) * brier"))
    logits, terms = model()(INPUTS), []
    for progress in (0.4, 0.6):
        loss.loss.progress = progress
        terms.append(loss.terms(logits, TARGET)["brier"])
    assert terms[0] == 0 < terms[1]
