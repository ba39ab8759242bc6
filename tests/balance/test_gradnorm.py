"""GradNorm, against its two equations by hand and its algorithm by autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losslang.balance import GradNorm
from losslang.balance.gradnorm import LEAST
from tests.balance.models import INPUTS, TARGET, Constants, by_hand, model, sum_of_two

ALPHA = 0.7


def gradient(loss: GradNorm) -> Tensor:
    assert loss.weight.grad is not None
    return loss.weight.grad


def by_autograd(first: Tensor, net: torch.nn.Linear, weight: Tensor) -> Tensor:
    """The gradient of the paper's L_grad by the weights, through the norm of a gradient."""
    w = weight.detach().clone().requires_grad_()
    terms = torch.stack(by_hand(net(INPUTS)))
    norms = torch.stack(
        [
            torch.autograd.grad(w[i] * terms[i], net.weight, create_graph=True)[0].norm()
            for i in range(2)
        ]
    )
    left = terms.detach() / first
    target = norms.mean().detach() * (left / left.mean()) ** ALPHA
    (norms - target).abs().sum().backward()
    assert w.grad is not None
    return w.grad


def test_the_weights_receive_the_gradient_of_the_papers_loss():
    net = model()
    loss = GradNorm(sum_of_two(), net.weight, alpha=ALPHA).double()
    first = torch.stack(by_hand(net(INPUTS))).detach()
    for weight in (torch.tensor([1.0, 1.0]), torch.tensor([1.6, 0.4])):
        with torch.no_grad():
            loss.weight.copy_(weight)
        loss.zero_grad()
        loss(net(INPUTS), TARGET).backward()
        torch.testing.assert_close(loss.weight.grad, by_autograd(first, net, weight.double()))
        with torch.no_grad():
            net.weight += 0.3 * torch.eye(3, 4).double()  # so that the terms change


def test_the_value_and_the_models_gradient_are_those_of_the_weighted_sum():
    net, other = model(), model()
    loss = GradNorm(sum_of_two(), net.weight).double()
    with torch.no_grad():
        loss.weight.copy_(torch.tensor([0.5, 1.5]))
    value = loss(net(INPUTS), TARGET)
    value.backward()
    ce, brier = by_hand(other(INPUTS))
    wanted = 0.5 * ce + 1.5 * brier
    wanted.backward()
    torch.testing.assert_close(value, wanted)
    torch.testing.assert_close(net.weight.grad, other.weight.grad)


def test_the_weights_are_scaled_to_the_number_of_terms():
    net = model()
    loss = GradNorm(sum_of_two(), net.weight).double()
    with torch.no_grad():
        loss.weight.copy_(torch.tensor([1.0, 3.0]))
    loss(net(INPUTS), TARGET)
    assert loss.weights == {"ce": 0.5, "brier": 1.5}
    assert loss.weight.tolist() == [0.5, 1.5]


def test_a_weight_stays_positive():
    net = model()
    loss = GradNorm(sum_of_two(), net.weight).double()
    with torch.no_grad():
        loss.weight.copy_(torch.tensor([-0.5, 2.0]))
    loss(net(INPUTS), TARGET)
    assert loss.weights["ce"] == pytest.approx(2 * LEAST / (2 + LEAST))


def test_steps_make_the_norms_equal_where_alpha_is_0():
    net = model()
    loss = GradNorm(sum_of_two(), net.weight, alpha=0).double()
    optimizer = torch.optim.SGD(loss.parameters(), lr=0.1)
    for _ in range(50):
        optimizer.zero_grad()
        loss(net(INPUTS), TARGET).backward()
        optimizer.step()
    terms = by_hand(net(INPUTS))
    norms = [
        loss.weights[name] * torch.autograd.grad(term, net.weight, retain_graph=True)[0].norm()
        for name, term in zip(loss.term_names, terms, strict=True)
    ]
    assert norms[0] == pytest.approx(norms[1].item(), rel=0.1)


def test_the_slower_term_gains():
    """``a`` has halved, ``b`` has not fallen; both have the same gradient now."""
    x = torch.ones(3, requires_grad=True)
    loss = GradNorm(Constants(), x)
    loss(x, a=2.0, b=1.0)
    loss(x, a=1.0, b=1.0).backward()
    slope = gradient(loss)
    assert slope[1] < 0 < slope[0]


def test_gradients_of_several_calls_add_up():
    net = model()
    loss = GradNorm(sum_of_two(), net.weight).double()
    values = [loss(net(INPUTS), TARGET) for _ in range(2)]
    values[0].backward()
    once = gradient(loss).clone()
    values[1].backward()
    torch.testing.assert_close(loss.weight.grad, 2 * once)


def test_the_shared_weights_are_not_the_losss_own():
    net = model()
    loss = GradNorm(sum_of_two(), net.parameters())
    assert [name for name, _ in loss.named_parameters()] == ["weight"]


def test_a_first_value_of_zero_is_refused():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"'b' begins at 0\.0, but must be positive"):
        GradNorm(Constants(), x)(x, a=1.0, b=0.0)


def test_terms_that_all_become_zero_leave_numbers():
    x = torch.ones(3, requires_grad=True)
    loss = GradNorm(Constants(), x)
    loss(x, a=1.0, b=1.0)
    loss(x, a=0.0, b=0.0).backward()
    assert gradient(loss).isfinite().all()


def test_a_term_that_does_not_depend_on_the_shared_weights_is_refused():
    net = model()
    loss = GradNorm(sum_of_two(), torch.nn.Parameter(torch.ones(2)))
    with pytest.raises(ValueError, match="'ce' does not depend on shared"):
        loss(net(INPUTS), TARGET)


@pytest.mark.parametrize("shared", [(), torch.ones(2)])
def test_shared_weights_that_are_not_trained_are_refused(shared):
    with pytest.raises(ValueError, match="shared must be parameters"):
        GradNorm(sum_of_two(), shared)


def test_an_alpha_below_0_is_refused():
    with pytest.raises(ValueError, match="alpha must be >= 0"):
        GradNorm(sum_of_two(), model().weight, alpha=-1)
