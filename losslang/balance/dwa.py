"""Weights by how fast the terms fell in the last epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from losslang.balance.base import Balancer


class DWA(Balancer):
    """Dynamic weight average: a term that falls slowly counts more.

    With ``K`` terms, and ``L_k(t)`` the mean of a term over the training calls of epoch ``t``, its
    weight in epoch ``t`` is ``K softmax(w / T)_k`` for ``w_k = L_k(t - 1) / L_k(t - 2)``. It is 1
    until two epochs have ended, and after one whose mean is not finite; call :meth:`end_epoch`
    after each. ``w_k`` is 1 for a term that was 0 two epochs ago.

    ``temperature`` is ``T > 0``; the larger, the closer the weights are. Raises ``ValueError``
    for another, and for a loss of one term.

    Source: Liu, Johns, Davison 2019, End-to-End Multi-Task Learning with Attention, the section
    on the dynamic weight average.
    """

    total: Tensor
    calls: Tensor
    last: Tensor
    before: Tensor

    def __init__(self, loss: nn.Module, *, temperature: float = 2.0) -> None:
        super().__init__(loss)
        if not temperature > 0:
            raise ValueError(f"temperature must be > 0, not {temperature}")
        self.temperature = temperature
        unknown = torch.full((len(self.term_names),), torch.nan)
        self.register_buffer("total", torch.zeros_like(unknown))
        self.register_buffer("calls", torch.tensor(0))
        self.register_buffer("last", unknown)
        self.register_buffer("before", unknown.clone())

    def end_epoch(self) -> None:
        """Take the means of the epoch that ends here.

        Raises ``ValueError`` if there was no call in training mode since the one before.
        """
        if not self.calls:
            raise ValueError("no epoch has ended: there was no call in training mode")
        self.before.copy_(self.last)
        self.last.copy_(self.total / self.calls)
        self.total.zero_()
        self.calls.zero_()

    def _weights(self) -> Tensor:
        if not (self.before + self.last).isfinite().all():
            return torch.ones_like(self.before)
        speed = torch.where(self.before == 0, 1.0, self.last / self.before)
        return len(speed) * (speed / self.temperature).softmax(0)

    def _trained(
        self, terms: Mapping[str, Tensor], inputs: tuple[Tensor, ...], options: Mapping[str, Any]
    ) -> Tensor:
        values = torch.stack([terms[name] for name in self.term_names])
        self.total += values.detach().to(self.total)
        self.calls += 1
        return self._sum(terms, self._weights())
