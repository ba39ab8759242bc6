"""Binary losses of the margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.verify.readings.algebra import same
from losslang.verify.readings.binary import Binary
from losslang.verify.readings.curve import Curve
from losslang.verify.statement import LINE
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Margin(Reading):
    """A binary loss ``phi(m)`` of the margin m = sign * score, a real number.

    ``input`` is the score, ``others`` the variables of the region that are inputs. A loss on labels
    0 and 1 is one if l(0, v) = l(1, -v).
    """

    kind: ClassVar[str] = "a margin loss"

    phi: Expr
    m: sympy.Symbol
    input: str
    others: tuple[sympy.Symbol, ...] = ()

    @property
    def curve(self) -> Curve:
        """``phi`` along the margin, which is plus or minus the score."""
        return Curve(self.region, self.phi, self.m, LINE, self.input, others=self.others)


def margin(reading: Binary) -> Margin | None:
    """The margin loss that a binary loss is if its labels mirror one another."""
    v = reading.v
    mirrored = substitute(reading.negative, {v: -v})
    if not same(reading.positive, mirrored, v, reading.region):
        return None
    m = reading.region.fresh("m")
    return Margin(
        reading.region, substitute(reading.positive, {v: m}), m, reading.input, reading.others
    )
