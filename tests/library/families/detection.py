"""Losses of boxes, of their distances to a point, and of the scores of detectors."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import atan, ceil, exp, floor, log, mp, mpf, pi, sqrt

from tests.library.formulas import Row, bce, diou, mean
from tests.library.kinds import (
    boxes,
    by_paper,
    far_residuals,
    hard_bits,
    normal,
    residuals,
    small_residuals,
    soft_bits,
)
from tests.library.oracles import Case, Inputs

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P02, P05, P1, P25, P75, P15, P128 = map(
        mpf, ("0.02", "0.05", "0.1", "0.25", "0.75", "1.5", "12.8")
    )

# ---------------------------------------------------------------- kinds of input


def overlapping_boxes() -> Inputs:
    """Pairs of boxes that overlap, in part or fully, at some distance from the origin."""
    prediction = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 4.0, 4.0], [100.0, 50.0, 140.0, 60.0]]
    target = [[1.0, 1.0, 3.0, 4.0], [1.0, 1.5, 2.0, 3.0], [110.0, 48.0, 130.0, 65.0]]
    return torch.tensor(prediction).double(), torch.tensor(target).double()


def binned() -> Inputs:
    """Logits over seven bins and positions between them, one on a bin's place but for a hair."""
    position = torch.tensor([0.25, 3.5, 5.75, 2.0625, 4.5], dtype=torch.float64)
    return normal(40, 5, 7, scale=2), position


def qualities() -> Inputs:
    """Scores of positives, whose targets are overlap ratios."""
    return normal(42, 5, scale=2), torch.tensor([1.0, 0.25, 0.75, 0.5, 0.875]).double()


def placed_boxes() -> Inputs:
    """Boxes that overlap, lie beside, above and across from each other, and nearly agree."""
    prediction = [[0, 0, 2, 2], [0, 0, 1, 1], [2, 3, 4, 4], [5, 5, 7, 6], [0, 0, 8, 8]]
    target = [
        [1, 1, 3, 4],
        [3, 0.5, 5, 2],
        [1, 0, 3, 1],
        [1, 0, 2, 2],
        [0.125, 0.125, 7.9375, 8.0625],
    ]
    return torch.tensor(prediction).double(), torch.tensor(target).double()


def heat() -> Inputs:
    """Scores under a heat map with peaks, their surroundings and empty places."""
    heights = torch.tensor([1.0, 0.0, 0.75, 0.25, 1.0, 0.0], dtype=torch.float64)
    return normal(41, 6, scale=2), heights


# ---------------------------------------------------------------- boxes (x1, y1, x2, y2)


def _ratio(a: Row, b: Row) -> Any:
    shared = mpf(1)
    for low, high in ((0, 2), (1, 3)):
        shared *= max(min(a[high], b[high]) - max(a[low], b[low]), 0)
    return shared / (sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)) - shared)


def _sides(a: Row) -> tuple[Any, Any]:
    return a[2] - a[0], a[3] - a[1]


def _hull(a: Row, b: Row) -> tuple[Any, Any]:
    return max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])


def _centre(a: Row) -> tuple[Any, Any]:
    return (a[0] + a[2]) / 2, (a[1] + a[3]) / 2


def iou(a: Row, b: Row) -> Any:
    return 1 - _ratio(a, b)


def log_iou(a: Row, b: Row) -> Any:
    return -log(_ratio(a, b))


def _unlike(a: Row, b: Row) -> Any:
    (w, h), (u, v) = _sides(a), _sides(b)
    return 4 / pi**2 * (atan(u / v) - atan(w / h)) ** 2


def ciou(boxes: list[Row], targets: list[Row], frozen: Any) -> list[Any]:
    """The trade-off alpha = v / (1 - IoU + v) is taken from the frozen boxes."""
    values = []
    for a, b, held, other in zip(boxes, targets, *frozen, strict=True):
        v = _unlike(held, other)
        values.append(diou(a, b) + v / (1 - _ratio(held, other) + v) * _unlike(a, b))
    return values


def eiou(a: Row, b: Row) -> Any:
    pairs = zip(_sides(a), _sides(b), _hull(a, b), strict=True)
    return diou(a, b) + sum(((x - y) / hull) ** 2 for x, y, hull in pairs)


def extended_iou(a: Row, b: Row, point: Any = P1) -> Any:
    """Of the two coordinates of each side's overlap, the signed area between the sorted ones."""
    x, y = ((min(a[k], b[k]), max(a[k], b[k]), min(a[k + 2], b[k + 2])) for k in (0, 1))
    corner = (x[2] - x[0]) * (y[2] - y[0])
    low = (min(x[1:]) - x[0]) * (min(y[1:]) - y[0])
    sides = (x[1] - x[0]) * (max(y[1:]) - y[0]) + (max(x[1:]) - x[0]) * (y[1] - y[0])
    shared = corner + low - sides
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    gap = 1 - shared / (sum(areas) - shared)
    return gap**2 / (2 * point) if gap < point else gap - point / 2


def wide_extended_iou(a: Row, b: Row) -> Any:
    return extended_iou(a, b, P75)


def siou(a: Row, b: Row, theta: Any = 4) -> Any:
    (x, y), (u, v) = _centre(a), _centre(b)
    apart = sqrt((x - u) ** 2 + (y - v) ** 2)
    sine = abs(y - v) / apart
    angle = 2 * sine * sqrt(1 - sine**2)  # 1 - 2 sin(asin(sine) - pi / 4) ** 2
    steps = zip((x - u, y - v), _hull(a, b), strict=True)
    near = sum(1 - exp(-(2 - angle) * (d / side) ** 2) for d, side in steps)
    shape = sum(
        (1 - exp(-abs(p - q) / max(p, q))) ** theta
        for p, q in zip(_sides(a), _sides(b), strict=True)
    )
    return 1 - _ratio(a, b) + (near + shape) / 2


def nwd(a: Row, b: Row, C: Any = P128) -> Any:
    (w, h), (u, v) = _sides(a), _sides(b)
    centres = sum((p - q) ** 2 for p, q in zip(_centre(a), _centre(b), strict=True))
    return 1 - exp(-sqrt(centres + ((w - u) / 2) ** 2 + ((h - v) / 2) ** 2) / C)


# ---------------------------------------------------------------- scores


def dfl(z: Row, y: Any) -> Any:
    p = [exp(x) for x in z]
    total = sum(p)
    left, right = int(floor(y)), int(ceil(y))
    return -((right - y) * log(p[left] / total) + (y - left) * log(p[right] / total))


def qfl(s: Any, t: Any, beta: Any = 2) -> Any:
    return abs(t - 1 / (1 + exp(-s))) ** beta * bce(s, t)


def bce_blur(s: Any, t: Any, alpha: Any = P05) -> Any:
    return bce(s, t) * (1 - exp((1 / (1 + exp(-s)) - t - 1) / alpha))


def balanced_qfl(s: Any, t: Any, alpha: Any = P25, beta: Any = P15) -> Any:
    return (t * alpha + (1 - t) * (1 - alpha)) * qfl(s, t, beta)


def varifocal(s: Any, q: Any, alpha: Any = P75, gamma: Any = 2) -> Any:
    p = 1 / (1 + exp(-s))
    if q > 0:
        return -q * (q * log(p) + (1 - q) * log(1 - p))
    return -alpha * p**gamma * log(1 - p)


def gaussian_focal(s: Any, y: Any, alpha: Any = 2, beta: Any = 4) -> Any:
    p = 1 / (1 + exp(-s))
    if y == 1:
        return -((1 - p) ** alpha) * log(p)
    return -((1 - y) ** beta) * p**alpha * log(1 - p)


def _harmonised(values: Row, norms: Row, bins: int) -> Row:
    """Each value over the density of the gradient norms around its own."""
    unit = [min(int(floor(bins * g)), bins - 1) for g in norms]
    return [v / (bins * mean(j == u for j in unit)) for v, u in zip(values, unit, strict=True)]


def ghm_c(s: Row, t: Row) -> Row:
    norms = [abs(1 / (1 + exp(-a)) - b) for a, b in zip(s, t, strict=True)]
    return _harmonised([bce(a, b) for a, b in zip(s, t, strict=True)], norms, 30)


def ghm_r(x: Row, y: Row, mu: Any = P02) -> Row:
    d = [a - b for a, b in zip(x, y, strict=True)]
    return _harmonised(
        [sqrt(r**2 + mu**2) - mu for r in d], [abs(r) / sqrt(r**2 + mu**2) for r in d], 10
    )


# ---------------------------------------------------------------- the table

CASES: tuple[Case, ...] = (
    *by_paper("iou", iou, boxes, overlapping_boxes),
    *by_paper("log_iou", log_iou, overlapping_boxes),
    *by_paper("ciou", ciou, boxes, overlapping_boxes, lift=False, frozen=True),
    *by_paper("eiou", eiou, boxes, overlapping_boxes),
    *by_paper("extended_iou", extended_iou, placed_boxes, overlapping_boxes),
    *by_paper("extended_iou(smooth_point=0.75)", wide_extended_iou, placed_boxes),
    *by_paper("siou", siou, boxes, overlapping_boxes),
    *by_paper("siou", siou, overlapping_boxes, hyper={"theta": 2.5}),
    *by_paper("nwd", nwd, boxes, overlapping_boxes),
    *by_paper("nwd", nwd, overlapping_boxes, hyper={"C": 32.0}),
    *by_paper("dfl", dfl, binned),
    *by_paper("qfl", qfl, soft_bits, hard_bits),
    *by_paper("qfl", qfl, soft_bits, hyper={"beta": 1.5}),
    *by_paper("balanced_qfl", balanced_qfl, soft_bits, hard_bits),
    *by_paper("balanced_qfl", balanced_qfl, soft_bits, hyper={"alpha": 0.4, "beta": 2.5}),
    *by_paper("bce_blur", bce_blur, soft_bits, hard_bits),
    *by_paper("bce_blur", bce_blur, soft_bits, hyper={"alpha": 0.5}),
    *by_paper("varifocal", varifocal, qualities, hard_bits),
    *by_paper("varifocal", varifocal, qualities, hyper={"alpha": 0.5, "gamma": 1.5}),
    *by_paper("gaussian_focal", gaussian_focal, heat, hard_bits),
    *by_paper("gaussian_focal", gaussian_focal, heat, hyper={"alpha": 1.5, "beta": 3.0}),
    *by_paper("ghm_c", ghm_c, soft_bits, hard_bits, lift=False),
    *by_paper("ghm_r", ghm_r, residuals, far_residuals, small_residuals, lift=False),
)
