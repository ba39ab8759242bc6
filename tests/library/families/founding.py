"""The losses that the library began with, of all families."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses as pml
from torch import Tensor

from tests.library import formulas
from tests.library.kinds import (
    COUNTS,
    METRIC,
    PRIOR,
    boxes,
    by_library,
    by_paper,
    cosines,
    counts,
    distributions,
    extreme,
    faces,
    far_models,
    far_residuals,
    far_scores,
    fully_labelled,
    hard_bits,
    hard_images,
    images,
    labelled,
    logits_only,
    offset_residuals,
    opposite,
    opposite_views,
    pairs,
    plain,
    positives,
    residuals,
    routed,
    scores,
    single_class,
    small_residuals,
    soft_bits,
    triples,
    two_models,
    variances,
    views,
)
from tests.library.oracles import Case


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits, target, reduction="none")


def half_absolute_error(logits: Tensor, target: Tensor) -> Tensor:
    onehot = F.one_hot(target, logits.shape[-1]).to(logits)
    return F.l1_loss(logits.softmax(-1), onehot, reduction="none").sum(-1) / 2


def binary_cross_entropy(weight: float) -> Callable[..., Tensor]:
    pos_weight = torch.tensor(weight, dtype=torch.float64)
    return lambda score, target: F.binary_cross_entropy_with_logits(
        score, target.to(score), pos_weight=pos_weight, reduction="none"
    )


def hinge(score: Tensor, target: Tensor) -> Tensor:
    return F.margin_ranking_loss(
        score, torch.zeros_like(score), target, margin=1.0, reduction="none"
    )


def squared_hinge(score: Tensor, target: Tensor) -> Tensor:
    two = torch.stack([torch.zeros_like(score), target * score], dim=-1)
    last = torch.ones_like(target)
    return 2 * F.multi_margin_loss(two, last, p=2, margin=1.0, reduction="none")


def logistic(score: Tensor, target: Tensor) -> Tensor:
    return F.soft_margin_loss(score, target.to(score), reduction="none")


def perceptron(score: Tensor, target: Tensor) -> Tensor:
    return F.margin_ranking_loss(score, torch.zeros_like(score), target, reduction="none")


def brier(logits: Tensor, target: Tensor) -> Tensor:
    onehot = F.one_hot(target, logits.shape[-1]).to(logits)
    return F.mse_loss(logits.softmax(-1), onehot, reduction="none").sum(-1)


def poisson_nll(x: Tensor, y: Tensor) -> Tensor:
    return F.poisson_nll_loss(x, y, log_input=True, reduction="none")


def gaussian_nll(x: Tensor, y: Tensor, variance: Tensor) -> Tensor:
    return F.gaussian_nll_loss(x, y, variance, reduction="none")


def mse(x: Tensor, y: Tensor) -> Tensor:
    return F.mse_loss(x, y, reduction="none")


def l1(x: Tensor, y: Tensor) -> Tensor:
    return F.l1_loss(x, y, reduction="none")


def huber(delta: float) -> Callable[..., Tensor]:
    return lambda x, y: F.huber_loss(x, y, delta=delta, reduction="none")


def smooth_l1(beta: float) -> Callable[..., Tensor]:
    return lambda x, y: F.smooth_l1_loss(x, y, beta=beta, reduction="none")


def kl_divergence(logits: Tensor, target: Tensor) -> Tensor:
    return F.kl_div(logits.log_softmax(-1), target, reduction="none").sum(-1)


def distillation(student: Tensor, teacher: Tensor, tau: Tensor) -> Tensor:
    return tau**2 * F.kl_div(
        (student / tau).log_softmax(-1),
        (teacher / tau).log_softmax(-1),
        reduction="none",
        log_target=True,
    ).sum(-1)


def triplet(anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    return F.triplet_margin_loss(anchor, positive, negative, eps=0.0, reduction="none")


def similarities(u: Tensor, v: Tensor) -> Tensor:
    return F.cosine_similarity(u[:, None], v[None], dim=-1)


def info_nce(u: Tensor, v: Tensor, tau: Tensor) -> Tensor:
    return F.cross_entropy(similarities(u, v) / tau, torch.arange(len(u)), reduction="none")


def clip(u: Tensor, v: Tensor, tau: Tensor) -> Tensor:
    s, diagonal = similarities(u, v) / tau, torch.arange(len(u))
    return (F.cross_entropy(s, diagonal) + F.cross_entropy(s.T, diagonal)) / 2


def metric_nt_xent(u: Tensor, v: Tensor) -> Tensor:
    labels = torch.arange(len(u)).repeat(2)
    return pml.NTXentLoss(temperature=0.5)(torch.cat([u, v]), labels)


def metric_supcon(embedding: Tensor, label: Tensor) -> Tensor:
    return pml.SupConLoss(temperature=0.1)(embedding, label)


def metric_multi_similarity(embedding: Tensor, label: Tensor) -> Tensor:
    return pml.MultiSimilarityLoss(alpha=2, beta=50, base=1)(embedding, label)


def metric_circle(embedding: Tensor, label: Tensor) -> Tensor:
    return pml.CircleLoss(m=0.4, gamma=80)(embedding, label)


# ---------------------------------------------------------------- the table

SCALED = "logits are scaled by 64, and so is their rounding"
CLOSE = "the loss is the difference of two numbers that agree to three digits"
EXPM1 = "torch computes the derivative of expm1, a small number here, as its value plus one"
WARM = "the slope in the temperature is the small difference of two larger terms"
COLD = "similarities are divided by a temperature, and so is their rounding"

CASES: tuple[Case, ...] = (
    # classification
    *by_library("ce", cross_entropy, plain, extreme, single_class),
    *by_paper("ce", formulas.ce, plain, extreme),
    *by_library("bce", binary_cross_entropy(1.0), soft_bits, hard_bits),
    *by_library("bce(pos_weight=3)", binary_cross_entropy(3.0), hard_bits),
    *by_paper("bce", formulas.bce, soft_bits, hard_bits, hyper={"pos_weight": 2.0}),
    *by_paper("focal", formulas.focal, plain, extreme),
    *by_paper("focal", formulas.focal, plain, extreme, hyper={"gamma": 0.5}),
    *by_paper("focal", formulas.focal, plain, hyper={"gamma": 2.0}),
    *by_paper("poly", formulas.poly, plain, extreme, hyper={"eps": [2.0]}),
    *by_paper("poly", formulas.poly, plain, extreme, hyper={"eps": [1.0, 0.5, -0.25]}),
    *by_paper("poly1", formulas.poly1, plain, extreme, hyper={"eps": -0.5}),
    *by_paper("poly1_focal", formulas.poly1_focal, plain, extreme),
    *by_paper("poly1_focal", formulas.poly1_focal, plain, hyper={"eps": 2.0, "gamma": 1.5}),
    *by_paper("squentropy", formulas.squentropy, plain, extreme),
    *by_paper("ldr_kl", formulas.ldr_kl, plain, hyper={"tau": 0.5, "margin": 0.2}),
    *by_paper(
        "ldr_kl", formulas.ldr_kl, extreme, hyper={"tau": 0.5, "margin": 0.2}, slack=8, why=COLD
    ),
    *by_paper("sigmoid_focal", formulas.sigmoid_focal, soft_bits, hard_bits),
    *by_paper(
        "sigmoid_focal", formulas.sigmoid_focal, soft_bits, hyper={"alpha": 0.5, "gamma": 1.5}
    ),
    *by_library("brier", brier, plain, extreme),
    *by_paper("sum_exp", formulas.sum_exp, plain),
    *by_paper("crammer_singer", formulas.crammer_singer, plain),
    *by_paper("comp_sum", formulas.comp_sum, plain, hyper={"order": 0.5}),
    *by_paper("comp_sum", formulas.comp_sum, plain, extreme, hyper={"order": 1.7}),
    *by_paper("comp_sum(order=1)", lambda z, y: formulas.comp_sum(z, y, 1), plain, extreme),
    *by_paper("stablemax_ce", formulas.stablemax_ce, plain, extreme),
    *by_paper("taylor_softmax", formulas.taylor_softmax, plain, extreme),
    *by_paper("spherical_softmax", formulas.spherical_softmax, plain, hyper={"eps": 0.01}),
    *by_paper("z_normalised", formulas.z_normalised, plain, hyper={"a": 2.0, "b": 1.5}),
    *by_paper("mbls", formulas.mbls, plain, hyper={"margin": 1.0, "alpha": 0.3}),
    # long tails
    *by_paper(
        "logit_adjusted(prior=[1, 1, 1, 1, 1])",
        formulas.logit_adjusted,
        plain,
        extreme,
        hyper={"prior": PRIOR, "tau": 1.5},
    ),
    *by_paper(
        "balanced_softmax(counts=[1, 1, 1, 1, 1])",
        formulas.balanced_softmax,
        plain,
        extreme,
        hyper={"counts": COUNTS},
    ),
    *by_paper(
        "vs_loss(counts=[1, 1, 1, 1, 1])",
        formulas.vs_loss,
        plain,
        extreme,
        hyper={"counts": COUNTS, "gamma": 0.15, "tau": 1.25},
    ),
    *by_paper(
        "ldam(counts=[1, 1, 1, 1, 1])",
        formulas.ldam,
        cosines,
        hyper={"counts": COUNTS, "margin": 0.5, "scale": 30.0},
    ),
    # label noise
    *by_paper("gce", formulas.gce, plain, extreme, hyper={"q": 0.7}),
    *by_library("mae", half_absolute_error, plain, extreme),
    *by_paper("rce", formulas.rce, plain, extreme, hyper={"A": -4.0}),
    *by_paper("sce", formulas.sce, plain, extreme, hyper={"alpha": 0.5, "beta": 2.0}),
    *by_paper("taylor_ce", formulas.taylor_ce, plain, extreme),
    *by_paper("taylor_ce(order=5)", lambda z, y: formulas.taylor_ce(z, y, 5), plain, extreme),
    *by_paper("nce", formulas.normalized(formulas.ce), plain, extreme),
    *by_paper("normalized(gce)", formulas.normalized(formulas.gce), plain, extreme),
    *by_paper(
        "normalized(focal(gamma=0.5))",
        formulas.normalized(formulas.focal),
        plain,
        hyper={"gamma": 0.5},
    ),
    *by_paper(
        "nfl", lambda z, y: formulas.normalized(formulas.focal)(z, y, gamma=0.5), plain, extreme
    ),
    *by_paper("nce_mae", formulas.nce_mae, plain, extreme),
    *by_paper("nce_rce", formulas.nce_rce, plain, extreme),
    *by_paper("apl(nce, mae)", formulas.nce_mae, plain, hyper={"alpha": 10.0, "beta": 0.1}),
    # binary margins
    *by_library("hinge", hinge, scores, far_scores),
    *by_library("squared_hinge", squared_hinge, scores, far_scores),
    *by_library("logistic", logistic, scores, far_scores),
    *by_paper("exponential", formulas.exponential, scores),
    *by_library("perceptron", perceptron, scores, far_scores),
    *by_paper("savage", formulas.savage, scores, far_scores),
    *by_paper("tangent", formulas.tangent, scores, far_scores),
    *by_paper("smoothed_hinge", formulas.smoothed_hinge, scores, far_scores),
    *by_paper("modified_huber", formulas.modified_huber, scores, far_scores),
    # regression
    *by_library("mse", mse, residuals, far_residuals, offset_residuals),
    *by_library("l1", l1, residuals, far_residuals, offset_residuals),
    *by_library("huber", huber(1.0), residuals, far_residuals, offset_residuals),
    *by_library("huber(delta=0.3)", huber(0.3), residuals),
    *by_library("smooth_l1", smooth_l1(1.0), residuals, far_residuals, offset_residuals),
    *by_library("smooth_l1(beta=0.3)", smooth_l1(0.3), residuals),
    *by_paper(
        "pseudo_huber",
        formulas.pseudo_huber,
        residuals,
        offset_residuals,
        far_residuals,
        hyper={"delta": 0.5},
    ),
    *by_paper(
        "log_cosh", formulas.log_cosh, residuals, offset_residuals, far_residuals, small_residuals
    ),
    *by_paper(
        "quantile",
        formulas.quantile,
        residuals,
        offset_residuals,
        far_residuals,
        hyper={"theta": 0.9},
    ),
    *by_paper(
        "expectile",
        formulas.expectile,
        residuals,
        offset_residuals,
        far_residuals,
        hyper={"theta": 0.9},
    ),
    *by_paper("pseudo_huber", formulas.pseudo_huber, small_residuals),
    *by_paper("cauchy", formulas.cauchy, small_residuals),
    *by_paper("welsch", formulas.welsch, small_residuals),
    *by_paper("fair", formulas.fair, small_residuals, slack=100, why=CLOSE),
    *by_paper(
        "cauchy", formulas.cauchy, residuals, offset_residuals, far_residuals, hyper={"c": 0.5}
    ),
    *by_paper(
        "geman_mcclure",
        formulas.geman_mcclure,
        residuals,
        offset_residuals,
        far_residuals,
        hyper={"c": 0.5},
    ),
    *by_paper("welsch", formulas.welsch, residuals, offset_residuals, hyper={"c": 0.5}),
    *by_paper("welsch", formulas.welsch, far_residuals, hyper={"c": 0.5}, slack=10, why=EXPM1),
    *by_paper(
        "tukey_biweight",
        formulas.tukey_biweight,
        residuals,
        offset_residuals,
        far_residuals,
        hyper={"c": 2.0},
    ),
    *by_paper("fair", formulas.fair, residuals, offset_residuals, far_residuals, hyper={"c": 0.5}),
    *by_paper("linex", formulas.linex, residuals, offset_residuals, hyper={"a": 0.5}),
    *by_paper(
        "wing",
        formulas.wing,
        residuals,
        offset_residuals,
        far_residuals,
        hyper={"w": 3.0, "eps": 0.5},
    ),
    *by_library("poisson_nll", poisson_nll, counts),
    *by_library("gaussian_nll", gaussian_nll, variances),
    *by_paper("rmse", formulas.rmse, residuals, offset_residuals, lift=False),
    *by_paper("mape", formulas.mape, residuals),
    *by_paper("smape", formulas.smape, residuals),
    *by_paper("msle", formulas.msle, positives),
    # boxes
    *by_paper("giou", formulas.giou, boxes),
    *by_paper("diou", formulas.diou, boxes),
    # divergences and distillation
    *by_library("kl", kl_divergence, distributions),
    *by_paper("js", formulas.js, distributions),
    *by_library("kd", distillation, two_models, hyper={"tau": 4.0}, slack=4, why=WARM),
    *by_library("kd", distillation, far_models, hyper={"tau": 1.0}),
    # segmentation
    *by_paper("tversky", formulas.tversky, images, hard_images),
    *by_paper(
        "tversky", formulas.tversky, images, hyper={"alpha": 0.4, "beta": 0.8, "smooth": 0.5}
    ),
    *by_paper("dice", formulas.dice, images, hard_images, hyper={"smooth": 1.0}),
    *by_paper("jaccard", formulas.jaccard, images, hard_images, hyper={"smooth": 1.0}),
    # metric learning
    *by_paper(
        "arcface",
        formulas.arcface,
        cosines,
        hyper={"scale": 64.0, "margin": 0.5},
        slack=8,
        why=SCALED,
    ),
    *by_paper(
        "cosface",
        formulas.cosface,
        cosines,
        hyper={"scale": 64.0, "margin": 0.35},
        slack=4,
        why=SCALED,
    ),
    *by_paper(
        "adaface",
        formulas.adaface_at_rest,
        faces,
        lift=False,
        frozen=True,
        training=False,
        slack=8,
        why=SCALED,
    ),
    *by_paper("sface(scale=4, k=8)", formulas.sface, cosines, lift=False, frozen=True),
    *by_library("multi_similarity", metric_multi_similarity, fully_labelled, source=METRIC),
    *by_paper("multi_similarity", formulas.multi_similarity, labelled, lift=False),
    *by_library("circle", metric_circle, fully_labelled, source=METRIC, slack=20, why=COLD),
    *by_paper(
        "circle", formulas.circle, labelled, opposite, lift=False, frozen=True, slack=20, why=COLD
    ),
    *by_library("triplet", triplet, triples),
    # contrast
    *by_library("info_nce", info_nce, pairs, hyper={"tau": 0.1}, slack=4, why=COLD),
    *by_library("info_nce", info_nce, opposite_views, hyper={"tau": 0.02}, slack=8, why=COLD),
    *by_library("nt_xent", metric_nt_xent, pairs, source=METRIC),
    *by_paper("nt_xent", formulas.nt_xent, pairs, lift=False, hyper={"tau": 0.3}),
    *by_library("supcon", metric_supcon, labelled, source=METRIC, slack=4, why=COLD),
    *by_paper(
        "supcon",
        formulas.supcon,
        labelled,
        opposite,
        lift=False,
        hyper={"tau": 0.05},
        slack=8,
        why=COLD,
    ),
    *by_library("clip", clip, pairs, hyper={"tau": 0.07}, slack=4, why=COLD),
    *by_paper("siglip", formulas.siglip, pairs, lift=False, hyper={"tau": 0.2, "bias": -2.0}),
    *by_paper("alignment", formulas.alignment, pairs),
    *by_paper("alignment", formulas.alignment, pairs, hyper={"alpha": 3.0}),
    *by_paper("uniformity", formulas.uniformity, views, lift=False, hyper={"t": 2.0}),
    # robust and reweighted
    *by_paper("cvar(ce)", formulas.cvar_ce, plain, extreme, lift=False, hyper={"alpha": 0.3}),
    *by_paper("kl_dro(ce)", formulas.kl_dro_ce, plain, extreme, lift=False, hyper={"tau": 0.5}),
    *(
        case
        for strategy in formulas.STRATEGIES
        for case in by_paper(
            f"loss_reweighted(ce, strategy={strategy}, tau=0.5)",
            formulas.loss_reweighted_ce(strategy),
            plain,
            extreme,
            lift=False,
            frozen=True,
        )
    ),
    # regularisers
    *by_paper("z_loss", formulas.z_loss, logits_only),
    *by_paper("load_balance", formulas.load_balance, routed, lift=False),
    # compositions
    *by_paper(
        "ce + 0.5 * dice(smooth=0) + 1e-4 * z_loss", formulas.segmentation_total, images, lift=False
    ),
)
