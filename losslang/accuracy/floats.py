"""Binary floating-point formats, and the distance of a float from a real number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath

from losslang.ir import exact


@dataclass(frozen=True)
class Format:
    """``precision`` bits, and the exponents of the least and greatest normal numbers."""

    name: str
    precision: int
    least: int
    most: int

    @property
    def eps(self) -> float:
        """The step from 1 to the next number."""
        return 2.0 ** (1 - self.precision)

    @property
    def tiny(self) -> float:
        """The least normal number."""
        return 2.0**self.least

    @property
    def largest(self) -> float:
        """The greatest finite number."""
        return (2.0 - self.eps) * 2.0**self.most

    def holds(self, true: Any) -> bool:
        """Whether a real number lies within the range."""
        return bool(mpmath.isfinite(true) and abs(true) <= self.largest)

    def unit(self, true: Any) -> Any:
        """The unit in the last place of a real number, as ``mpmath.mpf``.

        Below the least normal number, which hardware may flush to zero, that number is the unit.
        """
        size = abs(exact.rough(true))
        if size < self.tiny:
            return mpmath.mpf(self.tiny)
        return mpmath.ldexp(mpmath.mpf(1), mpmath.frexp(size)[1] - self.precision)

    def ulps(self, found: float, true: Any) -> float:
        """How many units in the last place of ``true`` a finite float is away from it."""
        distance = abs(exact.rough(exact.number(found)) - exact.rough(true))
        return float(distance / self.unit(true))


FLOAT64 = Format("float64", 53, -1022, 1023)
FLOAT32 = Format("float32", 24, -126, 127)
BFLOAT16 = Format("bfloat16", 8, -126, 127)
FLOAT16 = Format("float16", 11, -14, 15)

FORMATS = {each.name: each for each in (FLOAT32, FLOAT64, BFLOAT16, FLOAT16)}


def relative(found: float, true: Any) -> float:
    """The relative error of a float; infinite if it is wrong where the truth is 0."""
    if true == 0:
        return 0.0 if found == 0 else float("inf")
    distance = abs(exact.rough(exact.number(found)) - exact.rough(true))
    return float(distance / abs(exact.rough(true)))
