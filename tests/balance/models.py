"""A small model with one output, sums of losses of it, and a count of how often one is called."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

import losslang

INPUTS = torch.linspace(-1, 2, 24, dtype=torch.float64).view(6, 4).cos()
TARGET = torch.tensor([0, 1, 2, 2, 1, 0])


def model() -> nn.Linear:
    """The same one each time."""
    torch.manual_seed(0)
    return nn.Linear(4, 3).double()


@cache
def compiled() -> Any:
    return losslang.compile("ce + 0.5 * brier").double()


def sum_of_two() -> Any:
    """A loss of its own for each test."""
    return copy.deepcopy(compiled())


def by_hand(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The terms of :func:`sum_of_two`, written out."""
    p = logits.softmax(-1)
    hit = nn.functional.one_hot(TARGET, 3).double()
    ce = -p.gather(1, TARGET[:, None]).log().mean()
    return ce, 0.5 * ((p - hit) ** 2).sum(-1).mean()


class Constants(nn.Module):
    """Stands for a loss whose terms are what they are told to be, times the mean of its input."""

    term_names = ("a", "b")

    def __init__(self) -> None:
        super().__init__()
        self.called = 0

    def forward(self, x: Tensor, **values: float) -> Tensor:
        return torch.stack([*self.terms(x, **values).values()]).sum()

    def terms(self, x: Tensor, **values: float) -> dict[str, Tensor]:
        self.called += 1
        return {name: value * x.mean() for name, value in values.items()}
