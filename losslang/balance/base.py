"""A sum of terms with weights that a rule chooses: what all rules share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Balancer(nn.Module, ABC):
    """A compiled loss of several terms, with a weight for each.

    A weight multiplies its term as the loss has it, with its factor: in ``ce + 0.5 * dice`` that of
    ``dice`` multiplies ``0.5 * dice``.

    Raises ``ValueError`` for a loss of one term.
    """

    loss: Any
    term_names: tuple[str, ...]

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.term_names = tuple(getattr(loss, "term_names", ()))
        if len(self.term_names) < 2:
            raise ValueError(
                "there is nothing to balance: the loss has no terms. Compile a sum, such as"
                ' "ce + dice"'
            )
        self.loss = loss

    def forward(self, *inputs: Tensor, **options: Any) -> Tensor:
        """The weighted sum of the terms, one number.

        Inputs and keywords are those of the loss. Raises ``ValueError`` if they leave a value per
        example, as ``reduction="none"`` does.
        """
        terms = self.terms(*inputs, **options)
        for name, value in terms.items():
            if value.ndim:
                raise ValueError(
                    f"the term {name!r} is {[*value.shape]}, but only single numbers are balanced:"
                    ' choose reduction="mean" or "sum"'
                )
        if self.training:
            return self._trained(terms, inputs, options)
        return self._sum(terms, self._weights())

    def terms(self, *inputs: Tensor, **options: Any) -> dict[str, Tensor]:
        """Each term of the loss by name, without a weight; nothing is learned from the call."""
        found: dict[str, Tensor] = self.loss.terms(*inputs, **options)
        return found

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each term in evaluation mode."""
        return dict(zip(self.term_names, self._weights().tolist(), strict=True))

    @abstractmethod
    def _weights(self) -> Tensor:
        """The weights of the moment, one for each term, without a gradient."""

    @abstractmethod
    def _trained(
        self, terms: Mapping[str, Tensor], inputs: tuple[Tensor, ...], options: Mapping[str, Any]
    ) -> Tensor:
        """The value of a call in training mode, which the rule may learn from."""

    def _sum(self, terms: Mapping[str, Tensor], weights: Tensor) -> Tensor:
        values = torch.stack([terms[name] for name in self.term_names])
        return (weights.to(values) * values).sum()
