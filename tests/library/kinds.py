"""Kinds of input, and how a loss on several of them becomes cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.library import formulas
from tests.library.oracles import Case, Inputs

COUNTS = [500.0, 200.0, 80.0, 30.0, 10.0]
PRIOR = [0.5, 0.25, 0.125, 0.0625, 0.0625]

PAPER = "paper's formula, mpmath 1.3"
TORCH = "torch.nn.functional 2.13"
METRIC = "pytorch-metric-learning 2.9"
KORNIA = "kornia 0.9"
MONAI = "monai 1.6"
ENTMAX = "entmax 1.3"
TORCHMETRICS = "torchmetrics 1.9"


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
