"""Every loss: its formulas in index notation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import sympy
from sympy import Expr

from losslang.ir.loss import Loss
from losslang.verify.readings.fix import mapped, with_values
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Structure(Reading):
    """The loss itself, for what can be read off its formulas: invariances, composition, domains."""

    kind: ClassVar[str] = "a loss"

    loss: Loss

    def setting(self, values: Mapping[sympy.Symbol, Expr]) -> Self:
        """The same loss with values in place of hyperparameters."""
        return replace(
            self, region=self.region.setting(values), loss=with_values(self.loss, values)
        )

    def mapped(self, change: Callable[[Any], Any]) -> Self:
        """The same loss with its region and its formulas rewritten."""
        return replace(self, region=change(self.region), loss=mapped(self.loss, change))
