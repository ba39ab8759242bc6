"""Masks, soft labels and class weights change a formula as its meaning says, whatever it is.

Oracles: dropping rows, one-hot labels, and the reference interpreter.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from losslang import driver
from losslang.codegen import variants
from losslang.ir.interpret import interpret
from losslang.ir.loss import Loss
from tests.codegen.modules import compiled, gradients, live, losses, normal, same
from tests.sampling import FULL

N, K, D = 6, 4, 3
LOGITS, TARGET = 2 * normal(1, N, K), torch.tensor([0, 1, 2, 3, 1, 0])
COSINES = 0.5 * normal(2, N, K).tanh()
U, V = normal(3, N, D), normal(4, N, D)
LABEL = torch.tensor([0, 1, 0, 2, 1, 0])
KEPT = torch.tensor([True, False, True, True, False, True])
CLASS_WEIGHT = torch.tensor([0.5, 2.0, 1.0, 0.25], dtype=torch.float64)
IMAGES = (2 * normal(5, 2, 3, 2, 3), torch.arange(12).reshape(2, 2, 3) % 3)

# Losses whose examples look at one another, or whose formula has a pack.
BATCH_LOOKING: dict[str, tuple[Tensor, ...]] = {
    "info_nce": (U, V),
    "nt_xent": (U, V),
    "clip(tau=0.5)": (U, V),
    "siglip": (U, V),
    "supcon(tau=0.5)": (U, LABEL),
    "multi_similarity(beta=5)": (U, LABEL),
    "circle(gamma=4)": (U, LABEL),
    "uniformity": (U,),
    "frechet": (U, V),
    "rankme": (U,),
    "e2mc(spacing=2)": (U,),
    "load_balance": (LOGITS, TARGET),
    "cvar(ce, alpha=0.3)": (LOGITS, TARGET),
    "cvar(mse, alpha=0.7)": (normal(6, N), normal(7, N)),
    "kl_dro(focal, tau=0.5)": (LOGITS, TARGET),
    "loss_reweighted(ce)": (LOGITS, TARGET),
    "adaface(scale=4)": (COSINES, TARGET, 20 + 5 * normal(8, N)),
    "cvar(arcface(scale=4))": (COSINES, TARGET),
    **({"loss_reweighted(normalized(focal))": (LOGITS, TARGET)} if FULL else {}),
    "ce + 0.3 * cvar(ce) + 0.1 * supcon(logits, target, tau=0.5)": (LOGITS, TARGET),
}

# What the language has that looks at a batch, one program each.
OPERATIONS = {
    "sum": "sum(base[i]**2 for i in batch)",
    "mean": "mean(base[i]**2 for i in batch)",
    "max": "max(base[i] for i in batch)",
    "min": "min(base[i] for i in batch)",
    "prod": "prod(base[i] for i in batch)",
    "var": "var(base, axis=batch)",
    "std": "std(base[i] for i in batch)",
    "logsumexp": "logsumexp(base[i] for i in batch)",
    "logmeanexp": "logmeanexp(base[i] for i in batch)",
    "count": "count(base[i] > 1 for i in batch)",
    "any": "any(base[i] > 2 for i in batch) + 0",
    "all": "all(base[i] > 0.1 for i in batch) + 0",
    "size": "sum(base[i] for i in batch) / size(batch)**2",
    "rank": "sum(rank(base)[i] * base[i] for i in batch)",
    "sort": "sum(sort(base)[k] * (k + 1) for k in range(3))",
    "sort, a place": "sort(base)[0] - sort(base)[1]",
    "sort by": "cumsum(sort(base, by=[abs(base[i] - 1) for i in batch]))[2]",
    "topk": "mean(topk(base, 2))",
    "quantile": "quantile(base, 0.3)",
    "quantile at an end": "quantile(base, 1)",
    "singular_values": "sum(singular_values([base[i]**n for i in batch for n in range(2)]))",
    "the largest eigenvalue": "eigenvalues([base[i] + base[j] for i in batch for j in batch'])[0]",
    "eigenvalues": "sum(eigenvalues([base[i] - 2 * (i == j) for i in batch for j in batch'])**3)",
    "logdet": "logdet([base[i] * base[j] + (i == j) for i in batch for j in batch'])",
    "cumsum": "sum(cumsum(base)[i] * base[i] for i in batch)",
    "argmax": "base[argmax(base)]",
    "argmin": "base[argmin(base)] * 2",
    "softmax": "sum(softmax(base, axis=batch)[i] * base[i] for i in batch)",
    "norm": "norm(base)",
    "normalize": "sum(normalize(base, axis=batch)[i] for i in batch)",
    "guard": "mean(base[i] for i in batch if base[i] > 0.5)",
    "pairs": "sum(relu(base[i] - base[j]) for i in batch for j in batch if i != j)",
    "nested": "mean(max(base[j] - base[i] for j in batch) for i in batch)",
    "entropy": "entropy(softmax(base, axis=batch))",
}


def program(body: str) -> str:
    return f"loss op(base: loss[batch]) = {body}"


@cache
def operation(name: str) -> tuple[Any, Loss]:
    """The operation over squared errors, as a module and as its meaning."""
    text = f"{program(OPERATIONS[name])}\nloss it = op(l1)"
    return live(text, "it"), losses(text)[0]


RESIDUALS = (normal(9, N) * 2, torch.zeros(N, dtype=torch.float64))


def same_as_dropping(loss: Any, inputs: tuple[Tensor, ...]) -> None:
    """A mask gives the value and the gradients of the rows that it keeps, and none to the rest."""
    value, slopes = gradients(loss, *inputs, mask=KEPT)
    want, expected = gradients(loss, *(x[KEPT] for x in inputs))
    same(value, want)
    for slope, few in zip(slopes, expected, strict=True):
        same(slope[KEPT], few)
        assert not slope[~KEPT].any()


# ---------------------------------------------------------------- masks


@pytest.mark.parametrize("spec", BATCH_LOOKING)
def test_masking_is_dropping_rows(spec: str) -> None:
    same_as_dropping(compiled(spec).double().eval(), BATCH_LOOKING[spec])


@pytest.mark.parametrize("spec", ["adaface(scale=4)"])
def test_masking_is_dropping_rows_in_training_too(spec: str) -> None:
    inputs = BATCH_LOOKING[spec]
    masked, dropped = (driver.compile(spec).double() for _ in range(2))
    same(masked(*inputs, mask=KEPT), dropped(*(x[KEPT] for x in inputs)))
    same(list(masked.buffers()), list(dropped.buffers()))


@pytest.mark.parametrize("name", OPERATIONS)
def test_masking_an_operation_is_dropping_rows(name: str) -> None:
    same_as_dropping(operation(name)[0], RESIDUALS)


@pytest.mark.parametrize("spec", BATCH_LOOKING)
def test_what_a_mask_hides_may_be_anything(spec: str) -> None:
    """Padding is often NaN or infinite; it reaches neither the value nor a gradient."""
    inputs = BATCH_LOOKING[spec]
    loss = compiled(spec).double().eval()
    want, expected = gradients(loss, *inputs, mask=KEPT)
    for bad in (float("nan"), float("inf"), 1e200):
        spoilt = []
        for x in inputs:
            rows = KEPT.reshape(-1, *[1] * (x.ndim - 1))
            spoilt.append(torch.where(rows, x, bad) if x.is_floating_point() else x)
        value, slopes = gradients(loss, *spoilt, mask=KEPT)
        same(value, want)
        same(slopes, expected)


@pytest.mark.parametrize("spec", BATCH_LOOKING)
def test_a_mask_of_nothing_gives_zero(spec: str) -> None:
    value, slopes = gradients(
        compiled(spec).double().eval(), *BATCH_LOOKING[spec], mask=torch.zeros(N, dtype=torch.bool)
    )
    assert float(value) == 0
    assert not any(slope.any() for slope in slopes)


@pytest.mark.parametrize("spec", BATCH_LOOKING)
def test_a_mask_of_everything_is_no_mask(spec: str) -> None:
    loss = compiled(spec).double().eval()
    everything = torch.ones(N, dtype=torch.bool)
    same(
        gradients(loss, *BATCH_LOOKING[spec], mask=everything),
        gradients(loss, *BATCH_LOOKING[spec]),
    )


def interpreted(loss: Loss, inputs: tuple[Tensor, ...], **options: Any) -> float:
    """The value by the reference interpreter."""
    named = {known.name: x.tolist() for known, x in zip(loss.inputs, inputs, strict=True)}
    return float(interpret(loss, named, digits=25, **options).mean)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_over_the_batch_is_what_the_interpreter_says(name: str) -> None:
    loss, meaning = operation(name)
    same(float(loss(*RESIDUALS)), interpreted(meaning, RESIDUALS))
    masked = float(loss(*RESIDUALS, mask=KEPT))
    same(masked, interpreted(meaning, RESIDUALS, mask=KEPT.tolist()))


@pytest.mark.parametrize("spec", ["dice", "jaccard", "tversky", "cvar(dice)"])
def test_masked_places_of_an_image_are_absent(spec: str) -> None:
    """The images have different numbers of kept places, so no dropping of rows says the same."""
    logits, target = IMAGES[0].flatten(2), IMAGES[1].flatten(1)
    mask = torch.tensor([[1, 1, 0, 1, 0, 1], [1, 0, 0, 0, 1, 1]]).bool()
    loss = compiled(spec)
    named = {"logits": logits.tolist(), "target": target.tolist()}
    want = interpret(driver.elaborated(spec), named, digits=25, mask=mask.tolist()).mean
    same(float(loss(logits, target, mask=mask)), float(want))
    ignoring = torch.where(mask, target, -100)
    same(loss(logits, ignoring), loss(logits, target, mask=mask))
    # Every place of an image beyond the first masked away: only the first counts.
    alone = torch.stack([mask[0], torch.zeros(6, dtype=torch.bool)])
    same(loss(logits, target, mask=alone), loss(logits[:1][..., mask[0]], target[:1, mask[0]]))


# ---------------------------------------------------------------- soft labels

LABELLED = [
    *["ce", "focal", "poly(eps=[1, -0.5])", "gce", "brier", "nce", "rce", "sce", "squentropy"],
    *["crammer_singer", "sum_exp", "taylor_ce", "comp_sum", "spherical_softmax", "ldr_kl"],
    *["mbls(margin=1)", "normalized(focal)", "apl(nce, mae, alpha=2)", "z_normalised"],
    *["ldam(counts=[9, 4, 2, 1], scale=3)", "logit_adjusted(prior=[0.4, 0.3, 0.2, 0.1])"],
    *["cvar(ce)", "kl_dro(focal)", "loss_reweighted(ce)", "cvar(normalized(focal))"],
    *["ce + 0.5 * focal", "arcface(scale=4)", "cosface(scale=4)", "sface(scale=2, k=4)"],
]
PACKED = ["dice", "jaccard", "tversky", "cvar(dice)", "ce + 0.5 * dice"]


def labelled(spec: str) -> tuple[Tensor, Tensor]:
    return (COSINES if "face" in spec else LOGITS), TARGET


@pytest.mark.parametrize("spec", LABELLED)
def test_one_hot_labels_are_indices(spec: str) -> None:
    scores, target = labelled(spec)
    onehot = F.one_hot(target, K).double()
    want, slopes = gradients(compiled(spec), scores, target)
    value, found = gradients(compiled(spec), scores, onehot)
    same(value, want)
    same(found[0], slopes[0])


@pytest.mark.parametrize("spec", PACKED)
def test_one_hot_labels_of_an_image_are_indices(spec: str) -> None:
    logits, target = IMAGES
    onehot = F.one_hot(target, 3).movedim(-1, 1).double()
    want, slopes = gradients(compiled(spec), logits, target)
    value, found = gradients(compiled(spec), logits, onehot)
    same(value, want)
    same(found[0], slopes[0])


@pytest.mark.parametrize("spec", [s for s in LABELLED if "cvar" not in s and "_dro" not in s])
def test_soft_labels_are_an_expectation(spec: str) -> None:
    """Linear in the label weights, for every loss per example that does not look at the batch."""
    if spec == "loss_reweighted(ce)":
        return
    scores, _ = labelled(spec)
    soft = normal(10, N, K).softmax(-1)
    each = [compiled(spec)(scores, torch.full((N,), k), reduction="none") for k in range(K)]
    same(compiled(spec)(scores, soft, reduction="none"), (soft * torch.stack(each, dim=1)).sum(1))


def test_a_transformer_sees_the_expected_loss_of_its_base() -> None:
    soft = normal(11, N, K).softmax(-1)
    values = compiled("focal")(LOGITS, soft, reduction="none")
    same(compiled("cvar(focal)")(LOGITS, soft), values.topk(3).values.mean())
    same(compiled("kl_dro(focal)")(LOGITS, soft), values.exp().mean().log())


# ---------------------------------------------------------------- class weights


@pytest.mark.parametrize("spec", LABELLED)
def test_class_weights_of_one_hot_labels_are_those_of_indices(spec: str) -> None:
    """As sums: a mean divides by the class weights for indices, by the count for soft labels."""
    scores, target = labelled(spec)
    onehot = F.one_hot(target, K).double()
    keywords = {"class_weight": CLASS_WEIGHT, "reduction": "sum"}
    want, slopes = gradients(compiled(spec), scores, target, **keywords)
    value, found = gradients(compiled(spec), scores, onehot, **keywords)
    same(value, want)
    same(found[0], slopes[0])


NESTED = {
    "cvar(ce, alpha=0.5)": lambda v: v.topk(3).values.mean(),
    "kl_dro(ce, tau=2)": lambda v: 2 * (v / 2).exp().mean().log(),
}


@pytest.mark.parametrize("spec", NESTED)
def test_class_weights_act_on_the_base_of_a_transformer(spec: str) -> None:
    values = CLASS_WEIGHT[TARGET] * F.cross_entropy(LOGITS, TARGET, reduction="none")
    same(compiled(spec)(LOGITS, TARGET, class_weight=CLASS_WEIGHT), NESTED[spec](values))


def test_class_weights_act_outside_a_loss_that_normalises_its_base() -> None:
    """The denominator of `normalized` runs over all labels, none of which is the example's."""
    values = compiled("normalized(ce)")(LOGITS, TARGET, reduction="none")
    weights = CLASS_WEIGHT[TARGET]
    want = (weights * values).sum() / weights.sum()
    same(compiled("normalized(ce)")(LOGITS, TARGET, class_weight=CLASS_WEIGHT), want)


def test_class_weights_of_a_sum_act_on_every_term() -> None:
    weights, keywords = CLASS_WEIGHT[TARGET], {"class_weight": CLASS_WEIGHT}
    ce, focal = (compiled(s)(LOGITS, TARGET, reduction="none") for s in ("ce", "focal"))
    want = (weights * (ce + 0.5 * focal)).sum() / weights.sum()
    same(compiled("ce + 0.5 * focal")(LOGITS, TARGET, **keywords), want)


def test_class_weights_and_masks_and_a_transformer_compose() -> None:
    weights = CLASS_WEIGHT[TARGET][KEPT]
    values = weights * F.cross_entropy(LOGITS[KEPT], TARGET[KEPT], reduction="none")
    got = compiled("cvar(ce)")(LOGITS, TARGET, class_weight=CLASS_WEIGHT, mask=KEPT)
    same(got, values.topk(2).values.mean())
    smooth = F.cross_entropy(
        LOGITS[KEPT], TARGET[KEPT], weight=CLASS_WEIGHT, label_smoothing=0.1, reduction="none"
    )
    got = compiled("cvar(ce)")(
        LOGITS, TARGET, class_weight=CLASS_WEIGHT, mask=KEPT, label_smoothing=0.1
    )
    same(got, smooth.topk(2).values.mean())


# ---------------------------------------------------------------- the passes themselves


def test_a_pass_leaves_what_does_not_concern_it() -> None:
    (term,) = driver.elaborated("mse").terms
    assert variants.masked(term.body, None) == term.body
    assert variants.plain(term.body) == term.body
    assert not variants.looks_at_batch(term.body, None)


def test_a_mask_reaches_every_binder_over_the_batch() -> None:
    (term,) = driver.elaborated("clip").terms
    assert variants.looks_at_batch(term.body, None)
    assert variants.masked(term.body, None).has(variants.KEEP)
