"""Losses that compare pixels with their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from kornia.losses import total_variation
from kornia.metrics import ssim
from mpmath import exp, fsum, mpf, sqrt
from torch import Tensor

from tests.library.formulas import Row, mean
from tests.library.kinds import KORNIA, by_library, by_paper, normal
from tests.library.oracles import Case, Inputs


def picture() -> Inputs:
    """Two images of two channels, without ties."""
    return (normal(70, 2, 2, 3, 4),)


def pictures() -> Inputs:
    """Two small images and what they should be."""
    return normal(71, 2, 2, 3, 4), normal(72, 2, 2, 3, 4)


def photographs() -> Inputs:
    """Numbers between 0 and 1, as large as a window."""
    return normal(73, 1, 1, 11, 11).sigmoid(), normal(74, 1, 1, 11, 11).sigmoid()


# ---------------------------------------------------------------- the papers


def isotropic(image: Row) -> Any:
    """Chambolle 2004: a difference that leaves the image is 0."""

    def length(rows: Row, i: int, j: int) -> Any:
        down = rows[i + 1][j] - rows[i][j] if i + 1 < len(rows) else 0
        right = rows[i][j + 1] - rows[i][j] if j + 1 < len(rows[i]) else 0
        return sqrt(down**2 + right**2)

    places = [(i, j) for i in range(len(image[0])) for j in range(len(image[0][0]))]
    # The last pixel has no neighbour, and the root no slope there.
    return fsum(length(rows, i, j) for rows in image for i, j in places[:-1])


def steps(image: Row) -> Row:
    """The absolute differences of neighbours, up and down and then to the side."""
    found = []
    for rows in image:
        turned = [list(column) for column in zip(*rows, strict=True)]
        for lines in (turned, rows):
            found += [abs(b - a) for x in lines for a, b in pairwise(x)]
    return found


def gradient_difference(x: Row, y: Row, alpha: Any = 1) -> Any:
    return fsum(abs(a - b) ** alpha for a, b in zip(steps(x), steps(y), strict=True))


def weights(window: int, sigma: Any) -> Row:
    bell = [exp(-(((mpf(a) - mpf(window - 1) / 2) / sigma) ** 2) / 2) for a in range(window)]
    return [[g * h / fsum(bell) ** 2 for h in bell] for g in bell]


def dissimilarity(x: Row, y: Row, sigma: Any = "1.5", k1: Any = "0.01") -> Any:
    """Eqs. 13 to 16 with windows of 2 by 2, moments about the mean as they stand there."""
    w = [g for row in weights(2, mpf(sigma)) for g in row]
    c1, c2 = mpf(k1) ** 2, mpf("0.03") ** 2
    found = []
    for p, q in zip(x, y, strict=True):
        for i in range(len(p) - 1):
            for j in range(len(p[0]) - 1):
                a, b = ([r[i + m][j + n] for m in (0, 1) for n in (0, 1)] for r in (p, q))
                s, t = (fsum(g * v for g, v in zip(w, z, strict=True)) for z in (a, b))
                far = list(zip(w, [v - s for v in a], [v - t for v in b], strict=True))
                xx, yy = fsum(g * u * u for g, u, _ in far), fsum(g * v * v for g, _, v in far)
                xy = fsum(g * u * v for g, u, v in far)
                bright = (2 * s * t + c1) / (s * s + t * t + c1)
                found.append(1 - bright * (2 * xy + c2) / (xx + yy + c2))
    return mean(found)


# ---------------------------------------------------------------- libraries


def absolute_differences(image: Tensor) -> Tensor:
    return total_variation(image).sum(-1)


def kornia_ssim(window: int) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(prediction: Tensor, target: Tensor) -> Tensor:
        return 1 - ssim(prediction, target, window, padding="valid").mean((1, 2, 3))

    return loss


# Kornia adds 1e-12 to the denominator.
GUARDED = "kornia's eps of 1e-12 in a denominator"

CASES: tuple[Case, ...] = (
    *by_paper("total_variation", isotropic, picture),
    *by_library("total_variation(norm=anisotropic)", absolute_differences, picture, source=KORNIA),
    *by_paper("gradient_difference", gradient_difference, pictures),
    *by_paper("gradient_difference", gradient_difference, pictures, hyper={"alpha": 1.7}),
    *by_paper("ssim(window=2)", dissimilarity, pictures),
    *by_paper("ssim(window=2)", dissimilarity, pictures, hyper={"k1": 0.3}),
    *by_library("ssim(window=3)", kornia_ssim(3), pictures, source=KORNIA, slack=30, why=GUARDED),
    *by_library("ssim", kornia_ssim(11), photographs, source=KORNIA, slack=30, why=GUARDED),
)
