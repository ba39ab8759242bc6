"""Weights for the terms of a sum, chosen while it trains.

Each class here is a module around a compiled loss, called like it::

    loss = GradientShares(losslang.compile("ce + dice"), {"ce": 1, "dice": 3})
    loss(logits, target).backward()

Its value is the sum of the terms with the weights of the moment; the loss is called once. Weights
and averages change in training mode only, and are saved with the module.
"""

from losslang.balance.drawn import RandomWeighting
from losslang.balance.dwa import DWA
from losslang.balance.gradnorm import GradNorm
from losslang.balance.shares import GradientShares

__all__ = ["DWA", "GradNorm", "GradientShares", "RandomWeighting"]
