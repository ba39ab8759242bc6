"""Terms whose gradients have given shares of a fixed norm."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from losslang.balance.base import Balancer
from losslang.balance.gradients import gradient_norms


class GradientShares(Balancer):
    """Terms whose gradients by the model's output have given shares of a fixed norm.

    Term ``i`` has the weight ``R s_i / n_i``: ``s_i`` is its share of the sum of ``shares``, and
    ``n_i`` the average of the norm of its gradient by the output over the training calls, in which
    a call counts ``decay`` times as much as the next one. So the output receives the gradient
    ``sum_i R s_i g_i / n_i``, whatever the scales of the terms. A factor in the loss therefore has
    no effect; a term without a gradient so far, ``n_i = 0``, has weight 0.

    ``shares`` has a number >= 0 for each term, equal ones if it is left out. ``wrt`` names the
    inputs of the loss that are the output, the first if it is left out; their gradients are taken
    together. ``total`` is ``R > 0``, and ``0 <= decay < 1``. Where no gradient can be taken, as
    under ``torch.no_grad()``, and where one is not finite, the averages stay. They are those of one
    process.

    Raises ``ValueError`` for a loss of one term, shares of unknown or missing terms, shares that
    do not sum to a positive number, and an unknown input; in a call in training mode, for a term
    that does not depend on the output.

    Source: Defossez, Copet, Synnaeve, Adi 2022, High Fidelity Neural Audio Compression, sec. 3.4,
    the balancer. Its average begins with the first norm.
    """

    shares: Tensor
    norms: Tensor
    counted: Tensor

    def __init__(
        self,
        loss: nn.Module,
        shares: Mapping[str, float] | None = None,
        *,
        wrt: str | Sequence[str] | None = None,
        total: float = 1.0,
        decay: float = 0.999,
    ) -> None:
        super().__init__(loss)
        parameters = inspect.signature(loss.forward).parameters.values()
        self._inputs = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.wrt = (wrt,) if isinstance(wrt, str) else tuple(wrt or self._inputs[:1])
        for name in self.wrt:
            if name not in self._inputs:
                has = ", ".join(self._inputs)
                raise ValueError(f"the loss has no input {name!r}; it has {has}")
        if not (0 < total < math.inf and 0 <= decay < 1):
            raise ValueError(f"total must be > 0 and decay in [0, 1), not {total} and {decay}")
        self.total, self.decay = total, decay
        given = torch.tensor(self._checked(shares))
        self.register_buffer("shares", given / given.sum(), persistent=False)
        self.register_buffer("norms", torch.zeros_like(given))
        self.register_buffer("counted", torch.tensor(0.0))

    def _checked(self, shares: Mapping[str, float] | None) -> list[float]:
        if shares is None:
            return [1.0] * len(self.term_names)
        if set(shares) != set(self.term_names):
            raise ValueError(
                f"there are shares of {', '.join(shares) or 'nothing'}, but the terms are"
                f" {', '.join(self.term_names)}"
            )
        found = [float(shares[name]) for name in self.term_names]
        if min(found) < 0 or not 0 < sum(found) < math.inf:
            raise ValueError(f"shares must be >= 0 with a positive sum, not {dict(shares)}")
        return found

    def _weights(self) -> Tensor:
        shares = self.total * self.shares
        return torch.where(self.norms > 0, shares / self.norms, 0.0) if self.counted else shares

    def _trained(
        self, terms: Mapping[str, Tensor], inputs: tuple[Tensor, ...], options: Mapping[str, Any]
    ) -> Tensor:
        given = {**dict(zip(self._inputs, inputs, strict=False)), **options}
        output = [given[name] for name in self.wrt if given[name].requires_grad]
        if torch.is_grad_enabled() and output:
            norms = gradient_norms(terms, output, " and ".join(self.wrt))
            if norms.isfinite().all():
                self.counted.mul_(self.decay).add_(1)
                self.norms.lerp_(norms.to(self.norms), 1 / self.counted)
        return self._sum(terms, self._weights())
