"""Gradients with given shares of a norm, against the paper's formula by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import losslang
from losslang.balance import GradientShares
from tests.balance.models import INPUTS, TARGET, Constants, by_hand, model, sum_of_two


def slopes(logits: Tensor) -> list[Tensor]:
    """The gradient of each term by the output."""
    leaf = logits.detach().requires_grad_()
    return [torch.autograd.grad(term, leaf, retain_graph=True)[0] for term in by_hand(leaf)]


def test_the_output_receives_the_papers_gradient():
    """Three calls with other outputs, so that the averages are more than the last norm."""
    decay, total, shares = 0.9, 2.0, (1.0, 3.0)
    named = dict(zip(("ce", "brier"), shares, strict=True))
    loss = GradientShares(sum_of_two(), named, total=total, decay=decay).double()
    history: list[list[Tensor]] = []
    for scale in (1.0, 3.0, 0.5):
        logits = (scale * model()(INPUTS)).detach().requires_grad_()
        loss(logits, TARGET).backward()
        history.append(slopes(logits))
        ages = [decay**age for age in reversed(range(len(history)))]
        wanted = torch.zeros_like(logits)
        for i, share in enumerate(shares):
            norms = [each[i].norm() for each in history]
            mean = sum(a * n for a, n in zip(ages, norms, strict=True)) / sum(ages)
            wanted += total * share / sum(shares) * history[-1][i] / mean
        torch.testing.assert_close(logits.grad, wanted)


def test_the_model_receives_what_its_output_does():
    net, loss = model(), GradientShares(sum_of_two()).double()
    logits = net(INPUTS)
    loss(logits, TARGET).backward()
    wanted = sum(0.5 * slope / slope.norm() for slope in slopes(logits))
    torch.testing.assert_close(net.weight.grad, wanted.T @ INPUTS)


def test_scales_of_the_terms_have_no_effect():
    found = []
    for spec in ("ce + brier", "1000 * ce + 0.01 * brier"):
        logits = model()(INPUTS).detach().requires_grad_()
        GradientShares(losslang.compile(spec)).double()(logits, TARGET).backward()
        found.append(logits.grad)
    torch.testing.assert_close(*found)


def test_each_share_is_that_of_the_norm():
    loss = GradientShares(sum_of_two(), {"ce": 1, "brier": 3}).double()
    logits = model()(INPUTS).detach().requires_grad_()
    loss(logits, TARGET)
    weighted = [
        (weight * slope).norm()
        for weight, slope in zip(loss.weights.values(), slopes(logits), strict=True)
    ]
    torch.testing.assert_close(torch.stack(weighted), torch.tensor([0.25, 0.75]).double())


@given(scales=st.tuples(*[st.floats(1e-6, 1e6)] * 2), shares=st.tuples(*[st.floats(0.01, 100)] * 2))
def test_a_first_call_gives_each_term_its_share_at_any_scale(scales, shares):
    x = torch.ones(3, requires_grad=True)
    loss = GradientShares(Constants(), dict(zip("ab", shares, strict=True))).double()
    loss(x, a=scales[0], b=scales[1])
    norms = [w * scale / 3**0.5 for w, scale in zip(loss.weights.values(), scales, strict=True)]
    assert norms == pytest.approx([share / sum(shares) for share in shares], rel=1e-5)


def test_a_term_without_a_gradient_has_no_weight():
    loss = GradientShares(Constants())
    loss(torch.ones(3, requires_grad=True), a=1.0, b=0.0)
    assert loss.weights["b"] == 0
    assert loss.weights["a"] > 0


def test_gradients_by_several_outputs_are_one():
    """InfoNCE by both of its views: the norm is that of the two gradients together."""
    loss = GradientShares(losslang.compile("info_nce(u, v) + clip(u, v)"), wrt=("u", "v")).double()
    u, v = (torch.randn(4, 3).double().requires_grad_() for _ in "uv")
    inner = losslang.compile("info_nce(u, v) + clip(u, v)").double()
    loss(u, v)
    for name, term in inner.terms(u, v).items():
        both = torch.autograd.grad(term, (u, v), retain_graph=True)
        norm = torch.cat([x.flatten() for x in both]).norm()
        assert loss.weights[name] == pytest.approx(0.5 / norm.item())


def test_without_gradients_the_averages_stay():
    loss = GradientShares(sum_of_two()).double()
    logits = model()(INPUTS)
    with torch.no_grad():
        value = loss(logits, TARGET)
    assert loss.counted == 0
    assert value == pytest.approx(torch.stack(by_hand(logits)).mean().item())


def test_a_gradient_that_is_not_finite_is_not_counted():
    loss = GradientShares(Constants())
    for value in (2.0, float("inf")):
        loss(torch.ones(3, requires_grad=True), a=value, b=1.0)
    assert loss.counted == 1
    assert loss.weights["a"] == pytest.approx(0.5 / (2 / 3**0.5))


def test_an_output_that_wants_no_gradient_is_not_counted():
    loss = GradientShares(sum_of_two()).double()
    loss(model()(INPUTS).detach(), TARGET)
    assert loss.counted == 0


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"ce": 1, "dice": 1}, "shares of ce, dice, but the terms are ce, brier"),
        ({"ce": 1}, "shares of ce, but the terms are ce, brier"),
        ({"ce": 0, "brier": 0}, "with a positive sum"),
        ({"ce": 2, "brier": -1}, "must be >= 0"),
        ({"ce": 1, "brier": float("inf")}, "with a positive sum"),
        ({"ce": 1, "brier": float("nan")}, "with a positive sum"),
    ],
)
def test_shares_that_are_none_are_refused(shares, message):
    with pytest.raises(ValueError, match=message):
        GradientShares(sum_of_two(), shares)


@pytest.mark.parametrize("settings", [{"total": 0}, {"decay": 1}, {"decay": -0.1}])
def test_settings_outside_of_their_ranges_are_refused(settings):
    with pytest.raises(ValueError, match="total must be > 0 and decay in"):
        GradientShares(sum_of_two(), **settings)


def test_an_unknown_output_is_refused():
    with pytest.raises(ValueError, match="no input 'scores'; it has logits, target"):
        GradientShares(sum_of_two(), wrt="scores")


def test_a_term_that_does_not_depend_on_the_output_is_refused():
    loss = GradientShares(losslang.compile("ce + l1(place, spot)"))
    inputs = torch.randn(2, 3, requires_grad=True), torch.tensor([0, 1]), *torch.randn(2, 2)
    with pytest.raises(ValueError, match="'l1' does not depend on logits"):
        loss(*inputs)
