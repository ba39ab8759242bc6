"""Transport plans and alignments of sequences: losses whose value is a recursion's."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mpmath import exp, fsum, log, mpf
from torch import Tensor

from tests.library.kinds import by_library, by_paper, normal
from tests.library.oracles import Case, Inputs

SHRINKING = "every round rounds its potentials once more"


def clouds() -> Inputs:
    """Three points and two others in the plane, with their weights."""
    a = normal(101, 1, 3).softmax(-1)
    return normal(102, 1, 3, 2), normal(103, 1, 2, 2), a, normal(104, 1, 2).softmax(-1)


def utterances() -> Inputs:
    """Three utterances of up to five frames; labels that repeat, and none at all."""
    target = torch.tensor([[1, 1], [2, 1], [2, 0]])
    return 2 * normal(105, 3, 5, 3), target, torch.tensor([5, 4, 2]), torch.tensor([2, 1, 0])


def series() -> Inputs:
    """Two pairs of series of three and four numbers."""
    return normal(106, 2, 3, 1), normal(107, 2, 4, 1)


def single_places() -> Inputs:
    """A series of one place beside one of three."""
    return normal(108, 2, 1, 2), normal(109, 2, 3, 2)


def transport(x: Any, y: Any, a: Any, b: Any, eps: Any, rounds: int) -> Any:
    """Sinkhorn's iterations on the scalings of the kernel, not in the log domain."""
    cost = [[fsum((s - t) ** 2 for s, t in zip(p, q, strict=True)) / 2 for q in y] for p in x]
    kernel = [[exp(-c / eps) for c in row] for row in cost]
    u = [mpf(1)] * len(x)

    def scaled(u: Any) -> Any:
        return [1 / fsum(a[i] * u[i] * kernel[i][j] for i in range(len(x))) for j in range(len(y))]

    for _ in range(rounds):
        v = scaled(u)
        u = [1 / fsum(b[j] * v[j] * kernel[i][j] for j in range(len(y))) for i in range(len(x))]
    v = scaled(u)
    potentials = [(a, u), (b, v)]
    return eps * fsum(w * log(s) for ws, ss in potentials for w, s in zip(ws, ss, strict=True))


def sinkhorn_divergence(x: Any, y: Any, a: Any, b: Any, eps: Any) -> Any:
    """Feydy et al. 2019, eq. 3, after three rounds."""
    return (
        transport(x, y, a, b, eps, 3)
        - transport(x, x, a, a, eps, 3) / 2
        - transport(y, y, b, b, eps, 3) / 2
    )


def soft_dtw(x: Any, y: Any, gamma: Any = 1) -> Any:
    """Cuturi, Blondel 2017: the sum over all alignment matrices, by their table of eq. 3."""
    table: dict[tuple[int, int], Any] = {(0, 0): mpf(1)}
    for i, p in enumerate(x, 1):
        for j, q in enumerate(y, 1):
            cost = fsum((s - t) ** 2 for s, t in zip(p, q, strict=True))
            before = fsum(table.get(at, 0) for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)))
            table[i, j] = exp(-cost / gamma) * before
    return -gamma * log(table[len(x), len(y)])


def ctc(logits: Tensor, target: Tensor, frames: Tensor, labels: Tensor) -> Tensor:
    log_p = logits.transpose(0, 1).log_softmax(-1)
    return F.ctc_loss(log_p, target, frames, labels, reduction="none")


SINKHORN = "sinkhorn_divergence(iterations=3)"

CASES: tuple[Case, ...] = (
    *by_paper(
        SINKHORN,
        sinkhorn_divergence,
        clouds,
        hyper={"eps": 0.5},
        slack=8,
        why=SHRINKING,
    ),
    *by_library("ctc", ctc, utterances),
    *by_paper("soft_dtw", soft_dtw, series, single_places, slack=2, why="costs cancel"),
    *by_paper("soft_dtw", soft_dtw, series, hyper={"gamma": 0.5}, slack=2, why="costs cancel"),
)
