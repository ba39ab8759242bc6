"""Weights learned so that terms train at similar rates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from losslang.balance.base import Balancer
from losslang.balance.gradients import gradient_norms

LEAST = 1e-6
"""The least weight of :class:`GradNorm`, before they are scaled."""


class GradNorm(Balancer):
    """Weights learned so that the terms train at similar rates.

    Of the gradients by the weights ``W`` of the last layer that the terms share, term ``i`` has the
    norm ``G_i = |w_i d L_i / d W|``. It is to be ``m r_i**alpha``, with ``m`` the mean of all
    ``G_i`` and ``r_i`` the quotient of ``L_i(t) / L_i(0)`` and its mean over the terms.
    The weights ``w_i``, in the parameter ``weight``, receive the gradient of
    ``sum_i |G_i - m r_i**alpha|`` alone, in which the second part is constant; the model that of
    ``sum_i w_i L_i``, which is the value. Give ``loss.parameters()`` to an optimizer, without
    weight decay. Before each training call the weights are scaled to have the sum ``K``, the number
    of terms; what a step made smaller than 1e-6 begins there.

    ``shared`` is ``W``, one or more parameters. ``alpha >= 0``: the larger, the more a slow term
    counts. ``L_i(0)`` are the values of the first training call, which have to be positive; values
    below 0 count as 0 later. Where no gradient can be taken, nothing is learned.

    Raises ``ValueError`` for a loss of one term, an ``alpha`` below 0, and ``shared`` that want no
    gradient; in a call in training mode, for first values that are not positive and for a term that
    does not depend on ``shared``.

    Source: Chen, Badrinarayanan, Lee, Rabinovich 2018, GradNorm: Gradient Normalization for
    Adaptive Loss Balancing in Deep Multitask Networks, eqs. 1 and 2 and algorithm 1.
    """

    first: Tensor

    def __init__(
        self, loss: nn.Module, shared: Tensor | Iterable[Tensor], *, alpha: float = 1.5
    ) -> None:
        super().__init__(loss)
        # In a tuple, they do not become parameters of this module as well.
        self._shared = (shared,) if isinstance(shared, Tensor) else tuple(shared)
        if not self._shared or not all(w.requires_grad for w in self._shared):
            raise ValueError("shared must be parameters of the model that are trained")
        if not 0 <= alpha < math.inf:
            raise ValueError(f"alpha must be >= 0, not {alpha}")
        self.alpha = alpha
        self.weight = nn.Parameter(torch.ones(len(self.term_names)))
        self.register_buffer("first", torch.full_like(self.weight.detach(), torch.nan))

    def _weights(self) -> Tensor:
        positive = self.weight.detach().clamp(min=LEAST)
        return len(positive) * positive / positive.sum()

    def _trained(
        self, terms: Mapping[str, Tensor], inputs: tuple[Tensor, ...], options: Mapping[str, Any]
    ) -> Tensor:
        weights = self._weights()
        value = self._sum(terms, weights)
        if not value.requires_grad:
            return value
        with torch.no_grad():
            self.weight.copy_(weights)
        norms = gradient_norms(terms, self._shared, "shared").to(weights)
        wanted = (weights * norms).mean() * self._rates(terms) ** self.alpha
        apart = (self.weight * norms - wanted).abs().sum()
        return value + (apart - apart.detach()).to(value)

    def _rates(self, terms: Mapping[str, Tensor]) -> Tensor:
        """How little each term has fallen, relative to all."""
        values = torch.stack([terms[name].detach() for name in self.term_names]).to(self.first)
        if self.first.isnan().any():
            for name, value in zip(self.term_names, values.tolist(), strict=True):
                if not value > 0:
                    raise ValueError(f"the term {name!r} begins at {value}, but must be positive")
            self.first.copy_(values)
        left = values.clamp(min=0) / self.first
        return left / left.mean().clamp(min=torch.finfo(left.dtype).tiny)
