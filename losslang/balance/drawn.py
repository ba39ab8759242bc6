"""Weights at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from losslang.balance.base import Balancer


class RandomWeighting(Balancer):
    """Weights drawn anew in each training call: the softmax of normal numbers, so their sum is 1.

    In evaluation all are ``1 / K`` for ``K`` terms. ``generator`` is the source of the draws,
    torch's own if there is none.

    Raises ``ValueError`` for a loss of one term.

    Source: Lin, Ye, Zhang, Tsang 2022, Reasonable Effectiveness of Random Weighting: A Litmus Test
    for Multi-Task Learning, sec. 3.
    """

    def __init__(self, loss: nn.Module, *, generator: torch.Generator | None = None) -> None:
        super().__init__(loss)
        self.generator = generator

    def _weights(self) -> Tensor:
        return torch.full((len(self.term_names),), 1 / len(self.term_names))

    def _trained(
        self, terms: Mapping[str, Tensor], inputs: tuple[Tensor, ...], options: Mapping[str, Any]
    ) -> Tensor:
        device = None if self.generator is None else self.generator.device
        drawn = torch.randn(len(self.term_names), generator=self.generator, device=device)
        return self._sum(terms, drawn.softmax(0))
