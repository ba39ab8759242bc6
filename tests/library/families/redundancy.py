"""Losses of two views that look at the dimensions over the batch."""

from __future__ import annotations

from typing import Any

from mpmath import fsum, mpf, sqrt
from pytorch_metric_learning.losses import VICRegLoss
from torch import Tensor

from tests.library.formulas import Row, mean
from tests.library.kinds import METRIC, by_library, by_paper, normal
from tests.library.oracles import Case, Inputs


def two_views() -> Inputs:
    """Six embeddings of four dimensions, twice."""
    return normal(80, 6, 4, scale=0.7), normal(81, 6, 4)


def centred(z: Row) -> Row:
    """The dimensions, each as its values over the batch, less their mean."""
    return [[x - mean(column) for x in column] for column in zip(*z, strict=True)]


def inner(a: Row, b: Row) -> Any:
    return fsum(x * y for x, y in zip(a, b, strict=True))


def barlow_twins(u: Row, v: Row, redundancy: Any = "0.005") -> Any:
    """Eqs. 1 and 2, of embeddings centred along the batch."""
    x, y = centred(u), centred(v)
    c = [[inner(a, b) / sqrt(inner(a, a) * inner(b, b)) for b in y] for a in x]
    places = range(len(c))
    off = fsum(c[a][b] ** 2 for a in places for b in places if a != b)
    return fsum((1 - c[a][a]) ** 2 for a in places) + mpf(redundancy) * off


def vicreg(u: Row, v: Row, eps: Any = "0.0001") -> Any:
    """Eqs. 1 to 6; the variance is the covariance's diagonal, over n - 1."""

    def terms(z: Row) -> tuple[Any, Any]:
        x = centred(z)
        c = [[inner(a, b) / (len(z) - 1) for b in x] for a in x]
        short = [max(mpf(0), 1 - sqrt(c[a][a] + mpf(eps))) for a in range(len(c))]
        off = fsum(c[a][b] ** 2 for a in range(len(c)) for b in range(len(c)) if a != b)
        return mean(short), off / len(c)

    (narrow_u, off_u), (narrow_v, off_v) = terms(u), terms(v)
    apart = mean(
        fsum((a - b) ** 2 for a, b in zip(*pair, strict=True)) for pair in zip(u, v, strict=True)
    )
    return 25 * apart + 25 * (narrow_u + narrow_v) + off_u + off_v


def averaged_vicreg(u: Tensor, v: Tensor) -> Tensor:
    """The authors' code divides the first term by the dimension, and this one halves the second."""
    return VICRegLoss()(u, ref_emb=v)


CASES: tuple[Case, ...] = (
    *by_paper("barlow_twins", barlow_twins, two_views, lift=False),
    *by_paper("barlow_twins", barlow_twins, two_views, lift=False, hyper={"redundancy": 0.3}),
    *by_paper("vicreg", vicreg, two_views, lift=False),
    *by_paper("vicreg", vicreg, two_views, lift=False, hyper={"eps": 0.1}),
    *by_library(
        "vicreg(invariance=6.25, variance=12.5)", averaged_vicreg, two_views, source=METRIC
    ),
)
