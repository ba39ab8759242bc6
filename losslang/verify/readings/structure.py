"""Every loss: its formulas in index notation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from losslang.ir.loss import Loss
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Structure(Reading):
    """The loss itself, for what can be read off its formulas: invariances, composition, domains."""

    kind: ClassVar[str] = "a loss"

    loss: Loss
