"""Multi-class losses of the probability of the label alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr, S

from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Local(Reading):
    """A multi-class loss ``f(p)`` of p = softmax(scale * logits)[label], for every K >= 2 classes.

    ``p`` is a number in (0, 1], ``classes`` is K, a variable of the region even where the loss does
    not depend on it. ``input`` is the logits, or a simplex if ``composed`` is false: then p is an
    entry of the input itself. ``scale`` is positive: 1, or the inverse of a temperature.
    """

    kind: ClassVar[str] = "a loss of the label's probability"

    f: Expr
    p: sympy.Symbol
    classes: sympy.Symbol
    input: str
    scale: Expr = S.One
    composed: bool = True
