"""Losses of whole images: overlaps, correlations, distances to a boundary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from kornia import losses as kornia
from monai.losses.dice import DiceLoss, GeneralizedDiceLoss
from monai.losses.unified_focal_loss import AsymmetricFocalTverskyLoss, AsymmetricUnifiedFocalLoss
from mpmath import cosh, exp, fsum, log, mp, mpf, sqrt
from torch import Tensor

from tests.library import formulas
from tests.library.formulas import Row, mean, softmax
from tests.library.kinds import KORNIA, MONAI, by_library, by_paper, images, normal, plain
from tests.library.oracles import Case, Inputs

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P05, P3, P5, P6, P7, P75, P15 = map(mpf, ("0.05", "0.3", "0.5", "0.6", "0.7", "0.75", "1.5"))
    THIRDS = mpf(4) / 3

# ---------------------------------------------------------------- kinds of input


def full_images() -> Inputs:
    """Two images of six places in which all three classes occur."""
    return normal(7, 2, 3, 6, scale=2), torch.tensor([[0, 1, 2, 1, 0, 0], [1, 2, 0, 0, 1, 1]])


def halved_images() -> Inputs:
    """Images of eight places over three classes, whose inverse sizes are exact in float32."""
    target = torch.tensor([[0, 1, 2, 1, 0, 0, 2, 0], [1, 2, 0, 0, 1, 1, 2, 1]])
    return normal(105, 2, 3, 8, scale=2), target


def two_classes() -> Inputs:
    """Two images of six places with an object and its background."""
    return normal(100, 2, 2, 6, scale=2), torch.tensor([[0, 1, 0, 1, 0, 0], [1, 1, 0, 0, 1, 0]])


def masks() -> Inputs:
    """Scores of two images of six places, and the places that belong to the object."""
    target = torch.tensor([[0, 1, 0, 1, 0, 0], [1, 1, 0, 0, 1, 0]])
    return normal(101, 2, 6, scale=2), target


def volumes() -> Inputs:
    """Scores of two volumes of three slices of four places, and the places of vessels."""
    target = torch.tensor(
        [[[0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]]
    )
    return normal(102, 2, 3, 4, scale=2), target


def organs() -> Inputs:
    """Scores of two images of six places for three organs that overlap; one is absent from one."""
    target = torch.tensor(
        [
            [[0, 1, 0, 1, 0, 0], [1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]],
            [[1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 0]],
        ]
    )
    return normal(106, 2, 3, 6, scale=2), target


def distances() -> Inputs:
    """Logits of two images over three classes, and signed distances to their boundaries."""
    return normal(103, 2, 3, 6, scale=2), normal(104, 2, 3, 6, scale=3)


# ---------------------------------------------------------------- counts by class


def classes(z: list[Row]) -> list[Row]:
    """The softmax at each place, class by class."""
    columns = [softmax(list(column)) for column in zip(*z, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def counted(p: Row, y: Row, c: int) -> tuple[Any, Any, Any]:
    """True positives, false positives, false negatives."""
    pairs = list(zip(p, y, strict=True))
    hit = fsum(a for a, label in pairs if label == c)
    return hit, fsum(p) - hit, fsum(1 - a for a, label in pairs if label == c)


def indices(z: list[Row], y: Row, alpha: Any, beta: Any, smooth: Any) -> Row:
    """The Tversky index of each class."""
    counts = [counted(p, y, c) for c, p in enumerate(classes(z))]
    return [(t + smooth) / (t + alpha * f + beta * n + smooth) for t, f, n in counts]


def focal_tversky(
    z: list[Row], y: Row, alpha: Any = P3, beta: Any = P7, gamma: Any = THIRDS, smooth: Any = 1
) -> Any:
    return mean((1 - t) ** (1 / gamma) for t in indices(z, y, alpha, beta, smooth))


def generalized_dice(z: list[Row], y: Row, power: Any = 2, smooth: Any = 0) -> Any:
    weights = [mpf(max(sum(label == c for label in y), 1)) ** -power for c in range(len(z))]
    if set(range(len(z))) - set(y):
        present = [w for c, w in enumerate(weights) if c in y]
        weights = [w if c in y else max(present) for c, w in enumerate(weights)]
    overlap = volume = mpf(0)
    for c, (p, w) in enumerate(zip(classes(z), weights, strict=True)):
        hit, spurious, missed = counted(p, y, c)
        overlap += w * hit
        volume += w * (2 * hit + spurious + missed)
    return 1 - (2 * overlap + smooth) / (volume + smooth)


def squared_dice(z: list[Row], y: Row, smooth: Any = 0) -> Any:
    ratios = []
    for c, p in enumerate(classes(z)):
        volume = fsum(a**2 for a in p) + sum(label == c for label in y)
        ratios.append((2 * counted(p, y, c)[0] + smooth) / (volume + smooth))
    return 1 - mean(ratios)


def noise_robust_dice(z: list[Row], y: Row, gamma: Any = P15) -> Any:
    ratios = []
    for c, p in enumerate(classes(z)):
        truth = [mpf(label == c) for label in y]
        errors = fsum(abs(a - g) ** gamma for a, g in zip(p, truth, strict=True))
        ratios.append(errors / fsum(a**2 + g**2 for a, g in zip(p, truth, strict=True)))
    return mean(ratios)


def log_cosh_dice(z: list[Row], y: Row, smooth: Any = 1) -> Any:
    return log(cosh(formulas.dice(z, y, smooth)))


def asymmetric_focal_tversky(z: list[Row], y: Row, delta: Any = P7, gamma: Any = P75) -> Any:
    background, *objects = (1 - t for t in indices(z, y, 1 - delta, delta, 0))
    return mean([background, *(t ** (1 - gamma) for t in objects)])


def asymmetric_focal(z: Row, y: int, delta: Any = P7, gamma: Any = 2) -> Any:
    p = softmax(z)[y]
    return -(1 - delta) * (1 - p) ** gamma * log(p) if y == 0 else -delta * log(p)


def asymmetric_unified_focal(
    z: list[Row], y: Row, lam: Any, delta: Any = P6, gamma: Any = P5
) -> Any:
    """The paper's sum over classes in its second part is a mean here, as in its code."""
    pixels = zip(zip(*z, strict=True), y, strict=True)
    focal = mean(asymmetric_focal(list(place), label, delta, gamma) for place, label in pixels)
    return lam * focal + (1 - lam) * asymmetric_focal_tversky(z, y, delta, gamma)


def unified_focal(z: list[Row], y: Row, lam: Any = P5, delta: Any = P6, gamma: Any = P5) -> Any:
    """Likewise; the weight of a pixel is ``delta`` for objects, the rest for the background."""
    pixels = [
        softmax(list(place))[label] for place, label in zip(zip(*z, strict=True), y, strict=True)
    ]
    focal = mean(
        -(delta if label else 1 - delta) * (1 - p) ** (1 - gamma) * log(p)
        for p, label in zip(pixels, y, strict=True)
    )
    lacking = [1 - t for t in indices(z, y, 1 - delta, delta, 0)]
    return lam * focal + (1 - lam) * mean(t**gamma for t in lacking)


def boundary(z: list[Row], distance: list[Row]) -> Any:
    rows = zip(classes(z), distance, strict=True)
    return fsum(formulas.dot(p, d) for p, d in rows) / len(z[0])


# ---------------------------------------------------------------- one object


def sigmoid(z: Row) -> Row:
    return [1 / (1 + exp(-a)) for a in z]


def sensitivity_specificity(z: Row, y: Row, lam: Any = P05) -> Any:
    pairs = list(zip(sigmoid(z), y, strict=True))
    inside = mean((1 - p) ** 2 for p, t in pairs if t == 1)
    return lam * inside + (1 - lam) * mean(p**2 for p, t in pairs if t == 0)


def mcc(z: Row, y: Row) -> Any:
    """One minus the correlation of probabilities and truth, from the four counts."""
    hit, spurious, missed = counted(sigmoid(z), y, 1)
    spared = len(y) - hit - spurious - missed
    sides = (hit + spurious) * (hit + missed) * (spared + spurious) * (spared + missed)
    return 1 - (hit * spared - spurious * missed) / sqrt(sides)


def mip(z: list[Row], y: list[Row], gamma: Any = THIRDS, smooth: Any = 1) -> Any:
    flat = [max(sigmoid(list(column))) for column in zip(*z, strict=True)]
    true = [max(column) for column in zip(*y, strict=True)]
    hit, spurious, missed = counted(flat, true, 1)
    index = (hit + smooth) / (hit + P3 * spurious + P7 * missed + smooth)
    return (1 - index) ** (1 / gamma)


def combo(z: list[Row], y: list[Row], alpha: Any, beta: Any, smooth: Any = 1) -> Any:
    """Eq. 3 with the sign of its first product set right."""
    p = [sigmoid(row) for row in z]
    pixels = [pair for a, b in zip(p, y, strict=True) for pair in zip(a, b, strict=True)]
    entropy = mean(-beta * t * log(q) - (1 - beta) * (1 - t) * log(1 - q) for q, t in pixels)
    overlap = fsum(
        (2 * formulas.dot(a, b) + smooth) / (fsum(a) + fsum(b) + smooth)
        for a, b in zip(p, y, strict=True)
    )
    return alpha * entropy - (1 - alpha) * overlap


def lovasz(errors: Row, truth: set[int]) -> Any:
    """Eq. 9: the Jaccard loss of eq. 6 of ever more places, the worst first, weighted by errors."""
    total, below, wrong = mpf(0), mpf(0), set[int]()
    for place in sorted(range(len(errors)), key=lambda i: -errors[i]):
        wrong.add(place)
        jaccard = mpf(len(wrong)) / len(wrong | truth)
        total, below = total + errors[place] * (jaccard - below), jaccard
    return total


def lovasz_hinge(z: Row, y: Row) -> Any:
    errors = [max(0, 1 - (2 * t - 1) * s) for s, t in zip(z, y, strict=True)]
    return lovasz(errors, {i for i, t in enumerate(y) if t == 1})


def lovasz_softmax(z: list[Row], y: Row) -> Any:
    places = {c: {i for i, label in enumerate(y) if label == c} for c in range(len(z))}
    return mean(
        [
            lovasz([abs((i in places[c]) - p) for i, p in enumerate(row)], places[c])
            for c, row in enumerate(classes(z))
            if places[c]
        ]
    )


# ---------------------------------------------------------------- MONAI and kornia


def onehot(z: Tensor, y: Tensor) -> Tensor:
    """MONAI's own is in float32."""
    return F.one_hot(y, z.shape[1]).movedim(-1, 1).to(z)


def monai_squared_dice(z: Tensor, y: Tensor) -> Tensor:
    loss = DiceLoss(
        softmax=True,
        squared_pred=True,
        smooth_nr=0.0,
        smooth_dr=0.0,
        reduction="none",
    )
    return loss(z, onehot(z, y)).mean((1, 2))


def monai_generalized_dice(z: Tensor, y: Tensor) -> Tensor:
    loss = GeneralizedDiceLoss(softmax=True, smooth_nr=0.0, smooth_dr=0.0, reduction="none")
    return loss(z, onehot(z, y)).reshape(len(z))


def monai_asymmetric_focal_tversky(z: Tensor, y: Tensor) -> Tensor:
    """MONAI takes two channels of probabilities and adds 1e-7 to both parts of the index."""
    loss = AsymmetricFocalTverskyLoss(epsilon=1e-16)
    truth = onehot(z, y)
    return torch.stack([loss(p[None], t[None]) for p, t in zip(z.softmax(1), truth, strict=True)])


def monai_asymmetric_unified_focal(z: Tensor, y: Tensor) -> Tensor:
    """MONAI halves the part of the pixels by a mean over channels; its weight makes up for it."""
    loss = AsymmetricUnifiedFocalLoss(weight=0.5, delta=0.6, gamma=0.5)
    loss.asy_focal_tversky_loss.epsilon = 1e-16
    truth = onehot(z, y)
    pairs = zip(z.softmax(1)[..., None], truth[..., None], strict=True)
    return torch.stack([4 / 3 * loss(p[None], t[None]) for p, t in pairs])


def by_image(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A loss of kornia for each image, which is of one row of places."""
    return lambda *inputs: torch.stack(
        [loss(z[None, ..., None, :], y[None, None]) for z, y in zip(*inputs, strict=True)]
    )


def kornia_hinge(z: Tensor, y: Tensor) -> Tensor:
    return by_image(kornia.lovasz_hinge_loss)(z[:, None], y)


# ---------------------------------------------------------------- the table

CASES: tuple[Case, ...] = (
    *by_paper("focal_tversky", focal_tversky, images),
    *by_paper("focal_tversky", focal_tversky, images, hyper={"gamma": 2.0, "alpha": 0.5}),
    *by_paper("generalized_dice", generalized_dice, images, full_images),
    *by_paper("generalized_dice(power=1)", lambda z, y: generalized_dice(z, y, 1), full_images),
    *by_library("generalized_dice", monai_generalized_dice, halved_images, source=MONAI),
    *by_paper("squared_dice", squared_dice, images, hyper={"smooth": 0.5}),
    *by_library("squared_dice", monai_squared_dice, full_images, source=MONAI),
    *by_paper("noise_robust_dice", noise_robust_dice, images),
    *by_paper("log_cosh_dice", log_cosh_dice, images, hyper={"smooth": 0.5}),
    *by_paper("asymmetric_focal_tversky", asymmetric_focal_tversky, full_images, two_classes),
    *by_library(
        "asymmetric_focal_tversky", monai_asymmetric_focal_tversky, two_classes, source=MONAI
    ),
    *by_paper("asymmetric_focal", asymmetric_focal, plain),
    *by_paper("asymmetric_focal", asymmetric_focal, plain, hyper={"delta": 0.6, "gamma": 1.5}),
    *by_paper("unified_focal", unified_focal, full_images, two_classes),
    *by_paper(
        "unified_focal",
        unified_focal,
        full_images,
        hyper={"lam": 0.75, "delta": 0.7, "gamma": 0.8},
    ),
    *by_paper(
        "asymmetric_unified_focal",
        asymmetric_unified_focal,
        full_images,
        two_classes,
        hyper={"lam": 0.25},
    ),
    *by_paper(
        "asymmetric_unified_focal",
        asymmetric_unified_focal,
        full_images,
        hyper={"lam": 0.75, "delta": 0.7, "gamma": 0.8},
    ),
    *by_library(
        "asymmetric_unified_focal(lam=1 / 3)",
        monai_asymmetric_unified_focal,
        two_classes,
        source=MONAI,
    ),
    *by_paper("combo", combo, organs, hyper={"alpha": 0.25, "beta": 0.75}),
    *by_paper("boundary", boundary, distances),
    *by_paper("sensitivity_specificity", sensitivity_specificity, masks),
    *by_paper("mcc", mcc, masks),
    *by_paper("mip", mip, volumes),
    *by_paper("lovasz_hinge", lovasz_hinge, masks),
    *by_library("lovasz_hinge", kornia_hinge, masks, source=KORNIA),
    *by_paper("lovasz_softmax", lovasz_softmax, images, full_images),
    *by_library(
        "lovasz_softmax(average=all)",
        by_image(kornia.lovasz_softmax_loss),
        images,
        full_images,
        source=KORNIA,
    ),
)
