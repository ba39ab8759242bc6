"""The table of comparisons: each loss of the library, on several kinds of input, and its oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses as pml
from torch import Tensor

from tests.library import formulas
from tests.library.oracles import Case, Inputs

COUNTS = [500.0, 200.0, 80.0, 30.0, 10.0]
PRIOR = [0.5, 0.25, 0.125, 0.0625, 0.0625]


def normal(seed: int, *shape: int, scale: float = 1.0) -> Tensor:
    """Reproducible normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


# ---------------------------------------------------------------- kinds of input


def plain() -> Inputs:
    """Logits of order two over five classes, every class a target."""
    return normal(1, 6, 5, scale=2), torch.tensor([0, 1, 2, 3, 4, 1])


def extreme() -> Inputs:
    """Hopeless and perfect predictions 100 apart, full ties, and ties for the first place."""
    logits = torch.tensor(
        [
            [50.0, -50.0, 0.0, 0.0, -50.0],
            [50.0, -50.0, 0.0, 0.0, -50.0],
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [7.0, 7.0, -7.0, 7.0, -7.0],
        ],
        dtype=torch.float64,
    )
    return logits, torch.tensor([0, 1, 2, 3])


def single_class() -> Inputs:
    """One class only: the softmax is 1."""
    return normal(2, 3, 1), torch.zeros(3, dtype=torch.long)


def cosines() -> Inputs:
    """Cosines well inside (-1, 1), where the angle is smooth."""
    return normal(3, 6, 5).tanh() * 0.9, torch.tensor([0, 1, 2, 3, 4, 1])


def scores() -> Inputs:
    """Scores and signs, away from the kink of the hinge at margin 1."""
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    return normal(4, 6, scale=2), signs.long()


def far_scores() -> Inputs:
    """Scores of 50 on both sides."""
    score = torch.tensor([50.0, 50.0, -50.0, -50.0], dtype=torch.float64)
    return score, torch.tensor([1, -1, 1, -1])


def residuals() -> Inputs:
    """Predictions and targets, with residuals on both sides of one."""
    return normal(5, 8, scale=2), normal(6, 8)


def far_residuals() -> Inputs:
    """Residuals of hundreds and of 1e-3 beside those of order one."""
    prediction = torch.tensor([1000.0, -300.0, 0.001, 2.0], dtype=torch.float64)
    return prediction, torch.zeros(4, dtype=torch.float64)


def offset_residuals() -> Inputs:
    """Residuals of order one between numbers of order 10,000, all of them exact in float32."""
    residual = torch.tensor([0.5, -0.25, 1.75, -2.5, 0.125], dtype=torch.float64)
    target = torch.tensor([10000.0, -20000.0, 5000.0, 30000.0, -7000.0], dtype=torch.float64)
    return target + residual, target


def small_residuals() -> Inputs:
    """Residuals near 1e-3, where one plus a square rounds to one."""
    return 1e-3 * normal(23, 6), torch.zeros(6, dtype=torch.float64)


def counts() -> Inputs:
    """Log-rates and counts."""
    return normal(21, 6), torch.tensor([0.0, 3.0, 1.0, 7.0, 2.0, 0.0], dtype=torch.float64)


def variances() -> Inputs:
    """Predictions, targets and predicted variances."""
    return normal(5, 6, scale=2), normal(6, 6), normal(22, 6).exp()


def images() -> Inputs:
    """Two images of six places over three classes; the second image lacks a class."""
    target = torch.tensor([[0, 1, 2, 1, 0, 0], [1, 1, 0, 0, 1, 1]])
    return normal(7, 2, 3, 6, scale=2), target


def hard_images() -> Inputs:
    """A perfect and a hopeless segmentation, logits 50 apart from zero."""
    target = torch.tensor([[0, 1, 1, 0], [0, 1, 1, 0]])
    sure = F.one_hot(target, 2).double().transpose(1, 2) * 100 - 50
    return torch.stack([sure[0], -sure[1]]), target


def pairs() -> Inputs:
    """Two views of five examples."""
    return normal(8, 5, 4), normal(9, 5, 4)


def views() -> Inputs:
    """One set of embeddings."""
    return (normal(10, 6, 4),)


def positives() -> Inputs:
    """Positive predictions and targets."""
    return normal(24, 6).exp(), normal(25, 6).exp()


def boxes() -> Inputs:
    """Pairs of boxes that overlap, contain one another, touch in no point."""
    prediction = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 1.0, 1.0]]
    target = [[1.0, 1.0, 3.0, 4.0], [1.0, 1.5, 2.0, 3.0], [3.0, 2.0, 5.0, 4.0]]
    return torch.tensor(prediction).double(), torch.tensor(target).double()


def labelled() -> Inputs:
    """Embeddings whose last label has no partner."""
    return normal(10, 6, 4), torch.tensor([0, 1, 0, 2, 1, 3])


def fully_labelled() -> Inputs:
    """Embeddings whose labels all have partners."""
    return normal(11, 6, 4), torch.tensor([0, 1, 0, 2, 1, 2])


def opposite() -> Inputs:
    """Partners that point apart: at a low temperature their terms are far below the others'."""
    e = torch.tensor([[1.0, 0.0], [-1.0, 0.01], [0.9, 0.1], [-0.8, 0.2]], dtype=torch.float64)
    return e, torch.tensor([0, 0, 1, 1])


def opposite_views() -> Inputs:
    """Two views whose partners point apart."""
    return opposite()[0], -opposite()[0]


def logits_only() -> Inputs:
    """Logits without a target, some of them far from zero."""
    return (torch.cat([plain()[0], 25 * extreme()[0].sign()]),)


def distributions() -> Inputs:
    """Logits and strictly positive distributions."""
    return normal(12, 5, 4, scale=2), normal(13, 5, 4).softmax(-1)


def two_models() -> Inputs:
    """Logits of a student and of its teacher."""
    return normal(14, 5, 4, scale=2), normal(15, 5, 4, scale=2)


def far_models() -> Inputs:
    """A student and a teacher that are sure of different classes, and of the same one."""
    student = torch.tensor([[50.0, -50.0, 0.0], [50.0, -50.0, 0.0]], dtype=torch.float64)
    teacher = torch.tensor([[-50.0, 50.0, 0.0], [50.0, -50.0, 0.0]], dtype=torch.float64)
    return student, teacher


def soft_bits() -> Inputs:
    """Scores with hard and soft labels."""
    bits = torch.tensor([0.0, 1.0, 0.25, 1.0, 0.5, 0.0], dtype=torch.float64)
    return normal(16, 6, scale=2), bits


def hard_bits() -> Inputs:
    """Scores of 50, right and wrong, with hard integer labels."""
    score = torch.tensor([50.0, 50.0, -50.0, -50.0, 0.0], dtype=torch.float64)
    return score, torch.tensor([1, 0, 1, 0, 1])


def triples() -> Inputs:
    """Anchors, positives and negatives in four dimensions."""
    return normal(17, 6, 4), normal(18, 6, 4), normal(19, 6, 4)


def routed() -> Inputs:
    """Router logits of six tokens over four experts; one expert is never chosen."""
    return normal(20, 6, 4), torch.tensor([0, 1, 0, 2, 1, 0])


def faces() -> Inputs:
    """Cosines, identities and feature norms around the initial mean of 20."""
    logits, target = cosines()
    return logits, target, torch.tensor([5.0, 12.0, 20.0, 26.0, 60.0, 400.0], dtype=torch.float64)


# ---------------------------------------------------------------- oracles of other libraries


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

PAPER = "paper's formula, mpmath 1.3"
TORCH = "torch.nn.functional 2.13"
METRIC = "pytorch-metric-learning 2.9"


def by_paper(
    spec: str,
    formula: Callable[..., Any],
    *kinds: Callable[[], Inputs],
    lift: bool = True,
    **settings: Any,
) -> list[Case]:
    """One case per kind of input against a formula in mpmath, by the example or by the batch."""
    oracle = formulas.rows(formula) if lift else formula
    return [
        Case(spec, kind.__name__.replace("_", " "), kind, oracle, PAPER, **settings)
        for kind in kinds
    ]


def by_library(
    spec: str,
    function: Callable[..., Tensor],
    *kinds: Callable[[], Inputs],
    source: str = TORCH,
    **settings: Any,
) -> list[Case]:
    """One case per kind of input against a function of another library."""
    return [
        Case(spec, kind.__name__.replace("_", " "), kind, function, source, paper=False, **settings)
        for kind in kinds
    ]


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
    *by_paper(
        "loss_reweighted(ce)", formulas.loss_reweighted_ce, plain, extreme, lift=False, frozen=True
    ),
    # regularisers
    *by_paper("z_loss", formulas.z_loss, logits_only),
    *by_paper("load_balance", formulas.load_balance, routed, lift=False),
    # compositions
    *by_paper(
        "ce + 0.5 * dice(smooth=0) + 1e-4 * z_loss", formulas.segmentation_total, images, lift=False
    ),
)
