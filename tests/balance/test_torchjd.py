"""The terms of a loss in the hands of torchjd, against torchjd on terms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor, nn
from torchjd.aggregation import MGDA, Aggregator, ConFIG, UPGrad
from torchjd.autojac import backward, jac_to_grad, mtl_backward

import losslang

IMAGES = torch.linspace(-2, 3, 2 * 4 * 5, dtype=torch.float64).view(2, 4, 5).sin()
TARGET = torch.tensor([[0, 1, 2, 1, 0], [2, 2, 0, 1, 1]])


def model() -> nn.Conv1d:
    """Three classes at each of five places, the same model each time."""
    torch.manual_seed(0)
    return nn.Conv1d(4, 3, 1).double()


def by_hand(logits: Tensor) -> list[Tensor]:
    """The terms of ``ce + 0.5 * dice + 1e-4 * z_loss``, a mean over places, images and places."""
    p = logits.softmax(1)
    hit = nn.functional.one_hot(TARGET, 3).movedim(-1, 1).double()
    ce = nn.functional.cross_entropy(logits, TARGET)
    dice = 1 - (2 * (p * hit).sum(-1) + 1) / ((p + hit).sum(-1) + 1)
    return [ce, 0.5 * dice.mean(), 1e-4 * logits.logsumexp(1).square().mean()]


def gradients(net: nn.Module, terms: Iterable[Tensor], aggregator: Aggregator) -> list[Tensor]:
    backward([*terms])
    jac_to_grad(net.parameters(), aggregator)
    return [p.grad for p in net.parameters() if p.grad is not None]


@pytest.mark.parametrize("aggregator", [UPGrad, MGDA, ConFIG])
def test_the_gradient_is_that_of_terms_by_hand(aggregator: Callable[[], Aggregator]) -> None:
    net, other = model(), model()
    loss = losslang.compile("ce + 0.5 * dice + 1e-4 * z_loss")
    found = gradients(net, loss.terms(net(IMAGES), TARGET).values(), aggregator())
    wanted = gradients(other, by_hand(other(IMAGES)), aggregator())
    torch.testing.assert_close(found, wanted)


def test_the_model_is_called_once() -> None:
    net, calls = model(), list[object]()
    net.register_forward_hook(lambda *call: calls.append(call))
    loss = losslang.compile("ce + 0.5 * dice + 1e-4 * z_loss")
    gradients(net, loss.terms(net(IMAGES), TARGET).values(), UPGrad())
    assert len(calls) == 1


def test_terms_of_several_heads_share_their_features() -> None:
    """Each head receives the gradient of its term, the trunk what the aggregator makes of both."""
    torch.manual_seed(0)
    trunk, label, place = (nn.Linear(4, n).double() for n in (4, 3, 1))
    x, target, spot = torch.randn(6, 4).double(), torch.arange(6) % 3, torch.randn(6).double()
    features = trunk(x).tanh()
    loss = losslang.compile("ce + mse(guess, spot)")
    given = {"logits": label(features), "guess": place(features).squeeze(-1)}
    terms = loss.terms(**given, target=target, spot=spot)
    leaves = [trunk.weight, label.weight, place.weight]
    alone = [
        torch.autograd.grad(term, leaves, retain_graph=True, allow_unused=True)
        for term in terms.values()
    ]
    mtl_backward([*terms.values()], features=features)
    jac_to_grad(trunk.parameters(), UPGrad())
    torch.testing.assert_close(label.weight.grad, alone[0][1])
    torch.testing.assert_close(place.weight.grad, alone[1][2])
    assert trunk.weight.grad is not None
    for slopes in alone:  # what UPGrad promises: neither term rises
        assert (trunk.weight.grad * slopes[0]).sum() > -1e-9


def test_losses_with_kernels_are_terms_too() -> None:
    net, other = model(), model()
    losses = [losslang.compile(spec) for spec in ("ce", "0.5 * dice", "1e-4 * z_loss")]
    for loss in losses:
        loss.precompile(torch.float64)
    logits = net(IMAGES)
    rows = (logits.movedim(1, -1).reshape(-1, 3), TARGET.flatten())
    terms = [losses[0](*rows), losses[1](logits, TARGET), losses[2](rows[0])]
    found = gradients(net, terms, UPGrad())
    wanted = gradients(other, by_hand(other(IMAGES)), UPGrad())
    torch.testing.assert_close(found, wanted)
