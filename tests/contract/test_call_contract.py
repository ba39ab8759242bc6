"""What a call accepts, for every loss: one behaviour per test, on losses of every kind."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import losslang
from losslang import driver

N, K = 6, 4
WEIGHT = torch.tensor([0.5, 2.0, 0.0, 1.0, 0.25, 3.0], dtype=torch.float64)
CLASS_WEIGHT = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=torch.float64)
KEPT = torch.tensor([True, True, False, True, False, True])


def normal(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


LOGITS = 2 * normal(1, N, K)
TARGET = torch.tensor([0, 1, 2, 3, 1, 0])
PAIRS = (normal(2, N, 3), normal(3, N, 3))
RESIDUALS = (normal(4, N), normal(5, N))
LABELS = torch.tensor([0, 1, 0, 1, 0, 1])

# Losses that have a value per example, with inputs of six examples.
PER_EXAMPLE: dict[str, tuple[Tensor, ...]] = {
    "ce": (LOGITS, TARGET),
    "focal": (LOGITS, TARGET),
    "gce": (LOGITS, TARGET),
    "poly(eps=[1, -0.5])": (LOGITS, TARGET),
    "nce": (LOGITS, TARGET),
    "mse": RESIDUALS,
    "logistic": (RESIDUALS[0], torch.tensor([1, -1, 1, 1, -1, -1])),
    "kl": (LOGITS, normal(6, N, K).softmax(-1)),
    "triplet": (*PAIRS, normal(7, N, 3)),
    "z_loss": (LOGITS,),
    "info_nce": PAIRS,
    "supcon": (PAIRS[0], LABELS),
    "loss_reweighted(ce)": (LOGITS, TARGET),
}
# Losses that are one number for the whole batch.
WHOLE_BATCH: dict[str, tuple[Tensor, ...]] = {
    "cvar(ce, alpha=0.4)": (LOGITS, TARGET),
    "kl_dro(focal)": (LOGITS, TARGET),
    "clip": PAIRS,
    "load_balance": (LOGITS, TARGET),
}
WITH_TARGET = ["ce", "focal", "gce", "poly(eps=[1, -0.5])", "nce", "squentropy"]
ALL = PER_EXAMPLE | WHOLE_BATCH

per_example = pytest.mark.parametrize("spec", PER_EXAMPLE)
every_loss = pytest.mark.parametrize("spec", ALL)
with_target = pytest.mark.parametrize("spec", WITH_TARGET)


@cache
def compiled(spec: str) -> Any:
    return losslang.compile(spec)


def call(spec: str, *inputs: Tensor, **keywords: Any) -> Tensor:
    value = compiled(spec)(*inputs, **keywords)
    assert isinstance(value, Tensor)
    return value


def value_and_gradient(spec: str, inputs: tuple[Tensor, ...], **keywords: Any) -> list[Tensor]:
    """The loss, then its gradient by each real input."""
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    value = call(spec, *leaves, **keywords)
    wanted = [x for x in leaves if x.is_floating_point()]
    return [value.detach(), *torch.autograd.grad(value.sum(), wanted, materialize_grads=True)]


def same(got: Any, want: Any) -> None:
    torch.testing.assert_close(got, want, rtol=1e-11, atol=1e-13)


# ---------------------------------------------------------------- reduction and denominator


@per_example
def test_mean_is_the_mean_of_none(spec: str) -> None:
    values = call(spec, *PER_EXAMPLE[spec], reduction="none")
    assert values.shape == (N,)
    same(call(spec, *PER_EXAMPLE[spec]), values.mean())


@per_example
def test_sum_is_the_sum_of_none(spec: str) -> None:
    values = call(spec, *PER_EXAMPLE[spec], reduction="none")
    same(call(spec, *PER_EXAMPLE[spec], reduction="sum"), values.sum())


@per_example
def test_a_denominator_takes_the_place_of_the_count(spec: str) -> None:
    total = call(spec, *PER_EXAMPLE[spec], reduction="sum")
    same(call(spec, *PER_EXAMPLE[spec], denominator=24), total / 24)
    same(call(spec, *PER_EXAMPLE[spec], denominator=torch.tensor(24.0)), total / 24)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match="mean"):
        call("ce", LOGITS, TARGET, reduction="average")


@pytest.mark.parametrize("spec", WHOLE_BATCH)
def test_a_whole_batch_loss_is_one_number_under_mean_and_sum(spec: str) -> None:
    mean = call(spec, *WHOLE_BATCH[spec])
    assert mean.shape == ()
    same(call(spec, *WHOLE_BATCH[spec], reduction="sum"), mean)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_penalty_on_weights_is_added_once_whatever_the_examples(reduction: str) -> None:
    weights = normal(8, 30).requires_grad_()
    found = call("ce + 0.1 * once(l2_penalty)", LOGITS, TARGET, weights, reduction=reduction)
    ce = F.cross_entropy(LOGITS, TARGET, reduction=reduction)
    same(found, ce + 0.05 * weights.square().sum())
    (slope,) = torch.autograd.grad(found, weights)
    same(slope, 0.1 * weights)


# ---------------------------------------------------------------- weight


@per_example
def test_weights_divide_by_their_sum(spec: str) -> None:
    values = call(spec, *PER_EXAMPLE[spec], reduction="none")
    weighted = call(spec, *PER_EXAMPLE[spec], weight=WEIGHT)
    same(weighted, (WEIGHT * values).sum() / WEIGHT.sum())


@per_example
def test_weights_multiply_under_sum_and_none(spec: str) -> None:
    values = call(spec, *PER_EXAMPLE[spec], reduction="none")
    same(call(spec, *PER_EXAMPLE[spec], weight=WEIGHT, reduction="none"), WEIGHT * values)
    same(call(spec, *PER_EXAMPLE[spec], weight=WEIGHT, reduction="sum"), (WEIGHT * values).sum())


@per_example
def test_weights_that_sum_to_zero_give_zero(spec: str) -> None:
    value, *gradients = value_and_gradient(spec, PER_EXAMPLE[spec], weight=torch.zeros(N).double())
    assert value == 0
    assert all(bool((gradient == 0).all()) for gradient in gradients)


def test_a_weight_per_class_is_refused_with_help() -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match="class_weight"):
        call("ce", LOGITS, TARGET, weight=CLASS_WEIGHT)


@pytest.mark.parametrize("spec", WHOLE_BATCH)
def test_a_weight_needs_a_value_per_example(spec: str) -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="weight"):
        call(spec, *WHOLE_BATCH[spec], weight=WEIGHT)


# ---------------------------------------------------------------- mask and ignore_index


@every_loss
def test_masked_examples_are_as_if_they_were_not_there(spec: str) -> None:
    """Also for the others: they leave denominators, ranks and sizes."""
    masked = value_and_gradient(spec, ALL[spec], mask=KEPT)
    dropped = value_and_gradient(spec, tuple(x[KEPT] for x in ALL[spec]))
    same(masked[0], dropped[0])
    for whole, part in zip(masked[1:], dropped[1:], strict=True):
        same(whole[KEPT], part)
        assert bool((whole[~KEPT] == 0).all())


@per_example
def test_masked_places_hold_zero_under_none(spec: str) -> None:
    values = call(spec, *PER_EXAMPLE[spec], mask=KEPT, reduction="none")
    assert values.shape == (N,)
    assert bool((values[~KEPT] == 0).all())


@pytest.mark.parametrize(
    "spec", ["ce", "focal", "gce", "mse", "logistic", "kl", "z_loss", "cvar(ce)"]
)
def test_what_a_masked_example_holds_does_not_matter(spec: str) -> None:
    """Padding may be anything, even infinite or not a number."""
    inputs = ALL.get(spec, (LOGITS, TARGET))
    for padding in (float("nan"), float("inf"), 1e300):
        spoiled = tuple(
            torch.where(KEPT.view(-1, *[1] * (x.dim() - 1)), x, padding)
            if x.is_floating_point()
            else x
            for x in inputs
        )
        same(
            value_and_gradient(spec, spoiled, mask=KEPT),
            value_and_gradient(spec, inputs, mask=KEPT),
        )


@every_loss
def test_the_mean_over_nothing_is_zero_with_zero_gradient(spec: str) -> None:
    value, *gradients = value_and_gradient(spec, ALL[spec], mask=torch.zeros(N, dtype=torch.bool))
    assert value == 0
    assert all(bool((gradient == 0).all()) for gradient in gradients)


@every_loss
def test_an_empty_batch_gives_zero(spec: str) -> None:
    inputs = zip(driver.elaborated(spec).inputs, ALL[spec], strict=True)
    none = tuple(x[:0] if known.batched else x for known, x in inputs)
    value, *gradients = value_and_gradient(spec, none)
    assert value == 0
    assert all(bool((gradient == 0).all()) for gradient in gradients)


@with_target
@pytest.mark.parametrize("ignored", [-100, -1, 7, 1])
def test_ignored_targets_are_masked(spec: str, ignored: int) -> None:
    target = torch.where(KEPT, TARGET.clamp(max=0), ignored)
    same(
        value_and_gradient(spec, (LOGITS, target), ignore_index=ignored),
        value_and_gradient(spec, (LOGITS, target.clamp(0, K - 1)), mask=KEPT),
    )


def test_minus_100_is_ignored_by_default() -> None:
    same(
        call("focal", LOGITS, torch.where(KEPT, TARGET, -100)),
        call("focal", LOGITS, TARGET, mask=KEPT),
    )


def test_mask_and_ignore_index_compose() -> None:
    target = TARGET.clone()
    target[0] = -100
    rest = KEPT & (torch.arange(N) != 0)
    same(call("ce", LOGITS, target, mask=KEPT), call("ce", LOGITS, TARGET, mask=rest))


def test_ignored_places_of_an_image_leave_dice() -> None:
    logits, target = 2 * normal(8, 1, 3, 5), torch.tensor([[0, 1, 2, 0, 1]])
    kept = torch.tensor([True, True, False, True, True])
    ignoring = torch.where(kept, target, -100)
    same(call("dice", logits, ignoring), call("dice", logits[..., kept], target[..., kept]))


# ---------------------------------------------------------------- class weights, soft targets


@with_target
def test_class_weights_multiply_each_label_and_divide_by_their_sum(spec: str) -> None:
    values = call(spec, LOGITS, TARGET, reduction="none")
    weights = CLASS_WEIGHT[TARGET]
    weighted = call(spec, LOGITS, TARGET, class_weight=CLASS_WEIGHT)
    same(weighted, (weights * values).sum() / weights.sum())


def per_label(spec: str) -> Tensor:
    """The loss of every example under every label, [N, K]."""
    columns = [call(spec, LOGITS, torch.full((N,), label), reduction="none") for label in range(K)]
    return torch.stack(columns, dim=1)


SOFT = normal(9, N, K).softmax(-1)


@with_target
def test_a_soft_target_is_the_expectation_over_labels(spec: str) -> None:
    expected = (SOFT * per_label(spec)).sum(1)
    same(call(spec, LOGITS, SOFT, reduction="none"), expected)
    same(call(spec, LOGITS, SOFT), expected.mean())


@with_target
def test_a_one_hot_soft_target_is_the_index(spec: str) -> None:
    onehot = F.one_hot(TARGET, K).double()
    same(
        value_and_gradient(spec, (LOGITS, onehot))[:2],
        value_and_gradient(spec, (LOGITS, TARGET)),
    )


@with_target
def test_label_smoothing_mixes_the_target_with_the_uniform_one(spec: str) -> None:
    smooth = 0.8 * F.one_hot(TARGET, K).double() + 0.2 / K
    same(
        call(spec, LOGITS, TARGET, label_smoothing=0.2, reduction="none"),
        call(spec, LOGITS, smooth, reduction="none"),
    )


@with_target
def test_class_weights_act_on_the_labels_of_a_soft_target(spec: str) -> None:
    expected = (SOFT * CLASS_WEIGHT * per_label(spec)).sum(1).mean()
    same(call(spec, LOGITS, SOFT, class_weight=CLASS_WEIGHT), expected)


@with_target
def test_smoothing_weights_and_ignored_targets_compose(spec: str) -> None:
    """As in torch's cross-entropy: the mean divides by the kept examples' class weights."""
    target = torch.where(KEPT, TARGET, -100)
    smooth = 0.9 * F.one_hot(TARGET, K).double() + 0.1 / K
    values = (smooth * CLASS_WEIGHT * per_label(spec)).sum(1) * WEIGHT * KEPT
    share = (CLASS_WEIGHT[TARGET] * WEIGHT * KEPT).sum()
    got = call(spec, LOGITS, target, label_smoothing=0.1, class_weight=CLASS_WEIGHT, weight=WEIGHT)
    same(got, values.sum() / share)


def test_cvar_ranks_the_smoothed_and_weighted_losses() -> None:
    """Call keywords act on the base, before the transformer sees it."""
    values = F.cross_entropy(
        LOGITS, TARGET, weight=CLASS_WEIGHT, label_smoothing=0.1, reduction="none"
    )
    worst = values.topk(3).values.mean()
    got = call("cvar(ce)", LOGITS, TARGET, class_weight=CLASS_WEIGHT, label_smoothing=0.1)
    same(got, worst)


def test_soft_targets_reach_dice() -> None:
    """``target[x] == c`` becomes the target's probability of class c at x."""
    logits, soft = 2 * normal(10, 2, 3, 5), normal(11, 2, 3, 5).softmax(1)
    p = logits.softmax(1)
    ratio = (2 * (p * soft).sum(2) + 1) / ((p + soft).sum(2) + 1)
    same(call("dice", logits, soft), (1 - ratio.mean(1)).mean())


def test_a_class_weight_of_the_wrong_size_is_refused() -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match="class"):
        call("ce", LOGITS, TARGET, class_weight=torch.ones(K + 1))


def test_a_loss_without_classes_takes_no_class_weight() -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="class_weight"):
        call("mse", *RESIDUALS, class_weight=CLASS_WEIGHT)


# ---------------------------------------------------------------- shapes and types of inputs


def test_leading_dimensions_are_mapped() -> None:
    logits, target = normal(12, 2, 3, K), torch.tensor([[0, 1, 2], [3, 0, 1]])
    flat = call("focal", logits.reshape(6, K), target.reshape(6), reduction="none")
    same(call("focal", logits, target, reduction="none"), flat.reshape(2, 3))


def test_one_example_needs_no_leading_dimension() -> None:
    same(call("focal", LOGITS[0], TARGET[0]), call("focal", LOGITS[:1], TARGET[:1]))


def test_class_dim_says_where_the_classes_stand() -> None:
    logits, target = normal(13, 2, K, 3), torch.tensor([[0, 1, 2], [3, 0, 1]])
    expected = call("focal", logits.movedim(1, -1), target, reduction="none")
    same(call("focal", logits, target, class_dim=1, reduction="none"), expected)


@pytest.mark.parametrize("spec", ["mse", "l1", "huber", "quantile"])
def test_a_column_against_a_row_is_refused(spec: str) -> None:
    """[n, 1] against [n] would broadcast to [n, n] in torch."""
    with pytest.raises((ValueError, losslang.DiagnosticError), match=r"prediction|target"):
        call(spec, RESIDUALS[0][:, None], RESIDUALS[1])


@pytest.mark.parametrize(
    ("spec", "arrays", "axis"),
    [
        ("kd", [(5, 3), (5, 1)], "class"),
        ("info_nce", [(5, 3), (5, 1)], "dim"),
        ("giou", [(5, 5), (5, 5)], "4"),
        ("ssim(window=2)", [(2, 3, 8, 8), (2, 3, 8, 1)], "width"),
    ],
)
def test_an_axis_has_one_size(spec: str, arrays: list[tuple[int, ...]], axis: str) -> None:
    """A single column would broadcast over a teacher's classes, and a fifth of a box be unread."""
    inputs = [normal(n, *shape) for n, shape in enumerate(arrays)]
    with pytest.raises(ValueError, match=f"the sizes of axis {axis} disagree"):
        call(spec, *inputs)


def test_an_array_of_settings_has_the_size_of_its_axis() -> None:
    loss = losslang.compile("logit_adjusted", prior=torch.full((K + 1,), 1 / (K + 1)))
    with pytest.raises(ValueError, match="the sizes of axis class disagree"):
        loss(LOGITS, TARGET)


@pytest.mark.parametrize(
    ("logits", "target"),
    [
        (LOGITS, TARGET[:-1]),
        (LOGITS, TARGET[:, None]),
        (LOGITS, TARGET[0]),
        (LOGITS, F.one_hot(TARGET, K + 1).double()),
    ],
    ids=["fewer targets", "a column of targets", "one target", "soft with another class count"],
)
def test_shapes_that_do_not_fit_are_refused(logits: Tensor, target: Tensor) -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match="target"):
        call("focal", logits, target)


def test_logits_without_a_batch_need_a_target_without_one() -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match=r"target|logits"):
        call("focal", LOGITS[0], TARGET)


def test_integer_logits_are_refused() -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="logits"):
        call("ce", LOGITS.long(), TARGET)


def test_float_indices_are_refused() -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="target"):
        call("ce", LOGITS, TARGET.double())


@pytest.mark.parametrize("label", [K, K + 100, -1, -2])
def test_labels_out_of_range_are_refused(label: int) -> None:
    target = TARGET.clone()
    target[2] = label
    with pytest.raises((IndexError, ValueError, RuntimeError, losslang.DiagnosticError)):
        call("focal", LOGITS, target)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.uint8])
def test_any_integer_type_is_an_index(dtype: torch.dtype) -> None:
    same(call("focal", LOGITS, TARGET.to(dtype)), call("focal", LOGITS, TARGET))


def test_signs_may_be_integers_or_reals() -> None:
    score, target = PER_EXAMPLE["logistic"]
    same(call("logistic", score, target.double()), call("logistic", score, target))


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ("ce", ("logits", "target")),
        ("mse", ("prediction", "target")),
        ("logistic", ("score", "target")),
        ("clip", ("image", "text")),
        ("cvar(ce)", ("logits", "target")),
    ],
)
def test_inputs_may_be_named(spec: str, names: tuple[str, str]) -> None:
    """By the names of the signature, in any order."""
    first, second = ALL.get(spec, (LOGITS, TARGET))
    same(call(spec, **{names[1]: second, names[0]: first}), call(spec, first, second))


def test_a_missing_input_is_named() -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="target"):
        call("ce", LOGITS)


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="gama"):
        call("focal", LOGITS, TARGET, gama=2)


# ---------------------------------------------------------------- hyperparameters


def test_a_hyperparameter_is_set_in_the_config_or_per_call() -> None:
    set_once = losslang.compile("focal(gamma=3)")(LOGITS, TARGET)
    same(call("focal", LOGITS, TARGET, gamma=3), set_once)
    same(call("focal", LOGITS, TARGET, gamma=3.0), set_once)


def test_a_hyperparameter_may_be_a_tensor_with_a_gradient() -> None:
    gamma = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    value = call("focal", LOGITS, TARGET, gamma=gamma)
    value.backward()
    p = LOGITS.softmax(-1)[torch.arange(N), TARGET]
    by_gamma = -(torch.log1p(-p) * (1 - p) ** 1.5 * p.log()).mean()
    same(gamma.grad, by_gamma)


def test_a_hyperparameter_may_vary_over_the_examples() -> None:
    gammas = torch.tensor([0.5, 1.0, 1.5, 2.0, 2.5, 3.0], dtype=torch.float64)
    together = call("focal", LOGITS, TARGET, gamma=gammas, reduction="none")
    for i, gamma in enumerate(gammas):
        alone = call("focal", LOGITS[i], TARGET[i], gamma=float(gamma))
        same(together[i], alone)


def test_a_hyperparameter_array_is_given_as_a_list_or_a_tensor() -> None:
    eps = [1.0, -0.5, 0.25]
    fixed = losslang.compile("poly(eps=[1, -0.5, 0.25])")(LOGITS, TARGET)
    same(call("poly", LOGITS, TARGET, eps=torch.tensor(eps, dtype=torch.float64)), fixed)
    same(call("poly", LOGITS, TARGET, eps=eps), fixed)


def test_a_hyperparameter_outside_its_domain_is_refused() -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match="q"):
        call("gce", LOGITS, TARGET, q=1.5)
    with pytest.raises((ValueError, losslang.DiagnosticError), match="gamma"):
        losslang.compile("focal(gamma=-1)")


def test_a_hyperparameter_without_default_must_be_given() -> None:
    with pytest.raises((TypeError, ValueError, losslang.DiagnosticError), match="counts"):
        call("ldam", LOGITS, TARGET)


def test_a_hyperparameter_follows_the_training_progress() -> None:
    scheduled: Any = losslang.compile("pseudo_huber(delta=ramp(progress, 1, 0.1))")
    for progress in (0.0, 0.3, 1.0):
        fixed = call("pseudo_huber", *RESIDUALS, delta=1 - 0.9 * progress)
        same(scheduled(*RESIDUALS, progress=progress), fixed)
        scheduled.progress = progress  # kept in float32
        torch.testing.assert_close(scheduled(*RESIDUALS), fixed, rtol=1e-7, atol=0)


def test_a_learned_temperature_is_a_parameter_with_a_gradient() -> None:
    loss = losslang.compile("clip").double()
    assert len(list(loss.parameters())) == 1
    loss(*PAIRS).backward()
    (parameter,) = loss.parameters()
    assert parameter.grad is not None
    assert bool(parameter.grad != 0)


def test_a_learned_temperature_starts_at_its_default() -> None:
    """Up to the rounding of a parameter in float32."""
    start = losslang.compile("clip")(*PAIRS)
    torch.testing.assert_close(start, call("clip", *PAIRS, tau=0.07), rtol=1e-6, atol=0)


@pytest.mark.parametrize("spec", ["info_nce(tau=learn(0.07))", "clip"])
def test_a_learned_hyperparameter_stays_in_its_domain(spec: str) -> None:
    """Whatever the optimiser does to the parameter, the temperature is positive."""
    loss: Any = losslang.compile(spec)
    (parameter,) = loss.parameters()
    for shift in (-30.0, 30.0, 0.0):
        with torch.no_grad():
            parameter.fill_(shift)
        value = loss(*PAIRS)
        value.backward()
        assert bool(torch.isfinite(value))
        assert bool(torch.isfinite(parameter.grad).all())


def test_a_learned_hyperparameter_is_saved_and_restored() -> None:
    first, second = losslang.compile("clip"), losslang.compile("clip")
    with torch.no_grad():
        next(first.parameters()).add_(1)
    second.load_state_dict(first.state_dict())
    same(second(*PAIRS), first(*PAIRS))


def test_learning_moves_the_temperature_downhill() -> None:
    loss = losslang.compile("clip").double()
    optimiser = torch.optim.SGD(loss.parameters(), lr=0.1)
    before = loss(*PAIRS)
    before.backward()
    optimiser.step()
    assert bool(loss(*PAIRS) < before)


@per_example
def test_inputs_are_left_as_they_are(spec: str) -> None:
    inputs = tuple(x.clone() for x in PER_EXAMPLE[spec])
    call(spec, *inputs, mask=KEPT, weight=WEIGHT)
    same(inputs, PER_EXAMPLE[spec])


@every_loss
def test_strides_do_not_matter(spec: str) -> None:
    strided = tuple(
        x.repeat_interleave(2, 0)[::2] if x.dim() < 2 else x.mT.contiguous().mT for x in ALL[spec]
    )
    same(value_and_gradient(spec, strided), value_and_gradient(spec, ALL[spec]))


@every_loss
def test_the_order_of_the_examples_does_not_matter(spec: str) -> None:
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    same(call(spec, *(x[order] for x in ALL[spec])), call(spec, *ALL[spec]))


@every_loss
def test_float32_inputs_give_a_float32_loss(spec: str) -> None:
    inputs = tuple(x.float() if x.is_floating_point() else x for x in ALL[spec])
    value = losslang.compile(spec)(*inputs)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value.double(), call(spec, *ALL[spec]), rtol=2e-5, atol=1e-6)


@every_loss
def test_a_module_can_be_copied(spec: str) -> None:
    same(copy.deepcopy(compiled(spec))(*ALL[spec]), call(spec, *ALL[spec]))


# ---------------------------------------------------------------- compositions


def images() -> tuple[Tensor, Tensor]:
    return 2 * normal(14, 2, 3, 4, 5), torch.arange(40).reshape(2, 4, 5) % 3


def test_terms_add_up_and_have_names() -> None:
    loss: Any = losslang.compile("ce + 0.5 * dice")
    terms = loss.terms(*images())
    assert set(terms) == {"ce", "dice"}
    same(sum(terms.values()), loss(*images()))


def test_each_term_is_reduced_over_its_own_examples() -> None:
    """Cross-entropy over all places, Dice over the images."""
    logits, target = images()
    expected = F.cross_entropy(logits, target) + 0.5 * call("dice", logits, target)
    same(call("ce + 0.5 * dice", logits, target), expected)


def test_terms_over_different_examples_have_no_common_none() -> None:
    with pytest.raises((ValueError, losslang.DiagnosticError), match="terms"):
        call("ce + 0.5 * dice", *images(), reduction="none")
    separate = compiled("ce + 0.5 * dice").terms(*images(), reduction="none")
    assert separate["ce"].shape == (2, 4, 5)
    assert separate["dice"].shape == (2,)


def test_a_composition_takes_the_same_keywords() -> None:
    logits, target = images()
    target = torch.where(torch.arange(40).reshape(2, 4, 5) % 7 == 0, -100, target)
    weights = CLASS_WEIGHT[:3]
    expected = F.cross_entropy(logits, target, weight=weights, label_smoothing=0.1)
    got = compiled("ce + 0.5 * dice").terms(
        logits, target, class_weight=weights, label_smoothing=0.1
    )
    same(got["ce"], expected)


def test_class_weights_leave_a_loss_that_compares_labels_itself_as_it_is() -> None:
    logits, target = images()
    terms = compiled("ce + 0.5 * dice").terms
    plain = terms(logits, target, label_smoothing=0.1)
    weighted = terms(logits, target, label_smoothing=0.1, class_weight=CLASS_WEIGHT[:3])
    same(weighted["dice"], plain["dice"])


def test_a_loss_without_a_loss_for_each_label_takes_no_class_weights() -> None:
    logits, target = images()
    with pytest.raises(TypeError, match="class_weight"):
        compiled("dice")(logits, target, class_weight=CLASS_WEIGHT[:3])


def test_a_transformer_sees_all_leading_axes_as_one_batch() -> None:
    logits, target = images()
    rows, labels = logits.movedim(1, -1).reshape(-1, 3), target.reshape(-1)
    same(
        compiled("cvar(ce)")(logits.movedim(1, -1), target, class_weight=CLASS_WEIGHT[:3]),
        compiled("cvar(ce)")(rows, labels, class_weight=CLASS_WEIGHT[:3]),
    )
    same(compiled("cvar(ce)")(logits.movedim(1, -1), target), compiled("cvar(ce)")(rows, labels))


def test_a_call_keyword_may_stand_in_the_config() -> None:
    same(
        losslang.compile("ce(label_smoothing=0.1)")(LOGITS, TARGET),
        F.cross_entropy(LOGITS, TARGET, label_smoothing=0.1),
    )


# ---------------------------------------------------------------- loss transformers


def test_cvar_of_everything_is_the_mean() -> None:
    same(call("cvar(ce, alpha=1)", LOGITS, TARGET), call("ce", LOGITS, TARGET))


def test_cvar_of_one_example_is_the_worst() -> None:
    worst = call("ce", LOGITS, TARGET, reduction="none").max()
    same(call("cvar(ce)", LOGITS, TARGET, alpha=1 / N), worst)


def test_cvar_ranks_only_the_kept_examples() -> None:
    kept = call("ce", LOGITS, TARGET, reduction="none")[KEPT]
    same(call("cvar(ce)", LOGITS, TARGET, mask=KEPT), kept.topk(2).values.mean())


def test_transformers_nest() -> None:
    """The worst half of the normalized losses."""
    values = call("nce", LOGITS, TARGET, reduction="none")
    same(call("cvar(normalized(ce))", LOGITS, TARGET), values.topk(3).values.mean())


def test_a_transformer_takes_a_composition() -> None:
    """`nce_mae` is a sum of two losses."""
    values = call("nce_mae", LOGITS, TARGET, reduction="none")
    same(call("cvar(nce_mae)", LOGITS, TARGET), values.topk(3).values.mean())


def test_a_loss_of_the_whole_batch_has_no_worst_example() -> None:
    with pytest.raises(losslang.DiagnosticError, match="per example"):
        losslang.compile("cvar(clip)")


def test_dr_weights_are_constants_in_the_gradient() -> None:
    weights = (call("ce", LOGITS, TARGET, reduction="none") / 0.5).softmax(0)
    leaf = LOGITS.clone().requires_grad_()
    (weights * F.cross_entropy(leaf, TARGET, reduction="none")).sum().backward()
    same(value_and_gradient("dr_reweighted(ce, tau=0.5)", (LOGITS, TARGET))[1], leaf.grad)


# ---------------------------------------------------------------- state


def test_adaface_takes_batch_statistics_into_its_buffers_in_training_only() -> None:
    """The paper's running statistics: 0.99 of the old value and 0.01 of the batch's."""
    loss = losslang.compile("adaface").double()
    cosines, norms = 0.5 * normal(15, N, K).tanh(), 10 + 5 * normal(16, N).abs()
    loss.eval()
    before = {name: buffer.clone() for name, buffer in loss.named_buffers()}
    loss(cosines, TARGET, norms)
    same(dict(loss.named_buffers()), before)
    loss.train()
    loss(cosines, TARGET, norms)
    after = {float(buffer) for buffer in loss.buffers() if buffer.dim() == 0}
    mean = 0.99 * 20 + 0.01 * float(norms.mean())
    assert min(abs(value - mean) for value in after) < 1e-12


FACES = (0.5 * normal(15, N, K).tanh(), TARGET, 10 + 5 * normal(16, N).abs())


def statistics(loss: torch.nn.Module) -> dict[str, float]:
    return {name: float(buffer) for name, buffer in loss.named_buffers()}


def test_masked_examples_do_not_reach_the_running_statistics() -> None:
    masked, dropped = (losslang.compile("adaface").double() for _ in range(2))
    same(masked(*FACES, mask=KEPT), dropped(*(x[KEPT] for x in FACES)))
    same(statistics(masked), statistics(dropped))


@pytest.mark.parametrize("kept", [torch.zeros(N, dtype=torch.bool)], ids=["all masked"])
def test_a_batch_of_nothing_leaves_the_running_statistics(kept: Tensor) -> None:
    loss = losslang.compile("adaface").double()
    before = statistics(loss)
    assert loss(*FACES, mask=kept) == 0
    assert statistics(loss) == before


def test_running_statistics_are_saved_and_restored() -> None:
    first, second = (losslang.compile("adaface").double() for _ in range(2))
    for _ in range(3):
        first(*FACES)
    second.load_state_dict(first.state_dict())
    same(second.eval()(*FACES), first.eval()(*FACES))


def test_a_loss_with_state_compiles_into_one_graph() -> None:
    """In float32: torch 2.13 loses what a graph writes to a float64 buffer of one number."""
    plain, fast = (losslang.compile("adaface") for _ in range(2))
    graph = torch.compile(fast, fullgraph=True, backend="aot_eager")
    faces = tuple(x.float() if x.is_floating_point() else x for x in FACES)
    for _ in range(3):
        torch.testing.assert_close(graph(*faces), plain(*faces))
    torch.testing.assert_close(statistics(fast), statistics(plain))


def test_a_schedule_recompiles_nothing() -> None:
    loss: Any = losslang.compile("pseudo_huber(delta=ramp(progress, 1, 0.1))")
    graph = torch.compile(loss, fullgraph=True, backend="aot_eager")
    graph(*RESIDUALS)
    with torch._dynamo.config.patch(error_on_recompile=True):
        for progress in (0.25, 0.5, 1.0):
            loss.progress = progress
            same(graph(*RESIDUALS), loss(*RESIDUALS))
